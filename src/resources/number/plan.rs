//! Plans which number in which space a resource is about.

use cams::phone::PhoneNumber;
use terraform_plugin::framework::context::Context;
use terraform_plugin::framework::diagnostic::Diagnostics;
use terraform_plugin::framework::model::Field;
use terraform_plugin::framework::resource::Change;

use crate::Cams;
use crate::numbers::Target;
use crate::planned::Conflict;
use crate::validators;

use super::{NumberModel, messages, private_state};

/// The number of a planned resource.
#[derive(Debug)]
pub(crate) struct NumberPlan {
    /// The number in the state; `None` for a new resource.
    pub(crate) prior: Option<Target>,
    /// The planned number, if it is known.
    pub(crate) number: Option<PhoneNumber>,
    /// Whether the plan replaces the number in the state.
    pub(crate) is_replacement: bool,
    /// Whether the space is the provider's, because the configuration names none.
    pub(crate) follows_provider: bool,
}

/// Fills in the space, and refuses a number that is planned twice.
///
/// # Errors
///
/// If the space or the credentials are missing, if the state is faulty, or if another resource of
/// the type plans the number.
pub(crate) async fn plan<M: NumberModel>(
    context: Context<'_, Cams, M>,
    change: &mut Change<'_, M>,
) -> Result<NumberPlan, Diagnostics> {
    let cams = context.provider();
    let prior = match change.prior {
        Some(prior) => Some(target_of_state(prior)?),
        None => {
            cams.require_credentials().await?;
            None
        }
    };
    let follows_provider = change.config.cust_space_id().is_null();
    if follows_provider {
        follow_the_provider(context, change)?;
    }
    let number = number_of_plan(change.plan)?;
    let target = number
        .clone()
        .and_then(|number| target(number, change.plan));
    let is_replacement = prior.is_some() && target != prior;
    if is_replacement {
        cams.require_credentials().await?;
    }
    find_duplicates(context, change, target.as_ref())?;
    Ok(NumberPlan {
        prior,
        number,
        is_replacement,
        follows_provider,
    })
}

/// The number that a complete plan is about. What is wrong with it is wrong in the configuration.
pub(crate) fn target_of_plan<M: NumberModel>(plan: &M) -> Result<Target, Diagnostics> {
    let number = number_of_plan(plan)?;
    let target = number.and_then(|number| target(number, plan));
    target.ok_or_else(|| messages::missing_space().into())
}

/// The number that a stored resource is about. What is wrong with it is wrong in the state, since
/// this provider never stores such values.
pub(crate) fn target_of_state<M: NumberModel>(state: &M) -> Result<Target, Diagnostics> {
    stored_target(state).map_err(|faults| messages::faulty_state(&faults).into())
}

/// The number that a state or an identity names.
///
/// # Errors
///
/// What is wrong with it, in one sentence without a period.
pub(crate) fn stored_target<M: NumberModel>(state: &M) -> Result<Target, String> {
    validators::stored_target(state.cust_space_id(), state.number(), M::ATTRIBUTE_OF)
}

/// The planned number, if it is known.
fn number_of_plan<M: NumberModel>(plan: &M) -> Result<Option<PhoneNumber>, Diagnostics> {
    let number = plan.number();
    number.map_err(|problems| validators::invalid(&problems, M::ATTRIBUTE_OF))
}

/// The number in its planned space, if that is known.
fn target<M: NumberModel>(number: PhoneNumber, plan: &M) -> Option<Target> {
    Some(Target {
        cust_space_id: plan.cust_space_id().text()?.to_owned(),
        number,
    })
}

/// Plans the space of a resource that names none: the provider's.
fn follow_the_provider<M: NumberModel>(
    context: Context<'_, Cams, M>,
    change: &mut Change<'_, M>,
) -> Result<(), Diagnostics> {
    let space = &context.provider().cust_space_id;
    *change.plan.cust_space_id_mut() = match (space, change.prior) {
        (Field::Known(new), Some(prior)) if is_updated_in_place(prior, change.plan) => {
            let old = prior.cust_space_id();
            if let Some(old) = old.text().filter(|old| old != new) {
                context.warn(messages::replaced_later(old, new));
            }
            old.clone()
        }
        (Field::Known(space), _) => Field::Known(space.clone()),
        // If the provider's space turns out to be another one, the next plan shows the replacement.
        // If the provider has none, the number stays where it is: so it can be destroyed without
        // one.
        (Field::Unknown | Field::Null, Some(prior)) => prior.cust_space_id().clone(),
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
fn is_updated_in_place<M: NumberModel>(prior: &M, plan: &M) -> bool {
    let number = |model: &M| model.number().ok().flatten();
    let mut in_place = plan.clone();
    *in_place.cust_space_id_mut() = prior.cust_space_id().clone();
    number(plan) == number(prior) && in_place != *prior && in_place.into_value().is_wholly_known()
}

/// Notes which number the resource is going to have, and finds other resources that are going to
/// have it.
fn find_duplicates<M: NumberModel>(
    context: Context<'_, Cams, M>,
    change: &Change<'_, M>,
    target: Option<&Target>,
) -> Result<(), Diagnostics> {
    let is_new = change.prior.is_none() && change.replaced.is_none();
    let id = private_state::resource_id(context, change);
    // A resource in the state without an id cannot be told from others.
    if id.is_none() && !is_new {
        return Ok(());
    }
    let planned = &context.provider().planned;
    let conflict = planned.note(M::TYPE, id.as_deref(), target);
    let (Some(conflict), Some(target)) = (conflict, target) else {
        return Ok(());
    };
    let diagnostic = messages::conflict::<M>(&conflict, target);
    if conflict == Conflict::SameSpace {
        return Err(diagnostic.into());
    }
    context.warn(diagnostic);
    Ok(())
}
