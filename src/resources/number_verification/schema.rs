//! The attributes of the resource, with the model that holds their values.

use base::secret::Secret;
use cams::Operation;
use cams::operations::{
    ChatappMigrationVerified, ChatappSyncPhoneNumber, GetPhoneNumberVerificationStatus,
    QueryChatappPhoneNumbers,
};
use terraform_plugin::framework::model::Field;
use terraform_plugin::framework::schema::Attribute;
use terraform_plugin::framework::timeouts::{TimeLimit, Timed};
use terraform_plugin::model;

use crate::resources::number::{self, NumberModel, Timeouts, verification, whole_number};
use crate::resources::permissions;

/// The operations that the resource calls.
pub(crate) const OPERATIONS: &[&str] = &[
    ChatappMigrationVerified::ACTION,
    ChatappSyncPhoneNumber::ACTION,
    GetPhoneNumberVerificationStatus::ACTION,
    QueryChatappPhoneNumbers::ACTION,
];

model! {
    /// Configuration, plan and state.
    pub struct Model {
        /// The space of the number.
        pub cust_space_id: String,
        /// Country calling code and number.
        pub phone_number: String,
        /// The code that the phone received.
        pub verify_code_wo: Secret,
        /// A text whose change submits the code.
        pub verify_code_wo_version: String,
        /// The id of the number at Meta.
        pub id: String,
        /// Whether the number is verified, as CAMS says it.
        pub code_verification_status: String,
        /// How long the operations may take.
        pub timeouts: Timeouts,
    }
}

impl NumberModel for Model {
    const TYPE: &'static str = "cams_number_verification";
    const AGAIN: &'static str = "verifies it again";
    const TIME: &'static str = "10m";

    whole_number!();

    fn description() -> String {
        format!(
            "Verifies a WhatsApp phone number that moves into a CAMS space: submits the code that \
             its phone received (`ChatappMigrationVerified`). Use it to verify numbers days before \
             they are registered; `cams_number_registration` can submit the code itself.\n\nA \
             verification is valid for 14 days, a code for about ten minutes. If a number is \
             already verified or live, the resource adopts it and submits no code. A code is \
             submitted at most once. If CAMS refuses the code, or if a submission receives no \
             response and CAMS does not show the number as verified, a create stores nothing and \
             an update keeps the previous state.\n\nWhen a verification expires, \
             `code_verification_status` shows it, but the provider plans no change. For a live \
             number the expiry has no effect.\n\nIf one instance of a resource fails, Terraform \
             skips all instances of the resources that depend on it. Among many codes, some are \
             wrong or late. Do not make a resource depend on this one unless it can wait until all \
             instances have succeeded.\n\nDestroying this resource makes no API call: a \
             verification cannot be revoked. A refresh removes the number from the state under the \
             same conditions as for `cams_number_migration`.\n\nThe RAM user or role needs {} on \
             resource `*`. Without `cams:GetPhoneNumberVerificationStatus` or \
             `cams:ChatappSyncPhoneNumber` the resource shows a warning and continues.",
            permissions(OPERATIONS)
        )
    }

    fn attributes() -> Vec<Attribute> {
        let shown = |name| Attribute::string(name).computed().use_state_for_unknown();
        vec![
            number::cust_space_id("Space that the number moves into."),
            number::phone_number(),
            verification::verify_code_wo(),
            Attribute::string("verify_code_wo_version").optional().describe(
                "Any string. Change it together with `verify_code_wo`, because Terraform cannot \
                 detect a change of a write-only value. The new code is submitted unless the \
                 number is verified already.",
            ),
            shown("id").describe(
                "Id of the phone number at Meta; null if CAMS has not returned it.",
            ),
            shown("code_verification_status").describe(
                "Whether the number was verified with a code: `VERIFIED`, `NOT_VERIFIED` or \
                 `EXPIRED`. It is not about two-step verification.",
            ),
            number::timeouts_block::<Self>(
                "How long operations may take in total, including all repeats and the wait for the \
                 account's call quota. After a submission that receives no response, the provider \
                 checks for some seconds more whether the number is verified.",
                "Submitting the code.",
                "Submitting another code.",
            ),
        ]
    }
}
