//! `GetPhoneNumberVerificationStatus`, the lookup: the id and the verification status of one number.

use serde_json::{Value, json};

use super::operation::{Answer, EmulatedOperation, cams, check_number};
use crate::behaviour::MissingNumber;
use crate::call::{ServiceState, Visit};
use crate::reply::fields;

pub(crate) const OPERATION: EmulatedOperation =
    cams("GetPhoneNumberVerificationStatus", &["Data", "Id"], run);

fn run(call: &mut Visit<'_>, state: &mut ServiceState) -> Answer {
    let space = call.required_space(state)?.cust_space_id;
    let phone_number = call.request.required("PhoneNumber")?;
    let behaviour = &state.numbers.behaviour;
    check_number(phone_number, 4..=15, behaviour)?;
    let number = state.numbers.find(&space, phone_number, call.at);
    let data = match (number, behaviour.missing_number) {
        (Some(number), _) => json!({
            "CodeVerificationStatus": number.code_verification_status,
            "Id": number.id,
            "PhoneNumber": number.phone_number,
        }),
        (None, MissingNumber::EmptyData) => json!({}),
        (None, MissingNumber::NoData) => return Ok(fields(json!({}))),
        (None, MissingNumber::NotVerified) => json!({
            "CodeVerificationStatus": "NOT_VERIFIED",
            "Id": null,
            "PhoneNumber": phone_number,
        }),
        (None, MissingNumber::NullData) => Value::Null,
        (None, MissingNumber::Refusal) => return Err(behaviour.missing()),
    };
    Ok(fields(json!({ "Data": data })))
}
