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

/// A method that does not exist.
pub(crate) fn invalid_method(method: &str, path: &Path) -> Diagnostic {
    let text = format!("{path} is {method:?}. Expected \"sms\" or \"voice\".");
    Diagnostic::error("Invalid Method", text).at(path.clone())
}

/// A language that the documentation does not list.
pub(crate) fn unknown_locale(locale: &str, path: &Path) -> Diagnostic {
    let text = format!(
        "{path} is {locale:?}, which the language codes of CAMS do not include. Meta sends a code in \
         English if it does not support the language. Expected a code such as \"en_US\" or \
         \"zh_CN\". If the code is a new one, no change is needed."
    );
    Diagnostic::warning("Unknown Locale", text).at(path.clone())
}

/// A number that cannot receive an SMS.
pub(crate) fn fixed_line(number: &PhoneNumber) -> Diagnostic {
    let text = format!(
        "{number} is a fixed line by the numbering plan of its country, and a fixed line receives \
         no SMS: the code would never arrive, and would count towards the limit of codes. Set \
         method = \"voice\". An automatic answering system has to let the call through."
    );
    let warning = Diagnostic::warning("SMS to a Fixed Line", text);
    warning.at(Path::root().attribute("method"))
}

/// The first change after an import.
pub(super) fn only_stored() -> Diagnostic {
    let text = format!(
        "This is the first change after the import of the resource, so it only stores method and \
         triggers, and no code is sent. To send one, change triggers in a later apply, or run \
         terraform apply -replace='ADDRESS'. {SHOWN_ONCE}"
    );
    Diagnostic::warning("No Code Is Sent After an Import", text)
}

/// A number that needs no code: it is live or verified already.
pub(super) fn needs_none(target: &Target, reason: &str) -> Diagnostic {
    let text = format!(
        "{target} is {reason} already, so no code was sent to it. The resource or the action \
         succeeded all the same. {SHOWN_ONCE}"
    );
    warning::<Model>("Number Needs No Code", text)
}

/// The request has no usable answer.
pub(super) fn unknown_outcome(target: &Target, failure: &Error, again: &str) -> Diagnostic {
    let text = format!(
        "The request to send a code to {target} was sent, and no usable answer was received. A code \
         may have been sent, so the provider does not send another one. A code may take minutes to \
         arrive. If none arrives within ten minutes, {again}.\n{}",
        errors::particulars(failure)
    );
    warning::<Model>("Code May Have Been Sent", text)
}

/// CAMS refused to send a code, and the number is not verified.
pub(super) fn refused(target: &Target, refusal: &Error) -> Diagnostic {
    let advice = match refusals::advice(refusal) {
        Some(advice) => advice.to_owned(),
        None if matches!(refusal.kind, ErrorKind::NotFound | ErrorKind::ResourceOwner) => {
            errors::advice(refusal)
        }
        None => "Common reasons: the migration of the number was not started, the number had too \
                 many codes (waits of an hour, a day and three days were reported), or the servers \
                 that send codes are busy."
            .to_owned(),
    };
    let text = format!(
        "CAMS refused to send a code to {target}, and the number is not verified. {advice}\n\nThe \
         provider does not try again by itself, because each refused request may make a wait \
         longer. When the reason is resolved, apply again, or invoke the action again.\n{}",
        errors::particulars(refusal)
    );
    error::<Model>("Code Refused", text)
}

#[cfg(test)]
pub(crate) mod tests {
    use crate::resources::number::messages::tests::target;
    use crate::tests::error;

    use super::super::AGAIN;
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
