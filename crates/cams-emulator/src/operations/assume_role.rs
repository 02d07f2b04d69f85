//! `AssumeRole`: a session of a role for a caller who signs.

use super::role_session::{ESSENTIAL, RoleSession, check};
use super::{EmulatedOperation, FieldWriter, Rejection, ServiceState, Visit, fields};
use crate::keys::CallerKind;

pub(super) const OPERATION: EmulatedOperation = EmulatedOperation {
    name: "AssumeRole",
    essential: ESSENTIAL,
    run,
    ..EmulatedOperation::STS
};

/// Starts a session. Users and sessions of roles may ask for one, an account itself may not.
fn run(call: &mut Visit<'_>, state: &mut ServiceState) -> Result<FieldWriter, Rejection> {
    let request = call.request;
    let session = RoleSession::parse(request)?;
    // The documented form is `[\w+=,.@:\/-]*`.
    check(request, "ExternalId", 2..=1224, b"_+=,.@:/-")?;
    if call.caller()?.identity == CallerKind::Root {
        let message = "Roles may not be assumed by root accounts.";
        return Err(Rejection::new(403, "NoPermission", message));
    }
    let expected = state.issuance.external_id.as_deref();
    if expected.is_some() && expected != request.parameter("ExternalId") {
        let message = "You are not authorized to do this action. You should be authorized by RAM.";
        return Err(Rejection::new(403, "NoPermission", message));
    }
    // The documented form is `[\w+=,.@-]*`.
    check(request, "SourceIdentity", 2..=64, b"_+=,.@-")?;
    let mut answer = session.start(call, state)?;
    if let Some(source) = request.parameter("SourceIdentity") {
        answer["SourceIdentity"] = source.into();
    }
    Ok(fields(answer))
}
