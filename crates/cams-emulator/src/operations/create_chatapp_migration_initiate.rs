//! `CreateChatappMigrationInitiate`: starts the migration of a number into a space.

use serde_json::json;

use super::{
    EmulatedOperation, FieldWriter, Rejection, ServiceState, Visit, abnormal, fields, is_number,
};
use crate::numbers::Key;

pub(super) const OPERATION: EmulatedOperation = EmulatedOperation {
    name: "CreateChatappMigrationInitiate",
    run,
    ..EmulatedOperation::CAMS
};

fn run(call: &mut Visit<'_>, state: &mut ServiceState) -> Result<FieldWriter, Rejection> {
    let key = Key {
        cust_space_id: call.required_space(state)?.cust_space_id,
        country_code: call.request.required("CountryCode")?.into(),
        mobile_number: call.request.required("MobileNumber")?.into(),
    };
    let behaviour = &state.behaviour;
    if !is_number(&key.country_code, 1..=3) || !is_number(&key.mobile_number, 3..=14) {
        return Err(abnormal(behaviour));
    }
    let Some(number) = state.numbers.initiate(&key, call.at) else {
        call.entry.refused = true;
        let message = "The space has the phone number already.";
        return Err(Rejection::new(
            behaviour.business_status,
            behaviour.repeat_code.as_str(),
            message,
        ));
    };
    call.entry.committed = true;
    Ok(fields(json!({
        "Data": {
            "Id": number.id,
            "PhoneNumber": number.phone_number,
            "Status": number.status,
        },
    })))
}
