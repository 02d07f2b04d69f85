//! The attributes of the resource, with the model that holds their values.

use base::secret::Secret;
use terraform_plugin::framework::model::Field;
use terraform_plugin::framework::schema::Attribute;
use terraform_plugin::framework::timeouts::{TimeLimit, Timed};
use terraform_plugin::model;

use crate::resources::number::{self, NumberModel, Timeouts, verification, whole_number};
use crate::resources::permissions;

use super::OPERATIONS;

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
             verification lasts 14 days, a code about ten minutes. A number that is verified or \
             live already is taken over, and no code is submitted. A code is submitted at most \
             once. If CAMS refuses it, or if the number is not shown as verified after a \
             submission without an answer, nothing is stored, or the earlier state stays.\n\nA \
             verification that expires is shown in `code_verification_status`, and never planned \
             as a change. On a live number it means nothing.\n\nIf one instance of a resource \
             fails, Terraform skips all instances of the resources that depend on it. Of many \
             codes some are wrong or late, so let no resource depend on this one that must not \
             wait.\n\nDestroying this resource makes no API call: a verification cannot be taken \
             back. The number is removed from the state by the rules of \
             `cams_number_migration`.\n\nThe RAM user or role needs {} on resource `*`.",
            permissions(&OPERATIONS)
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
                 account's call quota. After a submission without an answer, the provider looks \
                 for its effect for some seconds more.",
                "Submitting the code.",
                "Submitting another code.",
            ),
        ]
    }
}
