//! `AssumeRole`: a session of a role for a caller who signs.

use super::{Done, Question, Wanted, check_policy, wrongly_formed};
use crate::issuance::Issuance;
use crate::keys::{Caller, Identity, Keys};
use crate::refusal::Refusal;

/// Starts a session. Users and sessions of roles may ask for one, an account itself may not.
pub(super) fn assume_role(
    question: &Question<'_>,
    caller: &Caller,
    keys: &mut Keys,
    issuance: &Issuance,
) -> Result<Done, Refusal> {
    let request = question.request;
    let wanted = Wanted::of(request)?;
    check_policy(request)?;
    let external_id = request.parameter("ExternalId");
    if external_id.is_some_and(|id| !is_external_id(id)) {
        return Err(wrongly_formed("ExternalId"));
    }
    if caller.identity == Identity::Root {
        let message = "Roles may not be assumed by root accounts.";
        return Err(Refusal::new(403, "NoPermission", message));
    }
    if issuance.external_id.is_some() && issuance.external_id.as_deref() != external_id {
        let message = "You are not authorized to do this action. You should be authorized by RAM.";
        return Err(Refusal::new(403, "NoPermission", message));
    }
    let source = request.parameter("SourceIdentity");
    if source.is_some_and(|source| !is_source_identity(source)) {
        return Err(wrongly_formed("SourceIdentity"));
    }
    let mut done = wanted.start(keys, issuance, question.now)?;
    if let Some(source) = source {
        done.fields.insert("SourceIdentity".into(), source.into());
    }
    Ok(done)
}

/// Whether the text has the documented form, `[\w+=,.@-]*`.
fn is_source_identity(text: &str) -> bool {
    super::is_name(text, 2..=64, b"_+=,.@-")
}

/// Whether the text has the documented form, `[\w+=,.@:\/-]*`.
fn is_external_id(text: &str) -> bool {
    super::is_name(text, 2..=1224, b"_+=,.@:/-")
}
