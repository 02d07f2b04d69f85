//! `GetMigrationVerifyCode`: sends a code to a number that is migrating. A language that the service
//! lacks is documented to fall back to English, so that any `Locale` is accepted.

use super::operation::{Answer, EmulatedOperation, cams, step};
use crate::call::{ServiceState, Visit};
use crate::numbers::send_code;
use crate::reply::fields;

pub(crate) const OPERATION: EmulatedOperation = cams("GetMigrationVerifyCode", &[], run);

fn run(call: &mut Visit<'_>, state: &mut ServiceState) -> Answer {
    let locale = call.request.required("Locale")?;
    let method = call.request.required("Method")?;
    let message = "Method is neither sms nor voice.";
    let is_unknown = !["sms", "voice"].contains(&method);
    let behaviour = &state.numbers.behaviour;
    behaviour.refuse_if(is_unknown, "InvalidParameter.Method", message)?;
    step(call, state, |number| send_code(number, method, locale)).map(fields)
}
