//! `cams_number_migration`: a number that is moved into a space.
//!
//! This file is longer than 300 lines because it holds all operations of the resource.

mod messages;
mod plan_messages;
mod planning;
mod remembered;
mod schema;
mod state;
mod target;
mod wait_messages;

use tokio::time::Instant;

use cams::operations::{
    CreateChatappMigrationInitiate, GetPhoneNumberVerificationStatus, Migration,
    QueryChatappPhoneNumbers,
};
use cams::{Bounds, Client, Error, ErrorKind, Operation};
use terraform_plugin::framework::context::Context;
use terraform_plugin::framework::diagnostic::{Diagnostic, Diagnostics};
use terraform_plugin::framework::identity::IdentitySchema;
use terraform_plugin::framework::resource::{Change, Desired, ImportTarget, Resource};
use terraform_plugin::framework::schema::Schema;
use terraform_plugin::framework::timeouts::{Limit, Timed};

use super::super::Cams;
use super::super::claims::Claim;
use super::super::errors::{self, Doing};
use super::super::evidence::{Evidence, Presence};
use super::super::numbers::{self, Finding, Question, ReadBack, Refresh, Target};
use super::super::validators;

use schema::{Identity, Model};

/// The operations that the resource calls, each of which RAM must allow. The first one alone is
/// indispensable.
pub const OPERATIONS: [&str; 3] = [
    CreateChatappMigrationInitiate::ACTION,
    QueryChatappPhoneNumbers::ACTION,
    GetPhoneNumberVerificationStatus::ACTION,
];

const CREATE: Timed = Timed {
    name: "create",
    default: "20m",
};
const READ: Timed = Timed {
    name: "read",
    default: "10m",
};

/// How often a claim that was lost before its request left is taken again.
const CLAIMS: u32 = 5;

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
        validators::phone_number(&config.country_code, &config.mobile_number)
    }

    async fn plan(
        &self,
        context: Context<'_, Cams, Model>,
        change: &mut Change<'_, Model>,
    ) -> Result<(), Diagnostics> {
        planning::plan(context, change).await
    }

    fn plan_destroy(&self, context: Context<'_, Cams, Model>, state: &Model) -> Diagnostics {
        let warning = plan_messages::forgets(state);
        match context.provider().first_to_tell(&warning.summary) {
            true => warning.into(),
            false => Diagnostics::default(),
        }
    }

    async fn create(
        &self,
        context: Context<'_, Cams, Model>,
        Desired { plan, .. }: Desired<Model>,
    ) -> Result<Model, Diagnostics> {
        let cams = context.provider();
        let target = target::of_plan(&plan)?;
        let limit = CREATE.limit(plan.timeouts.known().map(|timeouts| &timeouts.create));
        let call = cams.call(limit.duration(), context.stop());
        let created = create(&context, plan, &target, &limit, &call).await;
        warn_of_wait(&context, &call);
        created
    }

    async fn read(
        &self,
        context: Context<'_, Cams, Model>,
        state: Model,
    ) -> Result<Option<Model>, Diagnostics> {
        let cams = context.provider();
        let target = target::of_state(&state)?;
        // An import has none yet.
        remembered::identify(&context);
        let limit = READ.limit(state.timeouts.known().map(|timeouts| &timeouts.read));
        let call = cams.call(limit.duration(), context.stop());
        let read = read(&context, state, &target, &limit, &call).await;
        warn_of_wait(&context, &call);
        read
    }

    async fn update(
        &self,
        _context: Context<'_, Cams, Model>,
        prior: Model,
        Desired { plan, .. }: Desired<Model>,
    ) -> Result<Model, Diagnostics> {
        // Whatever else changes replaces the number: only `timeouts` comes here, and CAMS knows
        // nothing of it.
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
        imported(target)
    }
}

/// The state that an import begins with, before the number was looked for.
///
/// # Errors
///
/// If the id or the identity is not that of a number in a space.
pub fn imported(target: ImportTarget<Identity>) -> Result<Model, Diagnostics> {
    let target = match target {
        ImportTarget::Id(id) => target::of_import_id(&id)?,
        ImportTarget::Identity(identity) => target::of_identity(&identity)?,
    };
    Ok(Model {
        cust_space_id: target.cust_space_id.into(),
        country_code: target.number.country_code().to_string().into(),
        mobile_number: target.number.mobile_number().to_string().into(),
        ..Model::default()
    })
}

/// Creates the number within `call`, whose time is `limit`.
async fn create(
    context: &Context<'_, Cams, Model>,
    plan: Model,
    target: &Target,
    limit: &Limit,
    call: &Bounds,
) -> Result<Model, Diagnostics> {
    let cams = context.provider();
    let claim = cams.claims().claim(call, target).await;
    let mut claim = claim.map_err(|refused| messages::not_claimed(refused, target, limit))?;
    let client = cams.client()?;
    let doing = Doing {
        what: "looking for the number before its migration",
        target,
        limit,
        outcome: "The migration was not started. Apply again to continue.",
    };
    let started = match start(context, client, call, &mut claim, doing).await? {
        Start::Present(presence) => {
            return Ok(adopt(context, plan, target, presence, None));
        }
        Start::Sent(started) => started,
    };
    match started {
        Ok(migration) => {
            if migration.names_another {
                context.warn(messages::names_another(target));
            }
            let state = state::started(plan, target, migration);
            remembered::start(context);
            context.save(&state);
            Ok(with_id(client, call, target, state).await)
        }
        Err(error) if error.may_have_had_effect => {
            match numbers::read_back(client, call, target).await {
                ReadBack::Found(presence) => {
                    remembered::start(context);
                    Ok(state::found(plan, target, presence))
                }
                looked => Err(messages::unknown_outcome(target, &error, &looked, limit).into()),
            }
        }
        Err(error) => {
            // An earlier start may be the reason for the refusal, if both operations were slow
            // to show the number.
            let refused = error.refuses_request() || error.kind == ErrorKind::Intercepted;
            if refused
                && let ReadBack::Found(presence) = numbers::look_again(client, call, target).await
            {
                return Ok(adopt(context, plan, target, presence, Some(&error)));
            }
            claim.give_back();
            let what = "starting the migration";
            let in_full = errors::diagnostic(&error, Doing { what, ..doing });
            Err(errors::once(cams, &error, in_full, target).into())
        }
    }
}

/// Reads the number within `call`, whose time is `limit`.
async fn read(
    context: &Context<'_, Cams, Model>,
    state: Model,
    target: &Target,
    limit: &Limit,
    call: &Bounds,
) -> Result<Option<Model>, Diagnostics> {
    let cams = context.provider();
    // An imported number that was never seen has no status.
    let imported = state.status.is_null();
    let may_forget = !remembered::just_started(context);
    let question = Question {
        known_id: state.id.text(),
        known_status: state.status.text(),
        prove_gone: true,
        refresh: (!imported).then_some(Refresh {
            lookups: cams.lookups(),
            may_forget,
        }),
        ..Question::default()
    };
    let found = numbers::find(cams.client()?, call, target, question).await;
    let doing = Doing {
        what: "looking at the number",
        target,
        limit,
        outcome: "The state stays as it is. Plan or apply again to continue.",
    };
    let found = found.map_err(|error| messages::not_found_out(cams, error, doing))?;
    warn_of_failure(context, &found, target);

    match found.evidence {
        Evidence::Present(presence) => {
            if imported {
                remembered::start(context);
            }
            Ok(Some(state::refreshed(state, target, presence)))
        }
        Evidence::Gone if imported => Ok(None),
        Evidence::Gone if may_forget => {
            context.warn(messages::gone(target));
            Ok(None)
        }
        Evidence::Gone => Ok(Some(state)),
        Evidence::Inconclusive if imported => {
            Err(messages::not_importable(target, found.failed.as_ref()).into())
        }
        Evidence::Inconclusive => {
            if found.looked_up && found.failed.is_none() {
                warn_once(context, messages::not_confirmed(target));
            }
            Ok(Some(state))
        }
    }
}

/// What came of an attempt to start a number.
enum Start {
    /// It was in the space already, so nothing was sent.
    Present(Presence),
    /// The answer to the start, or the reason why there is none.
    Sent(Result<Migration, Error>),
}

/// Looks for the number, and starts its migration if it is not there.
///
/// The request leaves only if the claim still holds at that moment. If it was lost, it is taken
/// again, and the number is looked for again, because whoever had it in between may have started
/// it.
async fn start(
    context: &Context<'_, Cams, Model>,
    client: &Client,
    call: &Bounds,
    claim: &mut Claim,
    doing: Doing<'_>,
) -> Result<Start, Diagnostics> {
    let cams = context.provider();
    let Doing { target, limit, .. } = doing;
    let mut not_before = cams.starts().not_before(&target.cust_space_id);
    let mut claims_lost = 0;
    loop {
        let question = Question {
            not_before: Some(not_before),
            ..Question::default()
        };
        let found = numbers::find(client, call, target, question).await;
        let found = found.map_err(|error| messages::not_found_out(cams, error, doing))?;
        warn_of_failure(context, &found, target);
        // Whatever becomes of this task, from here on nobody else starts the number in this run.
        claim.keep();
        if let Evidence::Present(presence) = found.evidence {
            return Ok(Start::Present(presence));
        }

        cams.starts().note(&target.cust_space_id).await;
        let bounds = call.clone().only_while(claim.witness());
        let operation = CreateChatappMigrationInitiate {
            cust_space_id: target.cust_space_id.clone(),
            number: target.number.clone(),
        };
        match client.call(&bounds, &operation).await {
            Err(error) if error.kind == ErrorKind::Withheld && claims_lost < CLAIMS => {
                claims_lost += 1;
                let renewed = claim.renew(call).await;
                renewed.map_err(|refused| messages::not_claimed(refused, target, limit))?;
                not_before = Instant::now();
            }
            started => return Ok(Start::Sent(started)),
        }
    }
}

/// Takes over a number that is in the space already. `refusal` is the answer to the attempt to
/// start it, if there was one.
fn adopt(
    context: &Context<'_, Cams, Model>,
    plan: Model,
    target: &Target,
    presence: Presence,
    refusal: Option<&Error>,
) -> Model {
    context.warn(messages::adopted(target, &presence, refusal));
    remembered::start(context);
    state::found(plan, target, presence)
}

/// The state with the number's id, if the answer to the start lacked it and the lookup tells it. A
/// later read tries again.
async fn with_id(client: &Client, call: &Bounds, target: &Target, state: Model) -> Model {
    if !state.id.is_null() {
        return state;
    }
    let id = numbers::id(client, call, target).await;
    Model {
        id: id.into(),
        ..state
    }
}

/// Tells of the one operation that failed, once in a run for each operation, and of a clock that
/// differs.
fn warn_of_failure(context: &Context<'_, Cams, Model>, found: &Finding, target: &Target) {
    let client = context.provider().client().ok();
    if let Some(difference) = client.and_then(Client::clock_difference) {
        warn_once(context, messages::clock_differs(&difference));
    }
    if let Some(error) = &found.failed {
        warn_once(context, messages::failed_alone(error, target));
    }
}

/// Tells of a long wait for the quota, once in a run.
fn warn_of_wait(context: &Context<'_, Cams, Model>, call: &Bounds) {
    if let Some(wait) = call.long_wait() {
        warn_once(context, wait_messages::waited(&wait));
    }
}

/// Tells it unless something with the same title was told before in this run.
fn warn_once(context: &Context<'_, Cams, Model>, warning: Diagnostic) {
    if context.provider().first_to_tell(&warning.summary) {
        context.warn(warning);
    }
}
