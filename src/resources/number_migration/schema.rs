//! The attributes of the resource and of its identity, with the models that hold their values.

use terraform_plugin::framework::identity::IdentitySchema;
use terraform_plugin::framework::model::Field;
use terraform_plugin::framework::schema::{Attribute, Schema};
use terraform_plugin::framework::timeouts::{self, Timed};
use terraform_plugin::framework::value::Value;
use terraform_plugin::model;

use crate::resources::number::{self, NumberModel, identity_attribute};
use crate::resources::permissions;
use crate::validators::{self, AttributeOf, Written};

use super::OPERATIONS;

pub(super) const CREATE: Timed = Timed {
    name: "create",
    default: "20m",
};
pub(super) const READ: Timed = Timed {
    name: "read",
    default: "10m",
};

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

model! {
    /// The attributes that identify a number.
    pub struct Identity {
        /// The space that receives the number.
        pub cust_space_id: String,
        /// The country calling code of the number.
        pub country_code: String,
        /// The number without its country calling code.
        pub mobile_number: String,
    }
}

impl NumberModel for Model {
    const TYPE: &'static str = "cams_number_migration";
    const AGAIN: &'static str = "starts its migration again";
    const ATTRIBUTE_OF: AttributeOf = validators::two_parts;

    fn cust_space_id(&self) -> &Field<String> {
        &self.cust_space_id
    }

    fn cust_space_id_mut(&mut self) -> &mut Field<String> {
        &mut self.cust_space_id
    }

    fn phone_number(&self) -> &Field<String> {
        &self.phone_number
    }

    fn number(&self) -> Written {
        validators::number_of_parts(&self.country_code, &self.mobile_number)
    }

    fn updatable(&self) -> Value {
        self.timeouts.clone().into_value()
    }
}

/// The attributes of the resource.
pub(super) fn schema() -> Schema {
    let part = |name| Attribute::string(name).required().requires_replace();
    let read_only = |name| Attribute::string(name).computed().use_state_for_unknown();
    Schema {
        version: 0,
        description: description().into(),
        attributes: vec![
            number::cust_space_id(
                "Space that receives the number: the id of the ISV sub-customer's space, or of \
                 your own instance.",
            ),
            part("country_code").describe("Country calling code, digits only, such as `86`."),
            part("mobile_number").describe(
                "Phone number without its country code, digits only, such as `13900001234`. Write \
                 it in quotes: without them a leading 0 is lost.",
            ),
            read_only("id").describe("Id of the phone number at Meta; null until CAMS shows it."),
            read_only("phone_number").describe(
                "Country code and number as configured, digits only. It is known at plan time if \
                 both are. CAMS may write numbers of Mexico, Argentina and Brazil in another form, \
                 which is recognised.",
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
                 with an error. A request that was sent has one more second for its answer. If \
                 that request was the start of the migration, the provider then looks for the \
                 number for about five more seconds: if it shows, the create succeeds; if not, the \
                 error says that the outcome is unknown, and the next apply takes the number over \
                 if it is in the space. Destroying makes no call, so it has no timeout.",
                vec![
                    CREATE.attribute("Starting the migration."),
                    READ.attribute("Reading the number during a refresh."),
                ],
            ),
        ],
    }
}

/// The attributes of the identity.
pub(super) fn identity_schema() -> IdentitySchema {
    IdentitySchema {
        version: 0,
        attributes: vec![
            identity_attribute("cust_space_id", "Space that receives the number."),
            identity_attribute("country_code", "Country calling code, digits only."),
            identity_attribute(
                "mobile_number",
                "Phone number without its country code, digits only.",
            ),
        ],
    }
}

/// What the resource does, for the documentation.
fn description() -> String {
    format!(
        "Starts moving a WhatsApp phone number from another provider into a CAMS space \
         (`CreateChatappMigrationInitiate`), and follows its status.\n\nA number that is already \
         in the space is taken over unchanged, with a warning. So an apply after an interruption, \
         after a replacement or after the state was lost stores the number in the state, and \
         starts no migration twice.\n\nDestroying this resource makes no API call: Terraform \
         forgets the number, which stays in the space. The API has no operation that cancels a \
         migration. To take a live number out of service, deregister it from its WhatsApp Business \
         Account in the CAMS console, or with the API operation \
         `ChatappPhoneNumberDeregister`.\n\nA change of the space, the country code or the number \
         replaces the resource, and the old number stays where it is. Two resources for one number \
         in one space are an error: at plan, or during apply if they belong to two provider \
         configurations (aliases) or if the number is known only after apply.\n\nA number is in \
         the space if the list of the space (`QueryChatappPhoneNumbers`) shows it with a status \
         other than `DELETED` and `MIGRATED`, or if `GetPhoneNumberVerificationStatus` returns its \
         id. It is removed from the state, with a warning, only if a list requested by this \
         refresh does not show it, the lookup says that it does not exist, and its migration \
         started at least an hour ago. If the answers prove neither, the number stays in the \
         state, with a warning. A refresh makes few lookups: after ten in a space that proved no \
         number absent and returned no missing id, the other numbers of that space stay in the \
         state without a lookup.\n\nThe RAM user or role needs {} on resource `*`. Only the first \
         is indispensable: without one of the others the resource shows a warning and continues.",
        permissions(&OPERATIONS)
    )
}
