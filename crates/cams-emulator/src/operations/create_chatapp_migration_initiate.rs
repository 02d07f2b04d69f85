//! `CreateChatappMigrationInitiate`: starts the migration of a number into a space.

use serde_json::json;

use super::{Answer, EmulatedOperation, Rejection, ServiceState, Visit, check_number, fields};
use crate::numbers::Key;

pub(super) const OPERATION: EmulatedOperation =
    EmulatedOperation::cams("CreateChatappMigrationInitiate", &[], run);

fn run(call: &mut Visit<'_>, state: &mut ServiceState) -> Answer {
    let key = Key {
        cust_space_id: call.required_space(state)?.cust_space_id,
        country_code: call.request.required("CountryCode")?.into(),
        mobile_number: call.request.required("MobileNumber")?.into(),
    };
    let behaviour = &state.numbers.behaviour;
    check_number(&key.country_code, 1..=3, behaviour)?;
    check_number(&key.mobile_number, 3..=14, behaviour)?;
    let (status, refusal_code) = (behaviour.business_status, &*behaviour.refusal_code);
    if behaviour.numbers_in_app {
        let message = "(#2388103) The phone number is in use in the WhatsApp Business app.";
        return Err(Rejection::new(status, refusal_code, message));
    }
    let others = state.numbers.others(&key, call.at);
    if behaviour.max_numbers.is_some_and(|most| others >= most) {
        let message = "(#2388103) The account has as many phone numbers as it may have.";
        return Err(Rejection::new(status, refusal_code, message));
    }
    let Some(number) = state.numbers.initiate(&key, call.at) else {
        call.entry.refused = true;
        let behaviour = &state.numbers.behaviour;
        let message = "The space has the phone number already.";
        return Err(Rejection::new(status, &*behaviour.repeat_code, message));
    };
    call.entry.committed = true;
    let data = json!({
        "Id": number.id,
        "PhoneNumber": number.phone_number,
        "Status": number.status,
    });
    Ok(fields(json!({ "Data": data })))
}
