//! What all resources for a phone number share.
//!
//! Such a resource is about one number in one space. Its model implements [`NumberModel`], and in
//! return it gets the rules below, which are the same for all of them.
//!
//! # A new resource for a number
//!
//! - The model has `cust_space_id`, `phone_number` and `timeouts` ([`Timeouts`]) beside its own
//!   fields. The schema begins with [`cust_space_id`] and [`phone_number`] and ends with
//!   [`timeouts_block`].
//! - `identity_schema` is [`identity_schema`], `identity` is [`identity`], and `import` begins with
//!   [`import::begin`]. `validate` is [`validate`].
//! - `plan` begins with [`plan::plan`]: the space that the resource follows, and numbers that are
//!   planned twice. Warnings about the plan come after it.
//! - `create` and `update` take the number from [`plan::target_of_plan`], `read` and `delete` from
//!   [`plan::target_of_state`].
//! - [`NumberOperation`] holds what all steps of one operation need. [`NumberOperation::refresh`] is
//!   the core of `read`: it decides when the state forgets a number.
//! - Before something is sent that cannot be undone, `create` takes a claim
//!   ([`NumberOperation::claim`]) and asks where the number is
//!   ([`NumberOperation::find_before_sending`]). [`standing::standing`] says what the list shows.
//! - An `update` whose attributes make it send something asks [`private_state::is_imported`] first.
//! - When the object exists, [`private_state::note_start`] remembers when.
//!
//! A number is validated where it is written: as a whole in `phone_number`, in two attributes by
//! `cams_number_migration`, the one resource that overrides [`NumberModel::ATTRIBUTE_OF`].

pub(super) mod import;
pub(crate) mod messages;
mod operation;
pub(super) mod plan;
pub(super) mod private_state;
pub(super) mod refusals;
pub(crate) mod standing;
pub(crate) mod verification;

use terraform_plugin::framework::diagnostic::Diagnostics;
use terraform_plugin::framework::identity::{IdentityAttribute, IdentitySchema};
use terraform_plugin::framework::model::{Field, Model};
use terraform_plugin::framework::schema::Attribute;
use terraform_plugin::framework::timeouts::{self, Timed};
use terraform_plugin::framework::ty::Type;
use terraform_plugin::framework::value::Value;
use terraform_plugin::model;

use crate::validators::{self, AttributeOf, Written};

#[cfg(test)]
pub(crate) use messages::tests::diagnostics;
pub(crate) use operation::{NumberOperation, Refreshed};

/// How long a refresh, a data source or a list may take. It has no name, because no block `timeouts`
/// has an entry for it: only `cams_number_migration` lets the user limit a refresh.
pub(crate) const READ: Timed = Timed {
    name: "",
    default: "10m",
};

/// The model of a resource for a number.
pub(crate) trait NumberModel: Model {
    /// The type of the resource.
    const TYPE: &'static str;
    /// What applying does to a number that the state has forgotten, such as "registers it again".
    const AGAIN: &'static str;
    /// The attribute that holds a part of the number.
    const ATTRIBUTE_OF: AttributeOf = validators::whole;

    /// The space.
    fn cust_space_id(&self) -> &Field<String>;

    /// The space, to plan it.
    fn cust_space_id_mut(&mut self) -> &mut Field<String>;

    /// The whole number, as the state has it.
    fn phone_number(&self) -> &Field<String>;

    /// The number.
    ///
    /// # Errors
    ///
    /// What is wrong with it.
    fn number(&self) -> Written {
        validators::whole_number(self.phone_number())
    }

    /// The attributes that an update changes in place, as one value.
    fn updatable(&self) -> Value;
}

model! {
    /// The attributes that identify a number in a space.
    pub struct Identity {
        /// The space of the number.
        pub cust_space_id: String,
        /// Country calling code and number.
        pub phone_number: String,
    }
}

model! {
    /// How long the operations may take.
    pub struct Timeouts {
        /// How long a create may take.
        pub create: String,
        /// How long an update may take.
        pub update: String,
    }
}

/// The attribute `cust_space_id`. The description says what the space is to the resource.
pub(super) fn cust_space_id(description: &str) -> Attribute {
    Attribute::string("cust_space_id")
        .optional()
        .computed()
        .requires_replace()
        .validate(validators::cust_space_id)
        .describe(format!(
            "{description} Default value is the provider's `cust_space_id`; when that changes, the \
             number is replaced."
        ))
}

/// The attribute `phone_number` of a resource.
pub(super) fn phone_number() -> Attribute {
    phone_number_input().requires_replace()
}

/// The attribute `phone_number` where nothing is stored, as in an action.
pub(crate) fn phone_number_input() -> Attribute {
    Attribute::string("phone_number").required().describe(
        "Country code and number, digits only, such as `8613900001234`: the `phone_number` of \
         `cams_number_migration`. CAMS may write numbers of Mexico, Argentina and Brazil in \
         another form, which is recognised.",
    )
}

/// The block `timeouts`. The description says what happens when a timeout expires.
pub(super) fn timeouts_block(
    description: &'static str,
    create: Attribute,
    update: Attribute,
) -> Attribute {
    timeouts::block(description, vec![create, update])
}

/// Checks the configured number.
pub(super) fn validate<M: NumberModel>(config: &M) -> Diagnostics {
    validators::validate_number(config.number(), M::ATTRIBUTE_OF)
}

/// The identity of a resource with this state.
pub(super) fn identity<M: NumberModel>(state: &M) -> Identity {
    Identity {
        cust_space_id: state.cust_space_id().clone(),
        phone_number: state.phone_number().clone(),
    }
}

/// The attributes of [`Identity`].
pub(super) fn identity_schema() -> IdentitySchema {
    IdentitySchema {
        version: 0,
        attributes: vec![
            identity_attribute("cust_space_id", "Space of the number."),
            identity_attribute("phone_number", "Country code and number, digits only."),
        ],
    }
}

/// An attribute of an identity, which an import requires.
pub(super) fn identity_attribute(
    name: &'static str,
    description: &'static str,
) -> IdentityAttribute {
    IdentityAttribute {
        name,
        ty: Type::String,
        description,
        required_for_import: true,
    }
}
