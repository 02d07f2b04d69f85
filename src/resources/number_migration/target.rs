//! Which number a configuration, a state or an import id names.

use crate::numbers::Target;
use crate::validators;
use cams::phone::{CallingCode, PhoneNumber, Problem};
use cams::space;
use terraform_plugin::framework::diagnostic::{Diagnostic, Diagnostics};
use terraform_plugin::framework::model::Field;

use super::plan_messages;
use super::schema::{Identity, Model};

/// The number that a plan is about. What is wrong with it is wrong in the configuration.
pub(super) fn of_plan(plan: &Model) -> Result<Target, Diagnostics> {
    let invalid = validators::phone_number(&plan.country_code, &plan.mobile_number);
    if invalid.has_errors() {
        return Err(invalid);
    }
    of_fields(&plan.cust_space_id, &plan.country_code, &plan.mobile_number)
        .map_err(|_| plan_messages::missing_space().into())
}

/// The number that a stored resource is about. What is wrong with it is wrong in the state, since
/// this provider stores no such thing.
pub(super) fn of_state(state: &Model) -> Result<Target, Diagnostics> {
    of_fields(
        &state.cust_space_id,
        &state.country_code,
        &state.mobile_number,
    )
    .map_err(|faults| plan_messages::faulty_state(&faults).into())
}

/// The number that these attributes name, or what is wrong with each of them.
fn of_fields(
    space: &Field<String>,
    country_code: &Field<String>,
    mobile_number: &Field<String>,
) -> Result<Target, Vec<String>> {
    let mut faults = Vec::new();
    for (name, field) in [
        ("cust_space_id", space),
        ("country_code", country_code),
        ("mobile_number", mobile_number),
    ] {
        if field.text().is_none() {
            faults.push(format!("{name} is missing"));
        }
    }
    let space = space.text();
    if let Some(space) = space.filter(|space| !space::is_well_formed(space)) {
        let expected = space::EXPECTED;
        faults.push(format!("cust_space_id is {space:?}, but {expected}"));
    }
    let parts = country_code.text().zip(mobile_number.text());
    let number = parts.map(|(code, number)| PhoneNumber::parse(code, number));
    match (space, number) {
        (Some(space), Some(Ok(number))) if faults.is_empty() => Ok(Target {
            cust_space_id: space.to_owned(),
            number,
        }),
        (_, number) => {
            faults.extend(number.and_then(Result::err).map(|problem| fault(&problem)));
            Err(faults)
        }
    }
}

/// What is wrong with a part of a number.
fn fault(problem: &Problem) -> String {
    let path = validators::path(problem.part);
    format!("{path}: {problem}{}", meant(problem))
}

fn meant(problem: &Problem) -> String {
    let value = problem.suggestion.as_ref();
    let meant = value.map(|value| format!(", where {value:?} may be meant"));
    meant.unwrap_or_default()
}

/// Reads `CUST_SPACE_ID/COUNTRY_CODE/MOBILE_NUMBER` or `CUST_SPACE_ID/PHONE_NUMBER`.
pub(super) fn of_import_id(id: &str) -> Result<Target, Diagnostics> {
    let (space, number) = match id.split('/').collect::<Vec<_>>()[..] {
        [code, mobile_number] if is_calling_code(code) => {
            let number = format!("{code}/{mobile_number}");
            let problem = format!("the space in front of the number {number} is missing");
            return Err(invalid_import_id(id, &problem).into());
        }
        [space, country_code, mobile_number] => {
            (space, PhoneNumber::parse(country_code, mobile_number))
        }
        [space, phone_number] => (space, PhoneNumber::parse_international(phone_number)),
        _ => return Err(invalid_import_id(id, "it has neither two nor three parts").into()),
    };
    if !space::is_well_formed(space) {
        let problem = format!("{space:?} is no space: {}", space::EXPECTED);
        return Err(invalid_import_id(id, &problem).into());
    }
    let number = number
        .map_err(|problem| invalid_import_id(id, &format!("{problem}{}", meant(&problem))))?;
    Ok(Target {
        cust_space_id: space.to_owned(),
        number,
    })
}

/// Whether this is a calling code, as it is or as it is often written.
fn is_calling_code(text: &str) -> bool {
    match CallingCode::parse(text) {
        Ok(_) => true,
        Err(problem) => problem.suggestion.is_some(),
    }
}

/// The number that an identity names, as an import block has it.
pub(super) fn of_identity(identity: &Identity) -> Result<Target, Diagnostics> {
    of_fields(
        &identity.cust_space_id,
        &identity.country_code,
        &identity.mobile_number,
    )
    .map_err(|faults| {
        let problem = format!(
            "The identity of the number to be imported is not usable: {}. Correct it where the \
             import names it; the configuration of the resource is another matter.",
            faults.join("; ")
        );
        Diagnostic::error("Invalid Import Identity", problem).into()
    })
}

fn invalid_import_id(id: &str, problem: &str) -> Diagnostic {
    Diagnostic::error(
        "Invalid Import ID",
        format!(
            "{id:?} cannot be imported: {problem}. Write CUST_SPACE_ID/COUNTRY_CODE/MOBILE_NUMBER, \
             such as cams-abc123/86/13900001234, or CUST_SPACE_ID/PHONE_NUMBER, such as \
             cams-abc123/8613900001234."
        ),
    )
}
