//! The attributes of the resource, with the model that holds their values.

use std::collections::BTreeMap;

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
        /// Whether destroying the resource deregisters the number.
        pub deregister_on_destroy: bool,
        /// Whether a create waits until the number is live.
        pub wait_for_connected: bool,
        /// Values whose change registers the number again.
        pub triggers: BTreeMap<String, Field<String>>,
        /// The id of the number at Meta.
        pub id: String,
        /// The status that the list shows.
        pub status: String,
        /// The quality that the list shows.
        pub quality_rating: String,
        /// How many customers the number may write to.
        pub messaging_limit_tier: String,
        /// The display name.
        pub verified_name: String,
        /// The state of the review of the display name.
        pub name_status: String,
        /// Whether the number is an official business account.
        pub is_official: String,
        /// How long the operations may take.
        pub timeouts: Timeouts,
    }
}

impl NumberModel for Model {
    const TYPE: &'static str = "cams_number_registration";
    const AGAIN: &'static str = "registers it again";
    const TIME: &'static str = "15m";

    whole_number!();

    fn description() -> String {
        format!(
            "Registers a WhatsApp phone number in a CAMS space (`ChatappMigrationRegister`): the \
             cut-over of a migration. Until then the old provider serves the number, and giving up \
             is harmless. Afterwards the space serves it, and going back is another \
             migration.\n\nA number is live if the list of the space shows it as `CONNECTED`, \
             `FLAGGED`, `RESTRICTED` or `RATE_LIMITED`. A number that is live already is taken \
             over: no code is submitted and nothing is registered. Otherwise the number must be \
             verified, or `verify_code_wo` must be set: each code is submitted at most once, and \
             each create registers at most once. Meta allows about ten registrations of a number \
             in 72 hours.\n\nAfter the registration the resource waits until the number is live, \
             with one `ChatappSyncPhoneNumber` and one list for all numbers of the space that \
             wait. The end of the wait is never an error, because Terraform would destroy the \
             registration to create it again: when the time is over, the number is stored with its \
             `status` and a warning. To make the run fail in that case, add a postcondition on \
             `self.status`; a `check` block only warns. A number that is banned while it is waited \
             for is an error, and so is a registration without an answer after which the number \
             does not become live: neither is stored.\n\nIf one instance of a resource fails, \
             Terraform skips all instances of the resources that depend on it. So give the code to \
             this resource instead of letting it depend on a `cams_number_verification`, and let \
             nothing depend on this resource that must not wait.\n\n`CONNECTED` does not mean that \
             messages are delivered: they are refused, for example, if a payment method is \
             missing. Registering turns two-step verification on, which has to be turned off \
             before the number can move again.\n\nDestroying this resource makes no API call \
             unless `deregister_on_destroy` is `true` in the state. A deregistration that fails \
             keeps the resource.\n\nThe number is removed from the state by the rules of \
             `cams_number_migration`. If a registration in a space is not live, a refresh calls \
             `ChatappSyncPhoneNumber` once for that space.\n\nThe RAM user or role needs {} on \
             resource `*`.",
            permissions(&OPERATIONS)
        )
    }

    fn attributes() -> Vec<Attribute> {
        let shown = |name| Attribute::string(name).computed().use_state_for_unknown();
        vec![
            number::cust_space_id("Space that the number moves into."),
            number::phone_number(),
            verification::verify_code_wo(),
            Attribute::bool("deregister_on_destroy")
                .optional()
                .default(false)
                .describe(
                    "Whether destroying the resource deregisters the number, which then neither \
                     sends nor receives. Default value is `false`: destroying makes no API call. \
                     The value in the state counts: apply a change before you destroy the \
                     resource.",
                ),
            Attribute::bool("wait_for_connected")
                .optional()
                .default(true)
                .describe(
                    "Whether to wait until the number is live after its registration. Default \
                     value is `true`. With `false`, the state has the status that the list shows \
                     right after the registration, and a later refresh updates it.",
                ),
            Attribute::map("triggers").optional().describe(
                "Values whose change registers the number again, in place. A number can stay \
                 `PENDING` for good if it was registered before its display name was approved. The \
                 first change after an import only stores the values.",
            ),
            shown("id")
                .describe("Id of the phone number at Meta; null if CAMS has not returned it."),
            shown("status").describe(
                "Status in the list of the space, such as `CONNECTED`, `PENDING` or `FLAGGED`; \
                 null if the list does not show the number.",
            ),
            shown("quality_rating").describe("Quality rating, such as `GREEN`."),
            shown("messaging_limit_tier").describe(
                "How many customers the number may write to first in 24 hours, such as `TIER_1K`.",
            ),
            shown("verified_name").describe("Display name."),
            shown("name_status")
                .describe("Review of the display name, such as `Approval` or `Pending_Review`."),
            shown("is_official")
                .describe("Whether the number is an official business account: `Y` or `N`."),
            number::timeouts_block::<Self>(
                "How long operations may take in total, including all repeats and the wait for the \
                 account's call quota. The wait until the number is live has the same time \
                 again, from the answer to the registration. When that is over, the number is in \
                 the state with the status that it has, and a warning says what to do.",
                "Verifying and registering the number, and the wait.",
                "Registering the number again, and destroying the resource.",
            ),
        ]
    }
}
