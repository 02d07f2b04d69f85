//! The list resources of the provider, one file each, and what they share: each lists the numbers of a
//! space that a resource could manage.

pub(crate) mod number_migration;
pub(crate) mod number_registration;

use cams::operations::ListedNumber;
use cams::phone::PhoneNumber;
use terraform_plugin::framework::context::Context;
use terraform_plugin::framework::diagnostic::Diagnostics;
use terraform_plugin::framework::list_resource::Listing;
use terraform_plugin::framework::resource::Resource;
use terraform_plugin::framework::schema::Schema;
use terraform_plugin::model;

use super::Cams;
use super::reader::{self, Reader};

model! {
    /// Which numbers are listed.
    pub(crate) struct Config {
        cust_space_id: String,
        status: String,
        quality_rating: String,
    }
}

/// The schema of the configuration. The description says which numbers are listed.
fn schema(description: &str) -> Schema {
    let [status, quality_rating] = reader::filters();
    let description = format!(
        "{description} It makes one call (`QueryChatappPhoneNumbers`), and takes its arguments in \
         the block `config`. Numbers are listed in the form in which they are dialled, sorted; \
         those that left the space (`DELETED`, `MIGRATED`) are not listed. The `id` of each is \
         null until it is imported, because CAMS would have to be asked for each number.\n\nList \
         resources need Terraform 1.14 or later: `terraform query` shows what they find, and with \
         `-generate-config-out=FILE` writes a `resource` block and an `import` block for each \
         number. OpenTofu has no list resources."
    );
    Schema {
        description: description.into(),
        attributes: vec![reader::cust_space_id(), status, quality_rating],
        ..Schema::default()
    }
}

/// Reports the numbers of a space. `state` is the state of a number in the space, as far as the list
/// shows it; `None` leaves the number out.
async fn list<R: Resource<Provider = Cams>>(
    context: Context<'_, Cams>,
    config: &Config,
    mut found: Listing<'_, R>,
    state: impl Fn(&str, &PhoneNumber, &ListedNumber) -> Option<R::Model>,
) -> Result<(), Diagnostics> {
    let reader = Reader::new(context)?;
    let space = reader.space(&config.cust_space_id)?;
    let freshness = reader.client.since_last_change();
    for (number, row) in reader.numbers(&space, freshness).await? {
        let is_wanted = reader::is_wanted(&row, &config.status, &config.quality_rating);
        if !is_wanted || row.has_left() {
            continue;
        }
        let Some(state) = state(&space, &number, &row) else {
            continue;
        };
        let name = row.verified_name.as_deref().map(|name| format!("{name}, "));
        let name = name.unwrap_or_default();
        let status = row.status.as_deref().unwrap_or("status unknown");
        if !found
            .report(format!("+{number} ({name}{status})"), state)
            .await?
        {
            break;
        }
    }
    Ok(())
}
