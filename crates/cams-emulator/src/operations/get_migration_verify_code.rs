//! `GetMigrationVerifyCode`: sends a code to a number that is migrating. A language that the service
//! lacks is documented to fall back to English, so that any `Locale` is accepted.

use super::{Answer, EmulatedOperation, Rejection, ServiceState, Visit, fields, step};

pub(super) const OPERATION: EmulatedOperation =
    EmulatedOperation::cams("GetMigrationVerifyCode", &[], run);

fn run(call: &mut Visit<'_>, state: &mut ServiceState) -> Answer {
    let locale = call.request.required("Locale")?;
    let method = call.request.required("Method")?;
    if !["sms", "voice"].contains(&method) {
        let message = "Method is neither sms nor voice.";
        let status = state.numbers.behaviour.business_status;
        return Err(Rejection::new(status, "InvalidParameter.Method", message));
    }
    let answer = step(call, state, |number| number.send_code(method, locale))?;
    Ok(fields(answer))
}
