//! STS, which exchanges credentials or tokens for those of a role, and returns the account of a key.
//!
//! Operations: <https://api.alibabacloud.com/document/Sts/2015-04-01/overview>.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use serde::Deserialize;

use crate::client::{Api, Bounds, Client, Error, ErrorKind, OpenGate, Operation, Repeat};
use crate::openapi::{
    Endpoint, Failure, PlainClient, Response, Settings, SignatureMethod, SigningKey, fields,
    read_answer,
};
use base::clock::Utc;
use base::foreign_text::Cleaner;

use super::answer::{self, Fetched, SessionAnswer};
use super::context::FetchContext;
use super::error::{CredentialsError, CredentialsErrorKind, Result};
use super::source::{Oidc, Role};

/// The API. It has no codes of its own that mean more to the client than those of the gateway.
static STS: Api = Api {
    version: "2015-04-01",
    // Each call of the API waits for credentials, so that STS is not tried for long.
    max_repeats: 2,
    code_on_success: false,
    kind_of_code: |_| None,
};

/// What is wrong with an answer that cannot be read, in words that continue the name of STS.
const NO_CREDENTIALS: &str = "returned something other than credentials";
const NO_ACCOUNT: &str = "answers without an AccountId of digits";

/// How long a signed call may take with its repeats.
const CALL_TIMEOUT: Duration = Duration::from_secs(15);

/// `AssumeRole`: exchanges credentials for those of a role. A session that is not used does no
/// harm, so the call may be repeated.
struct AssumeRole<'a>(&'a Role);

impl Operation for AssumeRole<'_> {
    const API: &'static Api = &STS;
    const ACTION: &'static str = "AssumeRole";
    const READS: bool = true;

    type Answer = SessionAnswer;

    fn parameters(&self) -> Vec<(&'static str, String)> {
        let mut parameters = role_parameters(self.0);
        let external_id = self.0.external_id.clone();
        parameters.extend(external_id.map(|id| ("ExternalId", id)));
        parameters
    }
}

/// `GetCallerIdentity`: the account that a key belongs to.
struct GetCallerIdentity;

/// The answer.
#[derive(Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct CallerIdentity {
    #[serde(deserialize_with = "fields::text")]
    account_id: Option<String>,
}

impl Operation for GetCallerIdentity {
    const API: &'static Api = &STS;
    const ACTION: &'static str = "GetCallerIdentity";
    const READS: bool = true;

    type Answer = CallerIdentity;

    fn parameters(&self) -> Vec<(&'static str, String)> {
        Vec::new()
    }
}

/// Exchanges credentials for those of a role.
pub(crate) async fn assume_role(
    key: &Arc<SigningKey>,
    role: &Role,
    endpoint: &Endpoint,
    context: &FetchContext,
) -> Result<Fetched> {
    let role = &AssumeRole(role);
    let (session, now) = call(role, key, endpoint, context, NO_CREDENTIALS).await?;
    session
        .fetched(now)
        .map_err(|what| unreadable(endpoint, what))
}

/// Exchanges the token of an identity provider for the credentials of a role
/// (`AssumeRoleWithOIDC`, which is not signed).
pub(crate) async fn assume_role_with_oidc(
    token: &str,
    oidc: &Oidc,
    context: &FetchContext,
) -> Result<Fetched> {
    const ACTION: &str = "AssumeRoleWithOIDC";
    let endpoint = &oidc.sts;
    let parameters = role_parameters(&oidc.role);
    let parameters = parameters.iter().map(|(name, value)| (*name, &**value));
    let token_and_issuer = [
        ("OIDCProviderArn", &*oidc.provider_arn),
        ("OIDCToken", token),
    ];
    let form: Vec<_> = parameters.chain(token_and_issuer).collect();
    let cleaner = &Cleaner::new([token]);
    let client = PlainClient::new(&endpoint.into(), &context.network);
    let client = client.map_err(|failure| unreachable(endpoint, &failure))?;
    let attempt = || async {
        let timestamp = Utc::from(context.clock.now()).seconds();
        let nonce = context.random.nonce();
        let query = [
            ("Action", ACTION),
            ("Format", "JSON"),
            ("SignatureNonce", nonce.as_str()),
            ("Timestamp", timestamp.as_str()),
            ("Version", STS.version),
        ];
        let request = client.post_form(endpoint, &query, &form);
        let response = client
            .send(request, cleaner)
            .await
            .map_err(|failure| unreachable(endpoint, &failure).transient())?;
        if !(200..300).contains(&response.status) {
            return Err(refusal(ACTION, response));
        }
        let fetched = answer::read_session(&response.body, context.now(response.date));
        fetched.map_err(|what| unreadable(endpoint, what))
    };
    context.repeat(attempt).await
}

/// The account that a key belongs to.
pub(crate) async fn caller_account(
    key: &Arc<SigningKey>,
    endpoint: &Endpoint,
    context: &FetchContext,
) -> Result<String> {
    let (identity, _) = call(&GetCallerIdentity, key, endpoint, context, NO_ACCOUNT).await?;
    let account = identity.account_id.filter(|account| is_account(account));
    account.ok_or_else(|| unreadable(endpoint, NO_ACCOUNT))
}

/// Whether a text is the id of an account.
pub(crate) fn is_account(text: &str) -> bool {
    (1..=32).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit())
}

fn role_parameters(role: &Role) -> Vec<(&'static str, String)> {
    let mut parameters = vec![
        ("DurationSeconds", role.seconds.to_string()),
        ("RoleArn", role.arn.clone()),
        ("RoleSessionName", role.session_name.clone()),
    ];
    parameters.extend(role.policy.clone().map(|policy| ("Policy", policy)));
    parameters
}

/// Calls an operation. Returns its answer and what time it is, by the date of the answer.
async fn call<O: Operation>(
    operation: &O,
    key: &Arc<SigningKey>,
    endpoint: &Endpoint,
    context: &FetchContext,
    unreadable_answer: &str,
) -> Result<(O::Answer, SystemTime)> {
    let settings = Settings {
        endpoint: endpoint.clone(),
        signature_method: SignatureMethod::default(),
        network: context.network.clone(),
    };
    let (clock, random) = (context.clock.clone(), context.random.clone());
    let client = Client::new(settings, Arc::clone(key), OpenGate, clock, random);
    let client = client.map_err(|failure| unreachable(endpoint, &failure))?;
    let answer = client
        .call(&Bounds::unstoppable(CALL_TIMEOUT), operation)
        .await;
    let answer = answer.map_err(|error| match (error.kind, error.obstacle) {
        _ if error.http_status.is_some() => refused(&error),
        (ErrorKind::Incomplete, _) => unreadable(endpoint, unreadable_answer),
        (_, Some(obstacle)) => {
            let text = error.message;
            unreachable(endpoint, &Failure::Unsent { obstacle, text })
        }
        (_, None) => unreachable(endpoint, &Failure::Lost(error.message)),
    })?;
    Ok((answer, context.now(client.clock().service_time())))
}

/// The error for an answer to an unsigned request that STS did not grant, and whether another
/// attempt may succeed.
fn refusal(action: &'static str, response: Response) -> CredentialsError {
    // With a status that is no success, every answer is read as an error.
    let error = read_answer(response).err().unwrap_or_default();
    refused(&Error::refused(action, &STS, error))
}

/// The error for a refusal, and whether another attempt may succeed.
fn refused(error: &Error) -> CredentialsError {
    let code = error.code.as_deref().unwrap_or("no code");
    let (action, status) = (error.action, error.http_status.unwrap_or_default());
    let mut text = format!("STS refused {action} with {code} (HTTP status {status}");
    if let Some(id) = &error.request_id {
        text.push_str(&format!(", request id {id}"));
    }
    text.push_str("). ");
    let message = error.message.trim_end_matches(['.', ' ']);
    if !message.is_empty() {
        text.push_str(&format!("STS says: {message}. "));
    }
    text.push_str(advice(action, code, &error.message));
    let repeat = error.kind.meaning().repeat;
    let kind = match repeat {
        Some(Repeat::Throttled | Repeat::Transient) => CredentialsErrorKind::Unreachable,
        _ => CredentialsErrorKind::Refused,
    };
    let mut error = kind.error(text.trim_end());
    error.repeat = repeat;
    error
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
    let otherwise = "If it cannot be reached from here, set sts_endpoint to one that can.";
    CredentialsError::unanswered(&server, failure, otherwise)
}

#[cfg(test)]
mod tests {
    use crate::openapi::ServiceError;

    use super::*;

    fn text(action: &'static str, code: &str, message: &str) -> String {
        let refusal = ServiceError {
            http_status: 403,
            code: Some(code.to_owned()),
            message: message.to_owned(),
            ..ServiceError::default()
        };
        refused(&Error::refused(action, &STS, refusal)).to_string()
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
