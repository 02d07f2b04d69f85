//! `AssumeRole` of STS: a session of a role, for a caller who signs.
//!
//! The refusals have the codes of the error table on the page of `AssumeRole`.

use std::ops::RangeInclusive;
use std::time::Duration;

use serde_json::{Map, Value, json};

use super::operation::{Answer, EmulatedOperation, sts};
use crate::call::{ServiceState, Visit};
use crate::refusal::{Rejection, Result, refuse_if};
use crate::reply::fields;
use crate::request::IncomingRequest;

pub(crate) const OPERATION: EmulatedOperation = sts("AssumeRole", ESSENTIAL, run);

/// The fields of an answer with a session that a client needs.
pub(crate) const ESSENTIAL: &[&str] = &[
    "Credentials",
    "AccessKeyId",
    "AccessKeySecret",
    "Expiration",
    "SecurityToken",
];

fn run(call: &mut Visit<'_>, state: &mut ServiceState) -> Answer {
    let request = call.request;
    let session = RoleSession::parse(request)?;
    // The documented form is `[\w+=,.@:\/-]*`.
    check(request, "ExternalId", 2..=1224, b"_+=,.@:/-")?;
    let expected = state.issuance.external_id.as_deref();
    let is_wrong = expected.is_some() && expected != request.parameter("ExternalId");
    let message = "You are not authorized to do this action. You should be authorized by RAM.";
    refuse_if(is_wrong, 403, "NoPermission", message)?;
    // The documented form is `[\w+=,.@-]*`.
    check(request, "SourceIdentity", 2..=64, b"_+=,.@-")?;
    let mut answer = session.start(call, state)?;
    if let Some(source) = request.parameter("SourceIdentity") {
        answer["SourceIdentity"] = source.into();
    }
    Ok(fields(answer))
}

/// The parameters of a session.
pub(crate) struct RoleSession<'a> {
    /// The account that has the role.
    pub(crate) account_id: &'a str,
    role: &'a str,
    name: &'a str,
    duration: Duration,
}

impl<'a> RoleSession<'a> {
    /// Reads the parameters, whose limits are documented.
    pub(crate) fn parse(request: &'a IncomingRequest) -> Result<Self> {
        let arn = parse_arn(request.required("RoleArn")?, "role");
        let (account_id, role) = arn.ok_or_else(|| wrongly_formed("RoleArn"))?;
        let name = request.required("RoleSessionName")?;
        check(request, "RoleSessionName", 2..=64, b".@-_")?;
        let seconds = request.parameter("DurationSeconds").unwrap_or("3600");
        let seconds = seconds.parse().unwrap_or(0);
        let is_out = !(900..=43_200).contains(&seconds);
        let message = "The Min/Max value of DurationSeconds is 15min/12hr.";
        refuse_if(is_out, 400, "InvalidParameter.DurationSeconds", message)?;
        let policy = request.parameter("Policy").unwrap_or("{}");
        let is_long = policy.len() > 2048;
        let message = "The size of Policy must be smaller than 2048 bytes.";
        refuse_if(is_long, 400, "InvalidParameter.PolicySize", message)?;
        let is_no_object = serde_json::from_str::<Map<String, Value>>(policy).is_err();
        let message = "The parameter Policy has not passed grammar check.";
        refuse_if(is_no_object, 400, "InvalidParameter.PolicyGrammar", message)?;
        Ok(Self {
            account_id,
            role,
            name,
            duration: Duration::from_secs(seconds),
        })
    }

    /// Starts the session, if there is such a role, and returns the fields of the answer.
    pub(crate) fn start(self, call: &mut Visit<'_>, state: &mut ServiceState) -> Result<Value> {
        let (account_id, role, name) = (self.account_id, self.role, self.name);
        let is_known = state.keys.has_account(account_id) && state.issuance.has_role(role);
        let message = "The specified Role not exists .";
        refuse_if(!is_known, 404, "EntityNotExist.Role", message)?;
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
) -> Result<()> {
    match request.parameter(parameter) {
        Some(text) if !is_name(text, length, others) => Err(wrongly_formed(parameter)),
        _ => Ok(()),
    }
}

/// The account and the name in an ARN such as `acs:ram::1000000000000000:role/admin`.
pub(crate) fn parse_arn<'a>(arn: &'a str, kind: &str) -> Option<(&'a str, &'a str)> {
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
