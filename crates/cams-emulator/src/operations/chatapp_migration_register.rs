//! `ChatappMigrationRegister`: registers a verified number, which ends its migration.

use serde_json::json;

use super::{Answer, EmulatedOperation, ServiceState, Visit, cams, fields, step};
use crate::numbers::register;

pub(super) const OPERATION: EmulatedOperation = cams("ChatappMigrationRegister", &[], run);

fn run(call: &mut Visit<'_>, state: &mut ServiceState) -> Answer {
    step(call, state, register)?;
    Ok(fields(json!({})))
}
