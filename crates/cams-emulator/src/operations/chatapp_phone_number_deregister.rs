//! `ChatappPhoneNumberDeregister`: disconnects a number, which stays in its space.

use serde_json::json;

use super::{Answer, ServiceState, Visit, fields, step};
use crate::numbers::deregister;

pub(super) fn run(call: &mut Visit<'_>, state: &mut ServiceState) -> Answer {
    step(call, state, deregister)?;
    Ok(fields(json!({})))
}
