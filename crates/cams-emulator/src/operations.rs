//! What the operations do: which parameters they need, what they refuse, and what they answer.

mod account;
mod initiation;
mod list;
mod lookup;

use std::sync::Arc;
use std::time::Duration;

use serde_json::{Map, Value, json};

use super::behaviour::{Behaviour, MigratingListedAs, PHONE_NUMBER_ERROR};
use super::generated::Generated;
use super::numbers::{Number, Numbers};
use super::operation::Operation;
use super::refusal::Refusal;
use super::request::Request;
use super::spaces::{Space, Spaces};

/// The account that all operations read and change.
#[derive(Debug)]
pub(super) struct Account {
    pub(super) spaces: Spaces,
    pub(super) numbers: Numbers,
    pub(super) behaviour: Behaviour,
    pub(super) generated: Generated,
}

/// The outcome of an operation that was executed.
#[derive(Debug)]
pub(super) struct Done {
    /// The fields of the answer beside those that all answers have.
    pub(super) fields: Fields,
    /// Whether it is recorded as a started migration.
    pub(super) committed: bool,
}

/// The fields of an answer. A list is turned into JSON by [`Fields::into_map`], which is called
/// when the lock on the state is released, because a long list takes a while.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Fields {
    /// The rows of a list, and the status under which it shows numbers that are migrating.
    Numbers(Vec<Arc<Number>>, MigratingListedAs),
    /// Fields that are JSON already.
    Ready(Map<String, Value>),
}

impl Fields {
    /// Turns the fields into JSON.
    pub(super) fn into_map(self) -> Map<String, Value> {
        match self {
            Self::Numbers(numbers, migrating) => list::fields(&numbers, migrating),
            Self::Ready(fields) => fields,
        }
    }
}

impl Operation {
    /// Executes the operation, `at` after the emulator's start. A list shows the numbers in
    /// `stale`, if there are any given, instead of those of its space.
    pub(super) fn run(
        self,
        request: &Request<'_>,
        account: &mut Account,
        at: Duration,
        stale: Option<Vec<Arc<Number>>>,
    ) -> Result<Done, Refusal> {
        if account.behaviour.deny.contains(&self) {
            return Err(denied(self));
        }
        if self == Self::GetChatappOpenStatus {
            return Ok(account::open_status(&account.behaviour));
        }
        if account.behaviour.not_subscribed {
            let message = "You have not subscribed to the product.";
            return Err(Refusal::new(400, "Product.Unsubscript", message));
        }
        let space = self.space(request, &account.spaces)?;
        if space.as_ref().is_some_and(|space| !space.owned) {
            let message = "The specified resource does not belong to the current user.";
            return Err(Refusal::new(400, "Unknown.ResourceOwnerId", message));
        }
        match self {
            Self::CreateChatappMigrationInitiate => initiation::initiate(request, account, at),
            Self::GetChatappOpenStatus => Ok(account::open_status(&account.behaviour)),
            Self::GetPhoneNumberVerificationStatus => lookup::look_up(request, account, at),
            Self::QueryChatappBindWaba => Ok(account::bound_waba(space, account)),
            Self::QueryChatappPhoneNumbers => {
                let shown = stale.unwrap_or_else(|| list::shown(request, &account.numbers, at));
                Ok(list::answer(request, shown, &account.behaviour))
            }
        }
    }

    /// The space that the request names, if the operation works on one.
    fn space(self, request: &Request<'_>, spaces: &Spaces) -> Result<Option<Space>, Refusal> {
        let id = match self {
            Self::CreateChatappMigrationInitiate | Self::GetPhoneNumberVerificationStatus => {
                Some(request.required("CustSpaceId")?)
            }
            Self::QueryChatappBindWaba | Self::QueryChatappPhoneNumbers => {
                request.parameter("CustSpaceId")
            }
            Self::GetChatappOpenStatus => None,
        };
        Ok(id.map(|id| spaces.of(id)))
    }
}

pub(super) use list::shown as list;

impl Done {
    /// The outcome of an operation that changed nothing.
    fn read<const N: usize>(fields: [(&str, Value); N]) -> Self {
        Self {
            fields: Fields::Ready(map(fields)),
            committed: false,
        }
    }
}

fn map<const N: usize>(fields: [(&str, Value); N]) -> Map<String, Value> {
    fields
        .into_iter()
        .map(|(name, value)| (name.to_owned(), value))
        .collect()
}

/// Whether the text has only digits, and a number of them within `length`. A phone number with its
/// calling code has at most 15 digits (E.164).
fn is_number(text: &str, length: std::ops::RangeInclusive<usize>) -> bool {
    length.contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// The refusal of a request whose number cannot be a phone number.
fn abnormal(behaviour: &Behaviour) -> Refusal {
    let status = behaviour.business_status.as_u16();
    Refusal::new(status, PHONE_NUMBER_ERROR, "The phone number is abnormal.")
}

/// The refusal by RAM of an operation that no policy of the user allows. The gateway adds the
/// detail.
fn denied(operation: Operation) -> Refusal {
    let message = "You are not authorized to perform this operation.";
    Refusal {
        access_denied_detail: Some(json!({
            "AuthAction": format!("cams:{}", operation.name()),
            "AuthPrincipalDisplayName": "200000000000000000",
            "AuthPrincipalOwnerId": "1000000000000000",
            "AuthPrincipalType": "SubUser",
            "NoPermissionType": "ImplicitDeny",
            "PolicyType": "AccountLevelIdentityBasedPolicy",
        })),
        ..Refusal::new(400, "Ram.PermissionDeny", message)
    }
}
