//! `cams_instances`: the instances of the account, with the ids of their spaces.

use terraform_plugin::framework::context::Context;
use terraform_plugin::framework::data_source::DataSource;
use terraform_plugin::framework::diagnostic::Diagnostics;
use terraform_plugin::framework::model::Field;
use terraform_plugin::framework::schema::{Attribute, Schema};
use terraform_plugin::model;

use crate::Cams;
use crate::reader::{Reader, passes};

/// The data source `cams_instances`.
pub(crate) struct Instances;

model! {
    /// Configuration, and what is read.
    pub(crate) struct Model {
        instance_name: String,
        channel_type: String,
        instances: Vec<Field<Instance>>,
    }
}

model! {
    /// An instance of the account.
    pub(crate) struct Instance {
        cust_space_id: String,
        instance_id: String,
        instance_name: String,
        channel_type: String,
        state: String,
    }
}

impl DataSource for Instances {
    type Provider = Cams;
    type Model = Model;

    fn type_name(&self) -> &'static str {
        "cams_instances"
    }

    fn schema(&self) -> Schema {
        let read_only =
            |name, description| Attribute::string(name).computed().describe(description);
        let instance = vec![
            read_only(
                "cust_space_id",
                "Id of the space: the `cust_space_id` of the provider and of its resources.",
            ),
            read_only("instance_id", "Id of the instance."),
            read_only("instance_name", "Name of the instance."),
            read_only("channel_type", "Channel, such as `whatsapp`."),
            read_only("state", "State, such as `published`."),
        ];
        Schema {
            description: "Reads the CAMS instances of the account (`ListInstance`). This is where \
                the `cust_space_id` of a space is found. The list is empty if no instance passes the \
                filters."
                .into(),
            attributes: vec![
                Attribute::string("instance_name")
                    .optional()
                    .describe("Only instances with this name."),
                Attribute::string("channel_type").optional().describe(
                    "Only instances of this channel: `whatsapp`, `messenger`, `instagram` or `viber`.",
                ),
                Attribute::objects("instances", instance)
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
        let key = |row: &cams::operations::Instance| {
            (
                row.instance_name.clone(),
                row.instance_id.clone(),
                row.cust_space_id.clone(),
            )
        };
        found.rows.sort_by_cached_key(key);
        let instances = found.rows.into_iter().map(|row| {
            Field::Known(Instance {
                cust_space_id: row.cust_space_id.into(),
                instance_id: row.instance_id.into(),
                instance_name: row.instance_name.into(),
                channel_type: row.channel_type.into(),
                state: row.state.into(),
            })
        });
        Ok(Model {
            instances: instances.collect::<Vec<_>>().into(),
            ..config
        })
    }
}
