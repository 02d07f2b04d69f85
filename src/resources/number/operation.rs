//! One operation on a number, with what all of its steps need.

use cams::{Bounds, Error, ErrorKind, Freshness, Listed};
use terraform_plugin::framework::context::Context;
use terraform_plugin::framework::diagnostic::Diagnostics;
use terraform_plugin::framework::timeouts::TimeLimit;

use crate::Cams;
use crate::changes::Turn;
use crate::claims::{Claim, Refused};
use crate::errors::ErrorContext;
use crate::numbers::{Found, Question, Search, Target};

use super::{NumberModel, messages};

/// A create, an update, a read or a delete of one number.
pub(crate) struct NumberOperation<'a, M> {
    pub(crate) context: Context<'a, Cams, M>,
    /// The client, the bounds and the number.
    pub(crate) search: Search<'a>,
    pub(crate) limit: &'a TimeLimit,
    /// What a failure means for the number, in whole sentences.
    pub(crate) outcome: &'static str,
}

/// What an action can do too, which has no model of a resource.
impl<'a, M> NumberOperation<'a, M> {
    /// An operation that ends after `limit`, or when Terraform is asked to stop.
    ///
    /// # Errors
    ///
    /// If there is no client: credentials are missing, or configuration is known only during apply.
    pub(crate) fn new(
        context: Context<'a, Cams, M>,
        target: &'a Target,
        limit: &'a TimeLimit,
        outcome: &'static str,
    ) -> Result<Self, Diagnostics> {
        let search = Search {
            client: context.provider().client()?,
            bounds: Bounds::new(limit.duration, context.stop().clone()),
            target,
        };
        Ok(Self {
            context,
            search,
            limit,
            outcome,
        })
    }

    /// Takes the steps of the operation, and warns about a long wait for the quota.
    pub(crate) async fn run<T>(&self, steps: impl Future<Output = T>) -> T {
        let done = steps.await;
        Cams::warn_of_wait(&self.context, &self.search.bounds);
        done
    }

    /// Asks CAMS where the number is, and warns once in a run about an operation that failed while
    /// the other one answered.
    ///
    /// # Errors
    ///
    /// If neither operation answers.
    pub(crate) async fn find(&self, question: Question<'_>) -> Result<Found, Diagnostics> {
        let found = self.search.find(question).await;
        let found = found.map_err(|failed| self.failed(&failed.0, failed.1.as_ref()))?;
        self.warn_of_failures(&found);
        Ok(found)
    }

    /// Asks where the number is before something is sent that cannot be undone. A list that cannot
    /// be read is an error, because it may show that the number is live. It is a synchronized one:
    /// no other shows what an earlier run has done.
    ///
    /// # Errors
    ///
    /// If the list fails, or its synchronization for a passing reason. Where the synchronization is
    /// denied, no later one shows more.
    pub(crate) async fn find_before_sending(&self) -> Result<(Found, Listed), Diagnostics> {
        let (cams, target) = (self.context.provider(), self.search.target);
        let since = cams.claims.not_before(&target.cust_space_id);
        let changed_at = cams.changes.changed_at(target);
        let since = changed_at.map_or(since, |changed_at| changed_at.max(since));
        let question = Question {
            freshness: Freshness::SyncedSince(since),
            without_id: true,
            ..Question::default()
        };
        let found = self.search.find(question).await;
        let found = found.map_err(|failed| self.failed(&failed.0, failed.1.as_ref()))?;
        let listed = match &found.listed {
            Ok(listed) => listed.clone(),
            Err(error) => return Err(self.failed(error, None)),
        };
        let passing = |error: &&Error| !error.kind.is_lasting();
        if let Some(error) = listed.sync_failed.as_ref().filter(passing) {
            return Err(self.failed(error, None));
        }
        self.warn_of_failures(&found);
        Ok((found, listed))
    }

    /// The diagnostics for a call that failed, and for the call that could have answered instead, if
    /// that failed too.
    pub(crate) fn failed(&self, error: &Error, other: Option<&Error>) -> Diagnostics {
        let context = ErrorContext {
            subject: &format!("number {}", self.search.target),
            limit: self.limit,
            outcome: self.outcome,
        };
        self.context.provider().failed(error, other, context).into()
    }

    /// Warns once in a run about an operation that failed while another one answered.
    fn warn_of_failures(&self, found: &Found) {
        let target = self.search.target;
        if let Some(error) = found.failed() {
            self.context.warn_once(messages::one_failed(error, target));
        }
        let listed = found.listed.as_ref().ok();
        if let Some(error) = listed.and_then(|listed| listed.sync_failed.as_ref()) {
            self.context
                .warn_once(messages::not_synchronized(error, target));
        }
    }
}

impl<'a, M: NumberModel> NumberOperation<'a, M> {
    /// Takes the claim on the number for the type of the resource.
    ///
    /// # Errors
    ///
    /// If another resource or process has it.
    pub(crate) async fn claim(&self) -> Result<Claim<'a>, Diagnostics> {
        let claims = &self.context.provider().claims;
        let claim = claims.claim(&self.search.bounds, M::TYPE, self.search.target);
        claim.await.map_err(|refused| self.not_claimed(refused))
    }

    /// Waits until no other operation of this process creates, updates or destroys an object of the
    /// type for the number.
    ///
    /// # Errors
    ///
    /// If the bounds end the wait.
    pub(crate) async fn turn(&self) -> Result<Turn, Diagnostics> {
        let changes = &self.context.provider().changes;
        let turn = changes.turn(M::TYPE, self.search.target);
        let turn = self.search.bounds.within("", turn).await;
        turn.map_err(|ended| {
            self.not_claimed(match ended.kind {
                ErrorKind::Cancelled => Refused::Stopped,
                _ => Refused::Busy,
            })
        })
    }

    /// Takes a claim again that was lost.
    ///
    /// # Errors
    ///
    /// If the bounds end the wait for it.
    pub(crate) async fn renew(&self, claim: &mut Claim<'_>) -> Result<(), Diagnostics> {
        let renewed = claim.renew(&self.search.bounds).await;
        renewed.map_err(|refused| self.not_claimed(refused))
    }

    fn not_claimed(&self, refused: Refused) -> Diagnostics {
        messages::not_claimed::<M>(refused, self.search.target, self.limit).into()
    }
}
