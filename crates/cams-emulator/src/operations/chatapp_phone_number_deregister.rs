//! `ChatappPhoneNumberDeregister`: disconnects a number, which stays in its space.

use serde_json::json;

use super::operation::{Answer, EmulatedOperation, cams, step};
use crate::call::{ServiceState, Visit};
use crate::numbers::deregister;
use crate::reply::fields;

pub(crate) const OPERATION: EmulatedOperation = cams("ChatappPhoneNumberDeregister", &[], run);

fn run(call: &mut Visit<'_>, state: &mut ServiceState) -> Answer {
    step(call, state, deregister)?;
    Ok(fields(json!({})))
}
