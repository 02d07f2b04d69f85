//! The list resources of the provider: each lists the numbers of a space that a resource could manage.

use std::marker::PhantomData;

use cams::operations::ListedNumber;
use terraform_plugin::framework::context::Context;
use terraform_plugin::framework::diagnostic::Diagnostics;
use terraform_plugin::framework::list_resource::{ListResource, Listing};
use terraform_plugin::framework::schema::Schema;
use terraform_plugin::model;

use super::Cams;
use super::numbers::Target;
use super::reader::{self, Reader};
use super::resources::number::standing::is_live;
use super::resources::number::{NumberLifecycle, NumberModel, NumberResource};
use super::resources::{number_migration, number_registration};

model! {
    /// Which numbers are listed.
    pub(crate) struct Config {
        cust_space_id: String,
        status: String,
        quality_rating: String,
    }
}

/// The list of the numbers that the resource with this model could manage.
#[derive(Default)]
pub(crate) struct NumberList<M>(PhantomData<fn() -> M>);

/// The model of a resource whose numbers can be listed.
pub(crate) trait ListedModel: NumberLifecycle {
    /// Which numbers are listed, for the documentation.
    const DESCRIPTION: &'static str;

    /// Whether a number that passes the filters is listed.
    fn is_listed(_config: &Config, _row: &ListedNumber) -> bool {
        true
    }

    /// The state of a number in the space, as far as the list shows it.
    fn listed(target: Target, row: ListedNumber) -> Self;
}

impl ListedModel for number_migration::Model {
    const DESCRIPTION: &'static str = "Lists the numbers that are in a space.";

    fn listed(target: Target, row: ListedNumber) -> Self {
        Self {
            phone_number: target.number.to_string().into(),
            status: row.status.into(),
            ..Self::of(target)
        }
    }
}

impl ListedModel for number_registration::Model {
    const DESCRIPTION: &'static str = "Lists the numbers that are registered in a space and live \
        (`CONNECTED`, `FLAGGED`, `RESTRICTED` or `RATE_LIMITED`), or, if `status` is set, those with \
        that status.";

    fn is_listed(config: &Config, row: &ListedNumber) -> bool {
        !config.status.is_null() || row.status.as_deref().is_some_and(is_live)
    }

    fn listed(target: Target, row: ListedNumber) -> Self {
        number_registration::with_row(Self::of(target).imported(), Some(&row))
    }
}

impl<M: ListedModel> ListResource for NumberList<M> {
    type Resource = NumberResource<M>;
    type Config = Config;

    fn type_name(&self) -> &'static str {
        M::TYPE
    }

    fn schema(&self) -> Schema {
        let [status, quality_rating] = reader::filters();
        let description = format!(
            "{} It makes one call (`QueryChatappPhoneNumbers`), and takes its arguments in the \
             block `config`. The numbers are sorted and in the form in which they are dialled; \
             those that left the space (`DELETED`, `MIGRATED`) are not listed. The `id` of each \
             number is null until you import it, because reading it requires one call per \
             number.\n\nList resources need Terraform 1.14 or later: `terraform query` shows what \
             they find, and with `-generate-config-out=FILE` writes a `resource` block and an \
             `import` block for each number. OpenTofu has no list resources.",
            M::DESCRIPTION
        );
        Schema {
            description: description.into(),
            attributes: vec![reader::cust_space_id(), status, quality_rating],
            ..Schema::default()
        }
    }

    async fn list(
        &self,
        context: Context<'_, Cams>,
        config: Config,
        mut found: Listing<'_, NumberResource<M>>,
    ) -> Result<(), Diagnostics> {
        let reader = Reader::new(context)?;
        let space = reader.space(&config.cust_space_id)?;
        let freshness = reader.client.since_last_change();
        for (number, row) in reader.numbers(&space, freshness).await? {
            let is_wanted = reader::is_wanted(&row, &config.status, &config.quality_rating);
            if !is_wanted || row.has_left() || !M::is_listed(&config, &row) {
                continue;
            }
            let name = row.verified_name.as_deref().map(|name| format!("{name}, "));
            let name = name.unwrap_or_default();
            let status = row.status.as_deref().unwrap_or("status unknown");
            let name = format!("+{number} ({name}{status})");
            let cust_space_id = space.clone();
            let target = Target {
                cust_space_id,
                number,
            };
            if !found.report(name, M::listed(target, row)).await? {
                break;
            }
        }
        Ok(())
    }
}
