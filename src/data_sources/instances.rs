//! `cams_instances`: the instances of the account, with the ids of their spaces.

use cams::operations::Instance;
use terraform_plugin::framework::context::Context;
use terraform_plugin::framework::data_source::DataSource;
use terraform_plugin::framework::diagnostic::Diagnostics;
use terraform_plugin::framework::model::Field;
use terraform_plugin::framework::schema::{Attribute, Schema};
use terraform_plugin::model;

use crate::Cams;
use crate::reader::{Reader, passes};

use super::shown::shown;

/// The data source `cams_instances`.
pub(crate) struct InstancesDataSource;

model! {
    /// Configuration, and what is read.
    pub(crate) struct Model {
        instance_name: String,
        channel_type: String,
        instances: Vec<Field<ListedInstance>>,
    }
}

shown! {
    /// An instance of the account.
    struct ListedInstance(Instance) {}
    cust_space_id: "Id of the space: the `cust_space_id` of the provider and of its resources.",
    instance_id: "Id of the instance.",
    instance_name: "Name of the instance.",
    channel_type: "Channel, such as `whatsapp`.",
    state: "State, such as `published`.",
}

impl DataSource for InstancesDataSource {
    type Provider = Cams;
    type Model = Model;

    fn type_name(&self) -> &'static str {
        "cams_instances"
    }

    fn schema(&self) -> Schema {
        Schema {
            description: "Reads the CAMS instances of the account (`ListInstance`). Use it to find \
                the `cust_space_id` of a space. If no instance matches the filters, the list is \
                empty."
                .into(),
            attributes: vec![
                Attribute::string("instance_name")
                    .optional()
                    .describe("Only instances with this name."),
                Attribute::string("channel_type").optional().describe(
                    "Only instances of this channel: `whatsapp`, `messenger`, `instagram` or `viber`.",
                ),
                Attribute::objects("instances", ListedInstance::attributes().collect())
                    .describe("The instances, sorted by name and id."),
            ],
            ..Schema::default()
        }
    }

    async fn read(&self, context: Context<'_, Cams>, config: Model) -> Result<Model, Diagnostics> {
        let reader = Reader::new(context)?;
        let (name, channel) = (&config.instance_name, &config.channel_type);
        let call = reader
            .client
            .instances(&reader.bounds, name.text(), channel.text());
        let mut found = reader.finish(call.await, "the instances of the account")?;
        if !found.complete {
            reader.warn_of_gaps("list of instances");
        }
        // The documentation does not say how the service compares names, so they are compared here.
        found.rows.retain(|row| {
            passes(name, row.instance_name.as_deref())
                && passes(channel, row.channel_type.as_deref())
        });
        let key = |row: &Instance| {
            (
                row.instance_name.clone(),
                row.instance_id.clone(),
                row.cust_space_id.clone(),
            )
        };
        found.rows.sort_by_cached_key(key);
        let instances = found.rows.into_iter().map(ListedInstance::of);
        Ok(Model {
            instances: instances.map(Field::Known).collect::<Vec<_>>().into(),
            ..config
        })
    }
}
