//! `cams_phone_webhook`: where CAMS delivers what customers write to a number.

mod messages;
mod schema;

#[cfg(test)]
pub(crate) use messages::tests::diagnostics;

use base::secret::Secret;
use cams::Error;
use cams::operations::{ListedNumber, UpdatePhoneWebhook};
use terraform_plugin::framework::context::Context;
use terraform_plugin::framework::diagnostic::Diagnostics;
use terraform_plugin::framework::model::Field;
use terraform_plugin::framework::resource::Desired;

use crate::Cams;
use crate::changes::LastChange;
use crate::evidence::{Evidence, Presence};
use crate::numbers::{Found, Question};

use super::number::messages::{not_in_space, owned_by_other_resource};
use super::number::standing::standing;
use super::number::{NumberLifecycle, NumberOperation, private_state};

pub use schema::Model;
pub(crate) use schema::OPERATIONS;

/// `cams_phone_webhook`, which sets the webhook of a number.
impl NumberLifecycle for Model {
    // The call sets everything, so it can be repeated.
    const OUTCOME: &'static str = "The webhook may not be set. Apply again to set it.";

    /// Checks that the webhook delivers something, and to somewhere.
    fn check(&self, invalid: &mut Diagnostics) {
        let is_off = |flag: &Field<bool>| !flag.is_unknown() && !is_on(flag);
        if is_off(&self.http_flag) && is_off(&self.queue_flag) {
            invalid.push(messages::no_delivery());
        }
        let has_no_url = self.up_callback_url.is_null() && self.status_callback_url.is_null();
        if is_on(&self.http_flag) && has_no_url {
            invalid.push(messages::no_url());
        }
    }

    fn plan_destroy(context: Context<'_, Cams, Self>, state: &Self) {
        if state.has_delete() {
            context.warn_once(messages::stops_delivery());
        }
    }

    fn sends(_context: Context<'_, Cams, Self>, prior: &Self, plan: &Self) -> bool {
        // CAMS does not know `timeouts`.
        let settings = Self {
            timeouts: prior.timeouts.clone(),
            ..plan.clone()
        };
        settings != *prior
    }

    /// Sets the planned webhook. A URL that the configuration leaves out is the one that the list
    /// shows.
    async fn apply(
        operation: &NumberOperation<'_, Self>,
        _prior: Option<Self>,
        Desired { plan, .. }: Desired<Self>,
    ) -> Result<Self, Diagnostics> {
        let mut turn = operation.turn().await?;
        let found = operation.find_number().await?;
        if found.evidence == Evidence::Absent {
            return Err(not_in_space::<Model>(operation.search.target).into());
        }
        let follows_list =
            plan.up_callback_url.is_unknown() || plan.status_callback_url.is_unknown();
        let rows = match &found.listed {
            // What CAMS makes of a URL that is left out is not documented: it may lose one.
            Err(error) if follows_list => return Err(operation.failed(error, None)),
            listed => listed
                .as_ref()
                .map(|listed| &*listed.rows)
                .unwrap_or_default(),
        };
        let shown = with_what_is_shown(plan.clone(), rows);
        let url = |planned: Field<Secret>, shown: Field<Secret>| {
            planned.or_if_unknown(shown.known().cloned())
        };
        let plan = Model {
            up_callback_url: url(plan.up_callback_url, shown.up_callback_url),
            status_callback_url: url(plan.status_callback_url, shown.status_callback_url),
            ..plan
        };
        match operation.send(&found, &plan).await {
            Ok(()) => {
                *turn = LastChange::Created;
                Ok(plan)
            }
            Err(error) if error.refuses_request() => {
                Err(messages::refused(operation.search.target, &error).into())
            }
            Err(error) => Err(operation.failed(&error, None)),
        }
    }

    /// Whether CAMS delivers anything by this state.
    fn has_delete(&self) -> bool {
        is_on(&self.http_flag) || is_on(&self.queue_flag)
    }

    /// Turns the deliveries off, unless another resource of this run has set them. A number that is
    /// gone has none.
    async fn delete(operation: &NumberOperation<'_, Self>, state: Self) -> Result<(), Diagnostics> {
        let target = operation.search.target;
        let turn = operation.turn().await?;
        if *turn == LastChange::Created {
            operation
                .context
                .warn(owned_by_other_resource::<Model>(target));
            return Ok(());
        }
        let found = operation.find_number().await?;
        if found.evidence == Evidence::Absent {
            return Ok(());
        }
        let off = Self {
            http_flag: false.into(),
            queue_flag: false.into(),
            ..state
        };
        match operation.send(&found, &off).await {
            Ok(()) => Ok(()),
            // A destroy must not fail for ever because the number is gone.
            Err(error) if error.refuses_request() && is_not_listed(&found) => {
                operation
                    .context
                    .warn(messages::not_turned_off(target, &error));
                Ok(())
            }
            Err(error) if error.refuses_request() => Err(messages::refused(target, &error).into()),
            Err(error) => Err(operation.failed(&error, None)),
        }
    }

    async fn refreshed(
        operation: &NumberOperation<'_, Self>,
        state: Self,
        _presence: Presence,
        rows: &[ListedNumber],
    ) -> Self {
        private_state::end_import(operation.context);
        with_what_is_shown(state, rows)
    }
}

impl NumberOperation<'_, Model> {
    /// Asks where the number is, and in which form CAMS knows it.
    async fn find_number(&self) -> Result<Found, Diagnostics> {
        let question = Question {
            without_id: true,
            ..Question::default()
        };
        self.find(question).await
    }

    async fn send(&self, found: &Found, model: &Model) -> Result<(), Error> {
        let (client, target) = (self.search.client, self.search.target);
        let looked_up = found
            .looked_up
            .as_ref()
            .and_then(|answer| answer.as_ref().ok());
        let known = looked_up.filter(|looked_up| looked_up.id().is_some());
        let update = UpdatePhoneWebhook {
            cust_space_id: target.cust_space_id.clone(),
            number: known.map_or_else(|| self.search.written(), |it| it.number.clone()),
            http_flag: is_on(&model.http_flag),
            queue_flag: is_on(&model.queue_flag),
            up_callback_url: model.up_callback_url.known().cloned(),
            status_callback_url: model.status_callback_url.known().cloned(),
        };
        client.call(&self.search.bounds, &update).await.map(|_| ())
    }
}

/// Whether a whole list does not show the number in the space.
fn is_not_listed(found: &Found) -> bool {
    let list = found.listed.as_ref().ok().filter(|list| list.complete);
    list.is_some_and(|list| standing(&list.rows).row().is_none())
}

fn is_on(flag: &Field<bool>) -> bool {
    flag.known() == Some(&true)
}

/// The state with the URLs that the list shows. What it does not show stays.
fn with_what_is_shown(model: Model, rows: &[ListedNumber]) -> Model {
    let row = standing(rows).row();
    let shown = |known, of: fn(&ListedNumber) -> &Option<String>| match row.map(of) {
        Some(Some(url)) => Secret::new(url.as_str()).into(),
        _ => known,
    };
    Model {
        up_callback_url: shown(model.up_callback_url, |row| &row.up_callback_url),
        status_callback_url: shown(model.status_callback_url, |row| &row.status_callback_url),
        ..model
    }
}
