//! `cams_send_verification_code`: sends a code to the phone of a number, without a resource.

use cams::operations::VerifyCodeMethod;
use terraform_plugin::framework::action::{Action, Progress};
use terraform_plugin::framework::context::Context;
use terraform_plugin::framework::diagnostic::Diagnostics;
use terraform_plugin::framework::schema::{Attribute, Schema};
use terraform_plugin::framework::timeouts::{self, Timed};
use terraform_plugin::model;

use crate::Cams;
use crate::numbers::Target;
use crate::resources::number::messages::missing_space;
use crate::resources::number::{self, NumberOperation};
use crate::resources::number_verification_code::send::{Code, NOT_SENT, fixed_line};
use crate::resources::number_verification_code::{OPERATIONS, locale, method};
use crate::resources::permissions;
use crate::validators;

/// How the user has the action send another code.
const AGAIN: &str = "invoke the action again";

const INVOKE: Timed = Timed {
    name: "invoke",
    default: "20m",
};

model! {
    /// The configuration of the action.
    pub(crate) struct Config {
        cust_space_id: String,
        phone_number: String,
        method: String,
        locale: String,
        timeouts: Timeouts,
    }
}

model! {
    /// How long the action may take.
    pub(crate) struct Timeouts {
        invoke: String,
    }
}

/// The action `cams_send_verification_code`, which sends a code to a phone.
pub(crate) struct SendVerificationCode;

impl Action for SendVerificationCode {
    type Provider = Cams;
    type Config = Config;

    fn type_name(&self) -> &'static str {
        "cams_send_verification_code"
    }

    fn schema(&self) -> Schema {
        Schema {
            description: description().into(),
            attributes: vec![
                Attribute::string("cust_space_id")
                    .optional()
                    .validate(validators::cust_space_id)
                    .describe(
                        "Space that the number moves into. Default value is the provider's \
                         `cust_space_id`.",
                    ),
                number::phone_number_input(),
                method(""),
                locale(),
                timeouts::block(
                    "How long the action may take in total, including the wait for the account's \
                     call quota.",
                    vec![INVOKE.attribute("Sending the code.")],
                ),
            ],
            ..Schema::default()
        }
    }

    fn validate(&self, config: &Config) -> Diagnostics {
        let number = validators::whole_number(&config.phone_number);
        let known = number.as_ref().ok().and_then(Option::as_ref);
        let warning = fixed_line(known, &config.method);
        let mut diagnostics = validators::validate_number(number.clone(), validators::whole);
        warning.into_iter().for_each(|it| diagnostics.push(it));
        diagnostics
    }

    async fn invoke(
        &self,
        context: Context<'_, Cams>,
        config: Config,
        progress: Progress<'_>,
    ) -> Result<(), Diagnostics> {
        let target = target(context.provider(), &config)?;
        let limit = INVOKE.limit_in(&config.timeouts);
        let operation = NumberOperation::new(context, &target, &limit, NOT_SENT)?;
        let code = Code::new(&config.method, &config.locale, AGAIN);
        operation.run(send(&operation, &code, progress)).await
    }
}

/// Sends the code, unless the number needs none, and shows what it does.
async fn send(
    operation: &NumberOperation<'_, ()>,
    code: &Code<'_>,
    progress: Progress<'_>,
) -> Result<(), Diagnostics> {
    let (target, bounds) = (operation.search.target, &operation.search.bounds);
    progress
        .show(format!("Asking CAMS whether {target} needs a code."))
        .await;
    let Some(phone) = operation.unproved_phone().await? else {
        progress.show(format!("{target} needs no code.")).await;
        return Ok(());
    };
    let way = match code.method {
        VerifyCodeMethod::Sms => "an SMS",
        VerifyCodeMethod::Voice => "a call",
    };
    let locale = code.locale;
    progress
        .show(format!("Sending a code to {target} by {way} ({locale})."))
        .await;
    let message = match operation.send_code(bounds, phone, code).await? {
        true => format!(
            "CAMS has sent a code to {target}. It may take minutes to arrive, and is valid for \
             about ten minutes."
        ),
        false => format!("CAMS has not confirmed a code to {target}: see the warning."),
    };
    progress.show(message).await;
    Ok(())
}

/// The number that the action is about.
fn target(cams: &Cams, config: &Config) -> Result<Target, Diagnostics> {
    let number = validators::whole_number(&config.phone_number);
    let number = number.map_err(|problems| validators::invalid(&problems, validators::whole))?;
    let space = config.cust_space_id.text().or(cams.cust_space_id.text());
    let (Some(number), Some(space)) = (number, space) else {
        return Err(missing_space().into());
    };
    Ok(Target {
        cust_space_id: space.to_owned(),
        number,
    })
}

/// What the action does, for the documentation.
fn description() -> String {
    format!(
        "Sends a verification code to the phone of a number that moves into a CAMS space \
         (`GetMigrationVerifyCode`), once each time it is invoked. It needs Terraform 1.14 or \
         later; with other CLIs use `cams_number_verification_code`, which sends a code when it is \
         created.\n\nInvoke it from the command line:\n\n```shell\nterraform apply \
         -invoke=action.cams_send_verification_code.support\n```\n\nThe lifecycle of a resource \
         can invoke it too, with an `action_trigger`. Terraform runs a triggered action when it \
         creates or changes that resource, and does not retry it: if the action fails after a \
         create, the resource exists, and the next apply does not run the action. In that case, \
         invoke it from the command line.\n\nIf a number is already verified or live, no code is \
         sent to it, and the action succeeds with a warning. If CAMS refuses to send a code, the \
         action fails and does not retry. If the request receives no response, a code may have \
         been sent, and the action succeeds with a warning.\n\nA code may take minutes to arrive, \
         is valid for about ten minutes, and can be used only once. A newer code may invalidate \
         older ones. Codes are limited for each number.\n\nThe RAM user or role needs {} on \
         resource `*`. Without one of the last two the action shows a warning and continues.",
        permissions(OPERATIONS)
    )
}
