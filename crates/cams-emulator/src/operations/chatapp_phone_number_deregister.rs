//! `ChatappPhoneNumberDeregister`: disconnects a number, which stays in its space.

use serde_json::json;

use super::{Answer, EmulatedOperation, ServiceState, Visit, fields, step};

pub(super) const OPERATION: EmulatedOperation =
    EmulatedOperation::cams("ChatappPhoneNumberDeregister", &[], run);

#[expect(
    clippy::redundant_closure_for_method_calls,
    reason = "the method itself takes a number of one lifetime only"
)]
fn run(call: &mut Visit<'_>, state: &mut ServiceState) -> Answer {
    step(call, state, |number| number.deregister())?;
    Ok(fields(json!({})))
}
