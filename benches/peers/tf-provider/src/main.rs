//! The resource on the crate `tf-provider`. It makes no calls.

use std::borrow::Cow;
use std::collections::HashMap;

use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use tf_provider::schema::{Attribute, AttributeConstraint, AttributeType, Block, Schema};
use tf_provider::value::{Value, ValueEmpty, ValueString};
use tf_provider::{
    AttributePath, Diagnostics, DynamicDataSource, DynamicResource, Provider, Resource, map, serve,
};

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    serve("cams", Cams).await
}

struct Cams;

#[derive(Serialize, Deserialize)]
struct Config<'a> {
    #[serde(borrow)]
    cust_space_id: ValueString<'a>,
}

#[async_trait]
impl Provider for Cams {
    type Config<'a> = Config<'a>;
    type MetaState<'a> = ValueEmpty;

    fn schema(&self, _: &mut Diagnostics) -> Option<Schema> {
        Some(schema(
            map! { "cust_space_id" => text(AttributeConstraint::Optional) },
        ))
    }

    fn get_resources(
        &self,
        _: &mut Diagnostics,
    ) -> Option<HashMap<String, Box<dyn DynamicResource>>> {
        Some(map! { "number_migration" => Migration })
    }

    fn get_data_sources(
        &self,
        _: &mut Diagnostics,
    ) -> Option<HashMap<String, Box<dyn DynamicDataSource>>> {
        Some(HashMap::new())
    }
}

struct Migration;

#[derive(Serialize, Deserialize)]
struct Model<'a> {
    #[serde(borrow)]
    cust_space_id: ValueString<'a>,
    #[serde(borrow)]
    country_code: ValueString<'a>,
    #[serde(borrow)]
    mobile_number: ValueString<'a>,
    #[serde(borrow)]
    id: ValueString<'a>,
    #[serde(borrow)]
    phone_number: ValueString<'a>,
    #[serde(borrow)]
    status: ValueString<'a>,
    #[serde(borrow)]
    request_id: ValueString<'a>,
    #[serde(borrow)]
    timeouts: Value<Timeouts<'a>>,
}

#[derive(Serialize, Deserialize)]
struct Timeouts<'a> {
    #[serde(borrow)]
    create: ValueString<'a>,
    #[serde(borrow)]
    read: ValueString<'a>,
}

#[async_trait]
impl Resource for Migration {
    type State<'a> = Model<'a>;
    type PrivateState<'a> = ValueEmpty;
    type ProviderMetaState<'a> = ValueEmpty;

    fn schema(&self, _: &mut Diagnostics) -> Option<Schema> {
        let timeouts = map! {
            "create" => AttributeType::String,
            "read" => AttributeType::String,
        };
        Some(schema(map! {
            "cust_space_id" => text(AttributeConstraint::OptionalComputed),
            "country_code" => text(AttributeConstraint::Required),
            "mobile_number" => text(AttributeConstraint::Required),
            "id" => text(AttributeConstraint::Computed),
            "phone_number" => text(AttributeConstraint::Computed),
            "status" => text(AttributeConstraint::Computed),
            "request_id" => text(AttributeConstraint::Computed),
            "timeouts" => Attribute {
                // The crate's nested attributes have a schema that Terraform refuses.
                attr_type: AttributeType::Object(timeouts),
                constraint: AttributeConstraint::Optional,
                ..Default::default()
            },
        }))
    }

    async fn read<'a>(
        &self,
        _: &mut Diagnostics,
        state: Model<'a>,
        private: ValueEmpty,
        _: ValueEmpty,
    ) -> Option<(Model<'a>, ValueEmpty)> {
        Some((state, private))
    }

    async fn plan_create<'a>(
        &self,
        _: &mut Diagnostics,
        proposed: Model<'a>,
        _: Model<'a>,
        _: ValueEmpty,
    ) -> Option<(Model<'a>, ValueEmpty)> {
        let cust_space_id = match proposed.cust_space_id {
            Value::Null => Value::Unknown,
            known => known,
        };
        let planned = Model {
            cust_space_id,
            id: Value::Unknown,
            phone_number: Value::Unknown,
            status: Value::Unknown,
            request_id: Value::Unknown,
            ..proposed
        };
        Some((planned, ValueEmpty::default()))
    }

    async fn plan_update<'a>(
        &self,
        _: &mut Diagnostics,
        prior: Model<'a>,
        proposed: Model<'a>,
        _: Model<'a>,
        private: ValueEmpty,
        _: ValueEmpty,
    ) -> Option<(Model<'a>, ValueEmpty, Vec<AttributePath>)> {
        let mut replaced = Vec::new();
        for (name, is_changed) in [
            (
                "cust_space_id",
                prior.cust_space_id != proposed.cust_space_id,
            ),
            ("country_code", prior.country_code != proposed.country_code),
            (
                "mobile_number",
                prior.mobile_number != proposed.mobile_number,
            ),
        ] {
            if is_changed {
                replaced.push(AttributePath::new(name));
            }
        }
        Some((proposed, private, replaced))
    }

    async fn plan_destroy<'a>(
        &self,
        _: &mut Diagnostics,
        _: Model<'a>,
        private: ValueEmpty,
        _: ValueEmpty,
    ) -> Option<ValueEmpty> {
        Some(private)
    }

    async fn create<'a>(
        &self,
        _: &mut Diagnostics,
        planned: Model<'a>,
        _: Model<'a>,
        private: ValueEmpty,
        _: ValueEmpty,
    ) -> Option<(Model<'a>, ValueEmpty)> {
        let Value::Value(country_code) = &planned.country_code else {
            return None;
        };
        let Value::Value(mobile_number) = &planned.mobile_number else {
            return None;
        };
        let created = Model {
            cust_space_id: Value::Value(Cow::from("cams-bench")),
            id: Value::Value(Cow::from("100000000000001")),
            phone_number: Value::Value(Cow::from(format!("{country_code}{mobile_number}"))),
            status: Value::Value(Cow::from("MIGRATING")),
            request_id: Value::Value(Cow::from("00000000-0000-4000-8000-000000000001")),
            ..planned
        };
        Some((created, private))
    }

    async fn update<'a>(
        &self,
        _: &mut Diagnostics,
        _: Model<'a>,
        planned: Model<'a>,
        _: Model<'a>,
        private: ValueEmpty,
        _: ValueEmpty,
    ) -> Option<(Model<'a>, ValueEmpty)> {
        Some((planned, private))
    }

    async fn destroy<'a>(
        &self,
        _: &mut Diagnostics,
        _: Model<'a>,
        _: ValueEmpty,
        _: ValueEmpty,
    ) -> Option<()> {
        Some(())
    }
}

fn text(constraint: AttributeConstraint) -> Attribute {
    Attribute {
        attr_type: AttributeType::String,
        constraint,
        ..Default::default()
    }
}

fn schema(attributes: HashMap<String, Attribute>) -> Schema {
    Schema {
        version: 0,
        block: Block {
            attributes,
            ..Default::default()
        },
    }
}
