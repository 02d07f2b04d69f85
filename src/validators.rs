//! Checks that several attributes share.

use cams::phone::{CallingCode, Part, PhoneNumber, Problem};
use cams::space;
use terraform_plugin::framework::diagnostic::{Diagnostic, Diagnostics};
use terraform_plugin::framework::model::Field;
use terraform_plugin::framework::path::Path;
use terraform_plugin::framework::value::Value;

/// The text must have the form of a space's id.
pub fn cust_space_id(value: &Value, path: &Path, invalid: &mut Diagnostics) {
    let Some(text) = value.as_str() else { return };
    if space::is_well_formed(text) {
        return;
    }
    let problem = format!(
        "{path} is {text:?}: {}. Remove it to follow the provider's.",
        space::EXPECTED
    );
    invalid.push(Diagnostic::error("Invalid Space", problem).at(path.clone()));
}

/// Checks the two parts of a phone number, as far as they are known: what is wrong is an error,
/// what is unlikely a warning.
pub fn phone_number(country_code: &Field<String>, mobile_number: &Field<String>) -> Diagnostics {
    let mut found = Diagnostics::default();
    let Some(country_code) = country_code.text() else {
        return found;
    };
    let code = CallingCode::parse(country_code);
    if let Err(problem) = &code {
        found.push(refused(problem));
    }
    let Some(mobile_number) = mobile_number.text() else {
        return found;
    };
    // A code that is merely written wrongly still tells how to read the number.
    let code = match &code {
        Ok(code) => code.as_str(),
        Err(problem) => problem.suggestion.as_deref().unwrap_or_default(),
    };
    match PhoneNumber::parse(code, mobile_number) {
        Ok(number) => found.extend(number.doubt().map(|doubt| {
            let advice = "Check the number. If it is right as it is, nothing needs to change.";
            Diagnostic::warning("Doubtful Phone Number", format!("{doubt}. {advice}"))
                .at(path(Part::MobileNumber))
        })),
        Err(problem) if problem.part == Part::MobileNumber => found.push(refused(&problem)),
        Err(_) => {}
    }
    found
}

/// The error for a number that cannot be right.
fn refused(problem: &Problem) -> Diagnostic {
    let path = path(problem.part);
    let expected = match problem.part {
        Part::CountryCode => {
            "Expected an assigned country calling code, digits only, such as \"86\"."
        }
        Part::MobileNumber => {
            "Expected the number without its country code, digits only, such as \"13900001234\"."
        }
    };
    let advice = problem
        .suggestion
        .as_ref()
        .map(|value| format!(" Write {path} = {value:?}."))
        .unwrap_or_default();
    Diagnostic::error(
        "Invalid Phone Number",
        format!("{path}: {}. {expected}{advice}", problem.problem),
    )
    .at(path)
}

/// The attribute that holds this part of a number.
pub fn path(part: Part) -> Path {
    Path::root().attribute(match part {
        Part::CountryCode => "country_code",
        Part::MobileNumber => "mobile_number",
    })
}
