//! `cams_number_registration`: a number that is registered in a space, the cut-over of a migration.

mod messages;
mod plan;
mod schema;
mod wait;

#[cfg(test)]
pub(crate) use messages::tests::diagnostics;

use base::secret::Secret;
use cams::operations::{
    ChatappMigrationRegister, ChatappMigrationVerified, ChatappPhoneNumberDeregister,
    ChatappSyncPhoneNumber, GetPhoneNumberVerificationStatus, ListedNumber,
    QueryChatappPhoneNumbers,
};
use cams::{Error, Freshness, Operation};
use terraform_plugin::framework::context::Context;
use terraform_plugin::framework::diagnostic::Diagnostics;
use terraform_plugin::framework::identity::IdentitySchema;
use terraform_plugin::framework::model::Field;
use terraform_plugin::framework::resource::{Change, Desired, ImportTarget, Resource};
use terraform_plugin::framework::schema::Schema;
use tokio::time::Instant;

use crate::Cams;
use crate::changes::Done;
use crate::evidence::{Evidence, Presence};
use crate::numbers::{Question, Target};

use super::number::messages::{already_live, banned, kept, not_in_space};
use super::number::plan::{target_of_plan, target_of_state};
use super::number::standing::{Standing, is_limited, is_live, standing};
use super::number::verification::{self, Verified};
use super::number::{self, Identity, NumberModel, NumberOperation, READ, Refreshed, private_state};

pub use schema::Model;
use schema::{CREATE, UPDATE};

/// The operations that the resource calls.
pub(crate) const OPERATIONS: [&str; 6] = [
    ChatappMigrationRegister::ACTION,
    ChatappMigrationVerified::ACTION,
    ChatappPhoneNumberDeregister::ACTION,
    ChatappSyncPhoneNumber::ACTION,
    GetPhoneNumberVerificationStatus::ACTION,
    QueryChatappPhoneNumbers::ACTION,
];

/// What a failure before the registration means for the number.
const NOT_REGISTERED: &str = "The number was not registered. Apply again to continue.";
const NOT_DEREGISTERED: &str = "The resource stays in the state. Destroy it again to continue.";

/// The resource `cams_number_registration`, which registers a number in a space.
#[derive(Debug)]
pub struct NumberRegistration;

impl Resource for NumberRegistration {
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
        number::validate(config)
    }

    async fn plan(
        &self,
        context: Context<'_, Cams, Model>,
        change: &mut Change<'_, Model>,
    ) -> Result<(), Diagnostics> {
        plan::plan(context, change).await
    }

    fn plan_destroy(&self, context: Context<'_, Cams, Model>, state: &Model) -> Diagnostics {
        match state.deregister_on_destroy.known() {
            Some(true) => plan::warn_of_cut(context, state),
            _ => context.warn_once(messages::forgets(state)),
        }
        Diagnostics::default()
    }

    async fn create(
        &self,
        context: Context<'_, Cams, Model>,
        Desired { config, plan }: Desired<Model>,
    ) -> Result<Model, Diagnostics> {
        let target = target_of_plan(&plan)?;
        let limit = CREATE.limit(plan.timeouts.known().map(|timeouts| &timeouts.create));
        let operation = NumberOperation::new(context, &target, &limit, NOT_REGISTERED)?;
        let registered = operation
            .register(plan, &config.verify_code_wo, false)
            .await;
        Cams::warn_of_wait(&context, &operation.search.bounds);
        let registered = registered?;
        private_state::note_start(context);
        plan::note_cut(context, &target, &registered);
        Ok(registered)
    }

    async fn read(
        &self,
        context: Context<'_, Cams, Model>,
        state: Model,
    ) -> Result<Option<Model>, Diagnostics> {
        let target = target_of_state(&state)?;
        let limit = READ.limit(None);
        let operation = NumberOperation::of_refresh(context, &target, &limit)?;
        let read = operation.read(state).await;
        Cams::warn_of_wait(&context, &operation.search.bounds);
        let read = read?;
        if let Some(state) = &read {
            plan::note_cut(context, &target, state);
        }
        Ok(read)
    }

    async fn update(
        &self,
        context: Context<'_, Cams, Model>,
        prior: Model,
        Desired { config, plan }: Desired<Model>,
    ) -> Result<Model, Diagnostics> {
        let registers = plan::registers_again(context, &prior, &plan);
        let plan = plan::with_what_is_shown(plan, prior);
        let target = target_of_plan(&plan)?;
        if !registers {
            private_state::end_import(context);
            plan::note_cut(context, &target, &plan);
            return Ok(plan);
        }
        let limit = UPDATE.limit(plan.timeouts.known().map(|timeouts| &timeouts.update));
        let operation = NumberOperation::new(context, &target, &limit, NOT_REGISTERED)?;
        let registered = operation.register(plan, &config.verify_code_wo, true).await;
        Cams::warn_of_wait(&context, &operation.search.bounds);
        let registered = registered?;
        plan::note_cut(context, &target, &registered);
        Ok(registered)
    }

    async fn delete(
        &self,
        context: Context<'_, Cams, Model>,
        state: Model,
    ) -> Result<(), Diagnostics> {
        if state.deregister_on_destroy.known() != Some(&true) {
            // There is no call to make, and the plan said so.
            return Ok(());
        }
        let target = target_of_state(&state)?;
        let limit = UPDATE.limit(state.timeouts.known().map(|timeouts| &timeouts.update));
        let operation = NumberOperation::new(context, &target, &limit, NOT_DEREGISTERED)?;
        let deregistered = operation.deregister().await;
        Cams::warn_of_wait(&context, &operation.search.bounds);
        deregistered
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
            // The defaults, so that a configuration without them changes nothing.
            deregister_on_destroy: false.into(),
            wait_for_connected: true.into(),
            ..Model::default()
        })
    }
}

impl NumberOperation<'_, Model> {
    /// Registers the number, unless it is live already. `again` says that it was registered before
    /// and is to be registered once more, live or not.
    ///
    /// Nothing is saved before the end: Terraform would destroy an object whose create then fails.
    async fn register(
        &self,
        plan: Model,
        code: &Field<Secret>,
        again: bool,
    ) -> Result<Model, Diagnostics> {
        let (client, target) = (self.search.client, self.search.target);
        let mut turn = self.turn().await?;
        // A list may still show a number as live that this process has deregistered.
        let adopts = !again && *turn != Done::Destroyed;
        let mut claim = self.claim().await?;
        let (found, listed) = self.find_before_sending().await?;
        let was_live = matches!(standing(&listed.rows), Standing::Live(_));
        let verified = match standing(&listed.rows) {
            Standing::Banned(_) => return Err(banned::<Model>(target).into()),
            Standing::Live(row) if adopts => {
                *turn = Done::Created;
                return Ok(self.adopt(plan, row));
            }
            Standing::Live(_) if again => Verified {
                number: client.written(&target.cust_space_id, &target.number),
                id: None,
            },
            _ if found.evidence == Evidence::Absent => {
                return Err(not_in_space::<Model>(target).into());
            }
            _ => {
                let code = verification::code(code);
                self.verify(&mut claim, &found, code).await?
            }
        };
        let plan = match (plan.id, verified.id) {
            (Field::Unknown, id) => Model {
                id: id.into(),
                ..plan
            },
            (id, _) => Model { id, ..plan },
        };
        // The state has what the list showed before, if no later list can be read.
        let plan = with_row(plan, standing(&listed.rows).row());
        let register = ChatappMigrationRegister {
            cust_space_id: target.cust_space_id.clone(),
            number: verified.number,
        };
        claim.keep();
        let claims = &self.context.provider().claims;
        claims.note_start(&target.cust_space_id);
        let claimed = self.search.bounds.clone().only_while(claim.witness());
        let unanswered = match client.call(&claimed, &register).await {
            Ok(_) => None,
            Err(error) if error.may_have_had_effect => Some(error),
            Err(error) if error.refuses_request() => {
                let adopted = self.refused(plan, &error, adopts).await?;
                *turn = Done::Created;
                return Ok(adopted);
            }
            Err(error) => return Err(self.failed(&error, None)),
        };
        *turn = Done::Created;
        // A destroy of the number at another address need not wait until the number is live.
        drop(turn);
        match unanswered {
            Some(error) if was_live => {
                Err(messages::unknown_outcome(target, &error, messages::LIVE_BEFORE, None).into())
            }
            unanswered => self.follow(plan, unanswered.as_ref()).await,
        }
    }

    /// The state of a number that is live already, so that nothing is done.
    fn adopt(&self, plan: Model, row: &ListedNumber) -> Model {
        let target = self.search.target;
        self.context.warn_once(already_live::<Model>(target));
        self.warn_if_limited(row);
        with_row(plan, Some(row))
    }

    /// Warns about a live number that may not send as much as others.
    fn warn_if_limited(&self, row: &ListedNumber) {
        if let Some(status) = row.status.as_deref().filter(|status| is_limited(status)) {
            self.context
                .warn(messages::limited(self.search.target, status));
        }
    }

    /// The end of a create whose registration was refused. The number may be live, because an earlier
    /// run registered it and ended before it could be stored: that is a reason to refuse.
    async fn refused(
        &self,
        plan: Model,
        error: &Error,
        adopts: bool,
    ) -> Result<Model, Diagnostics> {
        let (client, target) = (self.search.client, self.search.target);
        let (space, number) = (&target.cust_space_id, &target.number);
        if adopts {
            let freshness = Freshness::SyncedSince(Instant::now());
            let listed = client.listed(&self.search.bounds, space, number, freshness);
            if let Ok(listed) = listed.await
                && let Standing::Live(row) = standing(&listed.rows)
            {
                return Ok(self.adopt(plan, row));
            }
        }
        Err(messages::refused(target, error).into())
    }

    async fn read(&self, state: Model) -> Result<Option<Model>, Diagnostics> {
        let context = self.context;
        let is_imported = private_state::was_never_read(context);
        let was_live = state.status.text().is_some_and(is_live);
        let question = Question {
            known: Presence {
                id: state.id.text().map(str::to_owned),
                status: state.status.text().map(str::to_owned),
            },
            // Only a synchronized list shows that a number has become live.
            freshness: match was_live {
                true => Freshness::Shared,
                false => Freshness::SyncedSince(context.provider().began),
            },
            without_id: true,
            ..Question::default()
        };
        let rows = match self.refresh(question, is_imported).await? {
            Refreshed::Present { rows, .. } => rows,
            Refreshed::Unchanged => return Ok(Some(state)),
            Refreshed::Gone => return Ok(None),
        };
        let row = standing(&rows).row();
        if let Some(row) = row.filter(|row| row.status.as_deref() != state.status.text()) {
            self.warn_if_limited(row);
        }
        Ok(Some(with_row(state, row)))
    }

    /// Deregisters the number, unless another resource of this run has it.
    async fn deregister(&self) -> Result<(), Diagnostics> {
        let mut turn = self.turn().await?;
        if *turn == Done::Created {
            self.context.warn(kept::<Model>(self.search.target));
            return Ok(());
        }
        let (client, bounds) = (self.search.client, &self.search.bounds);
        let Target {
            cust_space_id,
            number,
        } = self.search.target;
        // The list shows in which of its two forms CAMS knows a number.
        if number.other_form().is_some() {
            let listed = client.listed(bounds, cust_space_id, number, Freshness::Shared);
            listed.await.map_err(|error| self.failed(&error, None))?;
        }
        let deregister = ChatappPhoneNumberDeregister {
            cust_space_id: cust_space_id.clone(),
            number: client.written(cust_space_id, number),
        };
        let answer = client.call(bounds, &deregister).await;
        if answer
            .as_ref()
            .err()
            .is_none_or(|error| error.may_have_had_effect)
        {
            *turn = Done::Destroyed;
            self.context.provider().changes.note(self.search.target);
        }
        match answer {
            Ok(_) => Ok(()),
            Err(error) if error.refuses_request() || error.may_have_had_effect => {
                Err(messages::not_deregistered(self.search.target, &error).into())
            }
            Err(error) => Err(self.failed(&error, None)),
        }
    }
}

/// The state with what a row of the list shows. What no row shows stays as it is known.
fn with_row(model: Model, row: Option<&ListedNumber>) -> Model {
    let shown = |known: Field<String>, of: fn(&ListedNumber) -> &Option<String>| {
        let shown = row.and_then(|row| of(row).clone());
        shown.or(known.text().map(str::to_owned)).into()
    };
    Model {
        id: shown(model.id, |_| &None),
        status: shown(model.status, |row| &row.status),
        quality_rating: shown(model.quality_rating, |row| &row.quality_rating),
        messaging_limit_tier: shown(model.messaging_limit_tier, |row| &row.messaging_limit_tier),
        verified_name: shown(model.verified_name, |row| &row.verified_name),
        name_status: shown(model.name_status, |row| &row.name_status),
        is_official: shown(model.is_official, |row| &row.is_official),
        ..model
    }
}
