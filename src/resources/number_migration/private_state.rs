//! What the provider remembers about a number beside its attributes, in the private state.

use std::time::{Duration, UNIX_EPOCH};

use terraform_plugin::framework::context::Context;
use terraform_plugin::framework::resource::Change;

use crate::Cams;

use super::schema::Model;

/// How long after its start a number stays in the state whatever CAMS says, since its answers may
/// lag behind.
const SETTLING: Duration = Duration::from_secs(60 * 60);
/// The key for the time of the start, in seconds since 1970.
const STARTED_AT: &str = "started_at";
/// The key for the random id by which plans recognise the resource.
const RESOURCE_ID: &str = "resource_id";

/// The id of the resource that a plan is about, or of the one that it replaces.
pub(super) fn resource_id(
    context: Context<'_, Cams, Model>,
    change: &Change<'_, Model>,
) -> Option<String> {
    match change.prior {
        Some(_) => context.private().get(RESOURCE_ID),
        None => change.replaced.as_ref()?.get(RESOURCE_ID),
    }
}

/// Gives the resource an id of its own, unless it has one.
pub(super) fn identify(context: Context<'_, Cams, Model>) {
    let private = context.private();
    if private.get::<String>(RESOURCE_ID).is_none() {
        private.set(RESOURCE_ID, context.provider().random.nonce());
    }
}

/// Notes when the number was started or taken over, for [`just_started`], and identifies it.
pub(super) fn note_start(context: Context<'_, Cams, Model>) {
    let now = context.provider().clock.now();
    let since_1970 = now.duration_since(UNIX_EPOCH).unwrap_or_default();
    context.private().set(STARTED_AT, since_1970.as_secs());
    identify(context);
}

/// Whether the number was started or taken over so recently that CAMS may not show it yet.
pub(super) fn just_started(context: Context<'_, Cams, Model>) -> bool {
    let started_at = context.private().get::<u64>(STARTED_AT);
    let since_1970 =
        started_at.map(|seconds| Duration::from_secs(seconds).saturating_add(SETTLING));
    let settled_at = since_1970.and_then(|settled| UNIX_EPOCH.checked_add(settled));
    settled_at.is_some_and(|settled_at| context.provider().clock.now() < settled_at)
}
