//! `cams_phone_number`: one number of a space.

use cams::operations::ListedNumber;
use terraform_plugin::framework::context::Context;
use terraform_plugin::framework::data_source::DataSource;
use terraform_plugin::framework::diagnostic::{Diagnostic, Diagnostics};
use terraform_plugin::framework::path::Path;
use terraform_plugin::framework::schema::{Attribute, Schema};

use crate::Cams;
use crate::numbers::Target;
use crate::reader::{self, Reader};
use crate::validators;

use super::shown::{shown, shown_number};

/// The data source `cams_phone_number`.
pub(crate) struct PhoneNumberDataSource;

shown_number! {
    /// Configuration, and what is read.
    struct Model { cust_space_id, phone_number }
}

impl DataSource for PhoneNumberDataSource {
    type Provider = Cams;
    type Model = Model;

    fn type_name(&self) -> &'static str {
        "cams_phone_number"
    }

    fn schema(&self) -> Schema {
        let own = [
            reader::cust_space_id().computed(),
            Attribute::string("phone_number").required().describe(
                "Country code and number, digits only, such as `8613900001234`. CAMS may write \
                 numbers from Mexico, Argentina and Brazil in another form; the provider \
                 recognizes both forms.",
            ),
        ];
        Schema {
            description:
                "Reads one phone number of a space (`QueryChatappPhoneNumbers`). It is an \
                error if the space does not have the number. All data sources and resources of a \
                run share the list of the space, so many of them cost no more calls than \
                one.\n\nTerraform reads a data source during the plan, so a number that has yet to \
                move into the space is an error. `depends_on` delays the read to the apply only \
                while the other resource has changes. Set `count = 0` until the number is there, \
                or use `cams_phone_numbers`, where a missing number is not an error."
                    .into(),
            attributes: own.into_iter().chain(Model::attributes()).collect(),
            ..Schema::default()
        }
    }

    fn validate(&self, config: &Model) -> Diagnostics {
        let number = validators::whole_number(&config.phone_number);
        validators::validate_number(number, validators::whole)
    }

    async fn read(&self, context: Context<'_, Cams>, config: Model) -> Result<Model, Diagnostics> {
        let reader = Reader::new(context)?;
        let space = reader.space(&config.cust_space_id)?;
        let number = validators::whole_number(&config.phone_number);
        let target = validators::stored_target(&space.into(), number, validators::whole);
        let target = target.map_err(|faults| invalid(&faults))?;
        let freshness = reader.client.since_last_change();
        match reader.number(&target, freshness).await? {
            Some(row) if !row.has_left() => {
                let Target {
                    cust_space_id,
                    number,
                } = target;
                Ok(Model::of(row, cust_space_id, number.to_string()))
            }
            row => Err(not_in_space(&target, row.as_ref()).into()),
        }
    }
}

/// The error for a number that became known only after its configuration was checked.
fn invalid(faults: &str) -> Diagnostic {
    Diagnostic::error("Invalid Phone Number", format!("{faults}."))
        .at(Path::root().attribute("phone_number"))
}

/// The error for a number that the list does not show in the space.
fn not_in_space(target: &Target, old: Option<&ListedNumber>) -> Diagnostic {
    let shown = match old.and_then(|row| row.status.as_deref()) {
        Some(status) => {
            format!("shows the number {target} with the status {status}, so it has left the space")
        }
        None => format!("does not show the number {target}"),
    };
    let text = format!(
        "QueryChatappPhoneNumbers {shown}. Check phone_number and cust_space_id. If this \
         configuration moves the number into the space, set count = 0 on the data source until it \
         is there, or use cams_phone_numbers, where a missing number is not an error."
    );
    Diagnostic::error("Number Not in the Space", text).at(Path::root().attribute("phone_number"))
}

#[cfg(test)]
pub(crate) fn diagnostics() -> Vec<Diagnostic> {
    let target = Target {
        cust_space_id: "cams-1".to_owned(),
        number: cams::phone::PhoneNumber::parse("86", "13900001234").expect("a number"),
    };
    let old = ListedNumber {
        status: Some("MIGRATED".to_owned()),
        ..ListedNumber::default()
    };
    vec![
        not_in_space(&target, None),
        not_in_space(&target, Some(&old)),
    ]
}
