//! `cams_number_migration`: a number that is moved into a space.

mod messages;
mod plan;
mod schema;

#[cfg(test)]
pub(crate) use messages::tests::diagnostics;

use tokio::time::Instant;

use cams::operations::{
    CreateChatappMigrationInitiate, GetPhoneNumberVerificationStatus, Migration,
    QueryChatappPhoneNumbers,
};
use cams::{Error, ErrorKind, Freshness, Operation};
use terraform_plugin::framework::context::Context;
use terraform_plugin::framework::diagnostic::Diagnostics;
use terraform_plugin::framework::identity::IdentitySchema;
use terraform_plugin::framework::model::Field;
use terraform_plugin::framework::resource::{Change, Desired, ImportTarget, Resource};
use terraform_plugin::framework::schema::Schema;

use crate::Cams;
use crate::evidence::{Evidence, Presence};
use crate::numbers::{Question, Target};
use crate::validators;

use super::number::plan::{target_of_plan, target_of_state};
use super::number::{self, NumberModel, NumberOperation, Refreshed, private_state};

pub use schema::Model;
use schema::{CREATE, Identity, READ};

/// The operations that the resource calls. Only the first one is indispensable.
pub(crate) const OPERATIONS: [&str; 3] = [
    CreateChatappMigrationInitiate::ACTION,
    QueryChatappPhoneNumbers::ACTION,
    GetPhoneNumberVerificationStatus::ACTION,
];

/// The status of a number whose migration has started, if CAMS gives none: the one status that
/// `CreateChatappMigrationInitiate` documents.
const MIGRATING: &str = "MIGRATING";

/// How often a claim that was lost before its request was sent is taken again.
const MAX_RENEWALS: u32 = 5;

/// The resource `cams_number_migration`, which moves a number into a space.
#[derive(Debug)]
pub struct NumberMigration;

impl Resource for NumberMigration {
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
        schema::identity_schema()
    }

    fn identity(&self, state: &Model) -> Identity {
        Identity {
            cust_space_id: state.cust_space_id.clone(),
            country_code: state.country_code.clone(),
            mobile_number: state.mobile_number.clone(),
        }
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
        context.warn_once(messages::forgets(state));
        Diagnostics::default()
    }

    async fn create(
        &self,
        context: Context<'_, Cams, Model>,
        Desired { plan, .. }: Desired<Model>,
    ) -> Result<Model, Diagnostics> {
        let target = target_of_plan(&plan)?;
        let limit = CREATE.limit(plan.timeouts.known().map(|timeouts| &timeouts.create));
        let operation = NumberOperation::new(context, &target, &limit, NOT_STARTED)?;
        let created = operation.create(plan).await;
        Cams::warn_of_wait(&context, &operation.search.bounds);
        created
    }

    async fn read(
        &self,
        context: Context<'_, Cams, Model>,
        state: Model,
    ) -> Result<Option<Model>, Diagnostics> {
        let target = target_of_state(&state)?;
        let limit = READ.limit(state.timeouts.known().map(|timeouts| &timeouts.read));
        let operation = NumberOperation::of_refresh(context, &target, &limit)?;
        let read = operation.read(state).await;
        Cams::warn_of_wait(&context, &operation.search.bounds);
        read
    }

    async fn update(
        &self,
        _context: Context<'_, Cams, Model>,
        prior: Model,
        Desired { plan, .. }: Desired<Model>,
    ) -> Result<Model, Diagnostics> {
        // Every other change replaces the number: only `timeouts` comes here, which CAMS does not
        // know.
        Ok(Model {
            timeouts: plan.timeouts,
            ..prior
        })
    }

    async fn delete(
        &self,
        _context: Context<'_, Cams, Model>,
        _state: Model,
    ) -> Result<(), Diagnostics> {
        // There is no call to make, and the plan said so.
        Ok(())
    }

    async fn import(
        &self,
        _context: Context<'_, Cams, Model>,
        target: ImportTarget<Identity>,
    ) -> Result<Model, Diagnostics> {
        imported(&target)
    }
}

/// The state that an import begins with, before CAMS is asked for the number.
///
/// # Errors
///
/// If the id or the identity is not that of a number in a space.
pub fn imported(target: &ImportTarget<Identity>) -> Result<Model, Diagnostics> {
    let Target {
        cust_space_id,
        number,
    } = number::import::target(target, |identity| {
        let Identity {
            cust_space_id,
            country_code,
            mobile_number,
        } = identity;
        let number = validators::number_of_parts(country_code, mobile_number);
        validators::stored_target(cust_space_id, number, validators::two_parts)
    })?;
    Ok(Model {
        cust_space_id: cust_space_id.into(),
        country_code: number.country_code().into(),
        mobile_number: number.mobile_number().into(),
        ..Model::default()
    })
}

impl NumberOperation<'_, Model> {
    /// Looks for the number, and starts its migration if it is not in the space.
    ///
    /// The request is sent only if the claim is still valid at that moment. If it was lost, it is
    /// taken again, and the number is looked for again, because the process that had it in between
    /// may have started it.
    async fn create(&self, plan: Model) -> Result<Model, Diagnostics> {
        let plan = Model {
            request_id: Field::Null,
            ..plan
        };
        let (client, bounds) = (self.search.client, &self.search.bounds);
        let (cams, target) = (self.context.provider(), self.search.target);
        let space = &target.cust_space_id;
        let initiate = CreateChatappMigrationInitiate {
            cust_space_id: space.clone(),
            number: target.number.clone(),
        };
        let mut claim = self.claim().await?;
        let mut not_before = cams.claims.not_before(space);
        let mut renewals = 0;
        let error = loop {
            let question = Question {
                freshness: Freshness::Since(not_before),
                ..Question::default()
            };
            let found = self.find(question).await?;
            // Whatever happens to this task, no other resource of this run starts the number now.
            claim.keep();
            if let Evidence::Present(presence) = found.evidence {
                return Ok(self.adopt(plan, presence, None));
            }
            cams.claims.note_start(space);
            let claimed = bounds.clone().only_while(claim.witness());
            match client.call(&claimed, &initiate).await {
                Ok(migration) => return Ok(self.started(plan, migration).await),
                Err(error) if error.kind == ErrorKind::Withheld && renewals < MAX_RENEWALS => {
                    renewals += 1;
                    self.renew(&mut claim).await?;
                    not_before = Instant::now();
                }
                Err(error) => break error,
            }
        };
        if error.may_have_had_effect {
            let presence = self.search.read_back().await;
            let presence = presence
                .map_err(|reason| messages::unknown_outcome(target, &error, &reason, self.limit))?;
            private_state::note_start(self.context);
            return Ok(in_space(plan, target, presence));
        }
        // An earlier start may be the reason for the refusal, if both operations were slow to show
        // the number.
        let refused = error.refuses_request() || error.kind == ErrorKind::Intercepted;
        if refused && let Ok(presence) = self.search.look_again().await {
            return Ok(self.adopt(plan, presence, Some(&error)));
        }
        claim.give_back();
        Err(self.failed(&error, None))
    }

    /// The state of a number whose migration has just started. An id that the answer lacks may come
    /// from the lookup, or from a later read.
    async fn started(&self, plan: Model, migration: Migration) -> Model {
        let target = self.search.target;
        if migration.names_another {
            self.context.warn(messages::names_another(target));
        }
        let presence = Presence {
            id: migration.data.id,
            status: migration.data.status,
        };
        let state = Model {
            request_id: migration.request_id.into(),
            ..in_space(plan, target, presence)
        };
        private_state::note_start(self.context);
        self.context.save(&state);
        match state.id {
            Field::Known(_) => state,
            Field::Null | Field::Unknown => Model {
                id: self.search.id().await.into(),
                ..state
            },
        }
    }

    /// Takes over a number that is in the space already. `refusal` is the answer to the attempt to
    /// start it, if there was one.
    fn adopt(&self, plan: Model, presence: Presence, refusal: Option<&Error>) -> Model {
        let target = self.search.target;
        self.context
            .warn(messages::adopted(target, &presence, refusal));
        private_state::note_start(self.context);
        in_space(plan, target, presence)
    }

    async fn read(&self, state: Model) -> Result<Option<Model>, Diagnostics> {
        let known = Presence {
            id: state.id.text().map(str::to_owned),
            status: state.status.text().map(str::to_owned),
        };
        let question = Question {
            known: known.clone(),
            ..Question::default()
        };
        // An imported number that was never read has no status.
        let is_imported = state.status.is_null();
        match self.refresh(question, is_imported).await? {
            Refreshed::Present { presence, .. } => {
                // An id that is known stays: it identifies the number, and others may refer to it.
                let presence = Presence {
                    id: known.id.or(presence.id),
                    status: presence.status.or(known.status),
                };
                Ok(Some(in_space(state, self.search.target, presence)))
            }
            Refreshed::Unchanged => Ok(Some(state)),
            Refreshed::Gone => Ok(None),
        }
    }
}

const NOT_STARTED: &str = "The migration was not started. Apply again to continue.";

/// The state of a number that is in the space, from a plan or the state before.
fn in_space(model: Model, target: &Target, presence: Presence) -> Model {
    Model {
        id: presence.id.into(),
        phone_number: Field::Known(target.number.to_string()),
        // Whether the list shows a status of a number that is migrating is not documented.
        status: Field::Known(presence.status.unwrap_or_else(|| MIGRATING.to_owned())),
        ..model
    }
}
