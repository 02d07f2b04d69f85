//! `ChatappMigrationVerified`: submits the code that a migrating number was sent.

use super::{Answer, EmulatedOperation, ServiceState, Visit, fields, step};

pub(super) const OPERATION: EmulatedOperation =
    EmulatedOperation::cams("ChatappMigrationVerified", &[], run);

fn run(call: &mut Visit<'_>, state: &mut ServiceState) -> Answer {
    let code = call.request.required("VerifyCode")?;
    let answer = step(call, state, |number| number.verify(code))?;
    Ok(fields(answer))
}
