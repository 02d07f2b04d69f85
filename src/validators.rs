//! Reads and checks the attributes that all resources for numbers have.

use cams::phone::{CallingCode, Part, PhoneNumber, Problem};
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

/// The number of these two attributes. `None` if one of them is not set or not known yet.
///
/// # Errors
///
/// What is wrong with each of them.
pub(crate) fn phone_number(
    country_code: &Field<String>,
    mobile_number: &Field<String>,
) -> Result<Option<PhoneNumber>, Vec<Problem>> {
    let Some(code) = country_code.text() else {
        return Ok(None);
    };
    let number = mobile_number.text();
    let Err(problem) = CallingCode::parse(code) else {
        let number = number.map(|number| PhoneNumber::parse(code, number));
        return number.transpose().map_err(|problem| vec![problem]);
    };
    // A code that is only written wrongly still shows how to read the number.
    let meant = problem.suggestion.as_deref().unwrap_or_default();
    let number = number.and_then(|number| PhoneNumber::parse(meant, number).err());
    let number = number.filter(|problem| problem.part == Part::MobileNumber);
    Err([problem].into_iter().chain(number).collect())
}

/// Checks the two attributes of a number: a number that cannot be right is an error, an unlikely
/// one a warning.
pub(crate) fn validate_phone_number(
    country_code: &Field<String>,
    mobile_number: &Field<String>,
) -> Diagnostics {
    match phone_number(country_code, mobile_number) {
        Ok(number) => number.iter().filter_map(doubtful).collect(),
        Err(problems) => invalid(&problems),
    }
}

/// The errors for a number that cannot be right.
pub(crate) fn invalid(problems: &[Problem]) -> Diagnostics {
    let error = |problem: &Problem| {
        let attribute = attribute(problem);
        let expected = match problem.part {
            Part::CountryCode => "an assigned country calling code, digits only, such as \"86\"",
            Part::MobileNumber => {
                "the number without its country code, digits only, such as \"13900001234\""
            }
        };
        let mut text = format!("{attribute}: {problem}. Expected {expected}.");
        if let Some(value) = &problem.suggestion {
            text += &format!(" Write {attribute} = {value:?}.");
        }
        Diagnostic::error("Invalid Phone Number", text).at(Path::root().attribute(attribute))
    };
    problems.iter().map(error).collect()
}

/// The warning about a number that is unlikely, if it is.
fn doubtful(number: &PhoneNumber) -> Option<Diagnostic> {
    let doubt = number.doubt()?;
    let text = format!("{doubt}. Check the number. If it is right, no change is needed.");
    let warning = Diagnostic::warning("Doubtful Phone Number", text);
    Some(warning.at(Path::root().attribute("mobile_number")))
}

/// The number in its space that the attributes of a state or an identity name.
///
/// # Errors
///
/// What is wrong with the attributes, in one sentence without a period.
pub(crate) fn stored_target(
    cust_space_id: &Field<String>,
    country_code: &Field<String>,
    mobile_number: &Field<String>,
) -> Result<Target, String> {
    let Some(space) = cust_space_id.text() else {
        return Err("cust_space_id is missing".to_owned());
    };
    if !space::is_well_formed(space) {
        return Err(format!("cust_space_id is {space:?}: {}", space::EXPECTED));
    }
    match phone_number(country_code, mobile_number) {
        Ok(Some(number)) => Ok(Target {
            cust_space_id: space.to_owned(),
            number,
        }),
        Ok(None) => Err("country_code or mobile_number is missing".to_owned()),
        Err(problems) => {
            let fault = |problem| format!("{}: {}", attribute(problem), fault(problem));
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

/// The attribute that a problem is about.
fn attribute(problem: &Problem) -> &'static str {
    match problem.part {
        Part::CountryCode => "country_code",
        Part::MobileNumber => "mobile_number",
    }
}
