//! The RPCs that tell what the provider offers: GetMetadata, GetProviderSchema,
//! GetResourceIdentitySchemas and GetFunctions.

use std::collections::HashMap;

use crate::wire::diagnostic::Diagnostics;
use crate::wire::tfplugin6::{
    self as wire, ServerCapabilities, get_functions, get_metadata, get_provider_schema,
    get_resource_identity_schemas,
};

use super::super::provider::Provider;
use super::super::schema::{Attribute, IdentitySchema, Kind, Nesting, Schema};
use super::super::session::Session;
use super::Shared;

/// The optional parts of the protocol that the server implements.
const CAPABILITIES: ServerCapabilities = ServerCapabilities {
    plan_destroy: true,
    get_provider_schema_optional: true,
    move_resource_state: true,
    generate_resource_config: true,
};

pub(super) async fn metadata<P: Provider>(
    shared: &Shared<P>,
    _session: &Session,
    _request: get_metadata::Request,
) -> Result<get_metadata::Response, Diagnostics> {
    let resources = shared.resources.keys();
    Ok(get_metadata::Response {
        server_capabilities: Some(CAPABILITIES),
        resources: resources
            .map(|name| get_metadata::ResourceMetadata {
                type_name: (*name).to_owned(),
            })
            .collect(),
        ..Default::default()
    })
}

pub(super) async fn provider<P: Provider>(
    shared: &Shared<P>,
    _session: &Session,
    _request: get_provider_schema::Request,
) -> Result<get_provider_schema::Response, Diagnostics> {
    let resources = shared.resources.iter();
    Ok(get_provider_schema::Response {
        provider: Some(schema(&shared.schema)),
        resource_schemas: resources
            .map(|(name, resource)| ((*name).to_owned(), schema(&resource.definition().schema)))
            .collect(),
        server_capabilities: Some(CAPABILITIES),
        ..Default::default()
    })
}

pub(super) async fn identities<P: Provider>(
    shared: &Shared<P>,
    _session: &Session,
    _request: get_resource_identity_schemas::Request,
) -> Result<get_resource_identity_schemas::Response, Diagnostics> {
    let resources = shared.resources.iter();
    Ok(get_resource_identity_schemas::Response {
        identity_schemas: resources
            .map(|(name, resource)| {
                (
                    (*name).to_owned(),
                    identity(&resource.definition().identity_schema),
                )
            })
            .collect(),
        ..Default::default()
    })
}

pub(super) async fn functions<P: Provider>(
    _shared: &Shared<P>,
    _session: &Session,
    _request: get_functions::Request,
) -> Result<get_functions::Response, Diagnostics> {
    Ok(get_functions::Response {
        functions: HashMap::new(),
        ..Default::default()
    })
}

fn schema(schema: &Schema) -> wire::Schema {
    wire::Schema {
        version: schema.version,
        block: Some(wire::schema::Block {
            version: schema.version,
            ..block(&schema.description, &schema.attributes)
        }),
    }
}

/// A block with its attributes, and with the blocks in it.
fn block(description: &str, attributes: &[Attribute]) -> wire::schema::Block {
    let (blocks, attributes): (Vec<_>, Vec<_>) =
        attributes.iter().partition(|attribute| attribute.block);
    wire::schema::Block {
        attributes: attributes.into_iter().map(attribute).collect(),
        block_types: blocks.into_iter().filter_map(nested_block).collect(),
        description: description.to_owned(),
        description_kind: wire::StringKind::Markdown.into(),
        ..Default::default()
    }
}

/// A block that may stand at most once in another one.
fn nested_block(nested: &Attribute) -> Option<wire::schema::NestedBlock> {
    let Kind::Nested(Nesting::Single, attributes) = &nested.kind else {
        return None;
    };
    Some(wire::schema::NestedBlock {
        type_name: nested.name.to_owned(),
        block: Some(block(&nested.description, attributes)),
        nesting: wire::schema::nested_block::NestingMode::Single.into(),
        ..Default::default()
    })
}

fn attribute(attribute: &Attribute) -> wire::schema::Attribute {
    let (ty, nested_type) = match &attribute.kind {
        Kind::Plain(ty) => (ty.to_json(), None),
        Kind::Nested(nesting, attributes) => (Vec::new(), Some(nested(*nesting, attributes))),
    };
    wire::schema::Attribute {
        name: attribute.name.to_owned(),
        r#type: ty,
        nested_type,
        description: attribute.description.to_string(),
        required: attribute.required,
        optional: attribute.optional,
        computed: attribute.computed,
        sensitive: attribute.sensitive,
        description_kind: wire::StringKind::Markdown.into(),
        deprecated: attribute.deprecated.is_some(),
        write_only: attribute.write_only,
        deprecation_message: attribute.deprecated.unwrap_or_default().to_owned(),
    }
}

fn nested(nesting: Nesting, attributes: &[Attribute]) -> wire::schema::Object {
    use wire::schema::object::NestingMode;
    let nesting = match nesting {
        Nesting::List => NestingMode::List,
        Nesting::Map => NestingMode::Map,
        Nesting::Set => NestingMode::Set,
        Nesting::Single => NestingMode::Single,
    };
    wire::schema::Object {
        attributes: attributes.iter().map(attribute).collect(),
        nesting: nesting.into(),
        ..Default::default()
    }
}

fn identity(schema: &IdentitySchema) -> wire::ResourceIdentitySchema {
    let attributes = schema.attributes.iter();
    wire::ResourceIdentitySchema {
        version: schema.version,
        identity_attributes: attributes
            .map(
                |attribute| wire::resource_identity_schema::IdentityAttribute {
                    name: attribute.name.to_owned(),
                    r#type: attribute.ty.to_json(),
                    required_for_import: attribute.required_for_import,
                    optional_for_import: !attribute.required_for_import,
                    description: attribute.description.to_string(),
                },
            )
            .collect(),
    }
}
