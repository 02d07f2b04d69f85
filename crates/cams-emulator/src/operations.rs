//! The operations of CAMS and STS. An operation is added with a function that executes it and a
//! line in [`OPERATIONS`].

mod cams;
mod sts;

use crate::call::{ServiceState, Visit};
use crate::refusal::Rejection;
use crate::reply::{FieldWriter, fields};
use crate::request::Addressee::{self, Cams, Sts};
use crate::request::IncomingRequest;

/// The fields of an answer beside those that all answers have, or a refusal.
type Answer = Result<FieldWriter, Rejection>;

/// An operation of an API.
#[derive(Debug)]
pub(crate) struct EmulatedOperation {
    /// The name in the API, which is the action in RAM too.
    pub(crate) name: &'static str,
    /// The API: CAMS or STS.
    pub(crate) api: Addressee,
    /// The fields that a client needs, in the answer, in its objects and in its rows. Sparse
    /// answers have no others.
    pub(crate) essential: &'static [&'static str],
    /// Executes the operation.
    pub(crate) run: fn(&mut Visit<'_>, &mut ServiceState) -> Answer,
}

const OPERATIONS: [EmulatedOperation; 8] = [
    operation(Cams, INITIATE, &[], cams::initiate),
    operation(Cams, OPEN_STATUS, &["OpenStatus"], cams::open_status),
    operation(Cams, LOOKUP, &["Data", "Id"], cams::look_up),
    operation(Cams, ACCOUNT, ACCOUNT_FIELDS, cams::bound_account),
    operation(Cams, LIST, LIST_FIELDS, cams::list),
    operation(Sts, ASSUME_ROLE, SESSION_FIELDS, sts::assume_role),
    operation(Sts, OIDC, SESSION_FIELDS, sts::assume_role_with_oidc),
    operation(Sts, IDENTITY, &["AccountId"], sts::caller_identity),
];

const ACCOUNT: &str = "QueryChatappBindWaba";
const ASSUME_ROLE: &str = "AssumeRole";
const IDENTITY: &str = "GetCallerIdentity";
const INITIATE: &str = "CreateChatappMigrationInitiate";
const LOOKUP: &str = "GetPhoneNumberVerificationStatus";
const LIST: &str = "QueryChatappPhoneNumbers";

/// The one operation that an account without a subscription may call.
const OPEN_STATUS: &str = "GetChatappOpenStatus";

/// The one operation whose requests are not signed.
const OIDC: &str = "AssumeRoleWithOIDC";

const ACCOUNT_FIELDS: &[&str] = &["Data", "AccountReviewStatus", "Id"];
const LIST_FIELDS: &[&str] = &["PhoneNumbers", "PhoneNumber", "Status"];
const SESSION_FIELDS: &[&str] = &[
    "Credentials",
    "AccessKeyId",
    "AccessKeySecret",
    "Expiration",
    "SecurityToken",
];

const fn operation(
    api: Addressee,
    name: &'static str,
    essential: &'static [&'static str],
    run: fn(&mut Visit<'_>, &mut ServiceState) -> Answer,
) -> EmulatedOperation {
    EmulatedOperation {
        name,
        api,
        essential,
        run,
    }
}

/// The operation that the request names, if it is emulated.
pub(crate) fn named(request: &IncomingRequest) -> Option<&'static EmulatedOperation> {
    OPERATIONS.iter().find(|operation| {
        operation.api == request.target && Some(operation.name) == request.action()
    })
}

/// The names of the operations of CAMS.
pub(crate) fn of_cams() -> impl Iterator<Item = &'static str> {
    let operations = OPERATIONS.iter();
    let of_cams = operations.filter(|operation| operation.api == Addressee::Cams);
    of_cams.map(|operation| operation.name)
}

impl EmulatedOperation {
    /// Whether requests are signed.
    pub(crate) fn is_signed(&self) -> bool {
        self.name != OIDC
    }

    /// Whether the account must have subscribed to the product.
    pub(crate) fn needs_subscription(&self) -> bool {
        self.api == Addressee::Cams && self.name != OPEN_STATUS
    }
}
