//! Plans a registration, or a change of one.

use terraform_plugin::framework::context::Context;
use terraform_plugin::framework::diagnostic::Diagnostics;
use terraform_plugin::framework::model::Field;
use terraform_plugin::framework::resource::Change;

use crate::Cams;
use crate::numbers::Target;
use crate::resources::number::plan::{plan as plan_number, target_of_plan};
use crate::resources::number::private_state;
use crate::resources::number::standing::is_live;

use super::messages;
use super::schema::Model;

/// The key of the private state for the number that a destroy of the object takes out of service.
const CUTS: &str = "cuts";

/// Fills in the space, and warns about what the plan does to the number.
pub(super) async fn plan(
    context: Context<'_, Cams, Model>,
    change: &mut Change<'_, Model>,
) -> Result<(), Diagnostics> {
    let planned = plan_number(context, change).await?;
    let Some(prior) = change.prior else {
        context.warn_once(messages::registers());
        // The plan of another number has warned already, with its prior state.
        let cut = change.replaced.as_ref();
        let cut = cut.and_then(|replaced| replaced.get::<String>(CUTS));
        let target = target_of_plan(change.plan);
        if cut.is_some() && cut == target.ok().as_ref().map(in_private_state) {
            context.warn(messages::cuts(change.plan));
        }
        return Ok(());
    };
    if planned.is_replacement {
        context.warn_once(messages::registers());
        warn_of_cut(context, prior);
    } else if registers_again(context, prior, change.plan) {
        context.warn_once(messages::registers());
        let plan = &mut *change.plan;
        for shown in [
            &mut plan.status,
            &mut plan.quality_rating,
            &mut plan.messaging_limit_tier,
            &mut plan.verified_name,
            &mut plan.name_status,
            &mut plan.is_official,
        ] {
            *shown = Field::Unknown;
        }
    } else if prior.triggers != change.plan.triggers {
        context.warn_once(messages::only_stored());
    }
    Ok(())
}

/// Whether an update registers the number again.
pub(super) fn registers_again(
    context: Context<'_, Cams, Model>,
    prior: &Model,
    plan: &Model,
) -> bool {
    prior.triggers != plan.triggers && !private_state::is_imported(context)
}

/// The planned state, with what the prior state knows of the number.
pub(super) fn with_what_is_shown(plan: Model, prior: Model) -> Model {
    Model {
        id: prior.id,
        status: prior.status,
        quality_rating: prior.quality_rating,
        messaging_limit_tier: prior.messaging_limit_tier,
        verified_name: prior.verified_name,
        name_status: prior.name_status,
        is_official: prior.is_official,
        ..plan
    }
}

/// Warns about a plan that takes a live number out of service.
pub(super) fn warn_of_cut(context: Context<'_, Cams, Model>, state: &Model) {
    if cuts(state) {
        context.warn(messages::cuts(state));
    }
}

/// Remembers whether destroying the object takes its number out of service. The plan of a replacement
/// that the user orders (`-replace`, `replace_triggered_by`) has no prior state to tell it by.
pub(super) fn note_cut(context: Context<'_, Cams, Model>, target: &Target, state: &Model) {
    let private = context.private();
    match cuts(state) {
        true => private.set(CUTS, in_private_state(target)),
        false => private.remove(CUTS),
    }
}

fn in_private_state(target: &Target) -> String {
    target.canonical().to_string()
}

fn cuts(state: &Model) -> bool {
    state.deregister_on_destroy.known() == Some(&true) && state.status.text().is_some_and(is_live)
}
