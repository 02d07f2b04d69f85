//! `ChatappMigrationVerified`: submits the code that a migrating number was sent.

use super::operation::{Answer, EmulatedOperation, cams, step};
use crate::call::{ServiceState, Visit};
use crate::numbers::verify;
use crate::reply::fields;

pub(crate) const OPERATION: EmulatedOperation = cams("ChatappMigrationVerified", &[], run);

fn run(call: &mut Visit<'_>, state: &mut ServiceState) -> Answer {
    let code = call.request.required("VerifyCode")?;
    step(call, state, |number| verify(number, code)).map(fields)
}
