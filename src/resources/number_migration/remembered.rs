//! What the provider remembers of a number beside its attributes, in the private state.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use crate::Cams;
use crate::planned::Owner;
use terraform_plugin::framework::context::Context;
use terraform_plugin::framework::resource::Change;

use super::schema::Model;

/// How long after its start a number stays in the state whatever CAMS says, since its answers may
/// lag behind.
const SETTLING: Duration = Duration::from_secs(60 * 60);
/// The key in the private state for the time of the start, in seconds since 1970.
const STARTED_AT: &str = "started_at";
/// The key in the private state for the random id by which plans know the resource again.
const RESOURCE_ID: &str = "resource_id";

/// Whose plan this is; `None` if the resource cannot be told from others, since it has no id.
pub(super) fn owner(
    context: Context<'_, Cams, Model>,
    change: &Change<'_, Model>,
) -> Option<Owner> {
    let id = match (change.prior, &change.replaced) {
        (Some(_), _) => context.private().get(RESOURCE_ID),
        (None, Some(replaced)) => replaced.get(RESOURCE_ID),
        (None, None) => return Some(Owner::New),
    };
    id.map(Owner::Stored)
}

/// Gives the resource an id of its own in the private state, unless it has one.
pub(super) fn identify(context: &Context<'_, Cams, Model>) {
    let private = context.private();
    if private.get::<String>(RESOURCE_ID).is_none() {
        private.set(RESOURCE_ID, context.provider().random().nonce());
    }
}

/// Notes when the number was started or taken over, for [`just_started`], and identifies it.
pub(super) fn start(context: &Context<'_, Cams, Model>) {
    let now = context.provider().clock().now();
    let since_1970 = now.duration_since(UNIX_EPOCH).unwrap_or_default();
    context.private().set(STARTED_AT, since_1970.as_secs());
    identify(context);
}

/// Whether the number was started or taken over so recently that CAMS may not show it yet.
pub(super) fn just_started(context: &Context<'_, Cams, Model>) -> bool {
    let Some(seconds) = context.private().get::<u64>(STARTED_AT) else {
        return false;
    };
    let settled = UNIX_EPOCH.checked_add(Duration::from_secs(seconds));
    let settled = settled.and_then(|started| started.checked_add(SETTLING));
    settled.is_some_and(|settled: SystemTime| context.provider().clock().now() < settled)
}
