//! What the resource tells the user: about plans, then about creates, reads and imports.

use cams::Error;
use cams::phone::PhoneNumber;
use terraform_plugin::framework::diagnostic::Diagnostic;
use terraform_plugin::framework::path::Path;
use terraform_plugin::framework::timeouts::TimeLimit;

use crate::claims::Refused;
use crate::errors;
use crate::evidence::Presence;
use crate::numbers::Target;
use crate::planned::Conflict;
use crate::settings::CUST_SPACE_ID_VARIABLE;

use super::schema::Model;

const NO_CANCEL: &str = "The API has no operation that cancels a migration.";
const SHOWN_ONCE: &str = "This warning is shown once, although it may apply to other numbers.";
const KEEP_ONE: &str = "keep one of the two resources.";

/// An error about the number.
fn error(summary: &str, detail: String) -> Diagnostic {
    Diagnostic::error(summary, detail).at(Path::root().attribute("mobile_number"))
}

/// A warning about the number.
fn warning(summary: &str, detail: String) -> Diagnostic {
    Diagnostic::warning(summary, detail).at(Path::root().attribute("mobile_number"))
}

/// The configuration names no space, and the provider has none either.
pub(super) fn missing_space() -> Diagnostic {
    let text = format!(
        "The number has no space. Set cust_space_id here, or for all numbers in the provider block \
         or with the environment variable {CUST_SPACE_ID_VARIABLE}."
    );
    Diagnostic::error("Missing Space", text).at(Path::root().attribute("cust_space_id"))
}

/// The state does not name a number, which this provider never stores.
pub(super) fn faulty_state(faults: &str) -> Diagnostic {
    let text = format!(
        "The state of this resource does not name a number in a space: {faults}. Another program \
         than this provider wrote it; the configuration may be correct.\n\nRestore an earlier \
         state, or remove the resource from the state and import the number again:\n  terraform \
         state rm 'ADDRESS'\n  terraform import 'ADDRESS' \
         CUST_SPACE_ID/COUNTRY_CODE/MOBILE_NUMBER\nNeither changes anything at CAMS."
    );
    Diagnostic::error("Faulty State", text)
}

/// The provider's space has changed, and an update in place comes first.
pub(super) fn replaced_later(old: &str, new: &str) -> Diagnostic {
    let text = format!(
        "The provider's cust_space_id is now {new}, and the number is in space {old}. This plan \
         only stores the new timeouts. The next plan replaces the number, which moves it to the \
         provider's space."
    );
    Diagnostic::warning("Replacement Comes Later", text).at(Path::root().attribute("cust_space_id"))
}

/// What destroying the resource does and does not do.
pub(super) fn forgets(state: &Model) -> Diagnostic {
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
pub(super) fn replaces(
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
         {old_space} unchanged: its migration is not cancelled, and it is not removed. {NO_CANCEL} \
         Applying starts the migration of {number} into space {space}."
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
    } else if plan.country_code.text() != Some(old_number.country_code().as_str()) {
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
         CAMS shows it in space {space}, the resource takes it over unchanged. If CAMS does not \
         show it yet, which is possible soon after its start, applying asks CAMS to start it \
         again. To change nothing, set mobile_number to {:?}, as in the state.",
        old_number.mobile_number()
    );
    warning("Same Number in Another Form", text)
}

/// Another resource has the same number.
pub(super) fn conflict(conflict: &Conflict, target: &Target) -> Diagnostic {
    let (number, space) = (&target.number, &target.cust_space_id);
    let number = match number.other_form() {
        Some(other) => format!("{number} (or {other}, which is the same number)"),
        None => number.to_string(),
    };
    let other = "Another resource of this configuration, perhaps in another module,";
    match conflict {
        Conflict::SameSpace => {
            let text = format!(
                "{other} has {number} in space {space} too. A number can be moved only once: \
                 {KEEP_ONE}"
            );
            error("Number Declared Twice", text)
        }
        Conflict::SameSpaceInState => {
            let text = format!(
                "Another resource in the state has {number} in space {space} too. Remove one of \
                 the two from the configuration, and from the state with terraform state rm."
            );
            warning("Number Owned by Two Resources", text)
        }
        Conflict::OtherSpace(other_space) => {
            let text = format!(
                "{other} has {number} in space {other_space}; this one has it in space {space}. A \
                 number is in one space at a time, so only one of the two migrations can succeed: \
                 {KEEP_ONE}"
            );
            warning("Number in Two Spaces", text)
        }
    }
}

/// A number in the state is banned, which no plan changes.
pub(super) fn banned(target: &Target) -> Diagnostic {
    let text = format!(
        "WhatsApp has banned {target}. Neither applying nor replacing the resource changes that. \
         Appeal the ban in Meta's Business Manager."
    );
    warning("Number Is Banned", text)
}

/// Why the number could not be claimed.
pub(super) fn not_claimed(refused: Refused, target: &Target, limit: &TimeLimit) -> Diagnostic {
    match refused {
        Refused::Busy => {
            let text = format!(
                "Another process on this machine is starting the migration of {target} and did not \
                 finish before the timeout of this resource expired ({limit}). Nothing was started \
                 here. Apply again when that process has finished: this resource then takes the \
                 number over. If no other apply is running, look for one that is stopped (Ctrl-Z), \
                 and resume or end it."
            );
            error("Number Being Migrated by Another Process", text)
        }
        Refused::Duplicate => conflict(&Conflict::SameSpace, target),
        Refused::Stopped => {
            let text = format!(
                "Terraform was asked to stop while another process on this machine was starting \
                 the migration of {target}. Nothing was started here. Apply again to continue."
            );
            error("Stopped", text)
        }
    }
}

/// The answer to the start is about another number.
pub(super) fn names_another(target: &Target) -> Diagnostic {
    let text = format!(
        "CAMS answered the start of {target} with OK and with data about another number. OK means \
         that the migration has started, so the number is stored in the state without that data. \
         Look for the number in the CAMS console. If it is not there, contact Alibaba Cloud \
         support."
    );
    warning("Answer Names Another Number", text)
}

/// The number was in the space before, so the resource takes it over. All such warnings have one
/// title, which lets Terraform merge them.
pub(super) fn adopted(target: &Target, presence: &Presence, refusal: Option<&Error>) -> Diagnostic {
    let status = presence.status.as_ref();
    let status = status.map(|status| format!(" with status {status}"));
    let refusal = refusal.map(errors::particulars);
    let refusal = refusal.map(|refusal| format!("\n\nCAMS refused to start it again.\n{refusal}"));
    let text = format!(
        "{} was already in space {}{}, so no migration was started. The resource takes the number \
         over unchanged. Destroying the resource will not remove it from the space.{}",
        target.number,
        target.cust_space_id,
        status.unwrap_or_default(),
        refusal.unwrap_or_default()
    );
    warning("Number Already in the Space", text)
}

/// The request that starts the migration has no usable answer, and the number was not found
/// afterwards, for a reason in one sentence.
pub(super) fn unknown_outcome(
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
         the provider looks for the number first, and takes it over if it is in the space.\n{}",
        errors::particulars(error)
    );
    Diagnostic::error("Migration With Unknown Outcome", text)
}

/// One of the two operations that find the number failed, and the other one was enough.
pub(super) fn one_failed(error: &Error, target: &Target) -> Diagnostic {
    let action = error.action;
    let text = format!(
        "The provider uses {action} to find numbers, here {target}. The call failed, and the \
         provider continued with the answer of another operation. It may start a number that is \
         already in the space, if only {action} shows it. {SHOWN_ONCE}\n\n{}\n{}",
        errors::advice(error).text,
        errors::particulars(error)
    );
    Diagnostic::warning(format!("{action} Failed"), text)
}

/// Nothing proves that a number in the state is in its space, and nothing that it is not.
pub(super) fn not_confirmed(target: &Target) -> Diagnostic {
    let text = format!(
        "The list of the space does not show {target}, and the lookup of the number neither knows \
         it nor says that it does not exist. This does not prove that the number is gone, so it \
         stays in the state unchanged. If it is gone, remove it with terraform state rm and apply \
         again. {SHOWN_ONCE}"
    );
    Diagnostic::warning("Number Not Confirmed by CAMS", text)
}

/// A number is removed from the state.
pub(super) fn gone(target: &Target) -> Diagnostic {
    let text = format!(
        "The list of the space no longer shows {target}, and the lookup says that the number does \
         not exist. It is removed from the state. Applying starts its migration again."
    );
    warning("Number Is Gone From the Space", text)
}

/// Neither operation shows the number that is to be imported. `failed` is why one of them did not
/// answer.
pub(super) fn not_importable(target: &Target, failed: Option<&Error>) -> Diagnostic {
    let Some(error) = failed else {
        let text = format!(
            "The list of the space does not show {target}, and the lookup of the number does not \
             know it, so there is nothing to import. Check the space and the number. To start the \
             migration, remove the import and apply: if the number is in the space after all, the \
             provider takes it over."
        );
        return Diagnostic::error("Number Not Found", text);
    };
    let text = format!(
        "The provider could not find out whether number {target} exists: the call {} failed, and \
         another operation does not show the number. Resolve the warning about that call, then \
         import the number again.\n{}",
        error.action,
        errors::particulars(error)
    );
    Diagnostic::error("Number Could Not Be Checked", text)
}

/// The identity of an import block does not name a number.
pub(super) fn invalid_import_identity(faults: &str) -> Diagnostic {
    let text = format!(
        "The identity in the import does not name a number: {faults}. Correct the identity in the \
         import, not the configuration of the resource."
    );
    Diagnostic::error("Invalid Import Identity", text)
}

/// An import id does not name a number.
pub(super) fn invalid_import_id(id: &str, problem: &str) -> Diagnostic {
    let text = format!(
        "{id:?} cannot be imported: {problem}. Write CUST_SPACE_ID/COUNTRY_CODE/MOBILE_NUMBER, \
         such as cams-abc123/86/13900001234, or CUST_SPACE_ID/PHONE_NUMBER, such as \
         cams-abc123/8613900001234."
    );
    Diagnostic::error("Invalid Import ID", text)
}

#[cfg(test)]
pub(crate) mod tests {
    use cams::ErrorKind;
    use terraform_plugin::framework::timeouts::Timed;

    use crate::numbers::NOT_SHOWN;
    use crate::tests::error;

    use super::*;

    /// All diagnostics of the resource.
    pub(crate) fn diagnostics() -> Vec<Diagnostic> {
        let target = |space: &str, code: &str, number: &str| Target {
            cust_space_id: space.into(),
            number: PhoneNumber::parse(code, number).expect("a number"),
        };
        let (one, two_forms) = (
            target("cams-1", "86", "13900001234"),
            target("cams-1", "55", "31996883193"),
        );
        let plan = |space: &str| Model {
            cust_space_id: space.into(),
            ..Model::default()
        };
        let state = Model {
            phone_number: "8613900001234".into(),
            ..plan("cams-1")
        };
        let other = target("cams-1", "86", "13900009999").number;
        let other_form = two_forms.number.other_form();
        let limit = Timed {
            name: "create",
            default: "20m",
        };
        let limit = limit.limit(None);
        let refused = error(ErrorKind::InvalidParameter, "InvalidParameter.Exists");
        let denied = error(ErrorKind::AccessDenied, "NoPermission");
        let unanswered = Error {
            out_of_time: true,
            ..error(ErrorKind::Unanswered, "")
        };
        let presence = Presence {
            id: None,
            status: Some("CONNECTED".into()),
        };
        vec![
            missing_space(),
            faulty_state("cust_space_id is missing"),
            replaced_later("cams-1", "cams-2"),
            forgets(&state),
            replaces(&one, &plan("cams-1"), Some(&other), true),
            replaces(&one, &plan("cams-2"), Some(&one.number), true),
            replaces(&two_forms, &plan("cams-2"), other_form.as_ref(), false),
            replaces(&one, &Model::default(), None, false),
            replaces(&two_forms, &plan("cams-1"), other_form.as_ref(), false),
            conflict(&Conflict::SameSpace, &two_forms),
            conflict(&Conflict::SameSpaceInState, &one),
            conflict(&Conflict::OtherSpace("cams-2".into()), &one),
            banned(&one),
            not_claimed(Refused::Busy, &one, &limit),
            not_claimed(Refused::Duplicate, &one, &limit),
            not_claimed(Refused::Stopped, &one, &limit),
            names_another(&one),
            adopted(&one, &presence, None),
            adopted(&one, &Presence::default(), Some(&refused)),
            unknown_outcome(&one, &unanswered, NOT_SHOWN, &limit),
            one_failed(&denied, &one),
            not_confirmed(&one),
            gone(&one),
            not_importable(&one, None),
            not_importable(&one, Some(&denied)),
            invalid_import_identity("cust_space_id is missing"),
            invalid_import_id("86/1", "it does not have two or three parts"),
        ]
    }
}
