//! What the provider remembers about a number beside its attributes, in the private state.

use std::time::UNIX_EPOCH;

use terraform_plugin::framework::context::Context;
use terraform_plugin::framework::resource::Change;

use crate::Cams;

use super::NumberModel;

/// How many seconds after its create a number stays in the state whatever CAMS says, since its
/// answers may lag behind.
const SETTLING: u64 = 60 * 60;
/// The key for the time of the create, in seconds since 1970.
const STARTED_AT: &str = "started_at";
/// The key for the random id by which plans recognize the resource.
const RESOURCE_ID: &str = "resource_id";

/// The key for whether the resource was imported and not changed since.
const IS_IMPORTED: &str = "is_imported";

/// Notes that the resource was imported, for [`is_imported`].
pub(crate) fn begin_import<M: NumberModel>(context: Context<'_, Cams, M>) {
    context.private().set(IS_IMPORTED, true);
}

/// Whether the resource was imported and not changed since. Its first change stores the settings of
/// the configuration, which an import cannot know: nothing is to be done because they differ.
pub(crate) fn is_imported<M: NumberModel>(context: Context<'_, Cams, M>) -> bool {
    context.private().get(IS_IMPORTED).unwrap_or(false)
}

/// Whether the resource was imported and its number was never found since.
pub(crate) fn was_never_read<M: NumberModel>(context: Context<'_, Cams, M>) -> bool {
    is_imported(context) && context.private().get::<u64>(STARTED_AT).is_none()
}

/// Notes that the first change after an import was made.
pub(crate) fn end_import<M: NumberModel>(context: Context<'_, Cams, M>) {
    context.private().remove(IS_IMPORTED);
}

/// The id of the resource that a plan is about, or of the one that it replaces.
pub(crate) fn resource_id<M: NumberModel>(
    context: Context<'_, Cams, M>,
    change: &Change<'_, M>,
) -> Option<String> {
    match change.prior {
        Some(_) => context.private().get(RESOURCE_ID),
        None => change.replaced.as_ref()?.get(RESOURCE_ID),
    }
}

/// Gives the resource an id of its own, unless it has one.
pub(crate) fn identify<M: NumberModel>(context: Context<'_, Cams, M>) {
    let private = context.private();
    if private.get::<String>(RESOURCE_ID).is_none() {
        private.set(RESOURCE_ID, context.provider().random.nonce());
    }
}

/// Notes the time of a create or an import, for [`just_started`], unless it is noted already, and
/// identifies the resource.
pub(crate) fn note_start<M: NumberModel>(context: Context<'_, Cams, M>) {
    let private = context.private();
    if private.get::<u64>(STARTED_AT).is_none() {
        private.set(STARTED_AT, seconds_since_1970(context));
    }
    identify(context);
}

/// Whether the resource was created or imported so recently that CAMS may not show the number yet.
pub(crate) fn just_started<M: NumberModel>(context: Context<'_, Cams, M>) -> bool {
    let started_at = context.private().get::<u64>(STARTED_AT);
    let settled_at = started_at.and_then(|started_at| started_at.checked_add(SETTLING));
    settled_at.is_some_and(|settled_at| seconds_since_1970(context) < settled_at)
}

fn seconds_since_1970<M: NumberModel>(context: Context<'_, Cams, M>) -> u64 {
    let now = context.provider().clock.now();
    now.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs()
}
