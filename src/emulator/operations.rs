//! The operations of CAMS that are emulated: what they ask for, whom they refuse, and what they
//! answer.

mod account;
mod initiation;
mod list;
mod lookup;

use std::sync::Arc;
use std::time::Duration;

use clap::ValueEnum;
use serde_json::{Map, Value, json};

use super::behaviour::{Behaviour, MigratingListedAs, PHONE_NUMBER_ERROR};
use super::generated::Generated;
use super::numbers::{Number, Numbers};
use super::refusal::Refusal;
use super::request::Request;
use super::spaces::{Space, Spaces};

/// The version of the API that all operations belong to.
pub(super) const VERSION: &str = "2020-06-06";

/// An operation, by its name in the API.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
#[value(rename_all = "PascalCase")]
pub enum Operation {
    /// Starts the migration of a number into a space.
    CreateChatappMigrationInitiate,
    /// Tells whether the account has subscribed to the product.
    GetChatappOpenStatus,
    /// Tells id and verification status of one number: the lookup.
    GetPhoneNumberVerificationStatus,
    /// Tells which WhatsApp Business account is bound to a space.
    QueryChatappBindWaba,
    /// Lists the numbers of a space: the list.
    QueryChatappPhoneNumbers,
}

/// What the operations work on.
#[derive(Debug)]
pub(super) struct Account {
    pub(super) spaces: Spaces,
    pub(super) numbers: Numbers,
    pub(super) behaviour: Behaviour,
    pub(super) generated: Generated,
}

/// What an operation answers beside the common fields, and whether it did something.
#[derive(Debug)]
pub(super) struct Done {
    pub(super) fields: Fields,
    pub(super) committed: bool,
}

/// The fields of an answer. A long list becomes JSON only when nobody waits for the state any more.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Fields {
    Numbers(Vec<Arc<Number>>, MigratingListedAs),
    Ready(Map<String, Value>),
}

impl Fields {
    pub(super) fn into_map(self) -> Map<String, Value> {
        match self {
            Self::Numbers(numbers, migrating) => list::fields(&numbers, migrating),
            Self::Ready(fields) => fields,
        }
    }
}

impl Operation {
    pub(super) fn parse(action: &str) -> Option<Self> {
        Self::from_str(action, false).ok()
    }

    /// Its name in the API.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::CreateChatappMigrationInitiate => "CreateChatappMigrationInitiate",
            Self::GetChatappOpenStatus => "GetChatappOpenStatus",
            Self::GetPhoneNumberVerificationStatus => "GetPhoneNumberVerificationStatus",
            Self::QueryChatappBindWaba => "QueryChatappBindWaba",
            Self::QueryChatappPhoneNumbers => "QueryChatappPhoneNumbers",
        }
    }

    /// Runs it at this time after the start. `stale` is what a list shows instead of what it
    /// should.
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

/// Whether the text has only digits, and as many as a number of its kind can have. A whole number
/// has at most 15 (E.164).
fn is_number(text: &str, length: std::ops::RangeInclusive<usize>) -> bool {
    length.contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// The refusal of what is no phone number.
fn abnormal(behaviour: &Behaviour) -> Refusal {
    let status = behaviour.business_status.as_u16();
    Refusal::new(status, PHONE_NUMBER_ERROR, "The phone number is abnormal.")
}

/// The refusal by RAM, with the detail that the gateway adds: no policy of the user allows the
/// operation.
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
