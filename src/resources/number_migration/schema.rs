//! The attributes of the resource and of its identity, with the models that hold their values.

use terraform_plugin::framework::schema::{Attribute, IdentityAttribute, IdentitySchema, Schema};
use terraform_plugin::framework::timeouts::{self, Timed};
use terraform_plugin::framework::ty::Type;
use terraform_plugin::model;

use crate::validators;

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

/// The attributes of the resource.
pub(super) fn schema() -> Schema {
    Schema {
        version: 0,
        description: description().into(),
        attributes: vec![
            Attribute::string("cust_space_id")
                .optional()
                .computed()
                .requires_replace()
                .validate(validators::cust_space_id)
                .describe(
                    "Space that receives the number: the id of the ISV sub-customer's space, or \
                     of your own instance. Default value is the provider's `cust_space_id`; when \
                     that changes, the number is replaced.",
                ),
            Attribute::string("country_code")
                .required()
                .requires_replace()
                .describe("Country calling code, digits only, such as `86`."),
            Attribute::string("mobile_number")
                .required()
                .requires_replace()
                .describe(
                    "Phone number without its country code, digits only, such as `13900001234`. \
                     Write it in quotes: without them a leading 0 is lost.",
                ),
            Attribute::string("id")
                .computed()
                .use_state_for_unknown()
                .describe("Id of the phone number at Meta; null while CAMS does not tell it."),
            Attribute::string("phone_number")
                .computed()
                .use_state_for_unknown()
                .describe(
                    "Country code and number as configured, digits only. It is known at plan when \
                     both are. CAMS may write numbers of Mexico, Argentina and Brazil in another \
                     form, which is recognised.",
                ),
            Attribute::string("status")
                .computed()
                .use_state_for_unknown()
                .describe(
                    "Status of the number: `MIGRATING` at first, later what CAMS lists, such as \
                     `CONNECTED`.",
                ),
            Attribute::string("request_id")
                .computed()
                .use_state_for_unknown()
                .describe(
                    "Id of the request that started the migration; null for a number that was \
                     imported or already in the space.",
                ),
            timeouts::block(
                "How long operations may take from beginning to end, waiting for the account's \
                 call quota and all repeats included. When the time is over, nothing new is begun, \
                 and whatever waits ends at once, with an error. A request that is under way has \
                 one more second for its answer. If that request was the start of the migration, \
                 the provider then looks for the number for five more seconds or so: if it shows, \
                 the create succeeds, and if not, the error says that the outcome is unknown. The \
                 next apply takes the number over if it is there. Destroying makes no call, so it \
                 needs no limit.",
                vec![
                    CREATE.attribute("Starting the migration."),
                    READ.attribute("Looking at the number during a refresh."),
                ],
            ),
        ],
    }
}

/// The attributes of the identity.
pub(super) fn identity_schema() -> IdentitySchema {
    let attribute = |name, description| IdentityAttribute {
        name,
        ty: Type::String,
        description,
        required_for_import: true,
    };
    IdentitySchema {
        version: 0,
        attributes: vec![
            attribute("cust_space_id", "Space that receives the number."),
            attribute("country_code", "Country calling code, digits only."),
            attribute(
                "mobile_number",
                "Phone number without its country code, digits only.",
            ),
        ],
    }
}

/// What the resource does, for the documentation.
fn description() -> String {
    let permissions = OPERATIONS.map(|action| format!("`cams:{action}`"));
    format!(
        "Starts moving a WhatsApp phone number from another provider into a CAMS space \
         (`CreateChatappMigrationInitiate`), and follows its status.\n\n\
         A number that is in the space already is taken over as it is, with a warning. So an apply \
         after an interruption, a replacement, or an apply after the state was lost ends with the \
         number in state, and starts nothing twice.\n\n\
         Destroying this resource makes no API call: Terraform forgets the number, and the number \
         stays in the space. The API has no operation that cancels a migration. To take a live \
         number out of service, deregister it from its WhatsApp Business Account, in the CAMS \
         console or with \
         the API operation `ChatappPhoneNumberDeregister`.\n\n\
         A change of space, code or number replaces the resource, and the old number stays where \
         it is too. Two resources for one number in one space are an error at the plan. Where they \
         belong to two configurations of the provider, such as aliases, or where the number is \
         known only after \
         apply, they meet during apply.\n\n\
         A number counts as there when the list of its space (`QueryChatappPhoneNumbers`) shows it \
         with any status but `DELETED` and `MIGRATED`, or when `GetPhoneNumberVerificationStatus` \
         gives its id. It is removed from the state, with a warning, only when a list that was \
         fetched for this refresh does not show it as there, the lookup says that it does not \
         exist, and its migration started at least an hour ago. If the answers prove neither, the \
         number stays in the \
         state, and a warning says so. A refresh asks for few lookups: when ten in a space have \
         proved no number gone and told no missing id, its other numbers stay in the state \
         without one.\n\n\
         The RAM user or role needs {} on resource `*`. Only the first is indispensable: without \
         one \
         of the others the resource warns and goes on.",
        permissions.join(", ")
    )
}
