//! What a user can do about a refusal whose text passes on the number of an error at Meta.
//!
//! CAMS passes such numbers on in some operations, as a code `#131215` or at the beginning of a
//! message, `(#131215)`. Which of them it passes on is not documented. So the number only adds
//! advice: nothing is decided by it. Page "Error codes" of the WhatsApp Business Platform.

use cams::Error;

/// What to do about the errors of Meta that a code, a verification or a registration can meet.
///
/// 136024 is not among them: it stands for several reasons, which only its text tells apart.
const ADVICE: &[(&str, &str)] = &[
    (
        "131031",
        "Meta has locked the account: its owner has to resolve that in the Business Manager.",
    ),
    (
        "133000",
        "An earlier deregistration is incomplete: deregister the number again first.",
    ),
    ("133004", "Meta is not available: wait some minutes."),
    ("133005", TWO_STEP),
    (
        "133006",
        "The number has to be verified again: send a new code and submit it.",
    ),
    (
        "133008",
        "Too many PINs were wrong: wait as long as the message says.",
    ),
    (
        "133009",
        "PINs were sent too fast: wait as long as the message says.",
    ),
    (
        "133015",
        "The number was deleted a short time ago: wait five minutes.",
    ),
    (
        "133016",
        "The number had too many registrations: it is locked for 72 hours.",
    ),
    (
        "2494100",
        "The number is in maintenance: wait some minutes.",
    ),
    (
        "2494158",
        "Too many codes were sent. Wait before you try again: users reported lockouts of one hour, \
        24 hours and 72 hours.",
    ),
];

const TWO_STEP: &str = "Two-step verification is still on: the owner of the number turns it off in \
    the WhatsApp Manager of the old account.";

/// The advice for the number of Meta that the refusal passes on, if there is one.
pub(crate) fn advice(refusal: &Error) -> Option<&'static str> {
    let code = refusal.code.as_deref().unwrap_or_default();
    let words = [code, &refusal.message].into_iter();
    let mut words = words.flat_map(|text| text.split(|c: char| !c.is_ascii_alphanumeric()));
    words.find_map(|word| {
        let advice = ADVICE.iter().find(|(number, _)| *number == word);
        advice.map(|(_, text)| *text)
    })
}

#[cfg(test)]
mod tests {
    use cams::ErrorKind;

    use crate::tests::error;

    use super::*;

    #[test]
    fn a_number_of_meta_is_found_in_the_code_and_in_the_message() {
        for (code, message, expected) in [
            ("#133005", "", Some(TWO_STEP)),
            ("InvalidParameter", "(#133005) PIN mismatch", Some(TWO_STEP)),
            ("InvalidParameter", "error 1330050", None),
            ("InvalidParameter", "(#136024)", None),
            ("InvalidParameter", "", None),
        ] {
            let refusal = Error {
                message: message.to_owned(),
                ..error(ErrorKind::InvalidParameter, code)
            };
            assert_eq!(advice(&refusal), expected, "{code} {message}");
        }
    }
}
