//! `cams_number_migration`: a number that is moved into a space.

mod messages;
mod target;

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use tokio::time::Instant;

use crate::cams::{Call, Client, ErrorKind, Migration, Operation};
use crate::framework::diagnostic::{Diagnostic, Diagnostics};
use crate::framework::model::Field;
use crate::framework::resource::{Change, Context, Desired, ImportTarget, Resource};
use crate::framework::schema::{Attribute, IdentityAttribute, IdentitySchema, Schema};
use crate::framework::timeouts;
use crate::model;

use super::super::Cams;
use super::super::claims::Refused;
use super::super::errors;
use super::super::evidence::{Evidence, Presence};
use super::super::numbers::{self, Finding, MIGRATING, Question, ReadBack, Target};
use super::super::validators;

/// The operations that the resource calls, each of which RAM must allow. The first one alone is indispensable.
pub const OPERATIONS: [Operation; 3] = [
    Operation::CREATE_CHATAPP_MIGRATION_INITIATE,
    Operation::QUERY_CHATAPP_PHONE_NUMBERS,
    Operation::GET_PHONE_NUMBER_VERIFICATION_STATUS,
];

const CREATE_TIMEOUT: Duration = Duration::from_secs(20 * 60);
const READ_TIMEOUT: Duration = Duration::from_secs(10 * 60);

/// How often a claim that was lost before its request left is taken again.
const CLAIMS: u32 = 5;

/// How long after its start a number stays in the state whatever CAMS says, since its answers may lag behind.
const SETTLING: Duration = Duration::from_secs(60 * 60);
/// The key in the resource's private state for the time of the start, in seconds since 1970.
const STARTED_AT: &str = "started_at";

/// The resource.
#[derive(Debug)]
pub struct NumberMigration;

model! {
    /// Configuration, plan and state.
    pub struct Model {
        /// The space that receives the number.
        pub cust_space_id: String,
        /// The country calling code of the number.
        pub country_code: String,
        /// The number without its country calling code.
        pub mobile_number: String,
        /// The id of the number at Meta, `Data.Id`.
        pub id: String,
        /// Country calling code and number.
        pub phone_number: String,
        /// The status that the API gave last.
        pub status: String,
        /// The id of the request that started the migration.
        pub request_id: String,
        /// How long the operations may take.
        pub timeouts: Timeouts,
    }
}

model! {
    /// How long the operations may take.
    pub struct Timeouts {
        /// How long a create may take.
        pub create: String,
        /// How long a read may take.
        pub read: String,
    }
}

model! {
    /// The attributes that identify a number.
    pub struct Identity {
        /// The space that receives the number.
        pub cust_space_id: String,
        /// The country calling code of the number.
        pub country_code: String,
        /// The number without its country calling code.
        pub mobile_number: String,
    }
}

impl Resource for NumberMigration {
    type Provider = Cams;
    type Model = Model;
    type Identity = Identity;

    fn type_name(&self) -> &'static str {
        "cams_number_migration"
    }

    fn schema(&self) -> Schema {
        Schema {
            version: 0,
            description: DESCRIPTION,
            attributes: vec![
                Attribute::string("cust_space_id")
                    .optional()
                    .computed()
                    .requires_replace()
                    .validate(validators::not_blank)
                    .describe(
                        "Space that receives the number: the id of the ISV sub-customer's space, or of your own instance. \
                         Default value is the provider's `cust_space_id`; when that changes, the number is replaced.",
                    ),
                Attribute::string("country_code").required().requires_replace().describe(
                    "Country calling code, digits only, such as `86`.",
                ),
                Attribute::string("mobile_number").required().requires_replace().describe(
                    "Phone number without its country code, digits only, such as `13900001234`.",
                ),
                Attribute::string("id").computed().use_state_for_unknown().describe(
                    "Id of the phone number at Meta; null while CAMS does not tell it.",
                ),
                Attribute::string("phone_number").computed().use_state_for_unknown().describe(
                    "Country code and number as CAMS writes them, digits only.",
                ),
                Attribute::string("status").computed().use_state_for_unknown().describe(
                    "Status of the number: `MIGRATING` at first, later what CAMS lists, such as `CONNECTED`.",
                ),
                Attribute::string("request_id").computed().use_state_for_unknown().describe(
                    "Id of the request that started the migration; null for a number that was imported or already in the space.",
                ),
                timeouts::attribute(vec![
                    timeouts::operation("create", "Starting the migration. Default value is `20m`."),
                    timeouts::operation("read", "Looking at the number during a refresh. Default value is `10m`."),
                ]),
            ],
        }
    }

    fn identity_schema(&self) -> IdentitySchema {
        let attribute = |name, description| IdentityAttribute {
            name,
            description,
            required_for_import: true,
        };
        IdentitySchema {
            version: 0,
            attributes: vec![
                attribute("cust_space_id", "Space that receives the number."),
                attribute("country_code", "Country calling code, digits only."),
                attribute(
                    "mobile_number",
                    "Phone number without its country code, digits only.",
                ),
            ],
        }
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
        let mut question = Question::default();
        let mut claims_lost = 0;
        let started = loop {
            let found = numbers::find(client, &call, &target, question).await;
            let found = found.map_err(|error| {
                let doing = "looking for the number before its migration";
                messages::not_found_out(error, doing, &target)
            })?;
            warn_of_failure(&context, &found, &target);
            // Whatever becomes of this task, from here on nobody else starts the number in this
            // run.
            claim.keep();
            if let Evidence::Present(presence) = found.evidence {
                return Ok(adopt(&context, plan, &target, presence));
            }

            let start = call.clone().only_while(claim.witness());
            let started = client
                .create_chatapp_migration_initiate(&start, &target.cust_space_id, &target.number)
                .await;
            match &started {
                Err(error) if error.kind == ErrorKind::Withheld && claims_lost < CLAIMS => {
                    claims_lost += 1;
                    let renewed = claim.renew(&call).await;
                    renewed.map_err(|_| messages::busy(&target))?;
                    // Whoever had the number in between may have started it.
                    question.not_before = Some(Instant::now());
                }
                _ => break started,
            }
        };
        match started {
            Ok(migration) => {
                let state = started_state(plan, &target, migration);
                remember_start(&context);
                context.save(&state);
                Ok(with_id(client, &call, &target, state).await)
            }
            Err(error) if error.is_ambiguous() => {
                match numbers::read_back(client, &call, &target).await {
                    ReadBack::Found(presence) => {
                        remember_start(&context);
                        Ok(found_state(plan, &target, presence))
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
            Evidence::Present(presence) => Ok(Some(refreshed(state, &target, presence))),
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

const DESCRIPTION: &str = "Starts moving a WhatsApp phone number from another provider into a CAMS space \
    (`CreateChatappMigrationInitiate`), and follows its status.\n\n\
    A number that is in the space already is taken over as it is, with a warning. So an apply after an interruption, a \
    replacement, or an apply after the state was lost ends with the number in state, and starts nothing twice.\n\n\
    Destroying this resource makes no API call: Terraform forgets the number, and the number stays in the space. The API has \
    no operation that cancels a migration. To take a live number out of service, deregister it from its WhatsApp Business \
    Account, in the CAMS console or with the API operation `ChatappPhoneNumberDeregister`.\n\n\
    A number counts as there when the list of its space (`QueryChatappPhoneNumbers`) shows it with any status but `DELETED` \
    and `MIGRATED`, or when `GetPhoneNumberVerificationStatus` gives its id. It is removed from the state, with a warning, \
    only when a list that was fetched for this refresh does not show it as there, the lookup says that it does not exist, \
    and its migration started at least an hour ago. If the answers prove neither, the number stays in the state, and a \
    warning says so.";

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

/// The state of a number whose migration has just started. The answer documents id and status;
/// without them the migration has started all the same. The number is ours, whichever way the
/// service writes it.
fn started_state(plan: Model, target: &Target, migration: Migration) -> Model {
    Model {
        id: migration.id.into(),
        phone_number: Field::Known(target.number.to_string()),
        status: Field::Known(migration.status.unwrap_or_else(|| MIGRATING.to_owned())),
        request_id: migration.request_id.into(),
        ..plan
    }
}

/// The state of a number that was found instead of started.
fn found_state(plan: Model, target: &Target, presence: Presence) -> Model {
    Model {
        id: presence.id.into(),
        phone_number: Field::Known(target.number.to_string()),
        // The list does not show the number, and only numbers that are migrating are not known to be listed.
        status: Field::Known(presence.status.unwrap_or_else(|| MIGRATING.to_owned())),
        request_id: Field::Null,
        ..plan
    }
}

/// The state after a read that found the number. What the answers did not tell stays as it was.
fn refreshed(state: Model, target: &Target, presence: Presence) -> Model {
    let status = presence.status.map_or(state.status, Field::Known);
    Model {
        id: presence.id.map_or(state.id, Field::Known),
        phone_number: Field::Known(target.number.to_string()),
        status: match status {
            Field::Known(status) => Field::Known(status),
            Field::Null | Field::Unknown => MIGRATING.into(),
        },
        ..state
    }
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
    found_state(plan, target, presence)
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

/// Tells of the one operation that failed, once in a run for each operation; and of a clock that
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

/// Tells it unless something with the same title was told before in this run.
fn warn_once(context: &Context<'_, Cams, Model>, warning: Diagnostic) {
    if context.provider().first_to_tell(&warning.summary) {
        context.warn(warning);
    }
}
