//! The configured provider, which all operations share, and the diagnostics that are reported once
//! in a run.

use std::collections::BTreeSet;
use std::sync::{Mutex, PoisonError};

use base::clock::Clock;
use base::random::Random;
use cams::{Bounds, Client, Error, ErrorKind};
use terraform_plugin::framework::context::Context;
use terraform_plugin::framework::diagnostic::{Diagnostic, Diagnostics};
use terraform_plugin::framework::model::Field;

use tokio::time::Instant;

use super::changes::Changes;
use super::claims::Claims;
use super::credentials;
use super::errors::{self, ErrorContext};
use super::lookups::Lookups;
use super::notices;
use super::planned::Planned;
use super::settings::throttle::Scope;
use super::throttling::Throttled;

/// The configured provider, shared by all operations.
#[derive(Debug)]
pub struct Cams {
    client: Result<Client, NoClient>,
    /// The space of resources that name none.
    pub(crate) cust_space_id: Field<String>,
    /// `None` while the configuration is not known.
    pub(crate) throttled: Option<Throttled>,
    pub(crate) changes: Changes,
    pub(crate) claims: Claims,
    pub(crate) planned: Planned,
    pub(crate) lookups: Lookups,
    pub(crate) clock: Clock,
    /// When the provider was configured, which is before all operations.
    pub(crate) began: Instant,
    pub(crate) random: Random,
    reported: Mutex<BTreeSet<String>>,
}

/// Why the API cannot be called. Operations that make no call succeed all the same.
#[derive(Clone, Debug)]
pub(crate) enum NoClient {
    /// A part of the configuration is known only during apply.
    NotKnownYet(Diagnostics),
    /// There are no credentials. Nothing else is wrong with the configuration.
    NoCredentials(Diagnostics),
}

impl Cams {
    pub(crate) fn new(
        clock: Clock,
        random: Random,
        client: Result<Client, NoClient>,
        cust_space_id: Field<String>,
        throttled: Option<Throttled>,
    ) -> Self {
        let directory = throttled.as_ref();
        let directory = directory.map(|throttled| throttled.directory.clone());
        Self {
            client,
            cust_space_id,
            throttled,
            changes: Changes::default(),
            claims: Claims::new(directory),
            planned: Planned::default(),
            lookups: Lookups::default(),
            clock,
            began: Instant::now(),
            random,
            reported: Mutex::default(),
        }
    }

    /// The API client.
    ///
    /// # Errors
    ///
    /// Why there is none: credentials are missing, or configuration is known only during apply. The
    /// whole text is reported once in a run.
    pub(crate) fn client(&self) -> Result<&Client, Diagnostics> {
        self.client.as_ref().map_err(|none| {
            let (NoClient::NotKnownYet(in_full) | NoClient::NoCredentials(in_full)) = none;
            match in_full.iter().next() {
                Some(Diagnostic { summary, .. }) if !self.is_first(summary) => {
                    Diagnostic::error(summary, format!("No call was made: {SAME_ERROR}")).into()
                }
                _ => in_full.clone(),
            }
        })
    }

    /// Refuses a plan that will need a call, if there are no credentials for it.
    ///
    /// One error fails the plan, so it is reported for the first resource alone. Configuration that
    /// is known only during apply is no reason to refuse: by then there may be a client. If nothing
    /// is configured, the machine may still be an instance with a role, which has to be asked;
    /// otherwise credentials are fetched only when they are needed.
    ///
    /// # Errors
    ///
    /// If there are no credentials, and that was not reported before.
    pub(crate) async fn require_credentials(&self) -> Result<(), Diagnostics> {
        let missing: Option<Diagnostics> = match &self.client {
            Err(NoClient::NoCredentials(missing)) => Some(missing.clone()),
            Ok(client) if client.credentials().source().is_last_resort() => {
                let error = client.credentials().current().await.err();
                error.map(|error| credentials::missing(&error).into())
            }
            Ok(_) | Err(NoClient::NotKnownYet(_)) => None,
        };
        let missing = missing.filter(|all| all.iter().all(|one| self.is_first(&one.summary)));
        missing.map_or(Ok(()), Err)
    }

    /// The diagnostic for a failed call, and for the call that could have answered instead, if that
    /// failed too.
    ///
    /// An error whose reason concerns all resources alike, such as refused credentials, is reported
    /// in full once in a run and as one line for every other resource: reported in full for each of
    /// hundreds, it would hide other errors.
    pub(crate) fn failed(
        &self,
        error: &Error,
        other: Option<&Error>,
        context: ErrorContext<'_>,
    ) -> Diagnostic {
        let in_full = errors::diagnostic(error, other, context);
        let code = error.code.as_deref().unwrap_or_default();
        // What RAM denies is one operation.
        let denied = Some(error.action).filter(|_| error.kind == ErrorKind::AccessDenied);
        let title = format!("{} {code} {}", in_full.summary, denied.unwrap_or_default());
        if !error.kind.concerns_other_subjects() || self.is_first(&title) {
            return in_full;
        }
        let text = format!("Failed for {}: {SAME_ERROR}", context.subject);
        Diagnostic::error(in_full.summary, text)
    }

    /// Warns about a long wait for the quota, if a call within the bounds had one.
    pub(crate) fn warn_of_wait<M>(context: &Context<'_, Self, M>, bounds: &Bounds) {
        if let Some(wait) = bounds.long_wait() {
            context.warn_once(notices::long_wait(&wait));
        }
    }

    /// Warnings that concern no single resource, each of which is given once in a run: about the
    /// clock, and about the places that the processes of this machine share.
    pub(crate) fn notices(&self) -> Diagnostics {
        let mut notices: Vec<_> = self.throttled.iter().flat_map(Throttled::notices).collect();
        notices.extend(self.claims.notice());
        if let (Ok(client), Some(throttled)) = (&self.client, &self.throttled) {
            let difference = client.clock().correction();
            notices.extend(difference.as_deref().map(notices::clock_differs));
            let locked = client.account().locked();
            notices.extend(locked.as_deref().map(notices::account_locked));
            // A key of a session has one user; over Redis several machines share an account.
            let is_shared = throttled.scope == Scope::Redis;
            let others_use_it = is_shared || client.credentials().source().is_temporary();
            let reason = client.account().trouble().filter(|_| others_use_it);
            notices.extend(reason.as_deref().map(notices::account_not_known));
        }
        notices.retain(|notice| self.is_first(&notice.summary));
        notices.into_iter().collect()
    }

    /// Whether this is the first diagnostic with this title in this run.
    fn is_first(&self, title: &str) -> bool {
        let mut reported = self.reported.lock().unwrap_or_else(PoisonError::into_inner);
        reported.insert(title.to_owned())
    }
}

/// The whole text of an error that this run has reported in full for another resource.
const SAME_ERROR: &str = "the same error is reported in full for another resource.";
