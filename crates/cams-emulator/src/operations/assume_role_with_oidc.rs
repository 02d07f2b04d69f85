//! `AssumeRoleWithOIDC` of STS: a session of a role, for a caller who has a token of an identity
//! provider. Its requests are not signed.
//!
//! No official document lists its refusals: the codes here were seen in answers of the service, and
//! their statuses are those of `AssumeRoleWithSAML`, which is documented. No message contains a
//! token of the request.

use std::fs;
use std::time::UNIX_EPOCH;

use base::clock::Utc;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use super::assume_role::{ESSENTIAL, RoleSession, parse_arn};
use super::operation::{Answer, EmulatedOperation, sts};
use crate::call::{ServiceState, Visit};
use crate::refusal::{Rejection, Result, refuse_if};
use crate::reply::fields;

pub(crate) const OPERATION: EmulatedOperation = EmulatedOperation {
    is_signed: false,
    ..sts("AssumeRoleWithOIDC", ESSENTIAL, run)
};

fn run(call: &mut Visit<'_>, state: &mut ServiceState) -> Answer {
    let request = call.request;
    for name in ["OIDCProviderArn", "OIDCToken", "RoleArn"] {
        let is_missing = request.parameter(name).is_none();
        let code = format!("MissingParameter.{name}");
        let message = format!("Parameter {name} is required.");
        refuse_if(is_missing, 400, &code, &message)?;
    }
    let session = RoleSession::parse(request)?;
    let provider = parse_arn(request.required("OIDCProviderArn")?, "oidc-provider");
    let is_foreign = provider.is_none_or(|(account_id, _)| account_id != session.account_id);
    let message = "Parameter OIDCProviderArn is not valid";
    refuse_if(is_foreign, 400, "AuthenticationFail.NoPermission", message)?;
    check_token(request.required("OIDCToken")?, call, state)?;
    let mut answer = session.start(call, state)?;
    let now = Utc::from(call.now).seconds();
    // It is the same for all tokens, so that nothing of a token is echoed.
    answer["OIDCTokenInfo"] = json!({
        "ClientIds": "emulator",
        "ExpirationTime": now,
        "IssuanceTime": now,
        "Issuer": "https://idp.emulator",
        "Subject": "emulator",
        "VerificationInfo": "Success",
    });
    Ok(fields(answer))
}

/// Refuses a token that is not the one in the file. One that was in the file earlier has expired,
/// and any other is invalid. Without a file, every token is accepted that is not an expired JWT.
fn check_token(token: &str, call: &Visit<'_>, state: &mut ServiceState) -> Result<()> {
    let refusal = |code: &str, message| {
        let code = format!("AuthenticationFail.OIDCToken.{code}");
        Err(Rejection::new(401, code, message))
    };
    let expired = || refusal("Expired", "This JsonWebToken is expired.");
    let invalid = || refusal("Invalid", "This JsonWebToken is invalid.");
    if !(4..=20_000).contains(&token.len()) {
        return invalid();
    }
    let now = call.now.duration_since(UNIX_EPOCH).unwrap_or_default();
    if expiry(token).is_some_and(|expiry| expiry <= now.as_secs()) {
        return expired();
    }
    let Some(path) = &state.issuance.oidc_token_file else {
        return Ok(());
    };
    let digest = |token: &str| Sha256::digest(token.as_bytes()).to_vec();
    // A file that cannot be read holds no token.
    let held = fs::read_to_string(path).unwrap_or_default();
    state.oidc_tokens.insert(digest(held.trim()));
    match held.trim() == token {
        true => Ok(()),
        false if state.oidc_tokens.contains(&digest(token)) => expired(),
        false => invalid(),
    }
}

/// When a JWT expires, in seconds since 1970. `None` for a token without an expiry.
fn expiry(token: &str) -> Option<u64> {
    let claims = URL_SAFE_NO_PAD.decode(token.split('.').nth(1)?).ok()?;
    let claims: Value = serde_json::from_slice(&claims).ok()?;
    claims.get("exp")?.as_u64()
}
