//! `ChatappPhoneNumberDeregister`: disconnects a number, which stays in its space.

use serde_json::json;

use super::{Answer, EmulatedOperation, ServiceState, Visit, cams, fields, step};
use crate::numbers::deregister;

pub(super) const OPERATION: EmulatedOperation = cams("ChatappPhoneNumberDeregister", &[], run);

fn run(call: &mut Visit<'_>, state: &mut ServiceState) -> Answer {
    step(call, state, deregister)?;
    Ok(fields(json!({})))
}
