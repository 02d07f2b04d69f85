//! The operations of CAMS and STS, one file each. To add one, write a file with its `OPERATION`, and
//! name the file here twice: its `mod` line and its line in [`ALL`].

mod assume_role;
mod assume_role_with_oidc;
mod chatapp_migration_register;
mod chatapp_migration_verified;
mod chatapp_phone_number_deregister;
mod chatapp_sync_phone_number;
mod create_chatapp_migration_initiate;
mod get_caller_identity;
mod get_chatapp_open_status;
mod get_migration_verify_code;
mod get_phone_number_verification_status;
mod list_instance;
mod query_chatapp_bind_waba;
mod query_chatapp_phone_numbers;
mod update_phone_webhook;

use std::ops::RangeInclusive;

use serde_json::{Value, json};

use crate::behaviour::{PHONE_NUMBER_ERROR, ServiceChoices};
use crate::call::{ServiceState, Visit};
use crate::numbers::KnownNumber;
use crate::refusal::Result;
use crate::reply::{FieldWriter, fields};
use crate::request::{Addressee, IncomingRequest};

const ALL: [EmulatedOperation; 15] = [
    assume_role::OPERATION,
    assume_role_with_oidc::OPERATION,
    chatapp_migration_register::OPERATION,
    chatapp_migration_verified::OPERATION,
    chatapp_phone_number_deregister::OPERATION,
    chatapp_sync_phone_number::OPERATION,
    create_chatapp_migration_initiate::OPERATION,
    get_caller_identity::OPERATION,
    get_chatapp_open_status::OPERATION,
    get_migration_verify_code::OPERATION,
    get_phone_number_verification_status::OPERATION,
    list_instance::OPERATION,
    query_chatapp_bind_waba::OPERATION,
    query_chatapp_phone_numbers::OPERATION,
    update_phone_webhook::OPERATION,
];

/// The fields of an answer beside those that all answers have, or a refusal.
type Answer = Result<FieldWriter>;

/// The names of some fields.
type Fields = &'static [&'static str];

/// Executes an operation.
type Run = fn(&mut Visit<'_>, &mut ServiceState) -> Answer;

/// An operation of an API.
pub(crate) struct EmulatedOperation {
    /// The name in the API, which is the action in RAM too.
    pub(crate) name: &'static str,
    /// The API: CAMS or STS.
    pub(crate) api: Addressee,
    /// The fields that a client needs, in the answer, in its objects and in its rows. Sparse
    /// answers have no others.
    pub(crate) essential: Fields,
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
    let is_of_cams = |operation: &&EmulatedOperation| operation.api == Addressee::Cams;
    let of_cams = ALL.iter().filter(is_of_cams);
    of_cams.map(|operation| operation.name)
}

/// An operation of CAMS that is signed and needs a subscription.
const fn cams(name: &'static str, essential: Fields, run: Run) -> EmulatedOperation {
    EmulatedOperation {
        name,
        api: Addressee::Cams,
        essential,
        is_signed: true,
        needs_subscription: true,
        run,
    }
}

/// An operation of STS that is signed.
const fn sts(name: &'static str, essential: Fields, run: Run) -> EmulatedOperation {
    EmulatedOperation {
        api: Addressee::Sts,
        needs_subscription: false,
        ..cams(name, essential, run)
    }
}

/// Takes a step with the number that the request names, and notes in the journal whether the number
/// took it. Returns the fields of an answer with the id and the number.
fn step(
    call: &mut Visit<'_>,
    state: &mut ServiceState,
    take: impl FnOnce(&mut KnownNumber<'_>) -> Result<()>,
) -> Result<Value> {
    let space = call.required_space(state)?.cust_space_id;
    let phone_number = call.request.required("PhoneNumber")?;
    check_number(phone_number, 4..=15, &state.numbers.behaviour)?;
    let mut known = state.numbers.known(&space, phone_number, call.at)?;
    let taken = take(&mut known);
    call.entry.committed = taken.is_ok();
    call.entry.refused = taken.is_err();
    taken?;
    let (id, phone_number) = (&known.number.id, &known.number.phone_number);
    Ok(json!({ "Data": { "Id": id, "PhoneNumber": phone_number } }))
}

/// Refuses a text that has other characters than digits, or too few or too many of them. A phone
/// number with its calling code has at most 15 digits (E.164).
fn check_number(text: &str, length: RangeInclusive<usize>, choices: &ServiceChoices) -> Result<()> {
    let fits = length.contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
    choices.refuse_if(!fits, PHONE_NUMBER_ERROR, "The phone number is abnormal.")
}
