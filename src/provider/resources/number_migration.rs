//! `cams_number_migration`: a number that is moved into a space.

mod messages;
mod schema;
mod state;
mod target;

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use crate::cams::{Call, Client, Operation};
use crate::framework::diagnostic::{Diagnostic, Diagnostics};
use crate::framework::model::Field;
use crate::framework::resource::{Change, Context, Desired, ImportTarget, Resource};
use crate::framework::schema::{IdentitySchema, Schema};
use crate::framework::timeouts;

use super::super::Cams;
use super::super::claims::Refused;
use super::super::errors;
use super::super::evidence::{Evidence, Presence};
use super::super::numbers::{self, Finding, Question, ReadBack, Target};
use super::super::validators;

use schema::{Identity, Model};

/// The operations that the resource calls, each of which RAM must allow. The first one alone is indispensable.
pub const OPERATIONS: [Operation; 3] = [
    Operation::CREATE_CHATAPP_MIGRATION_INITIATE,
    Operation::QUERY_CHATAPP_PHONE_NUMBERS,
    Operation::GET_PHONE_NUMBER_VERIFICATION_STATUS,
];

const CREATE_TIMEOUT: Duration = Duration::from_secs(20 * 60);
const READ_TIMEOUT: Duration = Duration::from_secs(10 * 60);

/// How long after its start a number stays in the state whatever CAMS says, since its answers may lag behind.
const SETTLING: Duration = Duration::from_secs(60 * 60);
/// The key in the resource's private state for the time of the start, in seconds since 1970.
const STARTED_AT: &str = "started_at";

/// The resource.
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
        validators::phone_number(&config.country_code, &config.mobile_number)
    }

    async fn plan(
        &self,
        context: Context<'_, Cams, Model>,
        change: &mut Change<'_, Model>,
    ) -> Result<(), Diagnostics> {
        if !change.config.cust_space_id.is_null() {
            return Ok(());
        }
        let space = context.provider().default_space();
        change.plan.cust_space_id = match (space, change.prior) {
            (Field::Known(_), Some(prior)) if updated_in_place(prior, change.plan) => {
                if prior.cust_space_id != *space {
                    context.warn(messages::replaced_later(prior, space));
                }
                prior.cust_space_id.clone()
            }
            (Field::Known(space), _) => Field::Known(space.clone()),
            // Should the provider's space turn out another one, the next plan shows the replacement.
            (Field::Unknown, Some(prior)) => prior.cust_space_id.clone(),
            (Field::Unknown, None) => Field::Unknown,
            (Field::Null, _) => return Err(messages::missing_space().into()),
        };
        Ok(())
    }

    fn plan_destroy(&self, state: &Model) -> Diagnostics {
        messages::forgets(state).into()
    }

    async fn create(
        &self,
        context: Context<'_, Cams, Model>,
        Desired { plan, .. }: Desired<Model>,
    ) -> Result<Model, Diagnostics> {
        let cams = context.provider();
        let target = target::of_model(&plan)?;
        let timeout = timeouts::limit(
            plan.timeouts.known().map(|timeouts| &timeouts.create),
            CREATE_TIMEOUT,
        );
        let call = cams.call(timeout, context.stop());

        let claim = cams.claims().claim(&call, &target).await;
        let mut claim = claim.map_err(|refused| match refused {
            Refused::Busy => messages::busy(&target),
            Refused::Duplicate => messages::duplicate(&target),
        })?;
        let client = cams.client()?;
        let found = numbers::find(client, &call, &target, Question::default()).await;
        let found = found.map_err(|error| {
            let doing = "looking for the number before its migration";
            messages::not_found_out(error, doing, &target)
        })?;
        warn_of_failure(&context, &found, &target);
        // Whatever becomes of this task, from here on nobody else starts the number in this run.
        claim.keep();
        if let Evidence::Present(presence) = found.evidence {
            return Ok(adopt(&context, plan, &target, presence));
        }

        let started = client
            .create_chatapp_migration_initiate(&call, &target.cust_space_id, &target.number)
            .await;
        match started {
            Ok(migration) => {
                let state = state::started(plan, &target, migration);
                remember_start(&context);
                context.save(&state);
                Ok(with_id(client, &call, &target, state).await)
            }
            Err(error) if error.is_ambiguous() => {
                match numbers::read_back(client, &call, &target).await {
                    ReadBack::Found(presence) => {
                        remember_start(&context);
                        Ok(state::found(plan, &target, presence))
                    }
                    looked => Err(messages::unknown_outcome(&target, &error, &looked).into()),
                }
            }
            Err(error) => {
                // An earlier start may be the reason for the refusal, if both operations were slow to show the number.
                if error.is_business_refusal()
                    && let ReadBack::Found(presence) =
                        numbers::look_again(client, &call, &target).await
                {
                    return Ok(adopt(&context, plan, &target, presence));
                }
                claim.give_back();
                Err(errors::diagnostic(&error, "starting the migration", &target).into())
            }
        }
    }

    async fn read(
        &self,
        context: Context<'_, Cams, Model>,
        state: Model,
    ) -> Result<Option<Model>, Diagnostics> {
        let cams = context.provider();
        let target = target::of_model(&state)?;
        let timeout = timeouts::limit(
            state.timeouts.known().map(|timeouts| &timeouts.read),
            READ_TIMEOUT,
        );
        let call = cams.call(timeout, context.stop());
        let question = Question {
            known_id: state.id.text(),
            prove_gone: true,
            ..Question::default()
        };
        let found = numbers::find(cams.client()?, &call, &target, question).await;
        let found = found
            .map_err(|error| messages::not_found_out(error, "looking at the number", &target))?;
        warn_of_failure(&context, &found, &target);

        // An imported number that was never seen has no status.
        let imported = state.status.is_null();
        match found.evidence {
            Evidence::Present(presence) => Ok(Some(state::refreshed(state, &target, presence))),
            Evidence::Gone if imported => Ok(None),
            Evidence::Gone if just_started(&context) => {
                warn_once(&context, messages::not_yet_shown(&target));
                Ok(Some(state))
            }
            Evidence::Gone => {
                context.warn(messages::gone(&target));
                Ok(None)
            }
            Evidence::Inconclusive if imported => Err(messages::not_importable(&target).into()),
            Evidence::Inconclusive => {
                if found.failed.is_none() {
                    warn_once(&context, messages::not_confirmed(&target));
                }
                Ok(Some(state))
            }
        }
    }

    async fn update(
        &self,
        _context: Context<'_, Cams, Model>,
        prior: Model,
        Desired { plan, .. }: Desired<Model>,
    ) -> Result<Model, Diagnostics> {
        // Whatever else changes replaces the number: only `timeouts` comes here, and CAMS knows nothing of it.
        Ok(Model {
            timeouts: plan.timeouts,
            ..prior
        })
    }

    async fn delete(
        &self,
        context: Context<'_, Cams, Model>,
        state: Model,
    ) -> Result<(), Diagnostics> {
        context.warn(messages::forgets(&state));
        Ok(())
    }

    async fn import(
        &self,
        _context: Context<'_, Cams, Model>,
        target: ImportTarget<Identity>,
    ) -> Result<Model, Diagnostics> {
        let target = match target {
            ImportTarget::Id(id) => target::of_import_id(&id)?,
            ImportTarget::Identity(identity) => target::of_fields(
                &identity.cust_space_id,
                &identity.country_code,
                &identity.mobile_number,
            )?,
        };
        Ok(Model {
            cust_space_id: target.cust_space_id.into(),
            country_code: target.number.country_code().to_string().into(),
            mobile_number: target.number.mobile_number().to_string().into(),
            ..Model::default()
        })
    }
}

/// Whether the plan changes the number in place, apart from its space.
///
/// Such an update keeps the space, whatever the provider's is. The provider's space may have been unknown when the
/// update was planned, and Terraform then plans again during apply, when it is known. Nothing tells the provider which
/// of the two plans it is making, and the second must not turn the update into a replacement.
fn updated_in_place(prior: &Model, plan: &Model) -> bool {
    let same_number =
        plan.country_code == prior.country_code && plan.mobile_number == prior.mobile_number;
    let timeouts = plan.timeouts.clone().into_value();
    same_number && timeouts.is_wholly_known() && plan.timeouts != prior.timeouts
}

/// Takes over a number that is in the space already.
fn adopt(
    context: &Context<'_, Cams, Model>,
    plan: Model,
    target: &Target,
    presence: Presence,
) -> Model {
    context.warn(messages::adopted(target, &presence));
    remember_start(context);
    state::found(plan, target, presence)
}

/// The state with the number's id, if the answer to the start lacked it and the lookup tells it. A later read tries again.
async fn with_id(client: &Client, call: &Call, target: &Target, state: Model) -> Model {
    if !state.id.is_null() {
        return state;
    }
    let id = numbers::id(client, call, target).await;
    Model {
        id: id.into(),
        ..state
    }
}

/// Notes when the number was started or taken over, for [`just_started`].
fn remember_start(context: &Context<'_, Cams, Model>) {
    let now = context.provider().clock().now();
    let since_1970 = now.duration_since(UNIX_EPOCH).unwrap_or_default();
    context.private().set(STARTED_AT, since_1970.as_secs());
}

/// Whether the number was started or taken over so recently that CAMS may not show it yet.
fn just_started(context: &Context<'_, Cams, Model>) -> bool {
    let Some(seconds) = context.private().get::<u64>(STARTED_AT) else {
        return false;
    };
    let settled = UNIX_EPOCH.checked_add(Duration::from_secs(seconds));
    let settled = settled.and_then(|started| started.checked_add(SETTLING));
    settled.is_some_and(|settled: SystemTime| context.provider().clock().now() < settled)
}

/// Tells of the one operation that failed, once in a run for each operation.
fn warn_of_failure(context: &Context<'_, Cams, Model>, found: &Finding, target: &Target) {
    if let Some(error) = &found.failed {
        warn_once(context, messages::failed_alone(error, target));
    }
}

/// Tells it unless something with the same title was told before in this run.
fn warn_once(context: &Context<'_, Cams, Model>, warning: Diagnostic) {
    if context.provider().first_to_tell(&warning.summary) {
        context.warn(warning);
    }
}
