//! `CreateChatappMigrationInitiate`: starts the migration of a number into a space.

use serde_json::json;

use super::operation::{Answer, EmulatedOperation, cams, check_number};
use crate::call::{ServiceState, Visit};
use crate::numbers::Key;
use crate::reply::fields;

pub(crate) const OPERATION: EmulatedOperation = cams("CreateChatappMigrationInitiate", &[], run);

fn run(call: &mut Visit<'_>, state: &mut ServiceState) -> Answer {
    let key = Key {
        cust_space_id: call.required_space(state)?.cust_space_id,
        country_code: call.request.required("CountryCode")?.into(),
        mobile_number: call.request.required("MobileNumber")?.into(),
    };
    let behaviour = &state.numbers.behaviour;
    check_number(&key.country_code, 1..=3, behaviour)?;
    check_number(&key.mobile_number, 3..=14, behaviour)?;
    let message = "(#2388103) The phone number is in use in the WhatsApp Business app.";
    behaviour.refuse_if(behaviour.numbers_in_app, &behaviour.refusal_code, message)?;
    let others = state.numbers.others(&key, call.at);
    let is_full = behaviour.max_numbers.is_some_and(|most| others >= most);
    let message = "(#2388103) The account has as many phone numbers as it may have.";
    behaviour.refuse_if(is_full, &behaviour.refusal_code, message)?;
    let started = state.numbers.initiate(&key, call.at);
    call.entry.committed = started.is_some();
    call.entry.refused = started.is_none();
    let behaviour = &state.numbers.behaviour;
    let (code, message) = (
        &behaviour.repeat_code,
        "The space has the phone number already.",
    );
    let number = started.ok_or_else(|| behaviour.refusal(code, message))?;
    let data = json!({
        "Id": number.id,
        "PhoneNumber": number.phone_number,
        "Status": number.status,
    });
    Ok(fields(json!({ "Data": data })))
}
