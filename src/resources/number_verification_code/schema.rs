//! The attributes of the resource, with the model that holds their values.

use std::collections::BTreeMap;

use cams::Operation;
use cams::operations::{
    ChatappSyncPhoneNumber, GetMigrationVerifyCode, GetPhoneNumberVerificationStatus,
    QueryChatappPhoneNumbers, VerifyCodeMethod,
};
use terraform_plugin::framework::diagnostic::{Diagnostic, Diagnostics};
use terraform_plugin::framework::model::Field;
use terraform_plugin::framework::path::Path;
use terraform_plugin::framework::schema::Attribute;
use terraform_plugin::framework::timeouts::{TimeLimit, Timed};
use terraform_plugin::framework::value::Value;
use terraform_plugin::model;

use crate::resources::number::{self, NumberModel, Timeouts, whole_number};
use crate::resources::permissions;

/// The operations that the resource and the action call.
pub(crate) const OPERATIONS: &[&str] = &[
    GetMigrationVerifyCode::ACTION,
    QueryChatappPhoneNumbers::ACTION,
    ChatappSyncPhoneNumber::ACTION,
    GetPhoneNumberVerificationStatus::ACTION,
];

/// The default of `method`.
pub(crate) const METHOD: &str = "sms";
/// The default of `locale`.
pub(crate) const LOCALE: &str = "en_US";

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
             `triggers` or `method`. A refresh, a later apply and a change of `locale` or \
             `timeouts` send no code.\n\nIf a number is already verified or live, no code is sent \
             to it, and the resource is created with a warning.\n\nA code may take minutes to \
             arrive, is valid for about ten minutes, and can be used only once. A newer code may \
             invalidate older ones. Therefore, send codes when the recipients are available, in \
             groups small enough to collect all codes within ten minutes. Then pass each code to \
             `cams_number_registration` or `cams_number_verification`.\n\nCodes are limited for \
             each number. If CAMS refuses to send one, the resource is not created and the \
             provider does not retry; the next apply sends a code. If a request receives no \
             response, a code may have been sent: the resource is created with a warning, so that \
             the next apply does not send another one.\n\nIf one instance of this resource fails, \
             Terraform skips all instances of the resources that depend on it: one refused code \
             delays all of them until the next apply.\n\nDestroying this resource makes no API \
             call.\n\nA refresh removes the number from the state under the same conditions as for \
             `cams_number_migration`.\n\nThe RAM user or role needs {} on resource `*`. Without \
             one of the last two the resource shows a warning and continues.",
            permissions(OPERATIONS)
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
                 quota. When a timeout expires, no code is sent. A request that was already sent \
                 has one more second to receive its response.",
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
            invalid.push(invalid_method(text, path));
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
            doubts.push(unknown_locale(text, path));
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

/// A method that does not exist.
pub(crate) fn invalid_method(method: &str, path: &Path) -> Diagnostic {
    let text = format!("{path} is {method:?}. Expected \"sms\" or \"voice\".");
    Diagnostic::error("Invalid Method", text).at(path.clone())
}

/// A language that the documentation does not list.
pub(crate) fn unknown_locale(locale: &str, path: &Path) -> Diagnostic {
    let text = format!(
        "{path} is {locale:?}, which the language codes of CAMS do not include. Meta sends a code in \
         English if it does not support the language. Expected a code such as \"en_US\" or \
         \"zh_CN\". If the code is a new one, no change is needed."
    );
    Diagnostic::warning("Unknown Locale", text).at(path.clone())
}
