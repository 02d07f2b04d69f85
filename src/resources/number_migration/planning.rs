//! Plans a create or a change of a number.

use crate::Cams;
use crate::planned::Conflict;
use cams::phone::PhoneNumber;
use terraform_plugin::framework::context::Context;
use terraform_plugin::framework::diagnostic::Diagnostics;
use terraform_plugin::framework::model::Field;
use terraform_plugin::framework::resource::Change;

use super::schema::Model;
use super::{plan_messages, remembered, target};

/// Fills in the space, warns of what the plan does not do, and refuses a number that is planned
/// twice.
pub(super) async fn plan(
    context: Context<'_, Cams, Model>,
    change: &mut Change<'_, Model>,
) -> Result<(), Diagnostics> {
    if let Some(prior) = change.prior {
        target::of_state(prior)?;
    } else {
        context.provider().plans_a_call().await?;
    }
    if change.config.cust_space_id.is_null() {
        follow_the_provider(context, change)?;
    }
    if let Some(prior) = replaced(change) {
        context.provider().plans_a_call().await?;
        let follows_provider = change.config.cust_space_id.is_null();
        context.warn(plan_messages::replaces(
            prior,
            change.plan,
            follows_provider,
        ));
    } else if let Some(prior) = change.prior.filter(|prior| plan_messages::is_banned(prior)) {
        context.warn(plan_messages::banned(prior));
    }
    plan_phone_number(change);
    find_duplicates(context, change)
}

/// Plans the whole number as soon as its parts are known, so that other resources can use it. A
/// number in the state keeps what the state has.
fn plan_phone_number(change: &mut Change<'_, Model>) {
    if change.prior.is_some() && replaced(change).is_none() {
        return;
    }
    let (code, number) = (&change.plan.country_code, &change.plan.mobile_number);
    let parts = code.text().zip(number.text());
    let number = parts.and_then(|(code, number)| PhoneNumber::parse(code, number).ok());
    change.plan.phone_number = match number {
        Some(number) => Field::Known(number.to_string()),
        None => Field::Unknown,
    };
}

/// The number in state, if the plan replaces it.
fn replaced<'a>(change: &Change<'a, Model>) -> Option<&'a Model> {
    change.prior.filter(|prior| {
        prior.cust_space_id != change.plan.cust_space_id
            || prior.country_code != change.plan.country_code
            || prior.mobile_number != change.plan.mobile_number
    })
}

/// Plans the space of a resource that names none: the provider's.
fn follow_the_provider(
    context: Context<'_, Cams, Model>,
    change: &mut Change<'_, Model>,
) -> Result<(), Diagnostics> {
    let space = context.provider().default_space();
    change.plan.cust_space_id = match (space, change.prior) {
        (Field::Known(_), Some(prior)) if updated_in_place(prior, change.plan) => {
            if prior.cust_space_id != *space {
                context.warn(plan_messages::replaced_later(prior, space));
            }
            prior.cust_space_id.clone()
        }
        (Field::Known(space), _) => Field::Known(space.clone()),
        // Should the provider's space turn out another one, the next plan shows the replacement.
        // Where the provider has none, the number stays where it is: so it can be destroyed without
        // one.
        (Field::Unknown | Field::Null, Some(prior)) => prior.cust_space_id.clone(),
        (Field::Unknown, None) => Field::Unknown,
        (Field::Null, None) => return Err(plan_messages::missing_space().into()),
    };
    Ok(())
}

/// Whether the plan changes the number in place, apart from its space.
///
/// Such an update keeps the space, whatever the provider's is. The provider's space may have been
/// unknown when the update was planned, and Terraform then plans again during apply, when it is
/// known. Nothing tells the provider which of the two plans it is making, and the second must not
/// turn the update into a replacement.
fn updated_in_place(prior: &Model, plan: &Model) -> bool {
    let same_number =
        plan.country_code == prior.country_code && plan.mobile_number == prior.mobile_number;
    let timeouts = plan.timeouts.clone().into_value();
    same_number && timeouts.is_wholly_known() && plan.timeouts != prior.timeouts
}

/// Notes which number the resource is to have, and finds others that are to have it.
fn find_duplicates(
    context: Context<'_, Cams, Model>,
    change: &Change<'_, Model>,
) -> Result<(), Diagnostics> {
    let Some(owner) = remembered::owner(context, change) else {
        return Ok(());
    };
    let target = target::of_plan(change.plan).ok();
    let conflict = context.provider().planned().note(&owner, target.as_ref());
    match (conflict, target) {
        (Some(Conflict::SameSpace), Some(target)) => {
            return Err(plan_messages::planned_twice(&target).into());
        }
        (Some(Conflict::SameSpaceInState), Some(target)) => {
            context.warn(plan_messages::stored_twice(&target));
        }
        (Some(Conflict::OtherSpace(other)), Some(target)) => {
            context.warn(plan_messages::in_two_spaces(&target, &other));
        }
        (None, _) | (_, None) => {}
    }
    Ok(())
}
