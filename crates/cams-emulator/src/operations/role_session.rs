//! What both ways of assuming a role have in common: the parameters, and the session.
//!
//! The refusals have the codes of the error table on the page of `AssumeRole`, and their messages
//! never contain a token of the request.

use std::ops::RangeInclusive;
use std::time::Duration;

use serde_json::{Value, json};

use super::{IncomingRequest, Rejection, ServiceState, Visit};

/// The fields of the answer that a client needs.
pub(super) const ESSENTIAL: &[&str] = &[
    "Credentials",
    "AccessKeyId",
    "AccessKeySecret",
    "Expiration",
    "SecurityToken",
];

/// The parameters of a session.
pub(super) struct RoleSession {
    /// The account that has the role.
    pub(super) account_id: String,
    role: String,
    session_name: String,
    duration: Duration,
}

impl RoleSession {
    /// Reads the parameters, whose limits are documented.
    pub(super) fn parse(request: &IncomingRequest) -> Result<Self, Rejection> {
        let arn = request.required("RoleArn")?;
        let (account_id, role) = parse_arn(arn, "role").ok_or_else(|| wrongly_formed("RoleArn"))?;
        let session_name = request.required("RoleSessionName")?;
        check(request, "RoleSessionName", 2..=64, b".@-_")?;
        let seconds = match request.parameter("DurationSeconds") {
            None => Some(3600),
            Some(text) => text.parse().ok(),
        };
        let seconds = seconds.filter(|seconds| (900..=43_200).contains(seconds));
        let duration = seconds.map(Duration::from_secs).ok_or_else(|| {
            let message = "The Min/Max value of DurationSeconds is 15min/12hr.";
            Rejection::new(400, "InvalidParameter.DurationSeconds", message)
        })?;
        check_policy(request)?;
        Ok(Self {
            account_id: account_id.into(),
            role: role.into(),
            session_name: session_name.into(),
            duration,
        })
    }

    /// Starts the session, if there is such a role, and returns the fields of the answer.
    pub(super) fn start(
        self,
        call: &mut Visit<'_>,
        state: &mut ServiceState,
    ) -> Result<Value, Rejection> {
        let Self {
            account_id,
            role,
            session_name,
            duration,
        } = self;
        if !state.keys.has_account(&account_id) || !state.issuance.has_role(&role) {
            let message = "The specified Role not exists .";
            return Err(Rejection::new(404, "EntityNotExist.Role", message));
        }
        let user = json!({
            "AssumedRoleId": format!("{}:{session_name}", state.keys.role_id(&account_id, &role)),
            "Arn": format!("acs:ram::{account_id}:role/{role}/{session_name}"),
        });
        let session = call.issue(state, account_id, &role, &session_name, Some(duration));
        Ok(json!({ "AssumedRoleUser": user, "Credentials": session.credentials() }))
    }
}

/// Refuses a parameter that has other characters than letters, digits and `others`, or too few or
/// too many of them.
pub(super) fn check(
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
pub(super) fn parse_arn<'a>(arn: &'a str, kind: &str) -> Option<(&'a str, &'a str)> {
    let (account_id, resource) = arn.strip_prefix("acs:ram::")?.split_once(':')?;
    let name = resource.strip_prefix(kind)?.strip_prefix('/')?;
    let digits = account_id.bytes().all(|byte| byte.is_ascii_digit());
    let valid = !account_id.is_empty() && digits && is_name(name, 1..=64, b".-_");
    valid.then_some((account_id, name))
}

/// Refuses a policy that is too long or no JSON object.
fn check_policy(request: &IncomingRequest) -> Result<(), Rejection> {
    let Some(policy) = request.parameter("Policy") else {
        return Ok(());
    };
    if policy.len() > 2048 {
        let message = "The size of Policy must be smaller than 2048 bytes.";
        return Err(Rejection::new(400, "InvalidParameter.PolicySize", message));
    }
    match serde_json::from_str(policy) {
        Ok(Value::Object(_)) => Ok(()),
        _ => {
            let message = "The parameter Policy has not passed grammar check.";
            Err(Rejection::new(
                400,
                "InvalidParameter.PolicyGrammar",
                message,
            ))
        }
    }
}

fn is_name(text: &str, length: RangeInclusive<usize>, others: &[u8]) -> bool {
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || others.contains(&byte);
    length.contains(&text.len()) && text.bytes().all(fits)
}

fn wrongly_formed(parameter: &str) -> Rejection {
    let message = format!("The parameter {parameter} is wrongly formed.");
    Rejection::new(400, format!("InvalidParameter.{parameter}"), message)
}
