//! Plans a create or a change of a number.

use cams::phone::PhoneNumber;
use terraform_plugin::framework::context::Context;
use terraform_plugin::framework::diagnostic::Diagnostics;
use terraform_plugin::framework::model::Field;
use terraform_plugin::framework::resource::Change;

use crate::Cams;
use crate::resources::number;

use super::messages;
use super::schema::Model;

/// Fills in the space and the whole number, and warns about what the plan does not do.
pub(super) async fn plan(
    context: Context<'_, Cams, Model>,
    change: &mut Change<'_, Model>,
) -> Result<(), Diagnostics> {
    let planned = number::plan::plan(context, change).await?;
    let number = planned.number.as_ref();
    // The whole number is planned as soon as its parts are known, so that other resources can use
    // it. A number in the state keeps what the state has.
    if planned.prior.is_none() || planned.is_replacement {
        let number = number.map(PhoneNumber::to_string);
        change.plan.phone_number = number.map_or(Field::Unknown, Field::Known);
    }
    let (Some(old), Some(state)) = (&planned.prior, change.prior) else {
        return Ok(());
    };
    let status = state.status.text();
    if planned.is_replacement {
        let follows_provider = planned.follows_provider;
        context.warn(messages::replaces(
            old,
            change.plan,
            number,
            follows_provider,
        ));
    } else if status.is_some_and(|status| status.eq_ignore_ascii_case("BANNED")) {
        context.warn(messages::banned(old));
    }
    Ok(())
}
