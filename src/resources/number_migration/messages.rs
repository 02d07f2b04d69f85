//! What the resource tells the user of creates and reads. What it tells of plans is in
//! [`plan_messages`](super::plan_messages).

use crate::Cams;
use crate::claims::Refused;
use crate::errors::{self, Doing};
use crate::evidence::Presence;
use crate::numbers::{FindError, ReadBack, Target};
use cams::{Error, ErrorKind};
use terraform_plugin::framework::diagnostic::{Diagnostic, Diagnostics};
use terraform_plugin::framework::path::Path;
use terraform_plugin::framework::timeouts::Limit;

/// Two resources of one run name the same number.
fn duplicate(target: &Target) -> Diagnostic {
    at_number(Diagnostic::error(
        "Number Declared Twice",
        format!(
            "Another resource of this configuration has already begun to move {} into space {}. \
             Keep one of the two resources.",
            in_both_forms(target),
            target.cust_space_id
        ),
    ))
}

/// Why the number could not be claimed.
pub(super) fn not_claimed(refused: Refused, target: &Target, limit: &Limit) -> Diagnostic {
    match refused {
        Refused::Busy => busy(target, limit),
        Refused::Duplicate => duplicate(target),
        Refused::Stopped => stopped(target),
    }
}

/// Another process of this machine holds the number until the timeout.
fn busy(target: &Target, limit: &Limit) -> Diagnostic {
    at_number(Diagnostic::error(
        "Number Being Migrated by Another Process",
        format!(
            "Another process on this machine has begun to move {} into space {} and had not \
             finished when the time for this resource was over ({limit}). Nothing was started \
             here. Apply again when it has finished: this resource then takes the number over. If \
             no other apply is running, look for one that was stopped (Ctrl-Z), and let it go on \
             or end it.",
            target.number, target.cust_space_id
        ),
    ))
}

/// The user stopped while another process of this machine held the number.
fn stopped(target: &Target) -> Diagnostic {
    at_number(Diagnostic::error(
        "Stopped",
        format!(
            "Terraform was asked to stop while another process on this machine was busy with the \
             migration of {} into space {}. Nothing was started here; apply again to continue.",
            target.number, target.cust_space_id
        ),
    ))
}

/// The number, and how it may be written elsewhere.
pub(super) fn in_both_forms(target: &Target) -> String {
    match target.number.other_form() {
        Some(other) => format!("{} (or {other}, which is the same number)", target.number),
        None => target.number.to_string(),
    }
}

/// The answer to the start is about another number.
pub(super) fn names_another(target: &Target) -> Diagnostic {
    at_number(Diagnostic::warning(
        "Answer Names Another Number",
        format!(
            "CAMS answered the start of {} in space {} with OK, and with data about another \
             number. OK says that the migration has started, so the resource is in the state, \
             without what belongs to the other number. Compare the number with the CAMS console; \
             if it is not there, ask Alibaba Cloud support.",
            target.number, target.cust_space_id
        ),
    ))
}

/// The number was in the space before, so the resource takes it over. All such warnings have one
/// title, which lets Terraform merge them.
pub(super) fn adopted(target: &Target, presence: &Presence, refusal: Option<&Error>) -> Diagnostic {
    let status = match &presence.status {
        Some(status) => format!(" with status {status}"),
        None => String::new(),
    };
    let refusal = match refusal {
        Some(error) => format!(
            "\n\nCAMS refused to start it once more.\n{}",
            errors::particulars(error)
        ),
        None => String::new(),
    };
    at_number(Diagnostic::warning(
        "Number Already in the Space",
        format!(
            "{} was already in space {}{status}, so no migration was started. The resource takes \
             the number over as it is. Destroying the resource will not remove it from the \
             space.{refusal}",
            target.number, target.cust_space_id
        ),
    ))
}

/// An operation that helps to find the number failed, and the other one was enough. Said once in a
/// run.
pub(super) fn failed_alone(error: &Error, target: &Target) -> Diagnostic {
    // Of the other reasons there is nothing to do about but to try again later.
    let advice = match error.kind {
        ErrorKind::AccessDenied | ErrorKind::Intercepted | ErrorKind::ResourceOwner => {
            format!("\n\n{}", errors::advice_for(error, target))
        }
        _ => String::new(),
    };
    Diagnostic::warning(
        format!("{} Failed", error.action),
        format!(
            "The provider asks {} where a number is, here {} in space {}. The call failed, and the \
             provider went on without it: what the other operation says decides. With both it \
             recognises more numbers that are in the space already. This is said once, although \
             other numbers may be concerned. A number that only this operation would show is \
             started \
             although it is there.{advice}\n{}",
            error.action,
            target.number,
            target.cust_space_id,
            errors::particulars(error)
        ),
    )
}

/// Nothing proves that a number in state is there, and nothing that it is gone. Said once in a run.
pub(super) fn not_confirmed(target: &Target) -> Diagnostic {
    Diagnostic::warning(
        "Number Not Confirmed by CAMS",
        format!(
            "The list of space {} does not show {} as being there, and the lookup of the number \
             neither knows it nor says that it does not exist. That is no proof that the number is \
             gone, so it stays in the state as it is. If it is gone, remove it with terraform \
             state \
             rm and apply again. This is said once, although other numbers may be concerned.",
            target.cust_space_id, target.number
        ),
    )
}

/// Requests are signed with the service's clock, since it refused this machine's. Said once in a
/// run.
pub(super) fn clock_differs(difference: &str) -> Diagnostic {
    Diagnostic::warning(
        "Clock Differs From the Service's",
        format!(
            "CAMS refused the date of a request: {difference}. The provider signs with the \
             service's clock for the rest of this run. Set this machine's clock (timedatectl, or \
             an NTP \
             client)."
        ),
    )
}

/// A number is removed from the state.
pub(super) fn gone(target: &Target) -> Diagnostic {
    at_number(Diagnostic::warning(
        "Number Is Gone From the Space",
        format!(
            "The list of space {} no longer shows {} as being there, and the lookup says that it \
             does not exist. It is removed from the state; applying starts its migration again.",
            target.cust_space_id, target.number
        ),
    ))
}

/// Neither operation proves that the number to be imported exists.
pub(super) fn not_importable(target: &Target, failed: Option<&Error>) -> Diagnostic {
    if let Some(error) = failed {
        return Diagnostic::error(
            "Number Not Found Out",
            format!(
                "Whether {} is in space {} is not known, because the call {} failed and the other \
                 operation does not show the number. See the warning about that call, and import \
                 the \
                 number again when it works.\n{}",
                target.number,
                target.cust_space_id,
                error.action,
                errors::particulars(error)
            ),
        );
    }
    Diagnostic::error(
        "Number Not Found",
        format!(
            "The list of space {} does not show {} as being there, and the lookup of the number \
             does not know it, so there is nothing to import. Check the space and the number. To \
             start the migration, remove the import and apply: the provider takes the number over \
             if it \
             is there after all.",
            target.cust_space_id, target.number
        ),
    )
}

/// The request that starts the migration has no usable answer, and the number did not show.
pub(super) fn unknown_outcome(
    target: &Target,
    error: &Error,
    looked: &ReadBack,
    limit: &Limit,
) -> Diagnostic {
    let over = match error.out_of_time {
        true => format!(" before the time was over ({limit})"),
        false => String::new(),
    };
    let looked = match looked {
        ReadBack::CutShort => {
            "Terraform was asked to stop before the list of the space and the lookup of the number \
             could show it."
                .to_owned()
        }
        ReadBack::Failed(FindError::Service(error)) => {
            format!("Looking for the number failed too: {}.", error.message)
        }
        ReadBack::Failed(FindError::Both { list, lookup }) => format!(
            "Looking for the number failed too: {} ({}), {} ({}).",
            list.message, list.action, lookup.message, lookup.action
        ),
        ReadBack::Found(_) | ReadBack::NotShown => {
            "The list of the space and the lookup of the number did not show it within some \
             seconds."
                .to_owned()
        }
    };
    Diagnostic::error(
        "Migration With Unknown Outcome",
        format!(
            "The request to migrate {} into space {} was sent, and no usable answer came \
             back{over}: it may have started. {looked}\n\nApplying again is safe: the provider \
             looks for the number first, and takes it over if it is there.\n{}",
            target.number,
            target.cust_space_id,
            errors::particulars(error)
        ),
    )
}

/// The number could not be looked for.
pub(super) fn not_found_out(cams: &Cams, error: FindError, doing: Doing<'_>) -> Diagnostics {
    let (error, in_full) = match error {
        FindError::Service(error) => {
            let in_full = errors::diagnostic(&error, doing);
            (error, in_full)
        }
        FindError::Both { list, lookup } => {
            let in_full = errors::both(&list, &lookup, doing);
            (list, in_full)
        }
    };
    errors::once(cams, &error, in_full, doing.target).into()
}

/// The diagnostic, pointing at the number.
pub(super) fn at_number(diagnostic: Diagnostic) -> Diagnostic {
    diagnostic.at(Path::root().attribute("mobile_number"))
}
