//! `ChatappMigrationRegister`: registers a verified number, which ends its migration.

use serde_json::json;

use super::operation::{Answer, EmulatedOperation, cams, step};
use crate::call::{ServiceState, Visit};
use crate::numbers::register;
use crate::reply::fields;

pub(crate) const OPERATION: EmulatedOperation = cams("ChatappMigrationRegister", &[], run);

fn run(call: &mut Visit<'_>, state: &mut ServiceState) -> Answer {
    step(call, state, register)?;
    Ok(fields(json!({})))
}
