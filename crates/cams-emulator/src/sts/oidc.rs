//! `AssumeRoleWithOIDC`: a session of a role for a caller who has a token of an identity provider.
//! No official document lists its error codes. Those here were seen in answers of the service, and
//! their statuses are those of `AssumeRoleWithSAML`, which is documented.

use std::collections::HashSet;
use std::fs;
use std::time::{SystemTime, UNIX_EPOCH};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use super::{Done, Question, RoleArn, Wanted, check_policy};
use crate::issuance::Issuance;
use crate::keys::Keys;
use crate::refusal::Refusal;
use base::clock::Utc;

/// The tokens that the file held whenever it was read, as digests. One that it holds no longer
/// counts as expired, and any other as invalid.
#[derive(Debug, Default)]
pub(in super::super) struct Tokens {
    held: HashSet<Vec<u8>>,
}

/// Starts a session for the bearer of an acceptable token.
pub(super) fn assume_role(
    question: &Question<'_>,
    keys: &mut Keys,
    tokens: &mut Tokens,
    issuance: &Issuance,
) -> Result<Done, Refusal> {
    let request = question.request;
    for name in ["OIDCProviderArn", "OIDCToken", "RoleArn"] {
        if request.parameter(name).is_none() {
            let message = format!("Parameter {name} is required.");
            return Err(Refusal::new(
                400,
                format!("MissingParameter.{name}"),
                message,
            ));
        }
    }
    let wanted = Wanted::of(request)?;
    check_policy(request)?;
    let provider = provider_account(request.required("OIDCProviderArn")?);
    if provider != Some(wanted.role.account_id.as_str()) {
        let message = "Parameter OIDCProviderArn is not valid";
        return Err(Refusal::new(
            400,
            "AuthenticationFail.NoPermission",
            message,
        ));
    }
    tokens.check(request.required("OIDCToken")?, issuance, question.now)?;

    let mut done = wanted.start(keys, issuance, question.now)?;
    done.fields
        .insert("OIDCTokenInfo".into(), token_info(question.now));
    Ok(done)
}

impl Tokens {
    /// Refuses a token that is not the one of the file. Without a file, every token passes that is
    /// not a JWT whose time is over.
    fn check(&mut self, token: &str, issuance: &Issuance, now: SystemTime) -> Result<(), Refusal> {
        if !(4..=20_000).contains(&token.len()) {
            return Err(invalid());
        }
        if ends(token).is_some_and(|ends| ends <= seconds(now)) {
            return Err(expired());
        }
        let Some(path) = &issuance.oidc_token_file else {
            return Ok(());
        };
        // A file that cannot be read holds no token.
        let held = fs::read_to_string(path).unwrap_or_default();
        self.held.insert(digest(held.trim()));
        match held.trim() == token {
            true => Ok(()),
            false if self.held.contains(&digest(token)) => Err(expired()),
            false => Err(invalid()),
        }
    }
}

/// What the answer tells of a token. It is the same for all, so that nothing of a token is echoed.
fn token_info(now: SystemTime) -> Value {
    json!({
        "ClientIds": "emulator",
        "ExpirationTime": Utc::from(now).seconds(),
        "IssuanceTime": Utc::from(now).seconds(),
        "Issuer": "https://idp.emulator",
        "Subject": "emulator",
        "VerificationInfo": "Success",
    })
}

/// The account of an identity provider, as in `acs:ram::1000000000000000:oidc-provider/GitHub`.
fn provider_account(arn: &str) -> Option<&str> {
    let (account_id, name) = arn
        .strip_prefix("acs:ram::")?
        .split_once(":oidc-provider/")?;
    // Providers and roles are named alike.
    RoleArn::parse(&format!("acs:ram::{account_id}:role/{name}"))?;
    Some(account_id)
}

/// When a JWT expires, in seconds since 1970. `None` for a token that says nothing of it.
fn ends(token: &str) -> Option<u64> {
    let claims = URL_SAFE_NO_PAD.decode(token.split('.').nth(1)?).ok()?;
    let claims: Value = serde_json::from_slice(&claims).ok()?;
    claims.get("exp")?.as_u64()
}

fn seconds(date: SystemTime) -> u64 {
    let since = date.duration_since(UNIX_EPOCH);
    since.unwrap_or_default().as_secs()
}

fn digest(token: &str) -> Vec<u8> {
    Sha256::digest(token.as_bytes()).to_vec()
}

fn expired() -> Refusal {
    let message = "This JsonWebToken is expired.";
    Refusal::new(401, "AuthenticationFail.OIDCToken.Expired", message)
}

fn invalid() -> Refusal {
    let message = "This JsonWebToken is invalid.";
    Refusal::new(401, "AuthenticationFail.OIDCToken.Invalid", message)
}
