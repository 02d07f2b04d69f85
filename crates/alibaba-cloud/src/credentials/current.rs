//! The key that requests are signed with at this moment.

use std::fmt;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, UNIX_EPOCH};

use crate::openapi::{AccessKey, Endpoint, SigningKey};
use base::clock::Clock;
use base::random::Random;

use super::account::{self, AccountAnswer, AccountLookup};
use super::answer::Fetched;
use super::context::Context;
use super::error::CredentialsError;
use super::fetch::fetch;
use super::refresh::{Fetch, Refresh};
use super::source::{KeyProvider, Source};

/// Credentials that sign requests. Clones share the key that was fetched.
#[derive(Clone)]
pub struct Credentials(Arc<Inner>);

struct Inner {
    keys: Refresh,
    description: String,
    kind: &'static str,
    last_resort: bool,
    temporary: bool,
    /// Where STS is and how it is asked. `None` if it is never asked.
    sts: Option<(Endpoint, Context)>,
}

impl Credentials {
    /// Credentials that are fetched from their source when they are needed first.
    pub fn new(source: Source, context: Context) -> Self {
        let first = match &source.provider {
            KeyProvider::Key(key) => Some(key.clone()),
            _ => None,
        };
        let (clock, random) = (context.clock.clone(), context.random.clone());
        let shared = Arc::new((source.clone(), context.clone()));
        let fetch: Fetch = Box::new(move || {
            let shared = Arc::clone(&shared);
            Box::pin(async move { fetch(&shared.0, &shared.1).await })
        });
        Self(Arc::new(Inner {
            keys: Refresh::new(first, fetch, clock, random),
            description: source.describe().to_owned(),
            kind: source.kind(),
            last_resort: source.is_last_resort(),
            temporary: source.is_temporary(),
            sts: Some((source.sts, context)),
        }))
    }

    /// Credentials that are always this key. Their account is not known.
    pub fn of_key(key: AccessKey) -> Self {
        let temporary = key.security_token.is_some();
        let first = Some(key.clone());
        let fetch: Fetch = Box::new(move || {
            let key = key.clone();
            Box::pin(async move { Ok(Fetched { key, life: None }) })
        });
        let (clock, random) = (Clock::fixed(UNIX_EPOCH), Random::seeded(0));
        Self(Arc::new(Inner {
            keys: Refresh::new(first, fetch, clock, random),
            description: "an access key".to_owned(),
            kind: "access_key",
            last_resort: false,
            temporary,
            sts: None,
        }))
    }

    /// A key that is valid now. Temporary credentials are fetched or refreshed where they have to
    /// be, once for all callers that wait.
    ///
    /// # Errors
    ///
    /// If no valid key can be had.
    pub async fn current(&self) -> Result<Arc<SigningKey>, CredentialsError> {
        self.0.keys.current().await
    }

    /// The key that is valid now, unless one has to be fetched first.
    pub fn at_hand(&self) -> Option<Arc<SigningKey>> {
        self.0.keys.at_hand()
    }

    /// Another key than `refused`, which the service no longer takes although it should be valid.
    /// `None` if there is no other: a key that was configured stays as it is.
    ///
    /// # Errors
    ///
    /// If there should be another key and it cannot be had.
    pub async fn renew(
        &self,
        refused: &SigningKey,
    ) -> Result<Option<Arc<SigningKey>>, CredentialsError> {
        let key = self.0.keys.renew(refused).await?;
        Ok(Some(key).filter(|key| key.access_key() != refused.access_key()))
    }

    /// Ends a fetch that is in progress, because the user has asked to stop: a program that
    /// provides credentials may run for a minute.
    pub fn break_off(&self) {
        self.0.keys.break_off();
    }

    /// The account that the credentials belong to, from the state directory if a process of this
    /// user has asked before, else from STS (`GetCallerIdentity`).
    pub async fn account(&self, directory: Option<&Path>) -> AccountLookup {
        match &self.0.sts {
            Some((sts, context)) => account::find(self, sts, context, directory).await,
            None => AccountLookup {
                answer: AccountAnswer::Unknown {
                    until: UNIX_EPOCH + Duration::from_secs(u32::MAX.into()),
                    why: "STS was not asked for the account.".to_owned(),
                },
                locked: None,
            },
        }
    }

    /// Whether the keys are valid for a limited time only.
    pub fn are_temporary(&self) -> bool {
        self.0.temporary
    }

    /// Where the credentials come from, for logs and messages.
    pub fn describe(&self) -> &str {
        &self.0.description
    }

    /// What kind of source the credentials have, in one word.
    pub fn kind(&self) -> &'static str {
        self.0.kind
    }

    /// Whether nothing is configured, so that only an instance with a role has credentials.
    pub fn is_last_resort(&self) -> bool {
        self.0.last_resort
    }
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Credentials")
            .field("source", &self.0.description)
            .finish_non_exhaustive()
    }
}
