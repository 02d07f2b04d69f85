//! What all resources for a phone number share.
//!
//! Such a resource is about one number in one space. Its model implements [`NumberModel`], and in
//! return it gets the rules below, which are the same for all of them.
//!
//! # A new resource for a number
//!
//! - The model has `cust_space_id`, `phone_number` and `timeouts` ([`Timeouts`]) beside its own
//!   fields, and implements [`NumberModel`], most of it by [`whole_number`]. Its attributes begin with
//!   [`cust_space_id`] and [`phone_number`] and end with [`timeouts_block`].
//! - It implements [`NumberLifecycle`] too: what the resource does beyond these rules.
//!   [`NumberResource`] of the model is then the resource.
//! - [`NumberOperation`] holds what all steps of one operation need.
//! - Before something is sent that cannot be undone, `apply` takes a claim
//!   ([`NumberOperation::claim`]) and asks where the number is
//!   ([`NumberOperation::find_before_sending`]). [`standing::standing`] says what the list shows.
//! - If an update is not to send anything because of what it changes after an import,
//!   [`NumberLifecycle::sends`] asks [`private_state::is_imported`].
//!
//! A number is validated where it is written: as a whole in `phone_number`, in two attributes by
//! `cams_number_migration`, the one resource that overrides [`NumberModel::ATTRIBUTE_OF`].

pub(crate) mod import;
mod lifecycle;
pub(crate) mod messages;
mod operation;
pub(crate) mod plan;
pub(crate) mod private_state;
pub(crate) mod refusals;
mod resource;
pub(crate) mod standing;
pub(crate) mod verification;

use terraform_plugin::framework::model::{Field, Model};
use terraform_plugin::framework::schema::Attribute;
use terraform_plugin::framework::timeouts::{self, TimeLimit, Timed};
use terraform_plugin::model;

use crate::numbers::Target;
use crate::validators::{self, AttributeOf, Written};

pub(crate) use lifecycle::NumberLifecycle;
#[cfg(test)]
pub(crate) use messages::tests::diagnostics;
pub(crate) use operation::NumberOperation;
pub(crate) use resource::NumberResource;

/// How long a refresh, a data source or a list may take. It has no name, because no block `timeouts`
/// has an entry for it: only `cams_number_migration` lets the user limit a refresh.
pub(crate) const READ: Timed = Timed {
    name: "",
    default: "10m",
};

/// The model of a resource for a number.
pub(crate) trait NumberModel: Model + PartialEq {
    /// The type of the resource.
    const TYPE: &'static str;
    /// What applying does to a number that the state has forgotten, such as "registers it again".
    const AGAIN: &'static str;
    /// How long a create or an update may take by default.
    const TIME: &'static str;
    /// The attribute that holds a part of the number.
    const ATTRIBUTE_OF: AttributeOf = validators::whole;
    /// The operations that can take time. A destroy has the time of an update.
    const CREATE: Timed = Timed {
        name: "create",
        default: Self::TIME,
    };
    const UPDATE: Timed = Timed {
        name: "update",
        default: Self::TIME,
    };
    const READ: Timed = READ;

    /// What the resource does, for the documentation.
    fn description() -> String;

    /// The attributes of the resource.
    fn attributes() -> Vec<Attribute>;

    /// The state that names this number and nothing else.
    fn of(target: Target) -> Self;

    /// The space.
    fn cust_space_id(&self) -> &Field<String>;

    /// The space, to plan it.
    fn cust_space_id_mut(&mut self) -> &mut Field<String>;

    /// The number.
    ///
    /// # Errors
    ///
    /// What is wrong with it.
    fn number(&self) -> Written;

    /// How long an operation may take.
    fn limit(&self, operation: Timed) -> TimeLimit;
}

/// Implements the methods of [`NumberModel`] for a model whose fields have the names of the
/// attributes, and which has the number as a whole.
macro_rules! whole_number {
    () => {
        fn of(target: crate::numbers::Target) -> Self {
            Self {
                cust_space_id: target.cust_space_id.into(),
                phone_number: target.number.to_string().into(),
                ..Self::default()
            }
        }

        fn cust_space_id(&self) -> &Field<String> {
            &self.cust_space_id
        }

        fn cust_space_id_mut(&mut self) -> &mut Field<String> {
            &mut self.cust_space_id
        }

        fn number(&self) -> crate::validators::Written {
            crate::validators::whole_number(&self.phone_number)
        }

        fn limit(&self, operation: Timed) -> TimeLimit {
            operation.limit_in(&self.timeouts)
        }
    };
}
pub(crate) use whole_number;

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
pub(crate) fn cust_space_id(description: &str) -> Attribute {
    Attribute::string("cust_space_id")
        .optional()
        .computed()
        .requires_replace()
        .validate(validators::cust_space_id)
        .identifies("Space of the number.")
        .describe(format!(
            "{description} Default value is the provider's `cust_space_id`. If that value changes, \
             the resource is replaced."
        ))
}

/// The attribute `phone_number` of a resource.
pub(crate) fn phone_number() -> Attribute {
    phone_number_input()
        .requires_replace()
        .identifies("Country code and number, digits only.")
}

/// The attribute `phone_number` where nothing is stored, as in an action.
pub(crate) fn phone_number_input() -> Attribute {
    Attribute::string("phone_number").required().describe(
        "Country code and number, digits only, such as `8613900001234`: the `phone_number` of \
         `cams_number_migration`. CAMS may write numbers from Mexico, Argentina and Brazil in \
         another form; the provider recognizes both forms.",
    )
}

/// The block `timeouts`. The descriptions say what happens when a timeout expires, and what a create
/// and an update do.
pub(crate) fn timeouts_block<M: NumberModel>(
    description: &'static str,
    create: &str,
    update: &str,
) -> Attribute {
    let operations = vec![M::CREATE.attribute(create), M::UPDATE.attribute(update)];
    timeouts::block(description, operations)
}
