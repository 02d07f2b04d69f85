//! `cams_number_verification_code`: a code that was sent to the phone of a number.

pub(crate) mod messages;
mod schema;
pub(crate) mod send;

use cams::Operation;
use cams::operations::{
    ChatappSyncPhoneNumber, GetMigrationVerifyCode, GetPhoneNumberVerificationStatus,
    QueryChatappPhoneNumbers,
};
use terraform_plugin::framework::context::Context;
use terraform_plugin::framework::diagnostic::Diagnostics;
use terraform_plugin::framework::identity::IdentitySchema;
use terraform_plugin::framework::model::Field;
use terraform_plugin::framework::resource::{Change, Desired, ImportTarget, Resource};
use terraform_plugin::framework::schema::Schema;
use terraform_plugin::framework::timeouts::Timed;

use crate::Cams;
use crate::numbers::Question;

use super::number::plan::{target_of_plan, target_of_state};
use super::number::{
    self, Identity, NumberModel, NumberOperation, READ, Refreshed, Timeouts, private_state,
};

pub use schema::Model;
use schema::{CREATE, UPDATE};
pub(crate) use schema::{locale, method};
use send::{Code, NOT_SENT};

/// The operations that the resource and the action call.
pub(crate) const OPERATIONS: [&str; 4] = [
    GetMigrationVerifyCode::ACTION,
    QueryChatappPhoneNumbers::ACTION,
    ChatappSyncPhoneNumber::ACTION,
    GetPhoneNumberVerificationStatus::ACTION,
];

/// How the user has the resource send another code.
const AGAIN: &str = "run terraform apply -replace='ADDRESS', or change triggers";

/// The resource `cams_number_verification_code`, which sends a code to a phone.
#[derive(Debug)]
pub struct NumberVerificationCode;

impl Resource for NumberVerificationCode {
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
        if let Some(prior) = change.prior {
            // The second plan of a replacement has no prior state.
            if planned.is_replacement || !asks_again(prior, change.plan) {
                return Ok(());
            }
            if private_state::is_imported(context) {
                context.warn_once(messages::only_stored());
                return Ok(());
            }
        }
        let number = planned.number.as_ref();
        if let Some(warning) = send::fixed_line(number, &change.plan.method) {
            context.warn(warning);
        }
        Ok(())
    }

    async fn create(
        &self,
        context: Context<'_, Cams, Model>,
        Desired { plan, .. }: Desired<Model>,
    ) -> Result<Model, Diagnostics> {
        let sent = send(context, plan, CREATE, |timeouts| &timeouts.create).await?;
        private_state::note_start(context);
        Ok(sent)
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
        // An imported number that was never read has no method.
        let is_imported = state.method.is_null();
        let refreshed = operation.refresh(question, is_imported).await;
        Cams::warn_of_wait(&context, &operation.search.bounds);
        Ok(match refreshed? {
            // The defaults, so that a configuration without them changes nothing.
            Refreshed::Present { .. } if is_imported => Some(Model {
                method: schema::METHOD.into(),
                locale: schema::LOCALE.into(),
                ..state
            }),
            Refreshed::Present { .. } | Refreshed::Unchanged => Some(state),
            Refreshed::Gone => None,
        })
    }

    async fn update(
        &self,
        context: Context<'_, Cams, Model>,
        prior: Model,
        Desired { plan, .. }: Desired<Model>,
    ) -> Result<Model, Diagnostics> {
        let sends = asks_again(&prior, &plan) && !private_state::is_imported(context);
        private_state::end_import(context);
        match sends {
            true => send(context, plan, UPDATE, |timeouts| &timeouts.update).await,
            false => Ok(plan),
        }
    }

    async fn delete(
        &self,
        _context: Context<'_, Cams, Model>,
        _state: Model,
    ) -> Result<(), Diagnostics> {
        // A code cannot be taken back.
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

/// Whether a change asks for another code. The language of a code that was sent, and the timeouts,
/// are no reason to send one.
fn asks_again(prior: &Model, plan: &Model) -> bool {
    prior.triggers != plan.triggers || prior.method != plan.method
}

/// Sends the planned code, unless the number needs none. The state is what was planned, also if no
/// answer says that the code was sent.
async fn send(
    context: Context<'_, Cams, Model>,
    plan: Model,
    timed: Timed,
    of: fn(&Timeouts) -> &Field<String>,
) -> Result<Model, Diagnostics> {
    let target = target_of_plan(&plan)?;
    let limit = timed.limit(plan.timeouts.known().map(of));
    let operation = NumberOperation::new(context, &target, &limit, NOT_SENT)?;
    let code = Code::new(&plan.method, &plan.locale, AGAIN);
    let sent = operation.send_claimed(&code).await;
    Cams::warn_of_wait(&context, &operation.search.bounds);
    sent.map(|()| plan)
}

impl NumberOperation<'_, Model> {
    /// Sends the code while no other resource or process does.
    async fn send_claimed(&self, code: &Code<'_>) -> Result<(), Diagnostics> {
        let mut claim = self.claim().await?;
        let Some(phone) = self.unproved_phone().await? else {
            return Ok(());
        };
        // Whatever happens to this task, no other resource of this run sends a code now.
        claim.keep();
        let claimed = self.search.bounds.clone().only_while(claim.witness());
        let sent = self.send_code(&claimed, phone, code).await;
        if sent.is_err() {
            claim.give_back();
        }
        sent.map(drop)
    }
}
