//! The key that requests are signed with at this moment.

use std::fmt;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, UNIX_EPOCH};

use crate::openapi::{AccessKey, Endpoint, SigningKey};

use super::account::{self, Found, Owner};
use super::context::Context;
use super::error::Error;
use super::fetch::fetch;
use super::refresh::{Fetch, Refresh};
use super::source::{Source, Way};

/// Credentials that sign requests, whatever they come from. Clones share what was fetched.
#[derive(Clone)]
pub struct Credentials(Arc<Inner>);

struct Inner {
    keys: Keys,
    description: String,
    kind: &'static str,
    last_resort: bool,
    temporary: bool,
    /// Where STS is and how it is asked. `None` if it is never asked.
    sts: Option<(Endpoint, Context)>,
}

enum Keys {
    /// Always the same one.
    One(Arc<SigningKey>),
    /// The one that was fetched last.
    Fetched(Refresh),
}

impl Credentials {
    /// Credentials that are fetched from their source when they are needed first.
    pub fn new(source: Source, context: Context) -> Self {
        let (description, temporary) = (source.describe().to_owned(), source.is_temporary());
        let (kind, last_resort) = (source.kind(), source.is_last_resort());
        let sts = Some((source.sts.clone(), context.clone()));
        let keys = match &source.way {
            Way::Key(key) => Keys::One(Arc::new(SigningKey::new(key.clone()))),
            _ => {
                let (clock, random) = (context.clock.clone(), context.random.clone());
                let shared = Arc::new((source, context));
                let fetch: Fetch = Box::new(move || {
                    let shared = Arc::clone(&shared);
                    Box::pin(async move { fetch(&shared.0, &shared.1).await })
                });
                Keys::Fetched(Refresh::new(fetch, clock, random))
            }
        };
        Self(Arc::new(Inner {
            keys,
            description,
            kind,
            last_resort,
            temporary,
            sts,
        }))
    }

    /// Credentials that are always this key. Their account is not known.
    pub fn of_key(key: AccessKey) -> Self {
        Self(Arc::new(Inner {
            temporary: key.security_token.is_some(),
            keys: Keys::One(Arc::new(SigningKey::new(key))),
            description: "an access key".to_owned(),
            kind: "access_key",
            last_resort: false,
            sts: None,
        }))
    }

    /// A key that is valid now. Temporary credentials are fetched or refreshed where they have to
    /// be, once for all callers that wait.
    ///
    /// # Errors
    ///
    /// If no valid key can be had.
    pub async fn current(&self) -> Result<Arc<SigningKey>, Error> {
        match &self.0.keys {
            Keys::One(key) => Ok(Arc::clone(key)),
            Keys::Fetched(refresh) => refresh.current().await,
        }
    }

    /// The key that is valid now, unless one has to be fetched first.
    pub fn at_hand(&self) -> Option<Arc<SigningKey>> {
        match &self.0.keys {
            Keys::One(key) => Some(Arc::clone(key)),
            Keys::Fetched(refresh) => refresh.at_hand(),
        }
    }

    /// Another key than `refused`, which the service no longer takes although it should be valid.
    /// `None` if there is no other: a key that was configured stays as it is.
    ///
    /// # Errors
    ///
    /// If there should be another key and it cannot be had.
    pub async fn renew(&self, refused: &SigningKey) -> Result<Option<Arc<SigningKey>>, Error> {
        let Keys::Fetched(refresh) = &self.0.keys else {
            return Ok(None);
        };
        let key = refresh.renew(refused).await?;
        Ok(Some(key).filter(|key| key.access_key() != refused.access_key()))
    }

    /// Breaks off a fetch that is under way, for which a user has asked by a stop: a program that
    /// gives credentials may go on for a minute.
    pub fn break_off(&self) {
        if let Keys::Fetched(refresh) = &self.0.keys {
            refresh.break_off();
        }
    }

    /// The account that the credentials belong to, from the state directory if a process of this
    /// user has asked before, else from STS (`GetCallerIdentity`).
    pub async fn owner(&self, directory: Option<&Path>) -> Found {
        match &self.0.sts {
            Some((sts, context)) => account::owner(self, sts, context, directory).await,
            None => Found {
                owner: Owner::Unknown {
                    until: UNIX_EPOCH + Duration::from_secs(u32::MAX.into()),
                    why: "STS was not asked for the account.".to_owned(),
                },
                locked: None,
            },
        }
    }

    /// Whether the keys are valid for a while only.
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
