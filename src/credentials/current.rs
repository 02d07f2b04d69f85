//! The key that requests are signed with at this moment.

use std::path::Path;
use std::sync::Arc;

use crate::openapi::{AccessKey, SigningKey};

/// Credentials that sign requests, whatever they come from. Clones share what was fetched.
#[derive(Clone, Debug)]
pub struct Credentials(Arc<SigningKey>);

/// Why there is no key to sign with, or no account, in words without any secret.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Error(pub String);

impl Credentials {
    /// Credentials that are always this key.
    pub fn of_key(key: AccessKey) -> Self {
        Self(Arc::new(SigningKey::new(key)))
    }

    /// stub
    pub fn new(source: &super::Source) -> Self {
        match &source.way {
            super::source::Way::Key(key) => Self::of_key(key.clone()),
            _ => Self::of_key(AccessKey {
                id: "x".into(),
                secret: crate::secret::Secret::new("y"),
                security_token: None,
            }),
        }
    }

    /// A key that is valid now. Temporary credentials are fetched or refreshed where they have to
    /// be, once for all callers that wait.
    ///
    /// # Errors
    ///
    /// If no valid key can be had.
    pub async fn current(&self) -> Result<Arc<SigningKey>, Error> {
        Ok(Arc::clone(&self.0))
    }

    /// The key that is valid now, unless one has to be fetched first.
    pub fn at_hand(&self) -> Option<Arc<SigningKey>> {
        Some(Arc::clone(&self.0))
    }

    /// Another key than `refused`, which the service no longer takes although it should be valid.
    ///
    /// It is the same one where there is no other: a key that was configured stays as it is.
    ///
    /// # Errors
    ///
    /// If there should be another key and it cannot be had.
    pub async fn renew(&self, refused: &SigningKey) -> Result<Arc<SigningKey>, Error> {
        let _ = refused;
        Ok(Arc::clone(&self.0))
    }

    /// The id of the account that the credentials belong to, from the state directory if a process
    /// of this host has asked before, else from STS (`GetCallerIdentity`).
    ///
    /// # Errors
    ///
    /// If STS cannot be asked, or answers with a refusal.
    pub async fn account(&self, directory: Option<&Path>) -> Result<String, Error> {
        let _ = directory;
        Err(Error("STS was not asked".to_owned()))
    }

    /// Where the credentials come from, in words.
    pub fn describe(&self) -> &str {
        ""
    }

    /// What kind of source the credentials have, in one word.
    pub fn kind(&self) -> &'static str {
        ""
    }

    /// Whether nothing is configured, so that only an instance with a role has credentials.
    pub fn is_last_resort(&self) -> bool {
        false
    }

    /// Whether the keys are valid for a while only.
    pub fn are_temporary(&self) -> bool {
        self.0.access_key().security_token.is_some()
    }
}
