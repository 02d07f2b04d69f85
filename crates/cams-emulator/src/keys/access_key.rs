//! A permanent access key, and how it is written.

use std::str::FromStr;

use super::{Caller, Identity};
use base::secret::Secret;

/// A permanent access key of an account's user, or of the account itself.
#[derive(Clone, Debug)]
pub struct AccessKey {
    /// The account that the key belongs to. All its keys and sessions share one quota.
    pub account_id: String,
    /// The id of the key, which is no secret.
    pub access_key_id: String,
    /// The secret that the key signs with.
    pub access_key_secret: Secret,
    /// The security token that every request must carry. Without it, a token that a request carries
    /// is covered by the signature but not compared.
    pub security_token: Option<Secret>,
    /// Whether the key is the account's own. Such a key cannot assume roles.
    pub is_root: bool,
}

/// The error for a text that does not describe an access key.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("an access key is written as ACCOUNT:ID:SECRET")]
pub struct NotAnAccessKey;

impl AccessKey {
    /// Who calls with this key.
    pub(super) fn caller(&self) -> Caller {
        let name = self.access_key_id.clone();
        Caller {
            account_id: self.account_id.clone(),
            identity: match self.is_root {
                true => Identity::Root,
                false => Identity::User { name },
            },
        }
    }
}

/// Reads a key of a user, as in `1000000000000001:other:other-secret`.
impl FromStr for AccessKey {
    type Err = NotAnAccessKey;

    fn from_str(text: &str) -> Result<Self, NotAnAccessKey> {
        let mut parts = text.splitn(3, ':').filter(|part| !part.is_empty());
        let mut part = || parts.next().ok_or(NotAnAccessKey);
        let (account_id, access_key_id, secret) = (part()?, part()?, part()?);
        if !account_id.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(NotAnAccessKey);
        }
        Ok(Self {
            account_id: account_id.into(),
            access_key_id: access_key_id.into(),
            access_key_secret: Secret::new(secret),
            security_token: None,
            is_root: false,
        })
    }
}
