//! The list of the numbers that `cams_number_registration` could manage.

use terraform_plugin::framework::context::Context;
use terraform_plugin::framework::diagnostic::Diagnostics;
use terraform_plugin::framework::list_resource::{ListResource, Listing};
use terraform_plugin::framework::schema::Schema;

use crate::Cams;
use crate::resources::number::standing::is_live;
use crate::resources::number_registration::{Model, NumberRegistration};

use super::Config;

/// The list resource `cams_number_registration`.
pub(crate) struct NumberRegistrations;

impl ListResource for NumberRegistrations {
    type Resource = NumberRegistration;
    type Config = Config;

    fn type_name(&self) -> &'static str {
        "cams_number_registration"
    }

    fn schema(&self) -> Schema {
        super::schema(
            "Lists the numbers that are registered in a space and live (`CONNECTED`, `FLAGGED`, \
             `RESTRICTED` or `RATE_LIMITED`), or, if `status` is set, those with that status.",
        )
    }

    async fn list(
        &self,
        context: Context<'_, Cams>,
        config: Config,
        found: Listing<'_, NumberRegistration>,
    ) -> Result<(), Diagnostics> {
        let live_only = config.status.is_null();
        super::list(context, &config, found, |space, number, row| {
            if live_only && !row.status.as_deref().is_some_and(is_live) {
                return None;
            }
            Some(Model {
                cust_space_id: space.into(),
                phone_number: number.to_string().into(),
                // The defaults, so that a configuration without them changes nothing.
                deregister_on_destroy: false.into(),
                wait_for_connected: true.into(),
                status: row.status.clone().into(),
                quality_rating: row.quality_rating.clone().into(),
                messaging_limit_tier: row.messaging_limit_tier.clone().into(),
                verified_name: row.verified_name.clone().into(),
                name_status: row.name_status.clone().into(),
                is_official: row.is_official.clone().into(),
                ..Model::default()
            })
        })
        .await
    }
}
