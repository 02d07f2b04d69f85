//! The operations of CAMS and STS, one file each. To add one, write a file with its `OPERATION`, and
//! name the file here twice: its `mod` line and its line in [`ALL`].

mod assume_role;
mod assume_role_with_oidc;
mod create_chatapp_migration_initiate;
mod get_caller_identity;
mod get_chatapp_open_status;
mod get_phone_number_verification_status;
mod query_chatapp_bind_waba;
mod query_chatapp_phone_numbers;

use std::ops::RangeInclusive;

use crate::behaviour::{PHONE_NUMBER_ERROR, ServiceChoices};
use crate::call::{ServiceState, Visit};
use crate::refusal::Rejection;
use crate::reply::{FieldWriter, fields};
use crate::request::{Addressee, IncomingRequest};

const ALL: [EmulatedOperation; 8] = [
    assume_role::OPERATION,
    assume_role_with_oidc::OPERATION,
    create_chatapp_migration_initiate::OPERATION,
    get_caller_identity::OPERATION,
    get_chatapp_open_status::OPERATION,
    get_phone_number_verification_status::OPERATION,
    query_chatapp_bind_waba::OPERATION,
    query_chatapp_phone_numbers::OPERATION,
];

/// The fields of an answer beside those that all answers have, or a refusal.
type Answer = Result<FieldWriter, Rejection>;

/// Executes an operation.
type Run = fn(&mut Visit<'_>, &mut ServiceState) -> Answer;

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
    /// Whether requests are signed.
    pub(crate) is_signed: bool,
    /// Whether the account must have subscribed to the product.
    pub(crate) needs_subscription: bool,
    pub(crate) run: Run,
}

/// The operation that the request names, if it is emulated.
pub(crate) fn named(request: &IncomingRequest) -> Option<&'static EmulatedOperation> {
    ALL.iter().find(|operation| {
        operation.api == request.target && Some(operation.name) == request.action()
    })
}

/// The names of the operations of CAMS.
pub(crate) fn of_cams() -> impl Iterator<Item = &'static str> {
    let of_cams = ALL
        .iter()
        .filter(|operation| operation.api == Addressee::Cams);
    of_cams.map(|operation| operation.name)
}

impl EmulatedOperation {
    /// An operation of CAMS that is signed and needs a subscription.
    const fn cams(name: &'static str, essential: &'static [&'static str], run: Run) -> Self {
        Self {
            name,
            api: Addressee::Cams,
            essential,
            is_signed: true,
            needs_subscription: true,
            run,
        }
    }

    /// An operation of STS that is signed.
    const fn sts(name: &'static str, essential: &'static [&'static str], run: Run) -> Self {
        Self {
            api: Addressee::Sts,
            needs_subscription: false,
            ..Self::cams(name, essential, run)
        }
    }
}

/// Refuses a text that has other characters than digits, or too few or too many of them. A phone
/// number with its calling code has at most 15 digits (E.164).
fn check_number(
    text: &str,
    length: RangeInclusive<usize>,
    behaviour: &ServiceChoices,
) -> Result<(), Rejection> {
    if length.contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit()) {
        return Ok(());
    }
    let message = "The phone number is abnormal.";
    let status = behaviour.business_status;
    Err(Rejection::new(status, PHONE_NUMBER_ERROR, message))
}
