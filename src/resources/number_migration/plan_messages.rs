//! What the resource tells the user of plans.

use crate::numbers::Target;
use crate::settings::CUST_SPACE_ID_VARIABLE;
use cams::phone::PhoneNumber;
use terraform_plugin::framework::diagnostic::Diagnostic;
use terraform_plugin::framework::model::Field;
use terraform_plugin::framework::path::Path;

use super::messages::{at_number, in_both_forms};
use super::schema::Model;
use super::target;

const NO_CANCEL: &str = "The API has no operation that cancels a migration.";
const NOT_ALONE: &str = "This is said once, although other numbers may be concerned.";

/// The configuration names no space, and the provider has none either.
pub(super) fn missing_space() -> Diagnostic {
    Diagnostic::error(
        "Missing Space",
        "No space is named for this number. Set cust_space_id here, or for all numbers in the \
         provider block or with the environment variable CAMS_CUST_SPACE_ID.",
    )
    .at(Path::root().attribute("cust_space_id"))
}

/// The state does not name a number, which this provider never stores.
pub(super) fn faulty_state(faults: &[String]) -> Diagnostic {
    Diagnostic::error(
        "Faulty State",
        format!(
            "The state of this resource does not name a number in a space: {}. Something else than \
             this provider wrote it; the configuration may be right as it is.\n\nRemove the \
             resource from the state and import the number again, where ADDRESS is the address of \
             the resource:\n  terraform state rm 'ADDRESS'\n  terraform import 'ADDRESS' \
             CUST_SPACE_ID/COUNTRY_CODE/MOBILE_NUMBER\nOr restore an earlier state. Neither \
             changes anything at CAMS.",
            faults.join("; ")
        ),
    )
}

/// The provider's space is another one now, and an update in place comes first.
pub(super) fn replaced_later(prior: &Model, space: &Field<String>) -> Diagnostic {
    Diagnostic::warning(
        "Replacement Comes Later",
        format!(
            "The provider's cust_space_id is {} now, and the number is in space {}. Its timeouts \
             change too, which is done first and leaves it there. The next plan replaces the \
             number, \
             so that it moves to the provider's space.",
            space.text().unwrap_or_default(),
            prior.cust_space_id.text().unwrap_or_default()
        ),
    )
    .at(Path::root().attribute("cust_space_id"))
}

/// What destroying the resource does and does not do. Said once in a run.
pub(super) fn forgets(state: &Model) -> Diagnostic {
    let number = state.phone_number.text().unwrap_or("the number");
    let space = state.cust_space_id.text().unwrap_or_default();
    Diagnostic::warning(
        "Number Is Forgotten, Not Removed",
        format!(
            "Destroying the resource makes no API call: Terraform forgets the number, here \
             {number}, which stays in space {space} as it is. {NO_CANCEL} {NOT_ALONE}\n\nTo take a \
             number that is live out of service, deregister it from its WhatsApp Business Account: \
             in the CAMS \
             console, or with the API operation ChatappPhoneNumberDeregister."
        ),
    )
}

/// A change that replaces the resource, which is not what it may look like.
pub(super) fn replaces(prior: &Model, plan: &Model, follows_provider: bool) -> Diagnostic {
    let old = prior.phone_number.text().unwrap_or("the old number");
    let old_space = prior.cust_space_id.text().unwrap_or_default();
    let new_space = plan.cust_space_id.text();
    let moved = prior.cust_space_id != plan.cust_space_id;
    let mut text = format!(
        "The change replaces the resource. Terraform then forgets {old}, which stays in space \
         {old_space} as it is: nothing there is cancelled or removed. {NO_CANCEL} Applying starts \
         the migration of "
    );
    let same_number =
        plan.country_code == prior.country_code && plan.mobile_number == prior.mobile_number;
    let planned = target::of_plan(plan).map(|target| target.number);
    let was = target::of_state(prior).map(|target| target.number);
    match (same_number, planned) {
        (true, _) => text.push_str("the same number"),
        (false, Ok(number)) if was.is_ok_and(|was| was.is_same(&number)) => {
            if !moved {
                return other_form(prior, &number);
            }
            let form = format!("the same number, written as {number},");
            text.push_str(&form);
        }
        (false, Ok(number)) => text.push_str(&number.to_string()),
        (false, Err(_)) => text.push_str("a number that is known only after apply"),
    }
    match new_space {
        Some(space) => text.push_str(&format!(" into space {space}.")),
        None => text.push_str(" into a space that is known only after apply."),
    }
    if moved && follows_provider {
        text.push_str(&format!(
            "\n\nThe resource names no cust_space_id, so it follows the provider's, which is {} \
             now: in the provider block, or in the environment variable {CUST_SPACE_ID_VARIABLE}. \
             If you \
             did not mean to change it, set it back to {old_space}.",
            new_space.unwrap_or("another one")
        ));
    }
    let attribute = if moved {
        "cust_space_id"
    } else if prior.country_code != plan.country_code {
        "country_code"
    } else {
        "mobile_number"
    };
    Diagnostic::warning("Replacement Leaves the Old Number Where It Is", text)
        .at(Path::root().attribute(attribute))
}

/// A change that writes the number in its other form, and changes nothing else.
fn other_form(prior: &Model, number: &PhoneNumber) -> Diagnostic {
    at_number(Diagnostic::warning(
        "Same Number in Another Form",
        format!(
            "The change replaces the resource, and {} and {number} are the same number. Terraform \
             forgets the one and takes the other over, as it is in space {}, if CAMS shows the \
             number. If CAMS does not show it yet, as may be soon after its start, applying asks \
             CAMS to start it again. To change nothing, set mobile_number to {:?}, as it is in the \
             state.",
            prior.phone_number.text().unwrap_or("the old one"),
            prior.cust_space_id.text().unwrap_or_default(),
            prior.mobile_number.text().unwrap_or_default()
        ),
    ))
}

/// Two resources of one plan have the same number, and one of them at least is new.
pub(super) fn planned_twice(target: &Target) -> Diagnostic {
    at_number(Diagnostic::error(
        "Number Declared Twice",
        format!(
            "Another resource of this configuration, perhaps in another module, has {} in space {} \
             too. A number can be moved only once: keep one of the two resources.",
            in_both_forms(target),
            target.cust_space_id
        ),
    ))
}

/// Two resources in the state have the same number.
pub(super) fn stored_twice(target: &Target) -> Diagnostic {
    at_number(Diagnostic::warning(
        "Number Owned by Two Resources",
        format!(
            "Another resource in the state has {} in space {} too. Remove one of the two from the \
             configuration, and from the state with terraform state rm.",
            in_both_forms(target),
            target.cust_space_id
        ),
    ))
}

/// Two resources of one plan have the same number in two spaces.
pub(super) fn in_two_spaces(target: &Target, other_space: &str) -> Diagnostic {
    at_number(Diagnostic::warning(
        "Number in Two Spaces",
        format!(
            "Another resource of this configuration has {} in space {other_space}, and this one in \
             space {}. A number is in one space at a time, so only one of the two migrations can \
             succeed: keep one of the two resources.",
            in_both_forms(target),
            target.cust_space_id
        ),
    ))
}

/// Whether CAMS calls the number banned.
pub(super) fn is_banned(state: &Model) -> bool {
    let status = state.status.text();
    status.is_some_and(|status| status.eq_ignore_ascii_case("BANNED"))
}

/// A number in the state is banned, which no plan changes.
pub(super) fn banned(state: &Model) -> Diagnostic {
    at_number(Diagnostic::warning(
        "Number Is Banned",
        format!(
            "WhatsApp has banned {} in space {}. Neither applying nor replacing the resource \
             changes \
             that. The ban can be appealed in Meta's Business Manager.",
            state.phone_number.text().unwrap_or("the number"),
            state.cust_space_id.text().unwrap_or_default()
        ),
    ))
}
