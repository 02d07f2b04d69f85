//! A permanent access key, and how it is written.

use std::str::FromStr;

use base::secret::Secret;

/// A permanent access key of an account's user, or of the account itself.
#[derive(Clone, Debug)]
pub(crate) struct AccessKey {
    /// The account that the key belongs to. All its keys and sessions share one quota.
    pub(crate) account_id: String,
    pub(crate) access_key_id: String,
    pub(crate) access_key_secret: Secret,
    /// The security token that every request must carry. Without it, a token that a request carries
    /// is covered by the signature but not compared.
    pub(crate) security_token: Option<Secret>,
    /// Whether the key is the account's own. Such a key cannot assume roles.
    pub(crate) is_root: bool,
}

/// Reads a key of a user, as in `1000000000000001:other:other-secret`.
impl FromStr for AccessKey {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let parts: Vec<_> = text
            .splitn(3, ':')
            .filter(|part| !part.is_empty())
            .collect();
        match parts[..] {
            [account_id, access_key_id, secret]
                if account_id.bytes().all(|byte| byte.is_ascii_digit()) =>
            {
                Ok(Self {
                    account_id: account_id.into(),
                    access_key_id: access_key_id.into(),
                    access_key_secret: Secret::new(secret),
                    security_token: None,
                    is_root: false,
                })
            }
            _ => Err("an access key is written as ACCOUNT:ID:SECRET"),
        }
    }
}
