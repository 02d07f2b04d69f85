//! What all resources for a number tell the user: about plans, then about claims, reads and imports.

use cams::Error;
use cams::phone::Part;
use terraform_plugin::framework::diagnostic::Diagnostic;
use terraform_plugin::framework::path::Path;
use terraform_plugin::framework::timeouts::TimeLimit;

use crate::claims::Refused;
use crate::errors;
use crate::numbers::Target;
use crate::planned::Conflict;
use crate::settings::CUST_SPACE_ID_VARIABLE;

use super::NumberModel;

/// The last sentence of a warning that is given once.
pub(crate) const SHOWN_ONCE: &str =
    "This warning is shown only once per run and may also apply to other numbers.";
const KEEP_ONE: &str = "keep one of the two resources.";

/// An error about the number.
pub(crate) fn error<M: NumberModel>(summary: &str, detail: String) -> Diagnostic {
    Diagnostic::error(summary, detail).at(path::<M>())
}

/// A warning about the number.
pub(crate) fn warning<M: NumberModel>(summary: &str, detail: String) -> Diagnostic {
    Diagnostic::warning(summary, detail).at(path::<M>())
}

fn path<M: NumberModel>() -> Path {
    Path::root().attribute(M::ATTRIBUTE_OF(Part::MobileNumber))
}

/// The configuration names no space, and the provider has none either.
pub(crate) fn missing_space() -> Diagnostic {
    let text = format!(
        "No space is set for the number. Set cust_space_id in this block. To set it for all \
         numbers, use the provider block or the environment variable {CUST_SPACE_ID_VARIABLE}."
    );
    Diagnostic::error("Missing Space", text).at(Path::root().attribute("cust_space_id"))
}

/// The state does not name a number, which this provider never stores.
pub(crate) fn faulty_state(faults: &str) -> Diagnostic {
    let text = format!(
        "The state of this resource does not name a number in a space: {faults}. This provider did \
         not write it; the configuration may be correct.\n\nRestore an earlier \
         state, or remove the resource from the state and import the number again:\n  terraform \
         state rm 'ADDRESS'\n  terraform import 'ADDRESS' CUST_SPACE_ID/PHONE_NUMBER\nNeither \
         changes anything at CAMS."
    );
    Diagnostic::error("Faulty State", text)
}

/// The provider's space has changed, and an update in place comes first.
pub(crate) fn replaced_later(old: &str, new: &str) -> Diagnostic {
    let text = format!(
        "The provider's cust_space_id is now {new}, but the number is in space {old}. This plan \
         only updates the resource in place. The next plan replaces it with a resource for the \
         number in space {new}."
    );
    Diagnostic::warning("Replacement Deferred to the Next Plan", text)
        .at(Path::root().attribute("cust_space_id"))
}

/// Another resource has the same number.
pub(crate) fn conflict<M: NumberModel>(conflict: &Conflict, target: &Target) -> Diagnostic {
    let (number, space) = (&target.number, &target.cust_space_id);
    let number = match number.other_form() {
        Some(other) => format!("{number} (or {other}, which is the same number)"),
        None => number.to_string(),
    };
    let other = "Another resource of this configuration, perhaps in another module,";
    match conflict {
        Conflict::SameSpace => {
            let text = format!(
                "{other} has {number} in space {space} too. A number can have at most one {}: \
                 {KEEP_ONE}",
                M::TYPE
            );
            error::<M>("Number Declared Twice", text)
        }
        Conflict::SameSpaceInState => {
            let text = format!(
                "Another resource in the state has {number} in space {space} too. Remove one of \
                 the two from the configuration, and from the state with terraform state rm."
            );
            warning::<M>("Number Owned by Two Resources", text)
        }
        Conflict::OtherSpace(other_space) => {
            let text = format!(
                "{other} has {number} in space {other_space}; this one has it in space {space}. A \
                 number is in one space at a time, so only one of the two can succeed: {KEEP_ONE}"
            );
            warning::<M>("Number in Two Spaces", text)
        }
    }
}

/// Why the number could not be claimed.
pub(crate) fn not_claimed<M: NumberModel>(
    refused: Refused,
    target: &Target,
    limit: &TimeLimit,
) -> Diagnostic {
    match refused {
        Refused::Busy => {
            let text = format!(
                "Another process on this machine is applying a {} for {target} and did not finish \
                 before the timeout of this resource expired ({limit}). Nothing was done here. \
                 Apply again when that process has finished: the provider then finds out what it \
                 did. If no other apply is running, look for one that is stopped (Ctrl-Z), and \
                 resume or end it.",
                M::TYPE
            );
            error::<M>("Number in Use by Another Process", text)
        }
        Refused::Duplicate => conflict::<M>(&Conflict::SameSpace, target),
        Refused::Stopped => {
            let text = format!(
                "Terraform was asked to stop while another process on this machine was applying a \
                 {} for {target}. Nothing was done here. Apply again to continue.",
                M::TYPE
            );
            error::<M>("Stopped", text)
        }
    }
}

/// A number that is banned, which nothing here changes.
pub(crate) fn banned<M: NumberModel>(target: &Target) -> Diagnostic {
    let text = format!(
        "WhatsApp has banned {target}: it can neither send nor receive messages. Only Meta can \
         lift a ban. The owner of the number can appeal it in Meta's Business Manager. Nothing is \
         stored for this number. Apply again when the ban is lifted."
    );
    error::<M>("Number Is Banned", text)
}

/// A destroy of an object whose number another resource of the run has.
pub(crate) fn owned_by_other_resource<M: NumberModel>(target: &Target) -> Diagnostic {
    let text = format!(
        "Another {} of this run has {target}, so destroying this one made no API call: Terraform \
         only removed it from the state. This happens when a resource is renamed without a moved \
         block, or with create_before_destroy.",
        M::TYPE
    );
    warning::<M>("Number Kept by Another Resource", text)
}

/// A number that is not in the space.
pub(crate) fn not_in_space<M: NumberModel>(target: &Target) -> Diagnostic {
    let text = format!(
        "The list of the space does not show {target}, and the lookup says that the number does \
         not exist, so nothing was done for it. Start its migration first, with \
         cams_number_migration, and check the space and the number."
    );
    error::<M>("Number Not in the Space", text)
}

/// Numbers that are live already, so that nothing is done for them.
pub(crate) fn already_live<M: NumberModel>(target: &Target) -> Diagnostic {
    let text = format!(
        "{target} is already live, so the provider submitted no code and registered nothing. The \
         resource adopts the number unchanged. {SHOWN_ONCE}"
    );
    warning::<M>("Number Already Live", text)
}

/// A list that could not be synchronized with Meta.
pub(crate) fn not_synchronized(error: &Error, target: &Target) -> Diagnostic {
    let action = error.action;
    let text = format!(
        "The provider calls {action} to update the list of the space from Meta, here for {target}. \
         The call failed, so the provider continued with the list as it was, which may show \
         outdated statuses. {SHOWN_ONCE}\n\n{}\n{}",
        errors::advice(error),
        errors::particulars(error)
    );
    Diagnostic::warning(format!("{action} Failed"), text)
}

/// One of the two operations that find the number failed, and the other one was enough.
pub(crate) fn one_failed(error: &Error, target: &Target) -> Diagnostic {
    let action = error.action;
    let text = format!(
        "The provider calls {action} to find out whether a number is in the space, here {target}. \
         The call failed, and the provider continued with the result of the other operation. If \
         only {action} would have shown the number, the provider may start a migration although \
         the number is already in the space. {SHOWN_ONCE}\n\n{}\n{}",
        errors::advice(error),
        errors::particulars(error)
    );
    Diagnostic::warning(format!("{action} Failed"), text)
}

/// Nothing proves that a number in the state is in its space, and nothing that it is not.
pub(crate) fn not_confirmed<M: NumberModel>(target: &Target) -> Diagnostic {
    let again = M::AGAIN;
    let text = format!(
        "The list does not show {target}, or shows that it has left, and the lookup of the number \
         neither finds it nor reports that it does not exist. This does not prove that the number \
         has left the space, so it stays in the state unchanged. If you know that it has left and \
         is to stay where it is now, remove it from the configuration, and from the state with \
         terraform state rm 'ADDRESS'. While it is in the configuration and not in the state, \
         applying {again}. {SHOWN_ONCE}"
    );
    Diagnostic::warning("Number Not Confirmed by CAMS", text)
}

/// A number is removed from the state. `has_moved_out` says whether the list shows that it has
/// moved to another provider.
pub(crate) fn removed_from_state<M: NumberModel>(
    target: &Target,
    has_moved_out: bool,
) -> Diagnostic {
    let again = M::AGAIN;
    if has_moved_out {
        let text = format!(
            "The list of the space shows {target} as MIGRATED, and the lookup says that the number \
             does not exist there: it has moved to another WhatsApp provider or account. It is \
             removed from the state, and applying {again}. To leave the number where it is now, \
             remove it from the configuration before you apply: delete its key from the for_each \
             of its resources, or delete the resources. If another resource for the number is \
             still in the state, remove it with terraform state rm 'ADDRESS'. A removed block \
             cannot be used, because it accepts no instance keys."
        );
        return warning::<M>("Number Has Moved Out of the Space", text);
    }
    let text = format!(
        "The list of the space no longer shows {target}, and the lookup says that the number does \
         not exist. It is removed from the state. Applying {again}."
    );
    warning::<M>("Number Is Gone From the Space", text)
}

/// Neither operation shows the number that is to be imported. `failed` is why one of them did not
/// answer.
pub(crate) fn not_importable(target: &Target, failed: Option<&Error>) -> Diagnostic {
    let Some(error) = failed else {
        let text = format!(
            "The list of the space does not contain {target}, and the lookup of the number does \
             not find it, so there is nothing to import. Check the space and the number. If the \
             number is in the space, CAMS may not show it yet: import it later."
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
pub(crate) fn invalid_import_identity(faults: &str) -> Diagnostic {
    let text = format!(
        "The identity in the import does not name a number: {faults}. Correct the identity in the \
         import, not the configuration of the resource."
    );
    Diagnostic::error("Invalid Import Identity", text)
}

/// An import id does not name a number.
pub(crate) fn invalid_import_id(id: &str, problem: &str) -> Diagnostic {
    let text = format!(
        "{id:?} cannot be imported: {problem}. Write CUST_SPACE_ID/PHONE_NUMBER, such as \
         cams-abc123/8613900001234, or CUST_SPACE_ID/COUNTRY_CODE/MOBILE_NUMBER, such as \
         cams-abc123/86/13900001234."
    );
    Diagnostic::error("Invalid Import ID", text)
}

#[cfg(test)]
pub(crate) mod tests {
    use cams::ErrorKind;
    use cams::phone::PhoneNumber;
    use terraform_plugin::framework::timeouts::Timed;

    use crate::resources::number_migration::Model;
    use crate::tests::error;

    use super::*;

    /// The number in space cams-1.
    pub(crate) fn target(code: &str, number: &str) -> Target {
        Target {
            cust_space_id: "cams-1".into(),
            number: PhoneNumber::parse(code, number).expect("a number"),
        }
    }

    /// What all resources for a number have in common, as `cams_number_migration` says it.
    pub(crate) fn diagnostics() -> Vec<Diagnostic> {
        let (one, two_forms) = (target("86", "13900001234"), target("55", "31996883193"));
        let limit = Timed {
            name: "create",
            default: "20m",
        };
        let limit = limit.limit(None);
        let denied = |action| Error {
            action,
            ..error(ErrorKind::AccessDenied, "NoPermission")
        };
        let sync = denied("ChatappSyncPhoneNumber");
        let list = denied("QueryChatappPhoneNumbers");
        let lookup = denied("GetPhoneNumberVerificationStatus");
        let other_space = Conflict::OtherSpace("cams-2".into());
        vec![
            missing_space(),
            faulty_state("cust_space_id is missing"),
            replaced_later("cams-1", "cams-2"),
            conflict::<Model>(&Conflict::SameSpace, &two_forms),
            conflict::<Model>(&Conflict::SameSpaceInState, &one),
            conflict::<Model>(&other_space, &one),
            not_claimed::<Model>(Refused::Busy, &one, &limit),
            not_claimed::<Model>(Refused::Duplicate, &one, &limit),
            not_claimed::<Model>(Refused::Stopped, &one, &limit),
            banned::<Model>(&one),
            owned_by_other_resource::<Model>(&one),
            not_in_space::<Model>(&one),
            already_live::<Model>(&one),
            not_synchronized(&sync, &one),
            one_failed(&list, &one),
            not_confirmed::<Model>(&one),
            removed_from_state::<Model>(&one, false),
            removed_from_state::<Model>(&one, true),
            not_importable(&one, None),
            not_importable(&one, Some(&lookup)),
            invalid_import_identity("cust_space_id is missing"),
            invalid_import_id("86/1", "it does not have two or three parts"),
        ]
    }
}
