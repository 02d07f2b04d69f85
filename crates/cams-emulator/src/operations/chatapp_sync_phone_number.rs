//! `ChatappSyncPhoneNumber`: brings what happened at Meta into the copy of a space that
//! `QueryChatappPhoneNumbers` shows, and returns its rows.

use serde_json::Value;

use super::operation::{Answer, EmulatedOperation, cams};
use super::query_chatapp_phone_numbers::{ESSENTIAL, rows};
use crate::call::{ServiceState, Visit};

pub(crate) const OPERATION: EmulatedOperation = cams("ChatappSyncPhoneNumber", ESSENTIAL, run);

fn run(call: &mut Visit<'_>, state: &mut ServiceState) -> Answer {
    let space = call.required_space(state)?;
    let behaviour = &state.numbers.behaviour;
    let message = "No WhatsApp Business Account is bound to the space.";
    behaviour.refuse_if(!space.bound, &behaviour.refusal_code, message)?;
    let numbers = state.numbers.sync(&space.cust_space_id, call.at);
    Ok(Box::new(move |body, choices| {
        let mut rows = rows(&numbers, None, choices);
        let all = rows.as_array_mut().into_iter().flatten();
        all.for_each(move_fields);
        body.insert("PhoneNumbers".into(), rows);
        body.insert("Success".into(), true.into());
    }))
}

/// Moves the fields of a row that are in another object than in the model of the list.
fn move_fields(row: &mut Value) {
    let calling = &mut row["CallingConfigure"]["Calling"];
    for name in ["CallIconVisibility", "CallbackPermissionStatus"] {
        let hours = calling["CallHours"].as_object_mut();
        calling[name] = hours.and_then(|hours| hours.remove(name)).into();
    }
}
