//! Which number an import names.

use cams::phone::{PhoneNumber, calling_code};
use cams::space;
use terraform_plugin::framework::diagnostic::Diagnostics;
use terraform_plugin::framework::resource::ImportTarget;

use crate::numbers::Target;
use crate::validators;

use super::plan::stored_target;
use super::{NumberModel, messages};

/// The number that an import id or an identity names.
///
/// # Errors
///
/// If it is not that of a number in a space.
pub(crate) fn target<M: NumberModel>(import: &ImportTarget<M>) -> Result<Target, Diagnostics> {
    let target = match import {
        ImportTarget::Id(id) => {
            of_id(id).map_err(|problem| messages::invalid_import_id(id, &problem))
        }
        ImportTarget::Identity(identity) => {
            stored_target(identity).map_err(|faults| messages::invalid_import_identity(&faults))
        }
    };
    target.map_err(Into::into)
}

/// Reads `CUST_SPACE_ID/PHONE_NUMBER` or `CUST_SPACE_ID/COUNTRY_CODE/MOBILE_NUMBER`.
fn of_id(id: &str) -> Result<Target, String> {
    let (space, number) = match id.split('/').collect::<Vec<_>>()[..] {
        [code, number] if is_calling_code(code) => {
            return Err(format!(
                "the space in front of the number {code}/{number} is missing"
            ));
        }
        [space, code, number] => (space, PhoneNumber::parse(code, number)),
        [space, number] => (space, PhoneNumber::parse_international(number)),
        _ => return Err("it does not have two or three parts".to_owned()),
    };
    if !space::is_well_formed(space) {
        return Err(format!("{space:?} is no space: {}", space::EXPECTED));
    }
    let number = number.map_err(|problem| validators::fault(&problem))?;
    Ok(Target {
        cust_space_id: space.to_owned(),
        number,
    })
}

/// Whether this is a calling code, as it is or as it is often written.
fn is_calling_code(text: &str) -> bool {
    calling_code(text).map_or_else(|problem| problem.suggestion.is_some(), |_| true)
}
