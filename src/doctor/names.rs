//! Which words of the service may be in a report that holds nothing personal: codes, statuses and
//! names of columns. A service could put anything in their place, and a report in JSON may be
//! attached to a bug report.

use base::foreign_text::Cleaner;

/// No documented name comes near this number of characters.
const LONGEST: usize = 64;

/// A documented name has up to three digits, as in `ERR-COMMON-001`. The number of a phone, of an
/// account or of a space has more.
const MOST_DIGITS: usize = 4;

/// Knows what no report may hold. The default knows nothing of the kind.
#[derive(Clone, Debug, Default)]
pub(crate) struct Names {
    /// Takes out the secrets of the run. Neither form of the report may hold one.
    pub(crate) secrets: Cleaner,
    /// Takes out the secrets, the space, the account and the phone number.
    pub(crate) personal: Cleaner,
}

impl Names {
    /// The word, if it has the form of a documented name and holds nothing personal.
    pub(crate) fn of<'a>(&self, word: &'a str) -> Option<&'a str> {
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || b".-_".contains(&byte);
        let digits = word.bytes().filter(u8::is_ascii_digit).count();
        let is_name = word.len() <= LONGEST
            && digits <= MOST_DIGITS
            && word.starts_with(|c: char| c.is_ascii_alphabetic())
            && word.bytes().all(plain)
            && self.personal.value(word).as_deref() == Some(word);
        is_name.then_some(word)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn documented_names_pass_and_what_could_be_personal_does_not() {
        let names = Names {
            personal: Cleaner::new(["cams-mine", "LTAI5tKey", "token-of-mine"]),
            ..Names::default()
        };
        for name in [
            "CONNECTED",
            "RATE_LIMITED",
            "InvalidParameter.PhoneNumberError",
            "ERR-COMMON-001",
            "TIER_100K",
        ] {
            assert_eq!(names.of(name), Some(name));
        }
        let long = "A".repeat(65);
        for word in [
            "",
            "of-cams-mine",
            "Ram.CAMS-MINE",
            "Key.LTAI5tKey",
            "token-of-mine",
            "Exists.8613900001234",
            "p1h3o9n0e5",
            "two words",
            "PEND\u{202e}ING",
            "a\u{9b}31m",
            "-flag",
            &long,
        ] {
            assert_eq!(names.of(word), None, "{word}");
        }
    }
}
