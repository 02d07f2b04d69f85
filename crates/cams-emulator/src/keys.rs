//! The access keys that are known: permanent ones, and those of the sessions that were issued.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::str::FromStr;
use std::time::{Duration, SystemTime};

use base::clock::Utc;
use base::secret::Secret;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use clap::Args;
use serde_json::{Value, json};

use crate::encoding::hex;
use crate::generated::Generated;
use crate::issuance::RevokedAs;
use crate::refusal::{Rejection, Result, refuse_if};
use crate::signature::SignatureClaim;

/// A permanent access key of a user.
#[derive(Clone, Debug, Args)]
pub(crate) struct PermanentKey {
    /// The account that the access key belongs to
    #[arg(long, value_name = "ID", default_value = "1000000000000000")]
    account_id: String,
    /// The access key id that is known
    #[arg(long, value_name = "ID", default_value = "emulator")]
    access_key_id: String,
    /// The secret of the access key
    #[arg(long, value_name = "SECRET", value_parser = secret, default_value = "emulator-secret")]
    access_key_secret: Secret,
    /// Require this STS token; without the flag a token is covered by the signature but not
    /// compared
    #[arg(long, value_name = "TOKEN", value_parser = secret)]
    security_token: Option<Secret>,
}

/// Reads the secret in a flag.
fn secret(text: &str) -> Result<Secret, Infallible> {
    Ok(Secret::new(text))
}

/// Who calls: a user of an account, or a session of one of its roles.
#[derive(Clone, Debug)]
pub(crate) struct Caller {
    pub(crate) account_id: String,
    /// The role, if the caller is a session.
    pub(crate) role: Option<String>,
    /// The name of the user or of the session.
    pub(crate) name: String,
}

/// All access keys that requests may be signed with.
#[derive(Debug)]
pub(crate) struct KnownKeys {
    permanent: Vec<PermanentKey>,
    /// The sessions by the id of their key, also those that have ended.
    sessions: BTreeMap<String, IssuedSession>,
    pub(crate) generated: Generated,
}

/// A session of a role.
#[derive(Clone, Debug)]
pub(crate) struct IssuedSession {
    pub(crate) access_key_id: String,
    access_key_secret: Secret,
    security_token: Secret,
    caller: Caller,
    pub(crate) issued: SystemTime,
    pub(crate) lifetime: Duration,
    revoked: bool,
}

impl KnownKeys {
    pub(crate) fn new(permanent: Vec<PermanentKey>, generated: Generated) -> Self {
        Self {
            permanent,
            sessions: BTreeMap::new(),
            generated,
        }
    }

    /// The secret of the key that a request says it is signed with, and its owner. A request
    /// without the token of the key, or with a key whose session has ended, is refused.
    pub(crate) fn find(
        &self,
        claim: &SignatureClaim<'_>,
        revoked_as: RevokedAs,
        now: SystemTime,
    ) -> Result<(&Secret, Caller)> {
        let not_found = || {
            let message = "Specified access key is not found.";
            Rejection::new(404, "InvalidAccessKeyId.NotFound", message)
        };
        if let Some(key) = self.permanent(claim.access_key_id) {
            if let Some(expected) = &key.security_token {
                self.check_token(expected, claim.security_token, false)?;
            }
            let caller = Caller {
                account_id: key.account_id.clone(),
                role: None,
                name: key.access_key_id.clone(),
            };
            return Ok((&key.access_key_secret, caller));
        }
        let session = self.sessions.get(claim.access_key_id);
        let session = session.ok_or_else(not_found)?;
        self.check_token(&session.security_token, claim.security_token, true)?;
        match revoked_as {
            RevokedAs::NotFound if session.revoked => Err(not_found()),
            _ if session.revoked || session.ends() <= now => Err(Rejection::expired_token()),
            _ => Ok((&session.access_key_secret, session.caller.clone())),
        }
    }

    /// Starts a session of this caller.
    pub(crate) fn issue(
        &mut self,
        caller: Caller,
        lifetime: Duration,
        now: SystemTime,
    ) -> IssuedSession {
        let count = self.sessions.len().to_string();
        let digest = |what: &str| self.generated.digest(&["session", &count, what]);
        let parts = ["a", "b", "c", "d", "e", "f", "g", "h"];
        let token = parts.map(digest).concat();
        let session = IssuedSession {
            access_key_id: format!("STS.{:.24}", hex(&digest("id"))),
            access_key_secret: Secret::new(format!("{:.44}", hex(&digest("secret")))),
            // Tokens have characters that must be encoded, as real ones do.
            security_token: Secret::new(format!("CAIS{}", STANDARD.encode(token))),
            caller,
            issued: now,
            lifetime,
            revoked: false,
        };
        let id = session.access_key_id.clone();
        self.sessions.insert(id, session.clone());
        session
    }

    /// Revokes all sessions that were issued until now, and returns how many there were.
    pub(crate) fn revoke_all(&mut self) -> usize {
        let sessions = self.sessions.values_mut();
        let valid = sessions.filter(|session| !session.revoked);
        valid.map(|session| session.revoked = true).count()
    }

    /// Whether the account has any key, so that it exists.
    pub(crate) fn has_account(&self, account_id: &str) -> bool {
        let mut keys = self.permanent.iter();
        keys.any(|key| key.account_id == account_id)
    }

    /// The account of the first key, which sources without an account of their own belong to.
    pub(crate) fn first_account(&self) -> String {
        let first = self.permanent.first();
        first.map(|key| key.account_id.clone()).unwrap_or_default()
    }

    /// The id of a role, which follows from its name.
    pub(crate) fn role_id(&self, account_id: &str, role: &str) -> String {
        let role = role.to_ascii_lowercase();
        self.generated.digits(&["role", account_id, &role])
    }

    /// The account of a key, also of one whose session has ended.
    pub(crate) fn account_of(&self, access_key_id: &str) -> Option<String> {
        let permanent = self.permanent(access_key_id).map(|key| &key.account_id);
        let session = || Some(&self.sessions.get(access_key_id)?.caller.account_id);
        permanent.or_else(session).cloned()
    }

    fn permanent(&self, access_key_id: &str) -> Option<&PermanentKey> {
        let mut keys = self.permanent.iter();
        keys.find(|key| key.access_key_id == access_key_id)
    }

    /// Compares the token of a request with the expected one. A wrong token is malformed if it is
    /// given with the key of a session and does not belong to another one.
    fn check_token(&self, expected: &Secret, token: Option<&str>, of_session: bool) -> Result<()> {
        let Some(token) = token.filter(|token| !token.is_empty()) else {
            return Err(Rejection::missing("SecurityToken"));
        };
        if expected.expose() == token {
            return Ok(());
        }
        let mut sessions = self.sessions.values();
        let known = sessions.any(|session| session.security_token.expose() == token);
        let is_malformed = of_session && !known;
        let message = "Specified SecurityToken is malformed.";
        refuse_if(is_malformed, 400, "InvalidSecurityToken.Malformed", message)?;
        let code = "InvalidSecurityToken.MismatchWithAccessKey";
        let message = "Specified SecurityToken mismatch with the AccessKey.";
        Err(Rejection::new(400, code, message))
    }
}

impl IssuedSession {
    /// The credentials as all answers have them.
    pub(crate) fn credentials(&self) -> Value {
        json!({
            "AccessKeyId": self.access_key_id,
            "AccessKeySecret": self.access_key_secret.expose(),
            "SecurityToken": self.security_token.expose(),
            "Expiration": Utc::from(self.ends()).seconds(),
        })
    }

    /// The end of the session. It is a whole second, so that `Expiration` can be exact.
    fn ends(&self) -> SystemTime {
        let since = self.issued.duration_since(SystemTime::UNIX_EPOCH);
        let whole = Duration::from_secs(since.unwrap_or_default().as_secs());
        let start = SystemTime::UNIX_EPOCH + whole;
        start.checked_add(self.lifetime).unwrap_or(start)
    }
}

/// Reads a key of a user, as in `1000000000000001:other:other-secret`.
impl FromStr for PermanentKey {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let parse = || {
            let (account_id, key) = text.split_once(':')?;
            let (access_key_id, secret) = key.split_once(':')?;
            let is_whole = ![account_id, access_key_id, secret].contains(&"");
            let is_account = account_id.bytes().all(|byte| byte.is_ascii_digit());
            (is_whole && is_account).then(|| Self {
                account_id: account_id.into(),
                access_key_id: access_key_id.into(),
                access_key_secret: Secret::new(secret),
                security_token: None,
            })
        };
        parse().ok_or("an access key is written as ACCOUNT:ID:SECRET")
    }
}

#[cfg(test)]
mod tests;
