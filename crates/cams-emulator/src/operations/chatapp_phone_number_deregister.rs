//! `ChatappPhoneNumberDeregister`: disconnects a number, which stays in its space.

use serde_json::json;

use super::{Answer, EmulatedOperation, ServiceState, Visit, fields, step};

pub(super) const OPERATION: EmulatedOperation =
    EmulatedOperation::cams("ChatappPhoneNumberDeregister", &[], run);

fn run(call: &mut Visit<'_>, state: &mut ServiceState) -> Answer {
    step(call, state, |number| number.deregister())?;
    Ok(fields(json!({})))
}
