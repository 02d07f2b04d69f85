//! `ChatappMigrationVerified`: submits the code that a migrating number was sent.

use super::{Answer, EmulatedOperation, ServiceState, Visit, cams, fields, step};
use crate::numbers::verify;

pub(super) const OPERATION: EmulatedOperation = cams("ChatappMigrationVerified", &[], run);

fn run(call: &mut Visit<'_>, state: &mut ServiceState) -> Answer {
    let code = call.request.required("VerifyCode")?;
    step(call, state, |number| verify(number, code)).map(fields)
}
