//! Plans a create or a change of a number.

use cams::phone::PhoneNumber;
use terraform_plugin::framework::context::Context;
use terraform_plugin::framework::diagnostic::Diagnostics;
use terraform_plugin::framework::model::Field;
use terraform_plugin::framework::resource::Change;

use crate::Cams;
use crate::numbers::Target;
use crate::planned::Conflict;
use crate::validators;

use super::schema::Model;
use super::{messages, private_state};

/// Fills in the space and the whole number, warns about what the plan does not do, and refuses a
/// number that is planned twice.
pub(super) async fn plan(
    context: Context<'_, Cams, Model>,
    change: &mut Change<'_, Model>,
) -> Result<(), Diagnostics> {
    let cams = context.provider();
    let prior = match change.prior {
        Some(prior) => Some(target_of_state(prior)?),
        None => {
            cams.require_credentials().await?;
            None
        }
    };
    let follows_provider = change.config.cust_space_id.is_null();
    if follows_provider {
        follow_the_provider(context, change)?;
    }
    let number = number_of_plan(change.plan)?;
    let replaced = prior.as_ref().filter(|prior| replaces(prior, change.plan));
    if let Some(old) = replaced {
        cams.require_credentials().await?;
        let number = number.as_ref();
        let warning = messages::replaces(old, change.plan, number, follows_provider);
        context.warn(warning);
    } else if let (Some(target), Some(state)) = (&prior, change.prior)
        && let Some(status) = state.status.text()
        && status.eq_ignore_ascii_case("BANNED")
    {
        context.warn(messages::banned(target));
    }
    // The whole number is planned as soon as its parts are known, so that other resources can use
    // it. A number in the state keeps what the state has.
    if prior.is_none() || replaced.is_some() {
        let number = number.as_ref().map(PhoneNumber::to_string);
        change.plan.phone_number = number.map_or(Field::Unknown, Field::Known);
    }
    let target = number.and_then(|number| target(number, change.plan));
    find_duplicates(context, change, target.as_ref())
}

/// The number that a complete plan is about. What is wrong with it is wrong in the configuration.
pub(super) fn target_of_plan(plan: &Model) -> Result<Target, Diagnostics> {
    let number = number_of_plan(plan)?;
    let target = number.and_then(|number| target(number, plan));
    target.ok_or_else(|| messages::missing_space().into())
}

/// The planned number, if it is known.
fn number_of_plan(plan: &Model) -> Result<Option<PhoneNumber>, Diagnostics> {
    let number = validators::phone_number(&plan.country_code, &plan.mobile_number);
    number.map_err(|problems| validators::invalid(&problems))
}

/// The number in its planned space, if that is known.
fn target(number: PhoneNumber, plan: &Model) -> Option<Target> {
    Some(Target {
        cust_space_id: plan.cust_space_id.text()?.to_owned(),
        number,
    })
}

/// The number that a stored resource is about. What is wrong with it is wrong in the state, since
/// this provider never stores such values.
pub(super) fn target_of_state(state: &Model) -> Result<Target, Diagnostics> {
    let (code, number) = (&state.country_code, &state.mobile_number);
    let target = validators::stored_target(&state.cust_space_id, code, number);
    target.map_err(|faults| messages::faulty_state(&faults).into())
}

/// Whether the plan replaces the number in the state.
fn replaces(prior: &Target, plan: &Model) -> bool {
    let number = &prior.number;
    plan.cust_space_id.text() != Some(prior.cust_space_id.as_str())
        || plan.country_code.text() != Some(number.country_code().as_str())
        || plan.mobile_number.text() != Some(number.mobile_number())
}

/// Plans the space of a resource that names none: the provider's.
fn follow_the_provider(
    context: Context<'_, Cams, Model>,
    change: &mut Change<'_, Model>,
) -> Result<(), Diagnostics> {
    let space = &context.provider().cust_space_id;
    change.plan.cust_space_id = match (space, change.prior) {
        (Field::Known(new), Some(prior)) if is_updated_in_place(prior, change.plan) => {
            let old = &prior.cust_space_id;
            if let Some(old) = old.text().filter(|old| old != new) {
                context.warn(messages::replaced_later(old, new));
            }
            old.clone()
        }
        (Field::Known(space), _) => Field::Known(space.clone()),
        // If the provider's space turns out to be another one, the next plan shows the replacement.
        // If the provider has none, the number stays where it is: so it can be destroyed without
        // one.
        (Field::Unknown | Field::Null, Some(prior)) => prior.cust_space_id.clone(),
        (Field::Unknown, None) => Field::Unknown,
        (Field::Null, None) => return Err(messages::missing_space().into()),
    };
    Ok(())
}

/// Whether the plan changes the number in place, apart from its space.
///
/// Such an update keeps the space, whatever the provider's is. The provider's space may have been
/// unknown when the update was planned, and Terraform then plans again during apply, when it is
/// known. The provider cannot tell which of the two plans it is making, and the second must not
/// turn the update into a replacement.
fn is_updated_in_place(prior: &Model, plan: &Model) -> bool {
    let same_number =
        plan.country_code == prior.country_code && plan.mobile_number == prior.mobile_number;
    let timeouts = plan.timeouts.clone().into_value();
    same_number && timeouts.is_wholly_known() && plan.timeouts != prior.timeouts
}

/// Notes which number the resource is going to have, and finds other resources that are going to
/// have it.
fn find_duplicates(
    context: Context<'_, Cams, Model>,
    change: &Change<'_, Model>,
    target: Option<&Target>,
) -> Result<(), Diagnostics> {
    let is_new = change.prior.is_none() && change.replaced.is_none();
    let id = private_state::resource_id(context, change);
    // A resource in the state without an id cannot be told from others.
    if id.is_none() && !is_new {
        return Ok(());
    }
    let conflict = context.provider().planned.note(id.as_deref(), target);
    let (Some(conflict), Some(target)) = (conflict, target) else {
        return Ok(());
    };
    let diagnostic = messages::conflict(&conflict, target);
    if conflict == Conflict::SameSpace {
        return Err(diagnostic.into());
    }
    context.warn(diagnostic);
    Ok(())
}
