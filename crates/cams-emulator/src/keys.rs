//! The access keys that are known: permanent ones, and those of the sessions that were issued.

mod access_key;

use std::collections::BTreeMap;
use std::time::{Duration, SystemTime};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Serialize;
use serde_json::{Map, Value};

use super::generated::Generated;
use super::issuance::{Issuance, RevokedAs, Told};
use super::refusal::Refusal;
use super::signature::Claim;
pub use access_key::{AccessKey, NotAnAccessKey};
use base::clock::Utc;
use base::secret::Secret;

/// The one who calls: an account, and what the caller is within it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(super) struct Caller {
    pub(super) account_id: String,
    pub(super) identity: Identity,
}

/// What a caller is within its account.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Identity {
    /// A session of a role.
    Role { role: String, session_name: String },
    /// The account itself, which may do everything.
    Root,
    /// A RAM user of this name.
    User { name: String },
}

/// A session that was issued just now, as the one who asked for it sees it.
#[derive(Clone, Debug)]
pub(super) struct Issued {
    pub(super) access_key_id: String,
    access_key_secret: Secret,
    security_token: Secret,
    expiration: Option<String>,
    /// When it was issued.
    pub(super) at: SystemTime,
    /// How long it lives.
    pub(super) lifetime: Duration,
}

/// All access keys that requests may be signed with.
#[derive(Debug)]
pub(super) struct Keys {
    permanent: Vec<AccessKey>,
    /// The sessions by the id of their key, also those that have ended.
    sessions: BTreeMap<String, Session>,
    generated: Generated,
}

#[derive(Debug)]
struct Session {
    caller: Caller,
    access_key_secret: Secret,
    security_token: Secret,
    ends: SystemTime,
    revoked: bool,
}

/// A session as the control interface shows it.
#[derive(Debug, Serialize)]
pub(super) struct Report<'a> {
    access_key_id: &'a str,
    #[serde(flatten)]
    caller: &'a Caller,
    ends: String,
    revoked: bool,
}

impl Keys {
    pub(super) fn new(permanent: Vec<AccessKey>, seed: u64) -> Self {
        Self {
            permanent,
            sessions: BTreeMap::new(),
            generated: Generated { seed },
        }
    }

    /// The secret of the key that a request says it is signed with, and whose key that is. A
    /// request without the token of the key, or with a key whose session has ended, is refused.
    pub(super) fn find(
        &self,
        claim: &Claim<'_>,
        issuance: &Issuance,
        now: SystemTime,
    ) -> Result<(&Secret, Caller), Refusal> {
        let id = claim.access_key_id;
        if let Some(key) = self.permanent.iter().find(|key| key.access_key_id == id) {
            if let Some(expected) = &key.security_token {
                self.check_token(expected, claim.security_token, mismatch)?;
            }
            return Ok((&key.access_key_secret, key.caller()));
        }
        let session = self.sessions.get(id).ok_or_else(not_found)?;
        self.check_token(&session.security_token, claim.security_token, malformed)?;
        match issuance.revoked_as {
            RevokedAs::NotFound if session.revoked => Err(not_found()),
            _ if session.revoked || session.ends <= now => Err(expired()),
            _ => Ok((&session.access_key_secret, session.caller.clone())),
        }
    }

    /// Starts a session of this caller. It ends at a whole second, so that `Expiration` can tell
    /// the truth.
    pub(super) fn issue(
        &mut self,
        caller: Caller,
        issuance: &Issuance,
        requested: Option<Duration>,
        now: SystemTime,
    ) -> Issued {
        let count = self.sessions.len().to_string();
        let text = |what: &str, digests: usize| -> String {
            let parts = (0..digests).map(|part| part.to_string());
            let bytes: Vec<u8> = parts
                .flat_map(|part| self.generated.digest(&["session", &count, what, &part]))
                .collect();
            STANDARD.encode(bytes)
        };
        let alphanumeric = |text: String, length: usize| -> String {
            let characters = text.chars().filter(char::is_ascii_alphanumeric);
            characters.take(length).collect()
        };

        let lifetime = issuance.lifetime(requested);
        let issued = Issued {
            access_key_id: format!("STS.{}", alphanumeric(text("id", 1), 24)),
            access_key_secret: Secret::new(alphanumeric(text("secret", 2), 44)),
            // Tokens have characters that must be encoded, as real ones do.
            security_token: Secret::new(format!("CAIS{}", text("token", 8))),
            expiration: written(issuance.told(lifetime, requested), now),
            at: now,
            lifetime,
        };
        let session = Session {
            caller,
            access_key_secret: issued.access_key_secret.clone(),
            security_token: issued.security_token.clone(),
            ends: later(whole_second(now), lifetime),
            revoked: false,
        };
        self.sessions.insert(issued.access_key_id.clone(), session);
        issued
    }

    /// Revokes all sessions that were issued until now, and tells how many there were.
    pub(super) fn revoke_all(&mut self) -> usize {
        let sessions = self
            .sessions
            .values_mut()
            .filter(|session| !session.revoked);
        sessions.map(|session| session.revoked = true).count()
    }

    /// Whether the account has any key, so that it exists.
    pub(super) fn has_account(&self, account_id: &str) -> bool {
        self.permanent
            .iter()
            .any(|key| key.account_id == account_id)
    }

    /// The account of the first key, which sources without an account of their own belong to.
    pub(super) fn first_account(&self) -> &str {
        let first = self.permanent.first();
        first.map_or("", |key| key.account_id.as_str())
    }

    /// What ids of users and roles are made with.
    pub(super) fn generated(&self) -> Generated {
        self.generated
    }

    /// Whether the session of this key was revoked, or there is none.
    pub(super) fn is_revoked(&self, access_key_id: &str) -> bool {
        let session = self.sessions.get(access_key_id);
        session.is_none_or(|session| session.revoked)
    }

    /// The account of a key, also of one whose session has ended.
    pub(super) fn account_of(&self, access_key_id: &str) -> Option<&str> {
        let mut permanent = self.permanent.iter();
        let key = permanent.find(|key| key.access_key_id == access_key_id);
        let session = || self.sessions.get(access_key_id);
        key.map(|key| key.account_id.as_str())
            .or_else(|| Some(session()?.caller.account_id.as_str()))
    }

    /// All sessions, without their secrets.
    pub(super) fn report<'a>(&'a self) -> Vec<Report<'a>> {
        let report = |(id, session): (&'a String, &'a Session)| Report::new(id, session);
        self.sessions.iter().map(report).collect()
    }

    /// Compares the token of a request with the expected one. A token that belongs to another
    /// session does not match the key; `other` is the refusal of any other wrong token.
    fn check_token(
        &self,
        expected: &Secret,
        token: Option<&str>,
        other: fn() -> Refusal,
    ) -> Result<(), Refusal> {
        let Some(token) = token.filter(|token| !token.is_empty()) else {
            return Err(Refusal::missing("SecurityToken"));
        };
        if expected.expose() == token {
            return Ok(());
        }
        let mut sessions = self.sessions.values();
        match sessions.any(|session| session.security_token.expose() == token) {
            true => Err(mismatch()),
            false => Err(other()),
        }
    }
}

impl<'a> Report<'a> {
    fn new(access_key_id: &'a str, session: &'a Session) -> Self {
        Self {
            access_key_id,
            caller: &session.caller,
            ends: Utc::from(session.ends).seconds(),
            revoked: session.revoked,
        }
    }
}

impl Issued {
    /// The credentials as all answers have them. `Expiration` may be missing.
    pub(super) fn fields(&self) -> Map<String, Value> {
        let fields = [
            ("AccessKeyId", self.access_key_id.as_str()),
            ("AccessKeySecret", self.access_key_secret.expose()),
            ("SecurityToken", self.security_token.expose()),
        ];
        let expiration = self.expiration.as_deref().map(|text| ("Expiration", text));
        fields
            .into_iter()
            .chain(expiration)
            .map(|(name, value)| (name.to_owned(), value.into()))
            .collect()
    }
}

fn written(told: Told, now: SystemTime) -> Option<String> {
    let minute = Duration::from_secs(60);
    match told {
        Told::After(time) => Some(Utc::from(later(now, time)).seconds()),
        Told::Nothing => None,
        Told::Past => Some(Utc::from(now.checked_sub(minute).unwrap_or(now)).seconds()),
        Told::Unreadable => Some("in a while".into()),
    }
}

/// The date that is so much later, or the same date if it would be too late to be written.
fn later(date: SystemTime, time: Duration) -> SystemTime {
    date.checked_add(time).unwrap_or(date)
}

/// The beginning of the second that this date is in.
fn whole_second(date: SystemTime) -> SystemTime {
    let since = date.duration_since(SystemTime::UNIX_EPOCH);
    let nanos = since.unwrap_or_default().subsec_nanos();
    date.checked_sub(Duration::from_nanos(nanos.into()))
        .unwrap_or(date)
}

fn not_found() -> Refusal {
    let message = "Specified access key is not found.";
    Refusal::new(404, "InvalidAccessKeyId.NotFound", message)
}

fn expired() -> Refusal {
    let message = "Specified SecurityToken is expired.";
    Refusal::new(400, "InvalidSecurityToken.Expired", message)
}

fn malformed() -> Refusal {
    let message = "Specified SecurityToken is malformed.";
    Refusal::new(400, "InvalidSecurityToken.Malformed", message)
}

fn mismatch() -> Refusal {
    let message = "Specified SecurityToken mismatch with the AccessKey.";
    Refusal::new(400, "InvalidSecurityToken.MismatchWithAccessKey", message)
}

#[cfg(test)]
mod tests;
