//! `cams_number_migration`: a number that is moved into a space.

mod import;
mod messages;
mod plan;
mod private_state;
mod schema;

#[cfg(test)]
pub(crate) use messages::tests::diagnostics;

use tokio::time::Instant;

use cams::operations::{
    CreateChatappMigrationInitiate, GetPhoneNumberVerificationStatus, Migration,
    QueryChatappPhoneNumbers,
};
use cams::{Bounds, Error, ErrorKind, Operation};
use terraform_plugin::framework::context::Context;
use terraform_plugin::framework::diagnostic::Diagnostics;
use terraform_plugin::framework::identity::IdentitySchema;
use terraform_plugin::framework::model::Field;
use terraform_plugin::framework::resource::{Change, Desired, ImportTarget, Resource};
use terraform_plugin::framework::schema::Schema;
use terraform_plugin::framework::timeouts::TimeLimit;

use super::super::Cams;
use super::super::errors::ErrorContext;
use super::super::evidence::{Evidence, Presence};
use super::super::numbers::{Found, Question, Search, Target};
use super::super::validators;

use schema::{CREATE, Identity, Model, READ};

/// The operations that the resource calls. Only the first one is indispensable.
pub(super) const OPERATIONS: [&str; 3] = [
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
        "cams_number_migration"
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
        validators::validate_phone_number(&config.country_code, &config.mobile_number)
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
        let target = plan::target_of_plan(&plan)?;
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
        let target = plan::target_of_state(&state)?;
        // An imported resource has no id yet.
        private_state::identify(context);
        let limit = READ.limit(state.timeouts.known().map(|timeouts| &timeouts.read));
        let operation = NumberOperation::new(context, &target, &limit, UNCHANGED)?;
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
    } = import::target(target)?;
    Ok(Model {
        cust_space_id: cust_space_id.into(),
        country_code: number.country_code().as_str().into(),
        mobile_number: number.mobile_number().into(),
        ..Model::default()
    })
}

/// A create or a read of one number, with what all of its steps need.
struct NumberOperation<'a> {
    context: Context<'a, Cams, Model>,
    search: Search<'a>,
    limit: &'a TimeLimit,
    /// What a failure means for the number.
    outcome: &'static str,
}

impl<'a> NumberOperation<'a> {
    fn new(
        context: Context<'a, Cams, Model>,
        target: &'a Target,
        limit: &'a TimeLimit,
        outcome: &'static str,
    ) -> Result<Self, Diagnostics> {
        let search = Search {
            client: context.provider().client()?,
            bounds: Bounds::new(limit.duration, context.stop().clone()),
            target,
        };
        Ok(Self {
            context,
            search,
            limit,
            outcome,
        })
    }

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
        let not_claimed = |refused| messages::not_claimed(refused, target, self.limit);
        let claim = cams.claims.claim(bounds, target).await;
        let mut claim = claim.map_err(not_claimed)?;
        let mut not_before = cams.starts.not_before(space);
        let mut renewals = 0;
        let error = loop {
            let question = Question {
                not_before: Some(not_before),
                ..Question::default()
            };
            let found = self.find(question).await?;
            // Whatever happens to this task, no other resource of this run starts the number now.
            claim.keep();
            if let Evidence::Present(presence) = found.evidence {
                return Ok(self.adopt(plan, presence, None));
            }
            cams.starts.note(space);
            let claimed = bounds.clone().only_while(claim.witness());
            match client.call(&claimed, &initiate).await {
                Ok(migration) => return Ok(self.started(plan, migration).await),
                Err(error) if error.kind == ErrorKind::Withheld && renewals < MAX_RENEWALS => {
                    renewals += 1;
                    claim.renew(bounds).await.map_err(not_claimed)?;
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
        let (context, target) = (self.context, self.search.target);
        // An imported number that was never read has no status.
        let imported = state.status.is_null();
        let may_forget = !private_state::just_started(context);
        let known = Presence {
            id: state.id.text().map(str::to_owned),
            status: state.status.text().map(str::to_owned),
        };
        let question = Question {
            known: known.clone(),
            lookups: Some(&context.provider().lookups).filter(|_| !imported),
            may_forget,
            ..Question::default()
        };
        let found = self.find(question).await?;
        match found.evidence {
            Evidence::Present(presence) => {
                if imported {
                    private_state::note_start(context);
                }
                // An id that is known stays: it identifies the number, and others may refer to it.
                let presence = Presence {
                    id: known.id.or(presence.id),
                    status: presence.status.or(known.status),
                };
                Ok(Some(in_space(state, target, presence)))
            }
            Evidence::Absent if imported => Ok(None),
            Evidence::Absent if may_forget => {
                context.warn(messages::gone(target));
                Ok(None)
            }
            Evidence::Absent => Ok(Some(state)),
            Evidence::Inconclusive if imported => {
                Err(messages::not_importable(target, found.failed.as_ref()).into())
            }
            Evidence::Inconclusive => {
                if found.looked_up && found.failed.is_none() {
                    let warning = messages::not_confirmed(target);
                    context.warn_once(warning);
                }
                Ok(Some(state))
            }
        }
    }

    /// Asks CAMS where the number is, and warns once in a run about an operation that failed while
    /// the other one answered.
    async fn find(&self, question: Question<'_>) -> Result<Found, Diagnostics> {
        let found = self.search.find(question).await;
        let found = found.map_err(|failed| self.failed(&failed.0, failed.1.as_ref()))?;
        if let Some(error) = &found.failed {
            let warning = messages::one_failed(error, self.search.target);
            self.context.warn_once(warning);
        }
        Ok(found)
    }

    fn failed(&self, error: &Error, other: Option<&Error>) -> Diagnostics {
        let context = ErrorContext {
            subject: &format!("number {}", self.search.target),
            limit: self.limit,
            outcome: self.outcome,
        };
        self.context.provider().failed(error, other, context).into()
    }
}

const NOT_STARTED: &str = "The migration was not started. Apply again to continue.";
const UNCHANGED: &str = "The state stays unchanged. Plan or apply again to continue.";

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
