//! STS: who calls, and sessions of roles for those who may assume them.
//!
//! Its refusals have the documented codes, and in a message never a token that a request carries.

mod assume_role;
mod identity;
mod oidc;

use std::time::{Duration, SystemTime};

use serde_json::{Map, Value, json};

use super::generated::Generated;
use super::issuance::Issuance;
use super::keys::{Caller, Identity, Issued, Keys};
use super::refusal::Refusal;
use super::request::Request;
pub(super) use oidc::Tokens;

/// The version of the API that all operations of STS belong to.
pub(super) const VERSION: &str = "2015-04-01";

/// An operation of STS.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum StsOperation {
    /// Starts a session of a role, for a caller who signs.
    AssumeRole,
    /// Starts a session of a role, for a caller who has a token of an identity provider.
    AssumeRoleWithOidc,
    /// Tells who it is that calls.
    GetCallerIdentity,
}

/// What an operation of STS was asked, by whom and when.
#[derive(Debug)]
pub(super) struct Question<'a> {
    pub(super) request: &'a Request<'a>,
    /// Who signed the request. Nobody signs those that prove themselves by a token.
    pub(super) caller: Option<&'a Caller>,
    pub(super) now: SystemTime,
}

/// The outcome of an operation.
#[derive(Debug)]
pub(super) struct Done {
    /// The fields of the answer beside the id of the request.
    pub(super) fields: Map<String, Value>,
    /// The id of the key that was issued, if one was.
    pub(super) issued: Option<String>,
}

impl StsOperation {
    /// The operation with this name in the API, if it is emulated.
    pub(super) fn parse(action: &str) -> Option<Self> {
        match action {
            "AssumeRole" => Some(Self::AssumeRole),
            "AssumeRoleWithOIDC" => Some(Self::AssumeRoleWithOidc),
            "GetCallerIdentity" => Some(Self::GetCallerIdentity),
            _ => None,
        }
    }

    /// Whether requests are signed.
    pub(super) fn is_signed(self) -> bool {
        self != Self::AssumeRoleWithOidc
    }

    /// Executes the operation, for the caller that the question names.
    pub(super) fn run(
        self,
        question: &Question<'_>,
        keys: &mut Keys,
        tokens: &mut Tokens,
        issuance: &Issuance,
    ) -> Result<Done, Refusal> {
        match (self, question.caller) {
            (Self::AssumeRoleWithOidc, _) => oidc::assume_role(question, keys, tokens, issuance),
            (_, None) => Err(Refusal::missing("AccessKeyId")),
            (Self::AssumeRole, Some(caller)) => {
                assume_role::assume_role(question, caller, keys, issuance)
            }
            (Self::GetCallerIdentity, Some(caller)) => Ok(identity::tell(caller, keys)),
        }
    }
}

/// The parameters of a session that both ways of assuming a role have.
#[derive(Debug)]
struct Wanted {
    role: RoleArn,
    session_name: String,
    duration: Duration,
}

/// The name of a role, and the account that has it.
#[derive(Debug)]
struct RoleArn {
    account_id: String,
    role: String,
}

impl Wanted {
    /// Reads the parameters, whose limits are documented.
    fn of(request: &Request<'_>) -> Result<Self, Refusal> {
        let role = request.required("RoleArn")?;
        let role = RoleArn::parse(role).ok_or_else(|| wrongly_formed("RoleArn"))?;
        let session_name = request.required("RoleSessionName")?;
        if !is_name(session_name, 2..=64, b".@-_") {
            return Err(wrongly_formed("RoleSessionName"));
        }
        Ok(Self {
            role,
            session_name: session_name.into(),
            duration: duration(request)?,
        })
    }

    /// Starts the session, if there is such a role.
    fn start(self, keys: &mut Keys, issuance: &Issuance, now: SystemTime) -> Result<Done, Refusal> {
        if !keys.has_account(&self.role.account_id) || !issuance.has_role(&self.role.role) {
            let message = "The specified Role not exists .";
            return Err(Refusal::new(404, "EntityNotExist.Role", message));
        }
        let RoleArn { account_id, role } = self.role;
        let user = json!({
            "AssumedRoleId": format!("{}:{}", role_id(keys, &account_id, &role), self.session_name),
            "Arn": format!("acs:ram::{account_id}:role/{role}/{}", self.session_name),
        });
        let identity = Identity::Role {
            role,
            session_name: self.session_name,
        };
        let caller = Caller {
            account_id,
            identity,
        };
        let issued = keys.issue(caller, issuance, Some(self.duration), now);
        Ok(Done::with(&issued, user))
    }
}

impl RoleArn {
    /// Reads a name as in `acs:ram::1000000000000000:role/admin`.
    fn parse(arn: &str) -> Option<Self> {
        let (account_id, role) = arn.strip_prefix("acs:ram::")?.split_once(":role/")?;
        let digits = account_id.bytes().all(|byte| byte.is_ascii_digit());
        if account_id.is_empty() || !digits || !is_name(role, 1..=64, b".-_") {
            return None;
        }
        Some(Self {
            account_id: account_id.into(),
            role: role.into(),
        })
    }
}

impl Done {
    /// The answer that hands out a session.
    fn with(issued: &Issued, user: Value) -> Self {
        let fields = [
            ("AssumedRoleUser", user),
            ("Credentials", issued.fields().into()),
        ];
        Self {
            fields: fields
                .map(|(name, value)| (name.to_owned(), value))
                .into_iter()
                .collect(),
            issued: Some(issued.access_key_id.clone()),
        }
    }
}

/// The time that is asked for. It is an hour unless the request says otherwise.
fn duration(request: &Request<'_>) -> Result<Duration, Refusal> {
    let seconds = match request.parameter("DurationSeconds") {
        None => Some(3600),
        Some(text) => text.parse().ok(),
    };
    let seconds = seconds.filter(|seconds| (900..=43_200).contains(seconds));
    seconds.map(Duration::from_secs).ok_or_else(|| {
        let message = "The Min/Max value of DurationSeconds is 15min/12hr.";
        Refusal::new(400, "InvalidParameter.DurationSeconds", message)
    })
}

/// Refuses a policy that is too long or no JSON object.
fn check_policy(request: &Request<'_>) -> Result<(), Refusal> {
    let Some(policy) = request.parameter("Policy") else {
        return Ok(());
    };
    if policy.len() > 2048 {
        let message = "The size of Policy must be smaller than 2048 bytes.";
        return Err(Refusal::new(400, "InvalidParameter.PolicySize", message));
    }
    match serde_json::from_str(policy) {
        Ok(Value::Object(_)) => Ok(()),
        _ => {
            let message = "The parameter Policy has not passed grammar check.";
            Err(Refusal::new(400, "InvalidParameter.PolicyGrammar", message))
        }
    }
}

/// The id of a role, which follows from its name.
fn role_id(keys: &Keys, account_id: &str, role: &str) -> String {
    let generated: Generated = keys.generated();
    generated.digits(&["role", account_id, &role.to_ascii_lowercase()])
}

fn wrongly_formed(parameter: &str) -> Refusal {
    let message = format!("The parameter {parameter} is wrongly formed.");
    Refusal::new(400, format!("InvalidParameter.{parameter}"), message)
}

/// Whether the text has letters, digits and these other characters only, and so many of them.
fn is_name(text: &str, length: std::ops::RangeInclusive<usize>, others: &[u8]) -> bool {
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || others.contains(&byte);
    length.contains(&text.len()) && text.bytes().all(fits)
}
