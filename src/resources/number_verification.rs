//! `cams_number_verification`: a number whose phone was proved, days before its registration.

mod messages;
mod schema;

#[cfg(test)]
pub(crate) use messages::tests::diagnostics;

use cams::Freshness;
use cams::Operation;
use cams::operations::{
    ChatappMigrationVerified, ChatappSyncPhoneNumber, GetPhoneNumberVerificationStatus,
    QueryChatappPhoneNumbers,
};
use terraform_plugin::framework::context::Context;
use terraform_plugin::framework::diagnostic::Diagnostics;
use terraform_plugin::framework::identity::IdentitySchema;
use terraform_plugin::framework::model::Field;
use terraform_plugin::framework::resource::{Change, Desired, ImportTarget, Resource};
use terraform_plugin::framework::schema::Schema;

use crate::Cams;
use crate::evidence::{self, Presence};
use crate::numbers::{Question, Target};

use super::number::messages::{already_live, banned, not_in_space};
use super::number::plan::{target_of_plan, target_of_state};
use super::number::standing::{Standing, standing};
use super::number::{
    self, Identity, NumberModel, NumberOperation, READ, Refreshed, private_state, verification,
};

pub use schema::Model;
use schema::{CREATE, UPDATE};

/// The operations that the resource calls.
pub(crate) const OPERATIONS: [&str; 4] = [
    ChatappMigrationVerified::ACTION,
    ChatappSyncPhoneNumber::ACTION,
    GetPhoneNumberVerificationStatus::ACTION,
    QueryChatappPhoneNumbers::ACTION,
];

/// What a failure means for the number.
const NOT_SUBMITTED: &str = "The code was not submitted. Apply again to continue.";

/// The resource `cams_number_verification`, which submits the code that a phone received.
#[derive(Debug)]
pub struct NumberVerification;

impl Resource for NumberVerification {
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
        let planned = number::plan::plan(context, change).await?;
        let version = |model: &Model| model.verify_code_wo_version.clone();
        let submits = planned.is_replacement
            || change
                .prior
                .is_none_or(|prior| version(prior) != version(change.plan));
        if !submits {
            return Ok(());
        }
        if change.prior.is_some() {
            change.plan.code_verification_status = Field::Unknown;
        }
        let has_code = change.config.verify_code_wo.is_unknown()
            || verification::code(&change.config.verify_code_wo).is_some();
        if !has_code && let Ok(target) = target_of_plan(change.plan) {
            warn_of_missing_code(context, &target).await;
        }
        Ok(())
    }

    async fn create(
        &self,
        context: Context<'_, Cams, Model>,
        Desired { config, plan }: Desired<Model>,
    ) -> Result<Model, Diagnostics> {
        let target = target_of_plan(&plan)?;
        let limit = CREATE.limit(plan.timeouts.known().map(|timeouts| &timeouts.create));
        let operation = NumberOperation::new(context, &target, &limit, NOT_SUBMITTED)?;
        let verified = operation.submit(plan, &config).await;
        Cams::warn_of_wait(&context, &operation.search.bounds);
        let verified = verified?;
        private_state::note_start(context);
        Ok(verified)
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
        read
    }

    async fn update(
        &self,
        context: Context<'_, Cams, Model>,
        prior: Model,
        Desired { config, plan }: Desired<Model>,
    ) -> Result<Model, Diagnostics> {
        private_state::end_import(context);
        let submits = prior.verify_code_wo_version != plan.verify_code_wo_version;
        let plan = Model {
            id: prior.id,
            code_verification_status: prior.code_verification_status,
            ..plan
        };
        if !submits {
            return Ok(plan);
        }
        let target = target_of_plan(&plan)?;
        let limit = UPDATE.limit(plan.timeouts.known().map(|timeouts| &timeouts.update));
        let operation = NumberOperation::new(context, &target, &limit, NOT_SUBMITTED)?;
        let verified = operation.submit(plan, &config).await;
        Cams::warn_of_wait(&context, &operation.search.bounds);
        verified
    }

    async fn delete(
        &self,
        _context: Context<'_, Cams, Model>,
        _state: Model,
    ) -> Result<(), Diagnostics> {
        // A verification cannot be taken back.
        Ok(())
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
    /// Submits the code, unless the number is verified or live already.
    async fn submit(&self, plan: Model, config: &Model) -> Result<Model, Diagnostics> {
        let target = self.search.target;
        let mut claim = self.claim().await?;
        let (found, listed) = self.find_before_sending().await?;
        match standing(&listed.rows) {
            Standing::Banned(_) => return Err(banned::<Model>(target).into()),
            Standing::Live(row) => {
                self.context.warn_once(already_live::<Model>(target));
                let shown = row.code_verification_status.clone();
                return Ok(with_status(plan, None, shown));
            }
            _ if found.evidence == evidence::Evidence::Absent => {
                return Err(not_in_space::<Model>(target).into());
            }
            _ => {}
        }
        let code = verification::code(&config.verify_code_wo);
        let verified = self.verify(&mut claim, &found, code).await?;
        Ok(with_status(
            plan,
            verified.id,
            Some(evidence::VERIFIED.to_owned()),
        ))
    }

    async fn read(&self, state: Model) -> Result<Option<Model>, Diagnostics> {
        let context = self.context;
        let known = state.code_verification_status.text().map(str::to_owned);
        let question = Question {
            known: Presence {
                id: state.id.text().map(str::to_owned),
                status: None,
            },
            without_id: true,
            ..Question::default()
        };
        let is_imported = private_state::was_never_read(context);
        let mut rows = match self.refresh(question, is_imported).await? {
            Refreshed::Present { rows, .. } => rows,
            Refreshed::Unchanged => return Ok(Some(state)),
            Refreshed::Gone => return Ok(None),
        };
        // Only a synchronized list shows a verification. On a live number it means nothing.
        if !matches!(standing(&rows), Standing::Live(_)) {
            let freshness = Freshness::SyncedSince(context.provider().began);
            let Target {
                cust_space_id,
                number,
            } = self.search.target;
            let (client, bounds) = (self.search.client, &self.search.bounds);
            if let Ok(listed) = client
                .listed(bounds, cust_space_id, number, freshness)
                .await
            {
                rows = listed.rows;
            }
        }
        let row = standing(&rows).row();
        let shown = row.and_then(|row| row.code_verification_status.clone());
        let id = state.id.text().map(str::to_owned);
        Ok(Some(with_status(state, id, shown.or(known))))
    }
}

/// The state of a number with this id, if it is not planned, and this status.
fn with_status(model: Model, id: Option<String>, status: Option<String>) -> Model {
    Model {
        id: match model.id {
            Field::Unknown => id.into(),
            known => known,
        },
        code_verification_status: status.into(),
        ..model
    }
}

/// Warns once about numbers that need a code and have none, as far as the list shows it. Nothing
/// depends on the answer: if there is none, the apply finds out.
async fn warn_of_missing_code(context: Context<'_, Cams, Model>, target: &Target) {
    let Ok(client) = context.provider().client() else {
        return;
    };
    let limit = READ.limit(None);
    let bounds = cams::Bounds::new(limit.duration, context.stop().clone());
    let (space, number) = (&target.cust_space_id, &target.number);
    let Ok(listed) = client
        .listed(&bounds, space, number, Freshness::Shared)
        .await
    else {
        return;
    };
    let standing = standing(&listed.rows);
    if !standing.is_verified() && !matches!(standing, Standing::Live(_)) {
        context.warn_once(messages::no_code(target));
    }
}
