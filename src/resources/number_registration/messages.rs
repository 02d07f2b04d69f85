//! What the resource tells the user: about plans, then about creates, waits and destroys.

use std::time::Duration;

use cams::operations::{ListedNumber, QueryChatappPhoneNumbers};
use cams::{Error, Operation};
use terraform_plugin::framework::diagnostic::Diagnostic;
use terraform_plugin::framework::path::Path;
use terraform_plugin::framework::timeouts::TimeLimit;

use crate::errors;
use crate::numbers::Target;
use crate::resources::number::messages::{SHOWN_ONCE, error, warning};
use crate::resources::number::refusals;

use super::schema::Model;

/// What a plan that registers numbers does.
pub(crate) fn registers() -> Diagnostic {
    let text = format!(
        "This plan registers numbers, which is the cut-over of their migration. Until a number is \
         registered, its old provider serves it, and you can abandon the migration without \
         consequences. After the registration, the space serves the number, and moving it back \
         requires another migration. {SHOWN_ONCE}"
    );
    Diagnostic::warning("Registration Moves Numbers to the Space", text)
}

/// The first change after an import.
pub(crate) fn only_stored() -> Diagnostic {
    let text = format!(
        "This is the first change after the import of the resource, so it only stores triggers, \
         and nothing is registered. To register the number again, change triggers in a later \
         apply. {SHOWN_ONCE}"
    );
    Diagnostic::warning("Nothing Is Registered After an Import", text)
}

/// What destroying the resource does not do.
pub(crate) fn forgets(state: &Model) -> Diagnostic {
    let (number, space) = number_of(state);
    let text = format!(
        "Destroying the resource makes no API call: Terraform removes the registration from the \
         state, and {number} stays registered in space {space}. To deregister a number when its \
         resource is destroyed, set deregister_on_destroy to true and apply that first. \
         {SHOWN_ONCE}"
    );
    Diagnostic::warning("Number Stays Registered", text)
}

/// A plan that takes a live number out of service.
pub(crate) fn deregisters_live_number(state: &Model) -> Diagnostic {
    let (number, space) = number_of(state);
    let text = format!(
        "Destroying the resource deregisters {number} in space {space}, because \
         deregister_on_destroy is true in the state. The number is live. After the deregistration \
         it can neither send nor receive messages, and it does not return to its old provider. To \
         keep it in service, set deregister_on_destroy to false and apply that first."
    );
    warning::<Model>("Live Number Will Be Deregistered", text)
}

/// CAMS refused the registration.
pub(crate) fn refused(target: &Target, refusal: &Error) -> Diagnostic {
    let advice = refusals::advice(refusal).unwrap_or(
        "Common reasons: two-step verification is still on (the owner turns it off in the WhatsApp \
         Manager of the old account), the number is no longer verified, the number is still used \
         in the WhatsApp app, the display name or the WhatsApp Business Account is not approved, \
         or the number is already registered and is waiting for a review by Meta.",
    );
    let text = format!(
        "CAMS refused to register {target}, and nothing is stored for this number. \
         {advice}\n\nCorrect the cause before you apply again: Meta allows about ten registrations \
         of a number in 72 hours, and refused ones may count.\n{}",
        errors::particulars(refusal)
    );
    error::<Model>("Registration Refused", text)
}

/// Why nothing proves that the number was registered.
pub(crate) const NEVER_LIVE: &str = "The provider waited for the list of the space to show the \
    number as live, but it did not. A status of PENDING does not show whether the number was \
    registered.";
pub(crate) const LIST_DENIED: &str = "The provider did not wait for the number to become live, \
    because RAM denies it the list of the space (QueryChatappPhoneNumbers).";
pub(crate) const LIVE_BEFORE: &str = "The list already showed the number as live before the \
    request, so it cannot show whether this registration succeeded.";

/// The request that registers the number has no usable answer, and nothing proves its effect, for a
/// reason in one sentence.
pub(crate) fn unknown_outcome(
    target: &Target,
    unanswered: &Error,
    reason: &str,
    look: Option<&Error>,
) -> Diagnostic {
    let look = look.map(|error| format!(" The last check failed: {error}."));
    let text = format!(
        "The request to register {target} was sent, and no usable answer was received. The number \
         may have been registered. {reason}{} Nothing of this registration is stored.\n\nLook for \
         the number in the CAMS console. Apply again later. If this was a create, the next apply \
         adopts the number if it is live by then, and registers it otherwise. If this was a change \
         of triggers, the next apply registers the number again.\n{}",
        look.unwrap_or_default(),
        errors::particulars(unanswered)
    );
    error::<Model>("Registration With Unknown Outcome", text)
}

/// The number is registered and was not live when the wait ended.
pub(crate) fn not_live(
    target: &Target,
    row: Option<&ListedNumber>,
    look: Option<&Error>,
    limit: &TimeLimit,
) -> Diagnostic {
    let shown = |text: Option<&String>, otherwise: &str| {
        text.map_or_else(|| otherwise.to_owned(), String::clone)
    };
    let status = shown(row.and_then(|row| row.status.as_ref()), "not listed");
    let name = shown(row.and_then(|row| row.name_status.as_ref()), "unknown");
    let cause = match look.is_some_and(is_denied) {
        true => "RAM denies the list of the space (QueryChatappPhoneNumbers)".to_owned(),
        false => format!("the timeout expired ({limit}) or Terraform was asked to stop"),
    };
    let look = look.map(|error| {
        let advice = errors::advice(error);
        format!("\n\nThe last check failed, so the status may be out of date. {advice}\n{error}.")
    });
    let text = format!(
        "{target} is registered but was not live when the wait ended, because {cause}. Status: \
         {status}. Review of the display name: {name}. The number is stored in the state. A later \
         plan shows when it is CONNECTED.\n\nA number that was registered before its display name \
         was approved can stay PENDING permanently. When the name is approved, change triggers to \
         register the number again. To make the run fail in this case, add a postcondition on \
         self.status.{}",
        look.unwrap_or_default()
    );
    warning::<Model>("Number Not Connected Yet", text)
}

/// Whether the list is denied, so that the wait ends early. Without the synchronization alone, a list
/// may still show the number as live.
pub(crate) fn is_denied(look: &Error) -> bool {
    look.kind.is_lasting() && look.action == QueryChatappPhoneNumbers::ACTION
}

/// A live number that may not send as much as others.
pub(crate) fn limited(target: &Target, status: &str) -> Diagnostic {
    let text = format!(
        "{target} is registered and in service with status {status}. FLAGGED means that its \
         quality is low, RESTRICTED that it has reached its daily limit, and RATE_LIMITED that it \
         sends messages too fast. Check its quality in the WhatsApp Manager."
    );
    warning::<Model>("Number Is Limited", text)
}

/// A wait that took long.
pub(crate) fn long_wait(target: &Target, waited: Duration) -> Diagnostic {
    let text = format!(
        "This apply waited {} s until {target} was live or the wait ended. Each waiting number \
         occupies one of Terraform's concurrent operations (ten by default). Increase -parallelism \
         so that more numbers wait at the same time, or set wait_for_connected to false and let a \
         later plan show which numbers are CONNECTED. {SHOWN_ONCE}",
        waited.as_secs()
    );
    let path = Path::root().attribute("wait_for_connected");
    Diagnostic::warning("Waited Long for a Registration", text).at(path)
}

/// The number could not be deregistered, or perhaps was.
pub(crate) fn not_deregistered(target: &Target, failure: &Error) -> Diagnostic {
    let outcome = match failure.may_have_had_effect {
        true => format!(
            "The provider received no usable response to the deregistration of {target}: the \
             number may be deregistered."
        ),
        false => format!("CAMS refused the deregistration of {target}."),
    };
    let text = format!(
        "{outcome} The resource stays in the state. An incomplete deregistration must be repeated, \
         so destroy the resource again. If the CAMS console shows that the number is already \
         deregistered, set deregister_on_destroy to false, apply that change, and then destroy the \
         resource.\n{}",
        errors::particulars(failure)
    );
    error::<Model>("Number Not Deregistered", text)
}

/// The number and the space of a stored resource.
fn number_of(state: &Model) -> (&str, &str) {
    let number = state.phone_number.text().unwrap_or("the number");
    (number, state.cust_space_id.text().unwrap_or_default())
}

#[cfg(test)]
pub(crate) mod tests {
    use cams::ErrorKind;

    use crate::resources::number::messages::tests::target;
    use crate::tests::error;

    use super::*;
    use crate::resources::number::NumberModel;

    /// The diagnostics of this resource alone.
    pub(crate) fn diagnostics() -> Vec<Diagnostic> {
        let one = target("86", "13900001234");
        let state = Model {
            cust_space_id: "cams-1".into(),
            phone_number: "8613900001234".into(),
            ..Model::default()
        };
        let limit = Model::CREATE.limit(None);
        let register = |kind, code, message: &str| Error {
            action: "ChatappMigrationRegister",
            message: message.to_owned(),
            ..error(kind, code)
        };
        let refusal = |message| {
            let code = "InvalidParameter.PhoneNumberError";
            register(ErrorKind::InvalidParameter, code, message)
        };
        let unanswered = Error {
            may_have_had_effect: true,
            ..register(ErrorKind::Unanswered, "", "no answer came")
        };
        let sync = Error {
            action: "ChatappSyncPhoneNumber",
            message: "the message of the service".to_owned(),
            ..error(ErrorKind::AccessDenied, "NoPermission")
        };
        let list = Error {
            action: "QueryChatappPhoneNumbers",
            ..sync.clone()
        };
        let row = ListedNumber {
            status: Some("PENDING".to_owned()),
            name_status: Some("Pending_Review".to_owned()),
            ..ListedNumber::default()
        };
        vec![
            registers(),
            only_stored(),
            forgets(&state),
            deregisters_live_number(&state),
            refused(&one, &refusal("the message of the service")),
            refused(
                &one,
                &refusal("(#133005) Two step verification PIN Mismatch"),
            ),
            unknown_outcome(&one, &unanswered, NEVER_LIVE, None),
            unknown_outcome(&one, &unanswered, NEVER_LIVE, Some(&sync)),
            unknown_outcome(&one, &unanswered, LIST_DENIED, Some(&list)),
            unknown_outcome(&one, &unanswered, LIVE_BEFORE, None),
            not_live(&one, Some(&row), None, &limit),
            not_live(&one, None, Some(&sync), &limit),
            not_live(&one, None, Some(&list), &limit),
            limited(&one, "FLAGGED"),
            long_wait(&one, Duration::from_secs(75)),
            not_deregistered(&one, &refusal("the message of the service")),
            not_deregistered(&one, &unanswered),
        ]
    }
}
