//! `ChatappMigrationRegister`: registers a verified number, which ends its migration.

use serde_json::json;

use super::{Answer, ServiceState, Visit, fields, step};
use crate::numbers::register;

pub(super) fn run(call: &mut Visit<'_>, state: &mut ServiceState) -> Answer {
    step(call, state, register)?;
    Ok(fields(json!({})))
}
