//! `cams_phone_webhook`: where CAMS delivers what customers write to a number.

mod messages;
mod schema;

#[cfg(test)]
pub(crate) use messages::tests::diagnostics;

use base::secret::Secret;
use cams::operations::{
    GetPhoneNumberVerificationStatus, ListedNumber, QueryChatappPhoneNumbers, UpdatePhoneWebhook,
};
use cams::{Error, Operation};
use terraform_plugin::framework::context::Context;
use terraform_plugin::framework::diagnostic::Diagnostics;
use terraform_plugin::framework::identity::IdentitySchema;
use terraform_plugin::framework::model::Field;
use terraform_plugin::framework::resource::{Change, Desired, ImportTarget, Resource};
use terraform_plugin::framework::schema::Schema;

use crate::Cams;
use crate::changes::Done;
use crate::evidence::Evidence;
use crate::numbers::{Found, Question};

use super::number::messages::{kept, not_in_space};
use super::number::plan::{target_of_plan, target_of_state};
use super::number::standing::standing;
use super::number::{self, Identity, NumberModel, NumberOperation, READ, Refreshed, private_state};

pub use schema::Model;
use schema::{CREATE, UPDATE};

/// The operations that the resource calls.
pub(crate) const OPERATIONS: [&str; 3] = [
    UpdatePhoneWebhook::ACTION,
    QueryChatappPhoneNumbers::ACTION,
    GetPhoneNumberVerificationStatus::ACTION,
];

/// What a failure means for the number. The call sets everything, so it can be repeated.
const NOT_SET: &str = "The webhook may not be set. Apply again to set it.";

/// The resource `cams_phone_webhook`, which sets the webhook of a number.
#[derive(Debug)]
pub struct PhoneWebhook;

impl Resource for PhoneWebhook {
    type Provider = Cams;
    type Model = Model;
    type Identity = Identity;

    fn type_name(&self) -> &'static str {
        Model::TYPE
    }

    fn schema(&self) -> Schema {
        schema::schema()
    }

    fn identity_schema(&self) -> IdentitySchema {
        number::identity_schema()
    }

    fn identity(&self, state: &Model) -> Identity {
        number::identity(state)
    }

    fn validate(&self, config: &Model) -> Diagnostics {
        let mut diagnostics = number::validate(config);
        schema::validate(config, &mut diagnostics);
        diagnostics
    }

    async fn plan(
        &self,
        context: Context<'_, Cams, Model>,
        change: &mut Change<'_, Model>,
    ) -> Result<(), Diagnostics> {
        number::plan::plan(context, change).await?;
        Ok(())
    }

    fn plan_destroy(&self, context: Context<'_, Cams, Model>, state: &Model) -> Diagnostics {
        if delivers(state) {
            context.warn_once(messages::stops_delivery());
        }
        Diagnostics::default()
    }

    async fn create(
        &self,
        context: Context<'_, Cams, Model>,
        Desired { plan, .. }: Desired<Model>,
    ) -> Result<Model, Diagnostics> {
        let target = target_of_plan(&plan)?;
        let limit = CREATE.limit(plan.timeouts.known().map(|timeouts| &timeouts.create));
        let operation = NumberOperation::new(context, &target, &limit, NOT_SET)?;
        let set = operation.set(plan).await;
        Cams::warn_of_wait(&context, &operation.search.bounds);
        let set = set?;
        private_state::note_start(context);
        Ok(set)
    }

    async fn read(
        &self,
        context: Context<'_, Cams, Model>,
        state: Model,
    ) -> Result<Option<Model>, Diagnostics> {
        let target = target_of_state(&state)?;
        let limit = READ.limit(None);
        let operation = NumberOperation::of_refresh(context, &target, &limit)?;
        let question = Question {
            without_id: true,
            ..Question::default()
        };
        let is_imported = private_state::is_imported(context);
        let refreshed = operation.refresh(question, is_imported).await;
        Cams::warn_of_wait(&context, &operation.search.bounds);
        Ok(match refreshed? {
            Refreshed::Present { rows, .. } => {
                private_state::end_import(context);
                Some(with_what_is_shown(state, &rows))
            }
            Refreshed::Unchanged => Some(state),
            Refreshed::Gone => None,
        })
    }

    async fn update(
        &self,
        context: Context<'_, Cams, Model>,
        prior: Model,
        Desired { plan, .. }: Desired<Model>,
    ) -> Result<Model, Diagnostics> {
        if settings(&prior) == settings(&plan) {
            // Only `timeouts` differ, which CAMS does not know.
            return Ok(plan);
        }
        let target = target_of_plan(&plan)?;
        let limit = UPDATE.limit(plan.timeouts.known().map(|timeouts| &timeouts.update));
        let operation = NumberOperation::new(context, &target, &limit, NOT_SET)?;
        let set = operation.set(plan).await;
        Cams::warn_of_wait(&context, &operation.search.bounds);
        set
    }

    async fn delete(
        &self,
        context: Context<'_, Cams, Model>,
        state: Model,
    ) -> Result<(), Diagnostics> {
        if !delivers(&state) {
            return Ok(());
        }
        let target = target_of_state(&state)?;
        let limit = UPDATE.limit(state.timeouts.known().map(|timeouts| &timeouts.update));
        let operation = NumberOperation::new(context, &target, &limit, NOT_SET)?;
        let off = Model {
            http_flag: false.into(),
            queue_flag: false.into(),
            ..state
        };
        let ended = operation.end(&off).await;
        Cams::warn_of_wait(&context, &operation.search.bounds);
        ended
    }

    async fn import(
        &self,
        context: Context<'_, Cams, Model>,
        target: ImportTarget<Identity>,
    ) -> Result<Model, Diagnostics> {
        let Identity {
            cust_space_id,
            phone_number,
        } = number::import::begin(context, &target)?;
        Ok(Model {
            cust_space_id,
            phone_number,
            ..Model::default()
        })
    }
}

impl NumberOperation<'_, Model> {
    /// Sets the planned webhook. A URL that the configuration leaves out is the one that the list
    /// shows.
    async fn set(&self, plan: Model) -> Result<Model, Diagnostics> {
        let mut turn = self.turn().await?;
        let found = self.find_number().await?;
        if found.evidence == Evidence::Absent {
            return Err(not_in_space::<Model>(self.search.target).into());
        }
        let follows_list =
            plan.up_callback_url.is_unknown() || plan.status_callback_url.is_unknown();
        let rows = match &found.listed {
            // What CAMS makes of a URL that is left out is not documented: it may lose one.
            Err(error) if follows_list => return Err(self.failed(error, None)),
            listed => listed
                .as_ref()
                .map(|listed| &*listed.rows)
                .unwrap_or_default(),
        };
        let shown = with_what_is_shown(plan.clone(), rows);
        let url = |planned: Field<Secret>, shown: Field<Secret>| match planned {
            Field::Unknown => shown.known().cloned().into(),
            known => known,
        };
        let plan = Model {
            up_callback_url: url(plan.up_callback_url, shown.up_callback_url),
            status_callback_url: url(plan.status_callback_url, shown.status_callback_url),
            ..plan
        };
        match self.send(&found, &plan).await {
            Ok(()) => {
                *turn = Done::Created;
                Ok(plan)
            }
            Err(error) if error.refuses_request() => {
                Err(messages::refused(self.search.target, &error).into())
            }
            Err(error) => Err(self.failed(&error, None)),
        }
    }

    /// Turns the deliveries off, unless another resource of this run has set them. A number that is
    /// gone has none.
    async fn end(&self, off: &Model) -> Result<(), Diagnostics> {
        let target = self.search.target;
        let turn = self.turn().await?;
        if *turn == Done::Created {
            self.context.warn(kept::<Model>(target));
            return Ok(());
        }
        let found = self.find_number().await?;
        if found.evidence == Evidence::Absent {
            return Ok(());
        }
        match self.send(&found, off).await {
            Ok(()) => Ok(()),
            // A destroy must not fail for ever because the number is gone.
            Err(error) if error.refuses_request() && is_not_listed(&found) => {
                self.context.warn(messages::not_turned_off(target, &error));
                Ok(())
            }
            Err(error) if error.refuses_request() => Err(messages::refused(target, &error).into()),
            Err(error) => Err(self.failed(&error, None)),
        }
    }

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
            number: match known {
                Some(looked_up) => looked_up.number.clone(),
                None => client.written(&target.cust_space_id, &target.number),
            },
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

/// What CAMS knows of the webhook.
fn settings(model: &Model) -> impl PartialEq + '_ {
    (
        &model.up_callback_url,
        &model.status_callback_url,
        &model.http_flag,
        &model.queue_flag,
    )
}

/// Whether CAMS delivers anything by this state.
fn delivers(state: &Model) -> bool {
    is_on(&state.http_flag) || is_on(&state.queue_flag)
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
