//! `cams_number_verification_code`: a code that was sent to the phone of a number.

pub(crate) mod messages;
mod schema;
pub(crate) mod send;

use terraform_plugin::framework::context::Context;
use terraform_plugin::framework::diagnostic::Diagnostics;
use terraform_plugin::framework::resource::{Change, Desired};

use crate::Cams;

use super::number::plan::NumberPlan;
use super::number::{NumberLifecycle, NumberOperation, private_state};

pub use schema::Model;
pub(crate) use schema::{OPERATIONS, locale, method};
use send::{Code, NOT_SENT};

/// How the user has the resource send another code.
const AGAIN: &str = "run terraform apply -replace='ADDRESS', or change triggers";

/// `cams_number_verification_code`, which sends a code to a phone.
impl NumberLifecycle for Model {
    const OUTCOME: &'static str = NOT_SENT;

    async fn plan(
        context: Context<'_, Cams, Self>,
        change: &mut Change<'_, Self>,
        planned: NumberPlan,
    ) {
        if let Some(prior) = change.prior {
            // The second plan of a replacement has no prior state.
            if planned.is_replacement || !asks_again(prior, change.plan) {
                return;
            }
            if private_state::is_imported(context) {
                context.warn_once(messages::only_stored());
                return;
            }
        }
        let number = planned.number.as_ref();
        if let Some(warning) = send::fixed_line(number, &change.plan.method) {
            context.warn(warning);
        }
    }

    fn sends(context: Context<'_, Cams, Self>, prior: &Self, plan: &Self) -> bool {
        asks_again(prior, plan) && !private_state::is_imported(context)
    }

    /// Sends the planned code, unless the number needs none. The state is what was planned, also if
    /// no answer says that the code was sent.
    async fn apply(
        operation: &NumberOperation<'_, Self>,
        _prior: Option<Self>,
        Desired { plan, .. }: Desired<Self>,
    ) -> Result<Self, Diagnostics> {
        let code = Code::new(&plan.method, &plan.locale, AGAIN);
        let mut claim = operation.claim().await?;
        let Some(phone) = operation.unproved_phone().await? else {
            return Ok(plan);
        };
        // Whatever happens to this task, no other resource of this run sends a code now.
        claim.keep();
        let claimed = operation.search.bounds.clone();
        let claimed = claimed.only_while(claim.witness());
        let sent = operation.send_code(&claimed, phone, &code).await;
        if sent.is_err() {
            claim.give_back();
        }
        sent.map(|_| plan)
    }

    fn imported(self) -> Self {
        Self {
            method: schema::METHOD.into(),
            locale: schema::LOCALE.into(),
            ..self
        }
    }
}

/// Whether a change asks for another code. The language of a code that was sent, and the timeouts,
/// are no reason to send one.
fn asks_again(prior: &Model, plan: &Model) -> bool {
    prior.triggers != plan.triggers || prior.method != plan.method
}
