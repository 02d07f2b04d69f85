//! What the resource and the action tell the user.

use cams::phone::PhoneNumber;
use cams::{Error, ErrorKind};
use terraform_plugin::framework::diagnostic::Diagnostic;
use terraform_plugin::framework::path::Path;

use crate::errors;
use crate::numbers::Target;
use crate::resources::number::messages::{SHOWN_ONCE, error, warning};
use crate::resources::number::refusals;

use super::schema::Model;

/// A number that cannot receive an SMS.
pub(crate) fn fixed_line(number: &PhoneNumber) -> Diagnostic {
    let text = format!(
        "According to the numbering plan of its country, {number} is a fixed line, which cannot \
         receive SMS. The code would never arrive, but would count towards the limit on codes. Set \
         method = \"voice\". An automatic answering system must let the call through."
    );
    let warning = Diagnostic::warning("SMS to a Fixed Line", text);
    warning.at(Path::root().attribute("method"))
}

/// The first change after an import.
pub(crate) fn only_stored() -> Diagnostic {
    let text = format!(
        "This is the first change after the import of the resource, so it only stores method and \
         triggers, and no code is sent. To send one, change triggers in a later apply, or run \
         terraform apply -replace='ADDRESS'. {SHOWN_ONCE}"
    );
    Diagnostic::warning("No Code Is Sent After an Import", text)
}

/// A number that needs no code: it is live or verified already.
pub(crate) fn needs_none(target: &Target, reason: &str) -> Diagnostic {
    let text = format!(
        "{target} is {reason} already, so no code was sent to it. The resource or the action \
         succeeded all the same. {SHOWN_ONCE}"
    );
    warning::<Model>("Number Needs No Code", text)
}

/// The request has no usable answer.
pub(crate) fn unknown_outcome(target: &Target, failure: &Error, again: &str) -> Diagnostic {
    let text = format!(
        "The request to send a code to {target} was sent, and no usable answer was received. A code \
         may have been sent, so the provider does not send another one. A code may take minutes to \
         arrive. If none arrives within ten minutes, {again}.\n{}",
        errors::particulars(failure)
    );
    warning::<Model>("Code May Have Been Sent", text)
}

/// CAMS refused to send a code, and does not show the number as verified.
pub(crate) fn refused(target: &Target, refusal: &Error) -> Diagnostic {
    let advice = match refusals::advice(refusal) {
        Some(advice) => advice.to_owned(),
        None if matches!(refusal.kind, ErrorKind::NotFound | ErrorKind::ResourceOwner) => {
            errors::advice(refusal)
        }
        None => "Common reasons: the migration of the number was not started, too many codes were \
                 sent to the number (users reported lockouts of one hour, 24 hours and 72 hours), \
                 or the servers that send codes are busy."
            .to_owned(),
    };
    let text = format!(
        "CAMS refused to send a code to {target}, and does not show the number as verified. \
         {advice}\n\nThe provider does not try again by itself, because each refused request may \
         extend a lockout. When the cause is resolved, apply again, or invoke the action again.\n{}",
        errors::particulars(refusal)
    );
    error::<Model>("Code Refused", text)
}

#[cfg(test)]
pub(crate) mod tests {
    use crate::resources::number::messages::tests::target;
    use crate::tests::error;

    use super::super::AGAIN;
    use super::super::schema::{invalid_method, unknown_locale};
    use super::*;

    /// The diagnostics of the resource and the action.
    pub(crate) fn diagnostics() -> Vec<Diagnostic> {
        let one = target("86", "13900001234");
        let path = |name| Path::root().attribute(name);
        let send = |kind, code: &str, message: &str| Error {
            action: "GetMigrationVerifyCode",
            message: message.to_owned(),
            ..error(kind, code)
        };
        let refusal = |kind, message| send(kind, "InvalidParameter.PhoneNumberError", message);
        vec![
            invalid_method("SMS", &path("method")),
            unknown_locale("en-US", &path("locale")),
            fixed_line(&target("86", "1012345678").number),
            only_stored(),
            needs_none(&one, "verified"),
            unknown_outcome(
                &one,
                &send(ErrorKind::Unanswered, "", "no answer came"),
                AGAIN,
            ),
            refused(
                &one,
                &refusal(ErrorKind::InvalidParameter, "the message of the service"),
            ),
            refused(
                &one,
                &refusal(ErrorKind::InvalidParameter, "(#2494158) too many codes"),
            ),
            refused(&one, &refusal(ErrorKind::NotFound, "")),
        ]
    }
}
