//! Prints the provider's schema as JSON, in the form of `terraform providers schema -json`, which
//! prints actions and list resources only since Terraform 1.14.
//!
//! This is an example target because the other targets of this package must not wait for a build of
//! the provider.

#![forbid(unsafe_code)]
#![allow(clippy::print_stdout, reason = "this program prints to its caller")]

use std::collections::HashMap;
use std::error::Error;

use base::clock::Clock;
use base::environment::Environment;
use base::random::Random;
use serde_json::{Map, Value, json};
use terraform_plugin::wire::tfplugin6::provider_server::Provider;
use terraform_plugin::wire::tfplugin6::schema::{Attribute, Block};
use terraform_plugin::wire::tfplugin6::{
    Function, ResourceIdentitySchema, Schema, get_provider_schema, get_resource_identity_schemas,
};
use terraform_provider_cams::{LONG_WAIT, server};
use tonic::Request;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let (environment, clock) = (Environment::of_process(), Clock::system());
    let server = server(environment, clock, Random::from_system(), LONG_WAIT)?;
    let request = Request::new(get_provider_schema::Request::default());
    let answer = server.get_provider_schema(request).await?.into_inner();
    let provider = answer.provider.ok_or("the provider has no schema")?;
    let request = Request::new(get_resource_identity_schemas::Request::default());
    let identities = server.get_resource_identity_schemas(request).await?;
    let identities = identities.into_inner().identity_schemas;
    let actions = answer.action_schemas.into_iter();
    let actions = actions.filter_map(|(name, action)| Some((name, action.schema?)));
    let all = json!({
        "provider": schema(&provider),
        "resource_schemas": named(&answer.resource_schemas, schema),
        "data_source_schemas": named(&answer.data_source_schemas, schema),
        "action_schemas": named(&actions.collect(), schema),
        "list_resource_schemas": named(&answer.list_resource_schemas, schema),
        "functions": named(&answer.functions, function),
        "resource_identity_schemas": named(&identities, identity),
    });
    println!("{all}");
    Ok(())
}

fn named<T>(items: &HashMap<String, T>, describe: fn(&T) -> Value) -> Map<String, Value> {
    let items = items.iter();
    items
        .map(|(name, it)| (name.clone(), describe(it)))
        .collect()
}

fn schema(schema: &Schema) -> Value {
    json!({ "version": schema.version, "block": schema.block.as_ref().map(block) })
}

fn identity(identity: &ResourceIdentitySchema) -> Value {
    let attributes = identity.identity_attributes.iter();
    let attributes = attributes.map(|it| {
        let described = json!({
            "type": ty(&it.r#type),
            "required_for_import": it.required_for_import,
            "optional_for_import": it.optional_for_import,
        });
        (it.name.clone(), described)
    });
    json!({ "version": identity.version, "attributes": attributes.collect::<Map<_, _>>() })
}

fn block(inner: &Block) -> Value {
    let blocks = inner.block_types.iter();
    let blocks = blocks.map(|nested| {
        let described = json!({
            "block": nested.block.as_ref().map(block),
            "nesting_mode": nested.nesting().as_str_name().to_lowercase(),
            "min_items": nested.min_items,
            "max_items": nested.max_items,
        });
        (nested.type_name.clone(), described)
    });
    json!({
        "attributes": attributes(&inner.attributes),
        "block_types": blocks.collect::<Map<_, _>>(),
        "description": inner.description,
        "deprecated": inner.deprecated,
    })
}

fn attributes(attributes: &[Attribute]) -> Map<String, Value> {
    let attributes = attributes.iter();
    let attributes = attributes.map(|it| (it.name.clone(), attribute(it)));
    attributes.collect()
}

fn attribute(attribute: &Attribute) -> Value {
    let nested = attribute.nested_type.as_ref();
    let nested = nested.map(|object| {
        let mode = object.nesting().as_str_name().to_lowercase();
        json!({ "attributes": attributes(&object.attributes), "nesting_mode": mode })
    });
    json!({
        "type": ty(&attribute.r#type),
        "nested_type": nested,
        "description": attribute.description,
        "required": attribute.required,
        "optional": attribute.optional,
        "computed": attribute.computed,
        "sensitive": attribute.sensitive,
        "write_only": attribute.write_only,
        "deprecated": attribute.deprecated,
    })
}

fn function(function: &Function) -> Value {
    let parameters = function.parameters.iter().map(
        |it| json!({ "name": it.name, "type": ty(&it.r#type), "description": it.description }),
    );
    json!({
        "summary": function.summary,
        "description": function.description,
        "parameters": parameters.collect::<Vec<_>>(),
        "return_type": function.r#return.as_ref().map(|it| ty(&it.r#type)),
    })
}

/// A type, which the protocol holds as JSON; null for an attribute with a nested type.
fn ty(json: &[u8]) -> Value {
    serde_json::from_slice(json).unwrap_or_default()
}
