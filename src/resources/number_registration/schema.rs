//! The attributes of the resource, with the model that holds their values.

use std::collections::BTreeMap;

use base::secret::Secret;
use cams::Operation;
use cams::operations::{
    ChatappMigrationRegister, ChatappMigrationVerified, ChatappPhoneNumberDeregister,
    ChatappSyncPhoneNumber, GetPhoneNumberVerificationStatus, ListedNumber,
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
    ChatappMigrationRegister::ACTION,
    ChatappMigrationVerified::ACTION,
    ChatappPhoneNumberDeregister::ACTION,
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

/// A field of the model, and the field of a row of the list that it shows.
type Shown = (
    fn(&mut Model) -> &mut Field<String>,
    fn(&ListedNumber) -> &Option<String>,
);

/// What the resource shows of the list.
pub(crate) const SHOWN: &[Shown] = &[
    (|model| &mut model.status, |row| &row.status),
    (|model| &mut model.quality_rating, |row| &row.quality_rating),
    (
        |model| &mut model.messaging_limit_tier,
        |row| &row.messaging_limit_tier,
    ),
    (|model| &mut model.verified_name, |row| &row.verified_name),
    (|model| &mut model.name_status, |row| &row.name_status),
    (|model| &mut model.is_official, |row| &row.is_official),
];

impl NumberModel for Model {
    const TYPE: &'static str = "cams_number_registration";
    const AGAIN: &'static str = "registers it again";
    const TIME: &'static str = "15m";

    whole_number!();

    fn description() -> String {
        format!(
            "Registers a WhatsApp phone number in a CAMS space (`ChatappMigrationRegister`): the \
             cut-over of a migration. Until a number is registered, its old provider serves it, \
             and you can abandon the migration without consequences. After the registration, the \
             space serves the number, and moving it back requires another migration.\n\nA number \
             is live if the list of the space shows it as `CONNECTED`, `FLAGGED`, `RESTRICTED` or \
             `RATE_LIMITED`. If a number is already live, the resource adopts it: it submits no \
             code and registers nothing. Otherwise the number must be verified, or \
             `verify_code_wo` must be set: each code is submitted at most once, and each create \
             registers at most once. Meta allows about ten registrations of a number in 72 \
             hours.\n\nAfter the registration the resource waits until the number is live, with \
             one `ChatappSyncPhoneNumber` and one list for all numbers of the space that wait. The \
             resource does not fail when the wait ends, because Terraform would then destroy and \
             recreate the registration. Instead, it stores the number with its `status` and shows \
             a warning. To make the run fail in that case, add a postcondition on `self.status`; a \
             `check` block only warns. The resource fails, and stores nothing, if WhatsApp bans \
             the number during the wait, or if the registration received no response and the \
             number does not become live.\n\nIf one instance of a resource fails, Terraform skips \
             all instances of the resources that depend on it. Therefore, pass the code to this \
             resource instead of making it depend on a `cams_number_verification`. Do not make a \
             resource depend on this one unless it can wait until all instances have \
             succeeded.\n\n`CONNECTED` does not mean that messages are delivered: they are \
             refused, for example, if a payment method is missing. Registering turns on two-step \
             verification, which must be turned off before the number can move \
             again.\n\nDestroying this resource makes no API call unless `deregister_on_destroy` \
             is `true` in the state. A deregistration that fails keeps the resource. If an \
             interrupted or targeted apply has left two resources for one number in the state, \
             such as after a rename, remove the old one with `terraform state rm` before you apply \
             again: Terraform destroys it otherwise, and a later run of the provider does not \
             know of the other one.\n\nA refresh \
             removes the number from the state under the same conditions as for \
             `cams_number_migration`. If a registration in a space is not live, a refresh calls \
             `ChatappSyncPhoneNumber` once for that space.\n\nThe RAM user or role needs {} on \
             resource `*`. `cams:ChatappMigrationVerified` and \
             `cams:GetPhoneNumberVerificationStatus` are needed only for numbers that are not \
             verified, and `cams:ChatappPhoneNumberDeregister` only with `deregister_on_destroy`. \
             Without `cams:GetPhoneNumberVerificationStatus` or `cams:ChatappSyncPhoneNumber` the \
             resource shows a warning and continues; without the latter it may not see that a \
             number becomes `CONNECTED`.",
            permissions(OPERATIONS)
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
                    "Whether destroying the resource deregisters the number, which can then \
                     neither send nor receive messages. Default value is `false`: destroying makes \
                     no API call. The value in the state counts: apply a change of it before you \
                     destroy the resource.",
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
                 `PENDING` permanently if it was registered before its display name was approved. \
                 The first change after an import only stores the values.",
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
                 account's call quota. The wait for the number to become live has a separate limit \
                 of the same length, which starts when the registration call ends. When that limit \
                 is reached, a number whose registration CAMS answered is stored in the state with \
                 its current status, and a warning says what to do.",
                "Verifying and registering the number. The wait has its own limit.",
                "Registering the number again, and destroying the resource.",
            ),
        ]
    }
}

/// The state with what a row of the list shows. What no row shows stays as it is known.
pub(crate) fn with_row(mut model: Model, row: Option<&ListedNumber>) -> Model {
    for (field, of) in SHOWN {
        let known = field(&mut model);
        let shown = row.and_then(|row| of(row).clone());
        *known = shown.or(known.text().map(str::to_owned)).into();
    }
    Model {
        id: model.id.or_if_unknown(None::<String>),
        ..model
    }
}
