//! `format_phone_number`: a whole number from its parts.

use cams::phone::{Part, PhoneNumber};
use terraform_plugin::framework::function::{Function, FunctionError, Signature};

use crate::validators;

/// The function `format_phone_number`, which joins the calling code and the number behind it.
pub(crate) struct FormatPhoneNumber;

impl Function<2> for FormatPhoneNumber {
    type Output = String;

    fn name(&self) -> &'static str {
        "format_phone_number"
    }

    fn signature(&self) -> Signature<2> {
        Signature {
            summary: "Joins calling code and number to a phone number",
            description: "Returns the whole phone number, digits only and with the calling code in \
                front: the `phone_number` of the resources and data sources of this \
                provider.\n\nBoth arguments must contain digits only. An error names the argument \
                and says what to write. A number that is unlikely in its country is no error here; \
                the resource that takes it warns of it.\n\nThe calling codes are those of the [List \
                of ITU-T Recommendation E.164 assigned country \
                codes](https://www.itu.int/pub/T-SP-E.164D), without the codes of global services.",
            parameters: [
                (
                    "country_code",
                    "Country calling code, digits only, such as `86`.",
                ),
                (
                    "mobile_number",
                    "Phone number without its country code, digits only, such as `13900001234`. \
                     Write it in quotes: without them a leading 0 is lost.",
                ),
            ],
        }
    }

    fn call(&self, [code, number]: [String; 2]) -> Result<String, FunctionError> {
        let number = PhoneNumber::parse(&code, &number).map_err(|problem| {
            let (position, parameter) = match problem.part {
                Part::CountryCode => (0, "country_code"),
                Part::MobileNumber => (1, "mobile_number"),
            };
            let expected = validators::expected(parameter);
            let mut text = format!("{problem}. Expected {expected}");
            if let Some(value) = &problem.suggestion {
                text += &format!(". Write {value:?}");
            }
            FunctionError::of_argument(position, text)
        })?;
        Ok(number.to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn call(code: &str, number: &str) -> Result<String, FunctionError> {
        FormatPhoneNumber.call([code.to_owned(), number.to_owned()])
    }

    #[test]
    fn the_parts_are_joined() {
        let joined = call("86", "13900001234").expect("a number");
        assert_eq!(joined, "8613900001234");
        let joined = call("225", "0701020304").expect("a number");
        assert_eq!(joined, "2250701020304");
    }

    #[test]
    fn an_error_names_the_argument_and_what_to_write() {
        for (code, number, position, says) in [
            ("+86", "13900001234", 0, "Write \"86\""),
            (
                "999",
                "13900001234",
                0,
                "is not an assigned country calling code",
            ),
            ("86", "139 0000-1234", 1, "Write \"13900001234\""),
            ("86", "+8613900001234", 1, "and the calling code"),
            ("86", "", 1, "the number is empty"),
        ] {
            let error = format!("{:?}", call(code, number).expect_err(number));
            let argument = format!("argument: Some({position})");
            assert!(error.contains(&argument), "{error}");
            assert!(error.replace('\\', "").contains(says), "{error}");
        }
    }
}
