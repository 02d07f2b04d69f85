//! `AssumeRole`: a session of a role for a caller who signs.

use super::role_session::{ESSENTIAL, RoleSession, check};
use super::{Call, Fields, Operation, Refusal, State, fields};
use crate::keys::Identity;

pub(super) const OPERATION: Operation = Operation {
    name: "AssumeRole",
    essential: ESSENTIAL,
    run,
    ..Operation::STS
};

/// Starts a session. Users and sessions of roles may ask for one, an account itself may not.
fn run(call: &mut Call<'_>, state: &mut State) -> Result<Fields, Refusal> {
    let request = call.request;
    let session = RoleSession::parse(request)?;
    // The documented form is `[\w+=,.@:\/-]*`.
    check(request, "ExternalId", 2..=1224, b"_+=,.@:/-")?;
    if call.caller()?.identity == Identity::Root {
        let message = "Roles may not be assumed by root accounts.";
        return Err(Refusal::new(403, "NoPermission", message));
    }
    let expected = state.issuance.external_id.as_deref();
    if expected.is_some() && expected != request.parameter("ExternalId") {
        let message = "You are not authorized to do this action. You should be authorized by RAM.";
        return Err(Refusal::new(403, "NoPermission", message));
    }
    // The documented form is `[\w+=,.@-]*`.
    check(request, "SourceIdentity", 2..=64, b"_+=,.@-")?;
    let mut answer = session.start(call, state)?;
    if let Some(source) = request.parameter("SourceIdentity") {
        answer["SourceIdentity"] = source.into();
    }
    Ok(fields(answer))
}
