//! STS, which exchanges credentials or tokens for those of a role, and tells the account of a key.
//!
//! Operations: <https://api.alibabacloud.com/document/Sts/2015-04-01/overview>.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};

use serde::Deserialize;

use crate::openapi::{
    Answer, Endpoint, Failure, Http, Reading, Request, Response, ServiceError, Settings,
    SignatureMethod, SigningKey, read_answer,
};
use base::clock::Utc;
use base::foreign_text::Cleaner;

use super::answer::{self, Fetched};
use super::context::{AttemptError, FetchContext};
use super::error::{CredentialsError, CredentialsErrorKind, Result};
use super::source::{Oidc, Role};

/// The version of the API.
const VERSION: &str = "2015-04-01";

/// Exchanges credentials for those of a role (`AssumeRole`).
pub(super) async fn assume_role(
    key: &SigningKey,
    role: &Role,
    endpoint: &Endpoint,
    context: &FetchContext,
) -> Result<Fetched> {
    let seconds = role.seconds.to_string();
    let mut parameters = role_parameters(role, &seconds);
    if let Some(external_id) = &role.external_id {
        parameters.insert("ExternalId", external_id);
    }
    let response = signed(key, "AssumeRole", &parameters, endpoint, context).await?;
    let now = context.now(response.date);
    answer::read_session(&response.body, now).map_err(|what| unreadable(endpoint, what))
}

/// Exchanges the token of an identity provider for the credentials of a role
/// (`AssumeRoleWithOIDC`, which is not signed).
pub(super) async fn assume_role_with_oidc(
    token: &str,
    oidc: &Oidc,
    context: &FetchContext,
) -> Result<Fetched> {
    const ACTION: &str = "AssumeRoleWithOIDC";
    let endpoint = &oidc.sts;
    let seconds = oidc.role.seconds.to_string();
    let mut form = role_parameters(&oidc.role, &seconds);
    form.insert("OIDCProviderArn", &oidc.provider_arn);
    form.insert("OIDCToken", token);
    let form: Vec<_> = form.into_iter().collect();
    let cleaner = &Cleaner::new([token]);
    let client = context.client(&endpoint.into());
    let client = client.map_err(|failure| unreachable(endpoint, &failure))?;
    let attempt = || async {
        let timestamp = Utc::from(context.clock.now()).seconds();
        let nonce = context.random.nonce();
        let query = [
            ("Action", ACTION),
            ("Format", "JSON"),
            ("SignatureNonce", nonce.as_str()),
            ("Timestamp", timestamp.as_str()),
            ("Version", VERSION),
        ];
        let request = client.post_form(endpoint, &query, &form);
        let response = client
            .send(request, cleaner)
            .await
            .map_err(|failure| AttemptError::Passing(unreachable(endpoint, &failure)))?;
        if !(200..300).contains(&response.status) {
            let response = Response {
                status: response.status,
                body: response.body.to_vec(),
                cleaner: cleaner.clone(),
                ..Response::default()
            };
            return Err(refused(ACTION, &refusal(&response)));
        }
        let fetched = answer::read_session(&response.body, context.now(response.date));
        fetched.map_err(|what| AttemptError::Final(unreadable(endpoint, what)))
    };
    context.repeat(attempt).await
}

/// The account that a key belongs to (`GetCallerIdentity`).
pub(super) async fn caller_account(
    key: &SigningKey,
    endpoint: &Endpoint,
    context: &FetchContext,
) -> Result<String> {
    #[derive(Deserialize)]
    #[serde(rename_all = "PascalCase")]
    struct CallerIdentity {
        account_id: Option<String>,
    }
    let none = BTreeMap::new();
    let response = signed(key, "GetCallerIdentity", &none, endpoint, context).await?;
    let identity: Option<CallerIdentity> = serde_json::from_slice(&response.body).ok();
    let account = identity.and_then(|identity| identity.account_id);
    account
        .filter(|account| is_account(account))
        .ok_or_else(|| unreadable(endpoint, "answers without an AccountId of digits"))
}

/// Whether a text is the id of an account.
pub(super) fn is_account(text: &str) -> bool {
    (1..=32).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit())
}

fn role_parameters<'a>(role: &'a Role, seconds: &'a str) -> BTreeMap<&'a str, &'a str> {
    let mut parameters = BTreeMap::from([
        ("DurationSeconds", seconds),
        ("RoleArn", role.arn.as_str()),
        ("RoleSessionName", role.session_name.as_str()),
    ]);
    if let Some(policy) = &role.policy {
        parameters.insert("Policy", policy);
    }
    parameters
}

/// The answer to a signed request that STS granted.
async fn signed(
    key: &SigningKey,
    action: &str,
    parameters: &BTreeMap<&str, &str>,
    endpoint: &Endpoint,
    context: &FetchContext,
) -> Result<Response> {
    let settings = Settings {
        endpoint: endpoint.clone(),
        signature_method: SignatureMethod::default(),
        connect_timeout: context.connect_timeout,
        read_timeout: context.read_timeout,
        user_agent: context.user_agent.clone(),
        network: context.network.clone(),
    };
    let http = Http::new(settings, context.clock.clone(), context.random.clone());
    let http = http.map_err(|failure| unreachable(endpoint, &failure))?;
    let request = Request {
        action,
        version: VERSION,
        parameters,
        reading: Reading::Whole,
    };
    let corrected = AtomicBool::new(false);
    let attempt = || async {
        loop {
            let response = http
                .attempt(key, request, || {})
                .await
                .map_err(|failure| AttemptError::Passing(unreachable(endpoint, &failure)))?;
            if (200..300).contains(&response.status) {
                return Ok(response);
            }
            let refusal = refusal(&response);
            let code = refusal.code.as_deref().unwrap_or_default();
            let wrong_clock = code.starts_with("InvalidTimeStamp");
            if !wrong_clock || corrected.swap(true, Ordering::Relaxed) {
                return Err(refused(action, &refusal));
            }
            http.correct_clock(&response);
        }
    };
    context.repeat(attempt).await
}

/// What the service says about a request that it did not grant.
fn refusal(response: &Response) -> ServiceError {
    match read_answer(response) {
        Answer::Refusal(error) | Answer::Unreadable(error) => error,
        Answer::Success(_) => ServiceError {
            http_status: response.status,
            ..ServiceError::default()
        },
    }
}

/// The error for a refusal, and whether another attempt may succeed.
fn refused(action: &str, refusal: &ServiceError) -> AttemptError {
    let code = refusal.code.as_deref().unwrap_or("no code");
    let status = refusal.http_status;
    let mut text = format!("STS refused {action} with {code} (HTTP status {status}");
    if let Some(id) = &refusal.request_id {
        text.push_str(&format!(", request id {id}"));
    }
    text.push_str("). ");
    let message = refusal.message.trim_end_matches(['.', ' ']);
    if !message.is_empty() {
        text.push_str(&format!("STS says: {message}. "));
    }
    text.push_str(advice(action, code, &refusal.message));
    let error = |kind: CredentialsErrorKind| kind.error(text.trim_end());
    if code.starts_with("Throttling") {
        AttemptError::Throttled(error(CredentialsErrorKind::Unreachable))
    } else if code == "SignatureNonceUsed" || status >= 500 {
        AttemptError::Passing(error(CredentialsErrorKind::Unreachable))
    } else {
        AttemptError::Final(error(CredentialsErrorKind::Refused))
    }
}

/// What to do about a refusal.
fn advice(action: &str, code: &str, message: &str) -> &'static str {
    match (action, code) {
        (_, code) if code.starts_with("Throttling") => {
            "STS throttles the calls of this account, and continued to do so for some seconds of \
             repeats. Apply again in a minute."
        }
        // There is no code of its own for it: "Roles may not be assumed by root accounts."
        ("AssumeRole", _) if message.to_ascii_lowercase().contains("root account") => {
            "The account's own access key cannot assume roles. Use the access key of a RAM user \
             that may assume this one."
        }
        ("AssumeRole", code) if code.starts_with("NoPermission") || code.contains("Forbidden") => {
            "Name the user or role that assumes the role in the role's trust policy, and grant it \
             AliyunSTSAssumeRoleAccess."
        }
        (_, code) if code.starts_with("EntityNotExist.Role") => "Check the ARN of the role.",
        (_, code) if code.starts_with("EntityNotExist.OIDCProvider") => {
            "Check the ARN of the identity provider."
        }
        (_, code) if code.contains("OIDCToken") && code.contains("Expired") => {
            "The token has expired. Provide it in a file that is renewed (oidc_token_file), or get a \
             new one for each run."
        }
        ("AssumeRoleWithOIDC", code) if code.starts_with("AuthenticationFail") => {
            "Check that the identity provider's client ids hold the token's audience, and that the \
             role's trust policy allows its subject."
        }
        _ => "",
    }
}

fn unreadable(endpoint: &Endpoint, what: &str) -> CredentialsError {
    let text = format!("STS at {} {what}.", endpoint.host());
    CredentialsErrorKind::Unreachable.error(text)
}

fn unreachable(endpoint: &Endpoint, failure: &Failure) -> CredentialsError {
    let server = format!("STS at {}", endpoint.host());
    let otherwise = "If it can't be reached from here, set sts_endpoint to one that can.";
    CredentialsError::unanswered(&server, failure, otherwise)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(action: &str, code: &str, message: &str) -> String {
        let refusal = ServiceError {
            http_status: 403,
            code: Some(code.to_owned()),
            message: message.to_owned(),
            ..ServiceError::default()
        };
        match refused(action, &refusal) {
            AttemptError::Final(error)
            | AttemptError::Passing(error)
            | AttemptError::Throttled(error) => error.to_string(),
        }
    }

    #[test]
    fn throttling_is_told_with_what_to_do() {
        for action in ["AssumeRole", "AssumeRoleWithOIDC", "GetCallerIdentity"] {
            let text = text(action, "Throttling.User", "Request was denied.");
            assert!(text.contains("STS throttles"), "{text}");
            assert!(text.ends_with("Apply again in a minute."), "{text}");
        }
    }

    #[test]
    fn a_role_that_the_account_itself_would_assume_wants_a_user() {
        let message = "Roles may not be assumed by root accounts.";
        let said = text("AssumeRole", "NoPermission", message);
        assert!(
            said.contains("The account's own access key cannot"),
            "{said}"
        );
        assert!(!said.contains("trust policy"), "{said}");
        let said = text("AssumeRole", "NoPermission", "You are not authorized.");
        assert!(
            said.contains("trust policy") && !said.contains("own access key"),
            "{said}"
        );
    }
}
