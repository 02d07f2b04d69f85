//! `ChatappMigrationRegister`: registers a verified number, which ends its migration.

use serde_json::json;

use super::{Answer, EmulatedOperation, ServiceState, Visit, fields, step};

pub(super) const OPERATION: EmulatedOperation =
    EmulatedOperation::cams("ChatappMigrationRegister", &[], run);

fn run(call: &mut Visit<'_>, state: &mut ServiceState) -> Answer {
    step(call, state, |number| number.register())?;
    Ok(fields(json!({})))
}
