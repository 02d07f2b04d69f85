//! `cams_phone_numbers`: all numbers of a space.

use tokio::time::Instant;

use cams::Freshness;
use cams::operations::ListedNumber;
use terraform_plugin::framework::context::Context;
use terraform_plugin::framework::data_source::DataSource;
use terraform_plugin::framework::diagnostic::Diagnostics;
use terraform_plugin::framework::model::Field;
use terraform_plugin::framework::schema::{Attribute, Schema};
use terraform_plugin::model;

use crate::Cams;
use crate::reader::{self, Reader};

use super::shown::{shown, shown_number};

/// The data source `cams_phone_numbers`.
pub(crate) struct PhoneNumbersDataSource;

model! {
    /// Configuration, and what is read.
    pub(crate) struct Model {
        cust_space_id: String,
        status: String,
        quality_rating: String,
        refresh_from_meta: bool,
        phone_numbers: Vec<Field<ListedPhoneNumber>>,
    }
}

shown_number! {
    /// A number of the space.
    struct ListedPhoneNumber { phone_number }
}

impl DataSource for PhoneNumbersDataSource {
    type Provider = Cams;
    type Model = Model;

    fn type_name(&self) -> &'static str {
        "cams_phone_numbers"
    }

    fn schema(&self) -> Schema {
        let [status, quality_rating] = reader::filters();
        let number = Attribute::string("phone_number").computed().describe(
            "Country code and number, digits only, as the number is dialled. \
             `provider::cams::parse_phone_number(\"+${…}\")` separates them.",
        );
        let row = [number].into_iter().chain(ListedPhoneNumber::attributes());
        Schema {
            description: "Reads all phone numbers of a space (`QueryChatappPhoneNumbers`), also \
                those that Terraform does not manage.\n\nCAMS lists its own copy of the numbers. \
                `refresh_from_meta` updates that copy first (`ChatappSyncPhoneNumber`). If that \
                fails, the data source reads the numbers anyway and shows a warning.\n\nA number \
                that left the space may still be listed, as `DELETED` or `MIGRATED`. Each number \
                is shown once: if CAMS lists it several times, the entry that shows it in the \
                space counts."
                .into(),
            attributes: vec![
                reader::cust_space_id().computed(),
                status,
                quality_rating,
                Attribute::bool("refresh_from_meta").optional().describe(
                    "Whether CAMS first updates its copy of the numbers from Meta. Default value is \
                     `false`.",
                ),
                Attribute::objects("phone_numbers", row.collect())
                    .describe("The numbers, sorted by `phone_number`."),
            ],
            ..Schema::default()
        }
    }

    async fn read(&self, context: Context<'_, Cams>, config: Model) -> Result<Model, Diagnostics> {
        let reader = Reader::new(context)?;
        let space = reader.space(&config.cust_space_id)?;
        let freshness = match config.refresh_from_meta.known() {
            Some(true) => Freshness::SyncedSince(Instant::now()),
            _ => reader.client.since_last_change(),
        };
        let numbers = reader.numbers(&space, freshness).await?.into_iter();
        let numbers = numbers
            .filter(|(_, row)| reader::is_wanted(row, &config.status, &config.quality_rating));
        let numbers = numbers
            .map(|(number, row)| Field::Known(ListedPhoneNumber::of(row, number.to_string())));
        Ok(Model {
            cust_space_id: space.into(),
            phone_numbers: numbers.collect::<Vec<_>>().into(),
            ..config
        })
    }
}
