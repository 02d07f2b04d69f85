//! The list of the numbers that `cams_number_migration` could manage.

use terraform_plugin::framework::context::Context;
use terraform_plugin::framework::diagnostic::Diagnostics;
use terraform_plugin::framework::list_resource::{ListResource, Listing};
use terraform_plugin::framework::schema::Schema;

use crate::Cams;
use crate::resources::number_migration::{Model, NumberMigration};

use super::Config;

/// The list resource `cams_number_migration`.
pub(crate) struct NumberMigrations;

impl ListResource for NumberMigrations {
    type Resource = NumberMigration;
    type Config = Config;

    fn type_name(&self) -> &'static str {
        "cams_number_migration"
    }

    fn schema(&self) -> Schema {
        super::schema("Lists the numbers that are in a space.")
    }

    async fn list(
        &self,
        context: Context<'_, Cams>,
        config: Config,
        found: Listing<'_, NumberMigration>,
    ) -> Result<(), Diagnostics> {
        super::list(context, &config, found, |space, number, row| {
            Some(Model {
                cust_space_id: space.into(),
                country_code: number.country_code().into(),
                mobile_number: number.mobile_number().into(),
                phone_number: number.to_string().into(),
                status: row.status.clone().into(),
                ..Model::default()
            })
        })
        .await
    }
}
