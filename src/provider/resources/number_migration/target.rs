//! Which number a configuration, a state or an import id names.

use crate::cams::phone::{CallingCode, PhoneNumber};
use crate::cams::space;
use crate::framework::diagnostic::{Diagnostic, Diagnostics};
use crate::framework::model::Field;
use crate::provider::numbers::Target;
use crate::provider::validators;

use super::plan_messages;
use super::schema::{Identity, Model};

/// The number that a planned or stored resource is about.
pub(super) fn of_model(model: &Model) -> Result<Target, Diagnostics> {
    of_fields(
        &model.cust_space_id,
        &model.country_code,
        &model.mobile_number,
    )
}

/// The number that these attributes name.
fn of_fields(
    space: &Field<String>,
    country_code: &Field<String>,
    mobile_number: &Field<String>,
) -> Result<Target, Diagnostics> {
    let invalid = validators::phone_number(country_code, mobile_number);
    if invalid.has_errors() {
        return Err(invalid);
    }
    let known = (space.text(), country_code.text(), mobile_number.text());
    let (Some(space), Some(country_code), Some(mobile_number)) = known else {
        return Err(plan_messages::missing_space().into());
    };
    let number = PhoneNumber::parse(country_code, mobile_number)
        .map_err(|problem| validators::refused(&problem))?;
    Ok(Target {
        cust_space_id: space.to_owned(),
        number,
    })
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
    let number = number.map_err(|problem| {
        let advice = problem.suggestion.as_ref();
        let advice = advice.map(|value| format!(", where {value:?} may be meant"));
        invalid_import_id(id, &format!("{problem}{}", advice.unwrap_or_default()))
    })?;
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

/// The number that an identity names, whose space is checked like that of an import id.
pub(super) fn of_identity(identity: &Identity) -> Result<Target, Diagnostics> {
    let space = identity.cust_space_id.text().unwrap_or_default();
    if !space::is_well_formed(space) {
        let problem = format!("cust_space_id is {space:?}: {}.", space::EXPECTED);
        return Err(Diagnostic::error("Invalid Space", problem).into());
    }
    of_fields(
        &identity.cust_space_id,
        &identity.country_code,
        &identity.mobile_number,
    )
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
