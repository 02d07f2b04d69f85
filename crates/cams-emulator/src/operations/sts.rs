//! The operations of STS: two ways to start a session of a role, and the identity of a caller.
//!
//! The refusals have the codes of the error table on the page of `AssumeRole`. No official document
//! lists those of `AssumeRoleWithOIDC`: the codes here were seen in answers of the service, and
//! their statuses are those of `AssumeRoleWithSAML`, which is documented. No message contains a
//! token of the request.

use std::fs;
use std::ops::RangeInclusive;
use std::time::{Duration, UNIX_EPOCH};

use base::clock::Utc;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Map, Value, json};
use sha2::{Digest as _, Sha256};

use super::{Answer, IncomingRequest, Rejection, ServiceState, Visit, fields};

/// `AssumeRole`: a session for a caller who signs.
pub(super) fn assume_role(call: &mut Visit<'_>, state: &mut ServiceState) -> Answer {
    let request = call.request;
    let session = RoleSession::parse(request)?;
    // The documented form is `[\w+=,.@:\/-]*`.
    check(request, "ExternalId", 2..=1224, b"_+=,.@:/-")?;
    let expected = state.issuance.external_id.as_deref();
    if expected.is_some() && expected != request.parameter("ExternalId") {
        let message = "You are not authorized to do this action. You should be authorized by RAM.";
        return Err(Rejection::new(403, "NoPermission", message));
    }
    // The documented form is `[\w+=,.@-]*`.
    check(request, "SourceIdentity", 2..=64, b"_+=,.@-")?;
    let mut answer = session.start(call, state)?;
    if let Some(source) = request.parameter("SourceIdentity") {
        answer["SourceIdentity"] = source.into();
    }
    Ok(fields(answer))
}

/// `AssumeRoleWithOIDC`: a session for a caller who has a token of an identity provider.
pub(super) fn assume_role_with_oidc(call: &mut Visit<'_>, state: &mut ServiceState) -> Answer {
    let request = call.request;
    for name in ["OIDCProviderArn", "OIDCToken", "RoleArn"] {
        if request.parameter(name).is_none() {
            let (code, message) = (
                format!("MissingParameter.{name}"),
                format!("Parameter {name} is required."),
            );
            return Err(Rejection::new(400, code, message));
        }
    }
    let session = RoleSession::parse(request)?;
    let provider = parse_arn(request.required("OIDCProviderArn")?, "oidc-provider");
    if provider.is_none_or(|(account_id, _)| account_id != session.account_id) {
        let code = "AuthenticationFail.NoPermission";
        let message = "Parameter OIDCProviderArn is not valid";
        return Err(Rejection::new(400, code, message));
    }
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

/// `GetCallerIdentity`: the account and the identity of the caller. As documented, only users have
/// a `UserId`, and only roles a `RoleId`.
pub(super) fn caller_identity(call: &mut Visit<'_>, state: &mut ServiceState) -> Answer {
    let caller = call.caller()?;
    let (account, name) = (&caller.account_id, &caller.name);
    let mut answer = match &caller.role {
        None => json!({
            "IdentityType": "RAMUser",
            "PrincipalId": state.generated.digits(&["principal", account, name]),
            "UserId": state.generated.digits(&["user", account, name]),
            "Arn": format!("acs:ram::{account}:user/{name}"),
        }),
        Some(role) => {
            let id = state.keys.role_id(account, role);
            json!({
                "IdentityType": "AssumedRoleUser",
                "PrincipalId": format!("{id}:{name}"),
                "RoleId": id,
                "Arn": format!("acs:ram::{account}:assumed-role/{role}/{name}"),
            })
        }
    };
    answer["AccountId"] = account.as_str().into();
    Ok(fields(answer))
}

/// The parameters of a session.
struct RoleSession<'a> {
    /// The account that has the role.
    account_id: &'a str,
    role: &'a str,
    name: &'a str,
    duration: Duration,
}

impl<'a> RoleSession<'a> {
    /// Reads the parameters, whose limits are documented.
    fn parse(request: &'a IncomingRequest) -> Result<Self, Rejection> {
        let arn = parse_arn(request.required("RoleArn")?, "role");
        let (account_id, role) = arn.ok_or_else(|| wrongly_formed("RoleArn"))?;
        let name = request.required("RoleSessionName")?;
        check(request, "RoleSessionName", 2..=64, b".@-_")?;
        let seconds = request.parameter("DurationSeconds").unwrap_or("3600");
        let seconds = seconds.parse().unwrap_or(0);
        if !(900..=43_200).contains(&seconds) {
            let message = "The Min/Max value of DurationSeconds is 15min/12hr.";
            let code = "InvalidParameter.DurationSeconds";
            return Err(Rejection::new(400, code, message));
        }
        let policy = request.parameter("Policy").unwrap_or("{}");
        if policy.len() > 2048 {
            let message = "The size of Policy must be smaller than 2048 bytes.";
            return Err(Rejection::new(400, "InvalidParameter.PolicySize", message));
        }
        if serde_json::from_str::<Map<String, Value>>(policy).is_err() {
            let code = "InvalidParameter.PolicyGrammar";
            let message = "The parameter Policy has not passed grammar check.";
            return Err(Rejection::new(400, code, message));
        }
        Ok(Self {
            account_id,
            role,
            name,
            duration: Duration::from_secs(seconds),
        })
    }

    /// Starts the session, if there is such a role, and returns the fields of the answer.
    fn start(self, call: &mut Visit<'_>, state: &mut ServiceState) -> Result<Value, Rejection> {
        let (account_id, role, name) = (self.account_id, self.role, self.name);
        if !state.keys.has_account(account_id) || !state.issuance.has_role(role) {
            let message = "The specified Role not exists .";
            return Err(Rejection::new(404, "EntityNotExist.Role", message));
        }
        let role_id = state.keys.role_id(account_id, role);
        let session = call.issue(state, account_id, role, name, Some(self.duration));
        Ok(json!({
            "AssumedRoleUser": {
                "AssumedRoleId": format!("{role_id}:{name}"),
                "Arn": format!("acs:ram::{account_id}:role/{role}/{name}"),
            },
            "Credentials": session.credentials(),
        }))
    }
}

/// Refuses a parameter that has other characters than letters, digits and `others`, or too few or
/// too many of them.
fn check(
    request: &IncomingRequest,
    parameter: &str,
    length: RangeInclusive<usize>,
    others: &[u8],
) -> Result<(), Rejection> {
    match request.parameter(parameter) {
        Some(text) if !is_name(text, length, others) => Err(wrongly_formed(parameter)),
        _ => Ok(()),
    }
}

/// The account and the name in an ARN such as `acs:ram::1000000000000000:role/admin`.
fn parse_arn<'a>(arn: &'a str, kind: &str) -> Option<(&'a str, &'a str)> {
    let (account_id, resource) = arn.strip_prefix("acs:ram::")?.split_once(':')?;
    let name = resource.strip_prefix(kind)?.strip_prefix('/')?;
    let digits = account_id.bytes().all(|byte| byte.is_ascii_digit());
    let valid = !account_id.is_empty() && digits && is_name(name, 1..=64, b".-_");
    valid.then_some((account_id, name))
}

fn is_name(text: &str, length: RangeInclusive<usize>, others: &[u8]) -> bool {
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || others.contains(&byte);
    length.contains(&text.len()) && text.bytes().all(fits)
}

fn wrongly_formed(parameter: &str) -> Rejection {
    let message = format!("The parameter {parameter} is wrongly formed.");
    Rejection::new(400, format!("InvalidParameter.{parameter}"), message)
}

/// Refuses a token that is not the one in the file. One that was in the file earlier has expired,
/// and any other is invalid. Without a file, every token is accepted that is not an expired JWT.
fn check_token(token: &str, call: &Visit<'_>, state: &mut ServiceState) -> Result<(), Rejection> {
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
