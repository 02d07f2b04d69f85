//! `parse_phone_number`: the parts of a whole number.

use cams::phone::{PhoneNumber, SEPARATORS};
use terraform_plugin::framework::function::{Function, FunctionError, Signature};
use terraform_plugin::model;

model! {
    /// The parts of a number, and the two ways to write it.
    pub(crate) struct Parts {
        country_code: String,
        mobile_number: String,
        phone_number: String,
        e164: String,
    }
}

/// The function `parse_phone_number`, which separates the calling code from the number behind it.
pub(crate) struct ParsePhoneNumber;

impl Function<1> for ParsePhoneNumber {
    type Output = Parts;

    fn name(&self) -> &'static str {
        "parse_phone_number"
    }

    fn signature(&self) -> Signature<1> {
        Signature {
            summary: "Separates a phone number into calling code and number",
            description: "Reads a whole phone number and returns an object with the strings \
                `country_code` (calling code, digits only), `mobile_number` (number without \
                calling code, digits only), `phone_number` (both, digits only, as CAMS and the \
                resources of this provider write a number) and `e164` (both, with a leading \
                `+`).\n\nA number with a leading `+` may contain spaces, hyphens, periods and \
                parentheses. Without a `+`, only digits are accepted, as CAMS writes a number. Such \
                digits may be a number that lacks its calling code. So they are an error if the \
                length is unusual in the country of the calling code, or if they could also be a \
                mobile number of China without its calling code (`1` and then `3` or `5` to `9`): \
                write these numbers with a `+`.\n\nLetters, extensions, the prefix `00` and a 0 in \
                parentheses are errors: the function never guesses which number is \
                meant.\n\nThe calling codes are those of the [List of ITU-T Recommendation E.164 \
                assigned country codes](https://www.itu.int/pub/T-SP-E.164D), without the codes of \
                global services, to which no WhatsApp number belongs. They were last compared with \
                the metadata of libphonenumber 9.0.33.",
            parameters: [(
                "text",
                "Phone number with its calling code, such as `+86 139 0000 1234` or \
                 `8613900001234`.",
            )],
        }
    }

    fn call(&self, [text]: [String; 1]) -> Result<Parts, FunctionError> {
        let number = parse(text.trim()).map_err(|problem| {
            FunctionError::of_argument(
                0,
                format!(
                    "{problem}. Write the number with a + and its country calling code in front, \
                     such as \"+86 139 0000 1234\""
                ),
            )
        })?;
        Ok(Parts {
            country_code: number.country_code().into(),
            mobile_number: number.mobile_number().into(),
            phone_number: number.to_string().into(),
            e164: format!("+{number}").into(),
        })
    }
}

/// Reads a number.
///
/// # Errors
///
/// What is wrong with the text, in one sentence without a period.
fn parse(text: &str) -> Result<PhoneNumber, String> {
    if text.contains("(0)") {
        return Err(format!(
            "{text:?} contains (0), a digit that is dialled only within the country"
        ));
    }
    let written: String = text.chars().filter(|c| !SEPARATORS.contains(c)).collect();
    if let Some(digits) = written.strip_prefix('+') {
        return PhoneNumber::parse_international(digits).map_err(|problem| problem.to_string());
    }
    if text.starts_with("00") {
        return Err(format!(
            "{text:?} begins with 00, a prefix that is not dialled in every country"
        ));
    }
    let number = PhoneNumber::parse_international(text).map_err(|problem| problem.to_string())?;
    match lacks_calling_code(&number) {
        Some(reason) => Err(format!("{text:?} may lack its calling code: {reason}")),
        None => Ok(number),
    }
}

/// Why digits without a `+` may be a number without its calling code.
///
/// Mobile numbers of China have eleven digits that begin with 1 and then 3 or 5 to 9, like whole
/// numbers of North America. A form that WhatsApp writes is unusual only as a dialled number.
fn lacks_calling_code(number: &PhoneNumber) -> Option<String> {
    let is_chinese = number
        .mobile_number()
        .starts_with(['3', '5', '6', '7', '8', '9']);
    if number.country_code() == "1" && is_chinese {
        return Some("mobile numbers of China begin like this".to_owned());
    }
    number.doubt().filter(|_| number.other_form().is_none())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_read_with_separators_behind_a_plus_and_as_digits() {
        for (text, parts) in [
            ("+86 139-0000-1234", ("86", "13900001234")),
            (" (+86) 139.0000.1234\r\n", ("86", "13900001234")),
            ("8613900001234", ("86", "13900001234")),
            ("+1 (310) 555-0123", ("1", "3105550123")),
            ("12025550123", ("1", "2025550123")),
            // What is unlikely in its country is a warning of the resource.
            ("+44 07911 123456", ("44", "07911123456")),
            // WhatsApp's form of a number, as CAMS may write it.
            ("5215512345678", ("52", "15512345678")),
            ("+2250701020304", ("225", "0701020304")),
        ] {
            let number = ParsePhoneNumber.call([text.to_owned()]).expect(text);
            let (code, mobile_number) = parts;
            let expected = Parts {
                country_code: code.into(),
                mobile_number: mobile_number.into(),
                phone_number: format!("{code}{mobile_number}").into(),
                e164: format!("+{code}{mobile_number}").into(),
            };
            assert_eq!(number, expected, "{text}");
        }
    }

    #[test]
    fn no_number_is_guessed() {
        for (text, problem) in [
            ("", "does not begin with an assigned country calling code"),
            ("+", "does not begin with an assigned country calling code"),
            ("+999 123456", "does not begin with an assigned"),
            ("+86 139 0000 123O", "'O', which is not a digit"),
            ("8.6139E+12", "a spreadsheet may have shortened the number"),
            ("+86 139 0000 1234 x5", "'x', which is not a digit"),
            ("+８６13900001234", "only the digits 0 to 9 count"),
            ("+86+13900001234", "contains characters other than digits"),
            ("+44 (0)7911 123456", "contains (0)"),
            ("0044 7911 123456", "begins with 00"),
            ("07911123456", "does not begin with an assigned"),
            ("+1 415 555", "has 6 digits"),
            // Without a plus, the calling code may be missing.
            ("139-0000-1234", "contains characters other than digits"),
            (
                "13900001234",
                "may lack its calling code: mobile numbers of China",
            ),
            ("13105550123", "may lack its calling code"),
            (
                "9123456789",
                "may lack its calling code: \"23456789\" has 8 digits",
            ),
        ] {
            let error = ParsePhoneNumber.call([text.to_owned()]);
            let error = format!("{:?}", error.expect_err(text)).replace('\\', "");
            assert!(error.contains(problem), "{text}: {error}");
            assert!(error.contains("Write the number with a +"), "{error}");
        }
    }
}
