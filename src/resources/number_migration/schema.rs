//! The attributes of the resource, with the model that holds their values.

use cams::Operation;
use cams::operations::{
    CreateChatappMigrationInitiate, GetPhoneNumberVerificationStatus, QueryChatappPhoneNumbers,
};
use terraform_plugin::framework::model::Field;
use terraform_plugin::framework::schema::Attribute;
use terraform_plugin::framework::timeouts::{self, TimeLimit, Timed};
use terraform_plugin::model;

use crate::numbers::Target;
use crate::resources::number::{self, NumberModel};
use crate::resources::permissions;
use crate::validators::{self, AttributeOf, Written};

/// The operations that the resource calls. Only the first one is indispensable.
pub(crate) const OPERATIONS: &[&str] = &[
    CreateChatappMigrationInitiate::ACTION,
    QueryChatappPhoneNumbers::ACTION,
    GetPhoneNumberVerificationStatus::ACTION,
];

model! {
    /// Configuration, plan and state.
    pub struct Model {
        /// The space that receives the number.
        pub cust_space_id: String,
        /// The country calling code of the number.
        pub country_code: String,
        /// The number without its country calling code.
        pub mobile_number: String,
        /// The id of the number at Meta, `Data.Id`.
        pub id: String,
        /// Country calling code and number.
        pub phone_number: String,
        /// The status that the API gave last.
        pub status: String,
        /// The id of the request that started the migration.
        pub request_id: String,
        /// How long the operations may take.
        pub timeouts: Timeouts,
    }
}

model! {
    /// How long the operations may take.
    pub struct Timeouts {
        /// How long a create may take.
        pub create: String,
        /// How long a read may take.
        pub read: String,
    }
}

impl NumberModel for Model {
    const TYPE: &'static str = "cams_number_migration";
    const AGAIN: &'static str = "starts its migration again";
    const TIME: &'static str = "20m";
    const READ: Timed = Timed {
        name: "read",
        ..number::READ
    };
    const ATTRIBUTE_OF: AttributeOf = validators::two_parts;

    fn of(target: Target) -> Self {
        let Target {
            cust_space_id,
            number,
        } = target;
        Self {
            cust_space_id: cust_space_id.into(),
            country_code: number.country_code().into(),
            mobile_number: number.mobile_number().into(),
            ..Self::default()
        }
    }

    fn cust_space_id(&self) -> &Field<String> {
        &self.cust_space_id
    }

    fn cust_space_id_mut(&mut self) -> &mut Field<String> {
        &mut self.cust_space_id
    }

    fn number(&self) -> Written {
        validators::number_of_parts(&self.country_code, &self.mobile_number)
    }

    fn limit(&self, operation: Timed) -> TimeLimit {
        operation.limit_in(&self.timeouts)
    }

    fn description() -> String {
        format!(
            "Starts moving a WhatsApp phone number from another provider into a CAMS space \
             (`CreateChatappMigrationInitiate`), and follows its status.\n\nIf a number is already \
             in the space, the resource adopts it unchanged and shows a warning. Therefore, an \
             apply after an interruption, a replacement or a lost state stores the number in the \
             state and does not start a second migration, provided that CAMS shows the number by \
             then.\n\nDestroying this resource makes no API \
             call: Terraform removes the number from the state, and it stays in the space. The API \
             has no operation that cancels a migration. To take a live number out of service, \
             deregister it from its WhatsApp Business Account in the CAMS console, or with the API \
             operation `ChatappPhoneNumberDeregister`.\n\nA change of the space, the country code \
             or the number replaces the resource, and the old number stays where it is. Two \
             resources for one number in one space are an error: at plan, or during apply if the \
             number is known only after apply. If both are already in the state, a plan shows a \
             warning instead. Two provider configurations (aliases) do not see each other's \
             resources: the second one adopts the number.\n\nA number \
             is in the space if the list of the space (`QueryChatappPhoneNumbers`) shows it with a \
             status other than `DELETED` and `MIGRATED`, or if `GetPhoneNumberVerificationStatus` \
             returns its id. It is removed from the state, with a warning, only if a list \
             requested by this refresh does not show it, the lookup says that it does not exist, \
             and its migration started at least an hour ago. If the answers prove neither, the \
             number stays in the state, with a warning. A refresh limits its lookups. After ten \
             lookups in a space that neither proved a number absent nor returned a missing id, the \
             provider keeps the other numbers of that space in the state without looking them \
             up.\n\nThe RAM user or role needs {} on resource `*`. Only the first is \
             indispensable: without one of the others the resource shows a warning and continues.",
            permissions(OPERATIONS)
        )
    }

    fn attributes() -> Vec<Attribute> {
        let part = |name| Attribute::string(name).required().requires_replace();
        let read_only = |name| Attribute::string(name).computed().use_state_for_unknown();
        vec![
            number::cust_space_id(
                "Space that receives the number: the id of the ISV sub-customer's space, or of \
                 your own instance.",
            )
            .identifies("Space that receives the number."),
            part("country_code")
                .identifies("Country calling code, digits only.")
                .describe("Country calling code, digits only, such as `86`."),
            part("mobile_number")
                .identifies("Phone number without its country code, digits only.")
                .describe(
                    "Phone number without its country code, digits only, such as `13900001234`. \
                     Write it in quotes: without them a leading 0 is lost.",
                ),
            read_only("id").describe("Id of the phone number at Meta; null until CAMS shows it."),
            read_only("phone_number").describe(
                "Country code and number as configured, digits only. It is known at plan time if \
                 both parts are known. CAMS may write numbers from Mexico, Argentina and Brazil in \
                 another form; the provider recognizes both forms.",
            ),
            read_only("status").describe(
                "Status of the number: `MIGRATING` at first, later what CAMS lists, such as \
                 `CONNECTED`.",
            ),
            read_only("request_id").describe(
                "Id of the request that started the migration; null for a number that was imported \
                 or already in the space.",
            ),
            timeouts::block(
                "How long operations may take in total, including all repeats and the wait for the \
                 account's call quota. When a timeout expires, no new call is made, and waits end \
                 with an error. A request that was already sent has one more second to receive its \
                 response. If that request was the start of the migration, the provider then \
                 searches for the number for about five more seconds. If it finds the number, the \
                 create succeeds. Otherwise, the error says that the outcome is unknown, and the \
                 next apply adopts the number if it is in the space. A destroy makes no call, so \
                 it has no timeout.",
                vec![
                    Self::CREATE.attribute("Starting the migration."),
                    Self::READ.attribute("Reading the number during a refresh."),
                ],
            ),
        ]
    }
}
