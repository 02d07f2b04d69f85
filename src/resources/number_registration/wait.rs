//! Waits until a registered number is live.

use std::time::Duration;

use cams::operations::ListedNumber;
use cams::{Bounds, Error, ErrorKind, Freshness};
use terraform_plugin::framework::diagnostic::Diagnostics;
use tokio::time::{Instant, sleep};

use crate::numbers::Search;
use crate::resources::number::NumberOperation;
use crate::resources::number::messages::banned;
use crate::resources::number::standing::{Standing, standing};

use super::messages::{self, is_denied};
use super::schema::{Model, with_row};

/// A wait beyond this leads to a warning, and the list is asked for less often.
const LONG: Duration = Duration::from_secs(60);
/// How long one poll is after the other at first, and after a long wait.
const PAUSES: [Duration; 2] = [Duration::from_secs(1), Duration::from_secs(10)];

/// What the list showed last.
#[derive(Debug, Default)]
struct LastListing {
    row: Option<ListedNumber>,
    is_live: bool,
    /// Why the last list, or its synchronization, failed.
    failed: Option<Error>,
}

impl LastListing {
    /// Notes why the last look failed. The end of the wait also ends the look that is under way,
    /// which is no failure.
    fn note_failure(&mut self, failed: Option<Error>) {
        let is_ended =
            |error: &Error| matches!(error.kind, ErrorKind::Cancelled | ErrorKind::TimedOut);
        if !failed.as_ref().is_some_and(is_ended) {
            self.failed = failed;
        }
    }
}

impl NumberOperation<'_, Model> {
    /// The end of a registration: `unanswered` is the error of a call that may have registered the
    /// number, without which the answer was `OK`.
    ///
    /// The wait has the whole time of the operation, from the answer.
    ///
    /// # Errors
    ///
    /// If the number is banned, or if the call had no answer and the number is not live in the end.
    pub(crate) async fn follow(
        &self,
        plan: Model,
        unanswered: Option<&Error>,
    ) -> Result<Model, Diagnostics> {
        let (context, target) = (self.context, self.search.target);
        let began = Instant::now();
        let waits = unanswered.is_some() || plan.wait_for_connected.known() != Some(&false);
        let seen = self.wait(began, waits).await?;
        if began.elapsed() >= LONG {
            context.warn_once(messages::long_wait(target, began.elapsed()));
        }
        match unanswered {
            _ if seen.is_live => seen.row.iter().for_each(|row| self.warn_if_limited(row)),
            Some(error) => {
                let look = seen.failed.as_ref();
                let reason = match look.is_some_and(is_denied) {
                    true => messages::LIST_DENIED,
                    false => messages::NEVER_LIVE,
                };
                return Err(messages::unknown_outcome(target, error, reason, look).into());
            }
            None if waits => {
                let (row, failed) = (seen.row.as_ref(), seen.failed.as_ref());
                context.warn(messages::not_live(target, row, failed, self.limit));
            }
            None => {}
        }
        Ok(with_row(plan, seen.row.as_ref()))
    }

    /// Waits until the number is live, until the time is over, or until Terraform is asked to stop.
    /// If it does not wait, it looks once.
    async fn wait(&self, began: Instant, waits: bool) -> Result<LastListing, Diagnostics> {
        let bounds = Bounds::new(self.limit.duration, self.context.stop().clone());
        let mut seen = LastListing::default();
        let mut since = began;
        loop {
            let before = seen.row.as_ref().and_then(|row| row.status.clone());
            let freshness = match waits {
                true => Freshness::SyncedSince(since),
                false => Freshness::Since(began),
            };
            if let Some(asked_at) = self.look(&bounds, freshness, &mut seen).await? {
                since = asked_at;
            }
            if !waits || seen.is_live || seen.failed.as_ref().is_some_and(is_denied) {
                return Ok(seen);
            }
            let status = seen.row.as_ref().and_then(|row| row.status.as_deref());
            if status != before.as_deref() || began.elapsed() >= LONG {
                let number = self.search.target.number.masked();
                let seconds = began.elapsed().as_secs();
                tracing::info!(
                    number,
                    status,
                    seconds,
                    "waiting for the number to be CONNECTED"
                );
            }
            let pause = PAUSES[usize::from(began.elapsed() >= LONG)];
            if bounds.within("", sleep(pause)).await.is_err() {
                return Ok(seen);
            }
        }
    }

    /// Looks into the list once, and gives the instant at which it was requested. A list that fails
    /// is noted: the number is registered, so that nothing more can go wrong than the look.
    async fn look(
        &self,
        bounds: &Bounds,
        freshness: Freshness,
        seen: &mut LastListing,
    ) -> Result<Option<Instant>, Diagnostics> {
        let search = Search {
            bounds: bounds.clone(),
            ..self.search.clone()
        };
        let listed = match search.listed(freshness).await {
            Ok(listed) => listed,
            Err(error) => {
                seen.note_failure(Some(error));
                return Ok(None);
            }
        };
        let standing = standing(&listed.rows);
        if let Standing::Banned(_) = standing {
            return Err(banned::<Model>(search.target).into());
        }
        seen.is_live = matches!(standing, Standing::Live(_));
        // Old rows are waited over.
        if let Some(row) = standing.row() {
            seen.row = Some(row.clone());
        }
        seen.note_failure(listed.sync_failed);
        Ok(Some(listed.asked_at))
    }
}
