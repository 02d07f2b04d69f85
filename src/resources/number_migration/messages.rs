//! What the resource alone tells the user: about plans, then about creates.

use cams::Error;
use cams::phone::PhoneNumber;
use terraform_plugin::framework::diagnostic::Diagnostic;
use terraform_plugin::framework::path::Path;
use terraform_plugin::framework::timeouts::TimeLimit;

use crate::errors;
use crate::evidence::Presence;
use crate::numbers::Target;
use crate::resources::number::messages::{SHOWN_ONCE, warning};
use crate::settings::CUST_SPACE_ID_VARIABLE;

use super::schema::Model;

const NO_CANCEL: &str = "The API has no operation that cancels a migration.";

/// What destroying the resource does and does not do.
pub(crate) fn forgets(state: &Model) -> Diagnostic {
    let number = state.phone_number.text().unwrap_or("the number");
    let space = state.cust_space_id.text().unwrap_or_default();
    let text = format!(
        "Destroying the resource makes no API call: Terraform forgets {number}, which stays in \
         space {space} unchanged. {NO_CANCEL} {SHOWN_ONCE}\n\nTo take a live number out of \
         service, deregister it from its WhatsApp Business Account in the CAMS console, or with \
         the API operation ChatappPhoneNumberDeregister."
    );
    Diagnostic::warning("Number Is Forgotten, Not Removed", text)
}

/// A change that replaces the resource. `number` is the planned number, if it is known.
pub(crate) fn replaces(
    old: &Target,
    plan: &Model,
    number: Option<&PhoneNumber>,
    follows_provider: bool,
) -> Diagnostic {
    let (old_number, old_space) = (&old.number, &old.cust_space_id);
    let space = plan.cust_space_id.text();
    let is_moved = space != Some(old_space.as_str());
    let number = match number {
        Some(number) if number == old_number => "the same number".to_owned(),
        Some(number) if number.is_same(old_number) && !is_moved => return other_form(old, number),
        Some(number) if number.is_same(old_number) => {
            format!("the same number, written as {number},")
        }
        Some(number) => number.to_string(),
        None => "a number that is known only after apply".to_owned(),
    };
    let space = space.unwrap_or("(known after apply)");
    let mut text = format!(
        "The change replaces the resource. Terraform forgets {old_number}, which stays in space \
         {old_space} unchanged: its migration is not cancelled, and the number is not removed. \
         {NO_CANCEL} Applying starts the migration of {number} into space {space}."
    );
    if is_moved && follows_provider {
        text += &format!(
            "\n\nThe resource sets no cust_space_id, so it uses the provider's, which is now \
             {space}: in the provider block, or in the environment variable \
             {CUST_SPACE_ID_VARIABLE}. If you did not mean to change it, set it back to \
             {old_space}."
        );
    }
    let attribute = if is_moved {
        "cust_space_id"
    } else if plan.country_code.text() != Some(old_number.country_code()) {
        "country_code"
    } else {
        "mobile_number"
    };
    Diagnostic::warning("Replacement Leaves the Old Number Where It Is", text)
        .at(Path::root().attribute(attribute))
}

/// A change that writes the number in its other form, and changes nothing else.
fn other_form(old: &Target, number: &PhoneNumber) -> Diagnostic {
    let (old_number, space) = (&old.number, &old.cust_space_id);
    let text = format!(
        "The change replaces the resource, but {old_number} and {number} are the same number. If \
         CAMS shows it in space {space}, the resource adopts it unchanged. If CAMS does not show \
         it yet, as may happen shortly after its migration was started, applying asks CAMS to \
         start the migration again. To change nothing, set mobile_number to {:?}, as in the state.",
        old_number.mobile_number()
    );
    warning::<Model>("Same Number in Another Form", text)
}

/// A number in the state is banned, which no plan changes.
pub(crate) fn banned(target: &Target) -> Diagnostic {
    let text = format!(
        "WhatsApp has banned {target}. Neither applying nor replacing the resource changes that. \
         Appeal the ban in Meta's Business Manager."
    );
    warning::<Model>("Number Is Banned", text)
}

/// The answer to the start is about another number.
pub(crate) fn names_another(target: &Target) -> Diagnostic {
    let text = format!(
        "CAMS answered the start of {target} with OK and with data about another number. OK means \
         that the migration has started, so the number is stored in the state without that data. \
         Look for the number in the CAMS console. If it is not there, contact Alibaba Cloud \
         support."
    );
    warning::<Model>("Answer Names Another Number", text)
}

/// The number was in the space before, so the resource adopts it. All such warnings have one
/// title, which lets Terraform merge them.
pub(crate) fn adopted(target: &Target, presence: &Presence, refusal: Option<&Error>) -> Diagnostic {
    let status = presence.status.as_ref();
    let status = status.map(|status| format!(" with status {status}"));
    let refusal = refusal.map(errors::particulars);
    let refusal = refusal.map(|refusal| {
        format!(
            "\n\nCAMS refused the request to start its \
        migration.\n{refusal}"
        )
    });
    let text = format!(
        "{} was already in space {}{}, so no migration was started. The resource adopts the number \
         unchanged. Destroying the resource will not remove it from the space.{}",
        target.number,
        target.cust_space_id,
        status.unwrap_or_default(),
        refusal.unwrap_or_default()
    );
    warning::<Model>("Number Already in the Space", text)
}

/// The request that starts the migration has no usable answer, and the number was not found
/// afterwards, for a reason in one sentence.
pub(crate) fn unknown_outcome(
    target: &Target,
    error: &Error,
    reason: &str,
    limit: &TimeLimit,
) -> Diagnostic {
    let expired = match error.out_of_time {
        true => format!(" before the timeout expired ({limit})"),
        false => String::new(),
    };
    let text = format!(
        "The request to start the migration of {target} was sent, and no usable answer was \
         received{expired}. The migration may have started. {reason}\n\nApplying again is safe: \
         the provider searches for the number first, and adopts it if it is in the space.\n{}",
        errors::particulars(error)
    );
    Diagnostic::error("Migration With Unknown Outcome", text)
}

#[cfg(test)]
pub(crate) mod tests {
    use cams::ErrorKind;
    use terraform_plugin::framework::timeouts::Timed;

    use crate::numbers::read_back::NOT_SHOWN;
    use crate::resources::number::messages::tests::target;
    use crate::tests::error;

    use super::*;

    /// The diagnostics of this resource alone.
    pub(crate) fn diagnostics() -> Vec<Diagnostic> {
        let (one, two_forms) = (target("86", "13900001234"), target("55", "31996883193"));
        let plan = |space: &str| Model {
            cust_space_id: space.into(),
            ..Model::default()
        };
        let state = Model {
            phone_number: "8613900001234".into(),
            ..plan("cams-1")
        };
        let other = target("86", "13900009999").number;
        let other_form = two_forms.number.other_form();
        let limit = Timed {
            name: "create",
            default: "20m",
        };
        let limit = limit.limit(None);
        let refused = error(ErrorKind::InvalidParameter, "InvalidParameter.Exists");
        let unanswered = Error {
            out_of_time: true,
            ..error(ErrorKind::Unanswered, "")
        };
        let presence = Presence {
            id: None,
            status: Some("CONNECTED".into()),
        };
        vec![
            forgets(&state),
            replaces(&one, &plan("cams-1"), Some(&other), true),
            replaces(&one, &plan("cams-2"), Some(&one.number), true),
            replaces(&two_forms, &plan("cams-2"), other_form.as_ref(), false),
            replaces(&one, &Model::default(), None, false),
            replaces(&two_forms, &plan("cams-1"), other_form.as_ref(), false),
            banned(&one),
            names_another(&one),
            adopted(&one, &presence, None),
            adopted(&one, &Presence::default(), Some(&refused)),
            unknown_outcome(&one, &unanswered, NOT_SHOWN, &limit),
        ]
    }
}
