//! Reads and checks the attributes that all resources for numbers have.

use cams::phone::{Part, PhoneNumber, Problem, calling_code};
use cams::space;
use terraform_plugin::framework::diagnostic::{Diagnostic, Diagnostics};
use terraform_plugin::framework::model::Field;
use terraform_plugin::framework::path::Path;
use terraform_plugin::framework::value::Value;

use super::numbers::Target;

/// Checks that the text has the form of a space's id.
pub(crate) fn cust_space_id(value: &Value, path: &Path, invalid: &mut Diagnostics) {
    let Some(text) = value.as_str() else { return };
    if !space::is_well_formed(text) {
        let problem = format!(
            "{path} is {text:?}: {}. Remove it to use the provider's space.",
            space::EXPECTED
        );
        invalid.push(Diagnostic::error("Invalid Space", problem).at(path.clone()));
    }
}

/// The attribute that holds a part of a number.
pub(crate) type AttributeOf = fn(Part) -> &'static str;

/// The attributes of a number that is written in two parts.
pub(crate) fn two_parts(part: Part) -> &'static str {
    match part {
        Part::CountryCode => "country_code",
        Part::MobileNumber => "mobile_number",
    }
}

/// The attribute of a number that is written as a whole.
pub(crate) fn whole(_: Part) -> &'static str {
    "phone_number"
}

/// A number as it is written in a configuration or a state; `None` if it is not set or not known
/// yet.
///
/// # Errors
///
/// What is wrong with each of its parts.
pub(crate) type Written = Result<Option<PhoneNumber>, Vec<Problem>>;

/// The number of these two attributes.
pub(crate) fn number_of_parts(
    country_code: &Field<String>,
    mobile_number: &Field<String>,
) -> Written {
    let Some(code) = country_code.text() else {
        return Ok(None);
    };
    let number = mobile_number.text();
    let Err(problem) = calling_code(code) else {
        let number = number.map(|number| PhoneNumber::parse(code, number));
        return number.transpose().map_err(|problem| vec![problem]);
    };
    // A code that is only written wrongly still shows how to read the number.
    let meant = problem.suggestion.as_deref().unwrap_or_default();
    let number = number.and_then(|number| PhoneNumber::parse(meant, number).err());
    let number = number.filter(|problem| problem.part == Part::MobileNumber);
    Err([problem].into_iter().chain(number).collect())
}

/// The number of this attribute, which holds the country code too.
pub(crate) fn whole_number(phone_number: &Field<String>) -> Written {
    let number = phone_number.text().map(PhoneNumber::parse_international);
    number.transpose().map_err(|problem| vec![problem])
}

/// Checks a configured number: one that cannot be right is an error, an unlikely one a warning.
pub(crate) fn validate_number(number: Written, attribute_of: AttributeOf) -> Diagnostics {
    match number {
        Ok(number) => {
            let path = Path::root().attribute(attribute_of(Part::MobileNumber));
            let doubt = number.iter().filter_map(PhoneNumber::doubt);
            let warning = |doubt| {
                let text =
                    format!("{doubt}. Check the number. If it is right, no change is needed.");
                Diagnostic::warning("Doubtful Phone Number", text).at(path.clone())
            };
            doubt.map(warning).collect()
        }
        Err(problems) => invalid(&problems, attribute_of),
    }
}

/// The errors for a number that cannot be right.
pub(crate) fn invalid(problems: &[Problem], attribute_of: AttributeOf) -> Diagnostics {
    let error = |problem: &Problem| {
        let attribute = attribute_of(problem.part);
        let expected = expected(attribute);
        let mut text = format!("{attribute}: {problem}. Expected {expected}.");
        if let Some(value) = &problem.suggestion {
            text += &format!(" Write {attribute} = {value:?}.");
        }
        Diagnostic::error("Invalid Phone Number", text).at(Path::root().attribute(attribute))
    };
    problems.iter().map(error).collect()
}

/// What an attribute that holds a number, or a part of one, has to be.
pub(crate) fn expected(attribute: &str) -> &'static str {
    match attribute {
        "country_code" => "an assigned country calling code, digits only, such as \"86\"",
        "mobile_number" => {
            "the number without its country code, digits only, such as \"13900001234\""
        }
        _ => "country code and number, digits only, such as \"8613900001234\"",
    }
}

/// The number in its space that the attributes of a state or an identity name.
///
/// # Errors
///
/// What is wrong with the attributes, in one sentence without a period.
pub(crate) fn stored_target(
    cust_space_id: &Field<String>,
    number: Written,
    attribute_of: AttributeOf,
) -> Result<Target, String> {
    let Some(space) = cust_space_id.text() else {
        return Err("cust_space_id is missing".to_owned());
    };
    if !space::is_well_formed(space) {
        return Err(format!("cust_space_id is {space:?}: {}", space::EXPECTED));
    }
    match number {
        Ok(Some(number)) => Ok(Target {
            cust_space_id: space.to_owned(),
            number,
        }),
        Ok(None) => {
            let names = [Part::CountryCode, Part::MobileNumber].map(attribute_of);
            let mut names = names.to_vec();
            names.dedup();
            Err(format!("{} is missing", names.join(" or ")))
        }
        Err(problems) => {
            let fault =
                |problem: &Problem| format!("{}: {}", attribute_of(problem.part), fault(problem));
            Err(problems.iter().map(fault).collect::<Vec<_>>().join("; "))
        }
    }
}

/// What is wrong with a part of a number that is not in the configuration.
pub(crate) fn fault(problem: &Problem) -> String {
    match &problem.suggestion {
        Some(value) => format!("{problem}, perhaps {value:?} is meant"),
        None => problem.to_string(),
    }
}
