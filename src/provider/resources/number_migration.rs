//! `cams_number_migration`: a number being moved into a space.

use std::time::Duration;

use crate::cams::Error;
use crate::cams::phone::PhoneNumber;
use crate::framework::diagnostic::{Diagnostic, Diagnostics};
use crate::framework::model::Field;
use crate::framework::path::Path;
use crate::framework::resource::{Change, Context, Desired, ImportTarget, Resource, Upgrade};
use crate::framework::schema::{Attribute, IdentityAttribute, IdentitySchema, Schema};
use crate::framework::timeouts;
use crate::framework::ty::Type;
use crate::model;

use super::super::Cams;
use super::super::claims::Refused;
use super::super::errors;
use super::super::numbers::{self, Found, ReadBack, Target};
use super::super::validators;

const CREATE_TIMEOUT: Duration = Duration::from_secs(20 * 60);
const READ_TIMEOUT: Duration = Duration::from_secs(10 * 60);

/// Starts the migration of a number, and follows what becomes of it.
#[derive(Debug)]
pub struct NumberMigration;

model! {
    /// Configuration, plan and state.
    pub struct Model {
        /// Where the number goes.
        pub cust_space_id: String,
        /// The number's calling code.
        pub country_code: String,
        /// The number without its calling code.
        pub mobile_number: String,
        /// `Data.Id`: the number's id at Meta.
        pub id: String,
        /// Calling code and number.
        pub phone_number: String,
        /// What the API last said of it.
        pub status: String,
        /// Of the call that started the migration.
        pub request_id: String,
        /// How long operations may take.
        pub timeouts: Timeouts,
    }
}

model! {
    /// How long operations may take.
    pub struct Timeouts {
        /// Starting the migration.
        pub create: String,
        /// Looking at the number.
        pub read: String,
    }
}

model! {
    /// What identifies the number.
    pub struct Identity {
        /// Where the number goes.
        pub cust_space_id: String,
        /// The number's calling code.
        pub country_code: String,
        /// The number without its calling code.
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
            version: 1,
            description: "Starts moving a WhatsApp phone number from another provider into a CAMS space \
                (`CreateChatappMigrationInitiate`), and follows its status.\n\n\
                CAMS has no call that cancels a migration or removes a number: destroying this resource makes no API \
                call, it only forgets the number.",
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
                    "Id of the phone number at Meta.",
                ),
                Attribute::string("phone_number").computed().use_state_for_unknown().describe(
                    "Country code and number as CAMS writes them.",
                ),
                Attribute::string("status").computed().use_state_for_unknown().describe(
                    "Status of the number: `MIGRATING` at first, later what CAMS lists, such as `CONNECTED`.",
                ),
                Attribute::string("request_id").computed().use_state_for_unknown().describe(
                    "Id of the request that started the migration; null for a number that was imported or found already migrating.",
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
            ty: Type::String,
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

    fn upgrades(&self) -> Vec<Upgrade> {
        vec![Upgrade::new(0, version_0::ty(), version_0::upgrade)]
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
                    context.warn(replaced_later(prior, space));
                }
                prior.cust_space_id.clone()
            }
            (Field::Known(space), _) => Field::Known(space.clone()),
            // Should the provider's space turn out another one, the next plan shows the replacement.
            (Field::Unknown, Some(prior)) => prior.cust_space_id.clone(),
            (Field::Unknown, None) => Field::Unknown,
            (Field::Null, _) => return Err(missing_space().into()),
        };
        Ok(())
    }

    fn plan_destroy(&self, state: &Model) -> Diagnostics {
        forgets(state).into()
    }

    async fn create(
        &self,
        context: Context<'_, Cams, Model>,
        Desired { plan, .. }: Desired<Model>,
    ) -> Result<Model, Diagnostics> {
        let cams = context.provider();
        let target = target(&plan)?;
        let timeout = timeouts::limit(
            plan.timeouts.known().map(|timeouts| &timeouts.create),
            CREATE_TIMEOUT,
        );
        let call = cams.call(timeout, context.stop());

        let claim = cams.claims().claim(&call, &target).await;
        let mut claim = claim.map_err(|refused| match refused {
            Refused::Busy => busy(&target),
            Refused::Duplicate => duplicate(&target),
        })?;
        let client = cams.client()?;
        let found = numbers::find(client, &call, &target, None)
            .await
            .map_err(|error| {
                errors::diagnostic(
                    &error,
                    "looking for the number before its migration",
                    &target,
                )
            })?;
        match found {
            Some(found) if found.migrating() => {
                claim.keep();
                context.warn(adopted(&target));
                return Ok(adopt(plan, &target, found));
            }
            Some(found) => return Err(exists(&target, &found).into()),
            None => {}
        }

        // Whatever becomes of this task, from here on nobody else starts it in this run.
        claim.keep();
        match client
            .create_chatapp_migration_initiate(&call, &target.cust_space_id, &target.number)
            .await
        {
            Ok(started) => {
                let state = Model {
                    id: started.id.into(),
                    phone_number: started.phone_number.into(),
                    status: started.status.into(),
                    request_id: started.request_id.into(),
                    ..plan
                };
                context.save(&state);
                Ok(state)
            }
            Err(error) if error.is_ambiguous() => {
                match numbers::read_back(client, &call, &target).await {
                    ReadBack::Found(found) => Ok(adopt(plan, &target, found)),
                    looked => Err(unknown_outcome(&target, &error, &looked).into()),
                }
            }
            Err(error) => {
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
        let target = target(&state)?;
        let timeout = timeouts::limit(
            state.timeouts.known().map(|timeouts| &timeouts.read),
            READ_TIMEOUT,
        );
        let call = cams.call(timeout, context.stop());
        let found = numbers::find(cams.client()?, &call, &target, state.id.text())
            .await
            .map_err(|error| errors::diagnostic(&error, "looking at the number", &target))?;
        Ok(found.map(|found| Model {
            id: found.id.map_or(state.id.clone(), Field::Known),
            status: Field::Known(found.status),
            phone_number: Field::Known(target.number.to_string()),
            ..state
        }))
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
        context.warn(forgets(&state));
        Ok(())
    }

    async fn import(
        &self,
        _context: Context<'_, Cams, Model>,
        target: ImportTarget<Identity>,
    ) -> Result<Model, Diagnostics> {
        let target = match target {
            ImportTarget::Id(id) => import_id(&id)?,
            ImportTarget::Identity(identity) => parse(
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
/// Such an update keeps the space, whatever the provider's is. The provider's space may have been
/// unknown when the update was planned, and Terraform then plans again during apply, when it is
/// known. Nothing tells the provider which of the two plans it is making, and the second must not
/// turn the update into a replacement.
fn updated_in_place(prior: &Model, plan: &Model) -> bool {
    let same_number =
        plan.country_code == prior.country_code && plan.mobile_number == prior.mobile_number;
    let timeouts = plan.timeouts.clone().into_value();
    same_number && timeouts.is_wholly_known() && plan.timeouts != prior.timeouts
}

/// The migration a plan or state is about.
fn target(model: &Model) -> Result<Target, Diagnostics> {
    parse(
        &model.cust_space_id,
        &model.country_code,
        &model.mobile_number,
    )
}

fn parse(
    space: &Field<String>,
    country_code: &Field<String>,
    mobile_number: &Field<String>,
) -> Result<Target, Diagnostics> {
    let found = validators::phone_number(country_code, mobile_number);
    if found.has_errors() {
        return Err(found);
    }
    let known = (space.text(), country_code.text(), mobile_number.text());
    let (Some(space), Some(country_code), Some(mobile_number)) = known else {
        return Err(missing_space().into());
    };
    let number = PhoneNumber::parse(country_code, mobile_number)
        .map_err(|problem| validators::refused(&problem))?;
    Ok(Target {
        cust_space_id: space.to_owned(),
        number,
    })
}

/// Reads `CUST_SPACE_ID/COUNTRY_CODE/MOBILE_NUMBER` or `CUST_SPACE_ID/PHONE_NUMBER`.
fn import_id(id: &str) -> Result<Target, Diagnostics> {
    let (space, number) = match id.split('/').collect::<Vec<_>>()[..] {
        [space, country_code, mobile_number] => {
            (space, PhoneNumber::parse(country_code, mobile_number))
        }
        [space, phone_number] => (space, PhoneNumber::parse_international(phone_number)),
        _ => return Err(invalid_import_id(id, "it has neither two nor three parts").into()),
    };
    if space.trim().is_empty() || space.trim() != space {
        return Err(
            invalid_import_id(id, "the space is empty or has white space around it").into(),
        );
    }
    let number = number.map_err(|problem| {
        let advice = problem.suggestion.as_ref();
        let advice = advice.map(|value| format!(", where {value:?} is expected"));
        invalid_import_id(id, &format!("{problem}{}", advice.unwrap_or_default()))
    })?;
    Ok(Target {
        cust_space_id: space.to_owned(),
        number,
    })
}

fn invalid_import_id(id: &str, problem: &str) -> Diagnostic {
    Diagnostic::error(
        "Invalid Import ID",
        format!(
            "{id:?} cannot be imported: {problem}. Write CUST_SPACE_ID/COUNTRY_CODE/MOBILE_NUMBER, such as \
             cams-abc123/86/13900001234, or CUST_SPACE_ID/PHONE_NUMBER, such as cams-abc123/8613900001234."
        ),
    )
}

fn missing_space() -> Diagnostic {
    Diagnostic::error(
        "Missing Space",
        "No space is named for this number. Set cust_space_id here, or for all numbers in the provider block or with \
         the environment variable CAMS_CUST_SPACE_ID.",
    )
    .at(Path::root().attribute("cust_space_id"))
}

fn replaced_later(prior: &Model, space: &Field<String>) -> Diagnostic {
    Diagnostic::warning(
        "Replacement Comes Later",
        format!(
            "The provider's cust_space_id is {} now, and the number is in space {}. Its timeouts \
             change too, which is done first and leaves it there. The next plan replaces the \
             number, so that it moves to the provider's space.",
            space.text().unwrap_or_default(),
            prior.cust_space_id.text().unwrap_or_default()
        ),
    )
    .at(Path::root().attribute("cust_space_id"))
}

fn duplicate(target: &Target) -> Diagnostic {
    Diagnostic::error(
        "Number Declared Twice",
        format!(
            "Another resource of this configuration has already begun to move {} into space {}. \
             Keep one of the two resources.",
            target.number, target.cust_space_id
        ),
    )
    .at(Path::root().attribute("mobile_number"))
}

fn busy(target: &Target) -> Diagnostic {
    Diagnostic::error(
        "Number Being Migrated by Another Process",
        format!(
            "Another process on this machine has begun to move {} into space {}, and has not finished. Nothing was started \
             here. Apply again when it has: the number is then taken over.",
            target.number, target.cust_space_id
        ),
    )
    .at(Path::root().attribute("mobile_number"))
}

fn adopted(target: &Target) -> Diagnostic {
    Diagnostic::warning(
        "Number Already Migrating",
        format!(
            "{} is already migrating into space {}. It was not started again; Terraform manages it from now on.",
            target.number, target.cust_space_id
        ),
    )
}

/// The state of a number that was found instead of started.
fn adopt(plan: Model, target: &Target, found: Found) -> Model {
    Model {
        id: found.id.into(),
        phone_number: Field::Known(target.number.to_string()),
        status: Field::Known(found.status),
        request_id: Field::Null,
        ..plan
    }
}

fn exists(target: &Target, found: &Found) -> Diagnostic {
    let Target {
        cust_space_id,
        number,
    } = target;
    let id = format!(
        "{cust_space_id}/{}/{}",
        number.country_code(),
        number.mobile_number()
    );
    Diagnostic::error(
        "Number Already in the Space",
        format!(
            "{number} is in space {cust_space_id} already, with status {}: there is nothing to migrate. To let \
             Terraform manage it, put its address into one of these and run it:\n\n  \
             import {{\n    to = cams_number_migration.NAME\n    id = {id:?}\n  }}\n\n  \
             terraform import cams_number_migration.NAME {id:?}",
            found.status
        ),
    )
    .at(Path::root().attribute("mobile_number"))
}

fn unknown_outcome(target: &Target, error: &Error, looked: &ReadBack) -> Diagnostic {
    let looked = match looked {
        ReadBack::Failed(error) => {
            format!("Looking for the number failed too: {}.", error.message)
        }
        ReadBack::CutShort => {
            "Terraform was asked to stop before the space's list and the lookup of the number could show it.".to_owned()
        }
        ReadBack::Found(_) | ReadBack::NotShown => {
            "The space's list and the lookup of the number did not show it within some seconds."
                .to_owned()
        }
    };
    Diagnostic::error(
        "Migration With Unknown Outcome",
        format!(
            "The request to migrate {} into space {} was sent, and no usable answer came back: it may have started. \
             {looked}\n\nApplying again is safe: the provider looks for the number first, and takes it over if it is there.\n{}",
            target.number,
            target.cust_space_id,
            errors::particulars(error)
        ),
    )
}

fn forgets(state: &Model) -> Diagnostic {
    Diagnostic::warning(
        "Number Is Forgotten, Not Removed",
        format!(
            "CAMS has no call that cancels a migration or removes a number: {} stays in space {} as it is. \
             Destroying the resource only ends its management by Terraform.",
            state.phone_number.text().unwrap_or("the number"),
            state.cust_space_id.text().unwrap_or_default()
        ),
    )
}

/// State of schema version 0, which stored neither the whole phone number nor the request id.
mod version_0 {
    use super::{Diagnostics, Field, Model, Type};

    crate::model! {
        pub(super) struct Stored {
            cust_space_id: String,
            country_code: String,
            mobile_number: String,
            id: String,
            status: String,
        }
    }

    pub(super) fn ty() -> Type {
        let names = [
            "cust_space_id",
            "country_code",
            "mobile_number",
            "id",
            "status",
        ];
        Type::Object(
            names
                .into_iter()
                .map(|name| (name.to_owned(), Type::String))
                .collect(),
        )
    }

    pub(super) fn upgrade(stored: Stored) -> Result<Model, Diagnostics> {
        let phone_number = match (stored.country_code.text(), stored.mobile_number.text()) {
            (Some(country_code), Some(mobile_number)) => {
                Field::Known(format!("{country_code}{mobile_number}"))
            }
            _ => Field::Null,
        };
        Ok(Model {
            cust_space_id: stored.cust_space_id,
            country_code: stored.country_code,
            mobile_number: stored.mobile_number,
            id: stored.id,
            phone_number,
            status: stored.status,
            ..Model::default()
        })
    }
}
