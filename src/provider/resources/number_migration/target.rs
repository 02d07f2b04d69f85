//! Which number a configuration, a state or an import id names.

use crate::cams::phone::PhoneNumber;
use crate::framework::diagnostic::{Diagnostic, Diagnostics};
use crate::framework::model::Field;
use crate::provider::numbers::Target;
use crate::provider::validators;

use super::messages;
use super::schema::Model;

/// The number that a planned or stored resource is about.
pub(super) fn of_model(model: &Model) -> Result<Target, Diagnostics> {
    of_fields(
        &model.cust_space_id,
        &model.country_code,
        &model.mobile_number,
    )
}

/// The number that these attributes name.
pub(super) fn of_fields(
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
        return Err(messages::missing_space().into());
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
        [space, country_code, mobile_number] => {
            (space, PhoneNumber::parse(country_code, mobile_number))
        }
        [space, phone_number] => (space, PhoneNumber::parse_international(phone_number)),
        _ => return Err(invalid_import_id(id, "it has neither two nor three parts").into()),
    };
    if space.trim().is_empty() || space.trim() != space {
        let problem = "the space is empty or has white space around it";
        return Err(invalid_import_id(id, problem).into());
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
