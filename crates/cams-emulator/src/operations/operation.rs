//! What an operation is, and what several of them do.

use std::ops::RangeInclusive;

use serde_json::{Value, json};

use crate::behaviour::{PHONE_NUMBER_ERROR, ServiceChoices};
use crate::call::{ServiceState, Visit};
use crate::numbers::KnownNumber;
use crate::refusal::Result;
use crate::reply::FieldWriter;
use crate::request::Addressee;

/// The fields of an answer beside those that all answers have, or a refusal.
pub(crate) type Answer = Result<FieldWriter>;

/// The names of some fields.
type FieldNames = &'static [&'static str];

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
    pub(crate) essential: FieldNames,
    /// Whether requests are signed.
    pub(crate) is_signed: bool,
    /// Whether the account must have subscribed to the product.
    pub(crate) needs_subscription: bool,
    pub(crate) run: Run,
}

/// An operation of CAMS that is signed and needs a subscription.
pub(crate) const fn cams(name: &'static str, essential: FieldNames, run: Run) -> EmulatedOperation {
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
pub(crate) const fn sts(name: &'static str, essential: FieldNames, run: Run) -> EmulatedOperation {
    EmulatedOperation {
        api: Addressee::Sts,
        needs_subscription: false,
        ..cams(name, essential, run)
    }
}

/// Takes a step with the number that the request names, and notes in the journal whether the number
/// took it. Returns the fields of an answer with the id and the number.
pub(crate) fn step(
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
pub(crate) fn check_number(
    text: &str,
    length: RangeInclusive<usize>,
    choices: &ServiceChoices,
) -> Result<()> {
    let fits = length.contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
    choices.refuse_if(!fits, PHONE_NUMBER_ERROR, "The phone number is abnormal.")
}
