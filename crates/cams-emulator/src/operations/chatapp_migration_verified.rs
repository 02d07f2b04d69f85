//! `ChatappMigrationVerified`: submits the code that a migrating number was sent.

use super::{Answer, ServiceState, Visit, fields, step};
use crate::numbers::verify;

pub(super) fn run(call: &mut Visit<'_>, state: &mut ServiceState) -> Answer {
    let code = call.request.required("VerifyCode")?;
    step(call, state, |number| verify(number, code)).map(fields)
}
