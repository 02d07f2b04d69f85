//! The attributes of the resource, with the model that holds their values.

use std::collections::BTreeMap;

use cams::operations::VerifyCodeMethod;
use terraform_plugin::framework::diagnostic::Diagnostics;
use terraform_plugin::framework::model::Field;
use terraform_plugin::framework::path::Path;
use terraform_plugin::framework::schema::Attribute;
use terraform_plugin::framework::timeouts::{TimeLimit, Timed};
use terraform_plugin::framework::value::Value;
use terraform_plugin::model;

use crate::resources::number::{self, NumberModel, Timeouts, whole_number};
use crate::resources::permissions;

use super::{OPERATIONS, messages};

/// The default of `method`.
pub(super) const METHOD: &str = "sms";
/// The default of `locale`.
pub(super) const LOCALE: &str = "en_US";

model! {
    /// Configuration, plan and state.
    pub struct Model {
        /// The space of the number.
        pub cust_space_id: String,
        /// Country calling code and number.
        pub phone_number: String,
        /// How the code is sent.
        pub method: String,
        /// The language of the code's message.
        pub locale: String,
        /// Values whose change sends another code.
        pub triggers: BTreeMap<String, Field<String>>,
        /// How long the operations may take.
        pub timeouts: Timeouts,
    }
}

impl NumberModel for Model {
    const TYPE: &'static str = "cams_number_verification_code";
    const AGAIN: &'static str = "sends a code to it again";
    const TIME: &'static str = "20m";

    whole_number!();

    fn description() -> String {
        format!(
            "Sends a verification code to the phone of a number that moves into a CAMS space \
             (`GetMigrationVerifyCode`). Creating the resource sends one code; so does a change of \
             `triggers` or `method`. Nothing else does: no refresh, no later apply, no change of \
             `locale` or `timeouts`.\n\nA number that is verified or live gets no code, and the \
             resource is created all the same, with a warning.\n\nA code may take minutes to \
             arrive, is good for about ten minutes, and can be used once; a new one may end the \
             older ones. So send codes when the people who receive them are there, in groups whose \
             codes can be collected in ten minutes. Then give each code to \
             `cams_number_registration` or `cams_number_verification`.\n\nCodes are limited for \
             each number. If CAMS refuses to send one, the resource is not created and nothing is \
             sent again by itself; the next apply sends one. If a request has no answer, a code \
             may have been sent: the resource is created with a warning, so that the next apply \
             does not send another one.\n\nIf one instance of this resource fails, Terraform skips \
             all instances of the resources that depend on it: one refused code holds all of them \
             back in that apply.\n\nDestroying this resource makes no API call.\n\nThe number is \
             removed from the state by the rules of `cams_number_migration`.\n\nThe RAM user or \
             role needs {} on resource `*`. Without one of the last two the resource shows a \
             warning and continues.",
            permissions(&OPERATIONS)
        )
    }

    fn attributes() -> Vec<Attribute> {
        vec![
            number::cust_space_id("Space that the number moves into."),
            number::phone_number(),
            method(" A change sends another code.").default(METHOD),
            locale().default(LOCALE),
            Attribute::map("triggers").optional().describe(
                "Values whose change sends another code, in place. The first change after an \
                 import only stores them.",
            ),
            number::timeouts_block::<Self>(
                "How long operations may take in total, including the wait for the account's call \
                 quota. When a timeout expires, no code is sent. A request that was sent \
                 has one more second for its answer.",
                "Sending the code.",
                "Sending another code when `triggers` or `method` change.",
            ),
        ]
    }
}

/// The attribute `method`. `sends` says what a change of it does.
pub(crate) fn method(sends: &str) -> Attribute {
    let check = |value: &Value, path: &Path, invalid: &mut Diagnostics| {
        let mut names = VerifyCodeMethod::ALL.iter().map(|method| method.as_str());
        if let Some(text) = value
            .as_str()
            .filter(|text| names.all(|name| name != *text))
        {
            invalid.push(messages::invalid_method(text, path));
        }
    };
    Attribute::string("method")
        .optional()
        .validate(check)
        .describe(format!(
            "How the code is sent: `sms`, or `voice` for a call that reads it. Default value is \
             `{METHOD}`. Fixed lines, toll-free numbers and VoIP numbers need `voice`.{sends}"
        ))
}

/// The attribute `locale`.
pub(crate) fn locale() -> Attribute {
    let check = |value: &Value, path: &Path, doubts: &mut Diagnostics| {
        let listed = |text: &&str| cams::locale::is_listed(text);
        if let Some(text) = value.as_str().filter(|text| !listed(text)) {
            doubts.push(messages::unknown_locale(text, path));
        }
    };
    Attribute::string("locale")
        .optional()
        .validate(check)
        .describe(format!(
            "Language of the message, such as `zh_CN`. Default value is `{LOCALE}`. Meta sends the \
             code in English if it does not support the language."
        ))
}
