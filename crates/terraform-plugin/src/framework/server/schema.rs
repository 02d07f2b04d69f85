//! The RPCs that say what the provider offers: GetMetadata, GetProviderSchema,
//! GetResourceIdentitySchemas and GetFunctions.

use std::collections::HashMap;

use crate::wire::diagnostic::Result;
use crate::wire::tfplugin6::{
    self as wire, ActionSchema, ServerCapabilities, get_functions, get_metadata,
    get_provider_schema, get_resource_identity_schemas,
};
use crate::wire::ty::Type;

use super::super::erased::FunctionDefinition;
use super::super::provider::{OfferTable, Provider};
use super::super::schema::{Attribute, Kind, Schema};
use super::run::RpcCall;

/// The optional parts of the protocol that the server implements.
const CAPABILITIES: ServerCapabilities = ServerCapabilities {
    plan_destroy: true,
    get_provider_schema_optional: true,
    move_resource_state: true,
    generate_resource_config: true,
};

impl<P: Provider> RpcCall<P> {
    pub(crate) async fn get_metadata(
        &self,
        _request: get_metadata::Request,
    ) -> Result<get_metadata::Response> {
        use get_metadata::{
            ActionMetadata, DataSourceMetadata, FunctionMetadata, ListResourceMetadata,
            ResourceMetadata,
        };
        let offers = &self.shared.offers;
        Ok(get_metadata::Response {
            server_capabilities: Some(CAPABILITIES),
            resources: names(&offers.resources, |type_name| ResourceMetadata {
                type_name,
            }),
            data_sources: names(&offers.data_sources, |type_name| DataSourceMetadata {
                type_name,
            }),
            actions: names(&offers.actions, |type_name| ActionMetadata { type_name }),
            list_resources: names(&offers.lists, |type_name| ListResourceMetadata {
                type_name,
            }),
            functions: names(&offers.functions, |name| FunctionMetadata { name }),
            ..Default::default()
        })
    }

    pub(crate) async fn get_provider_schema(
        &self,
        _request: get_provider_schema::Request,
    ) -> Result<get_provider_schema::Response> {
        let offers = &self.shared.offers;
        Ok(get_provider_schema::Response {
            provider: Some(schema(&self.shared.block.schema)),
            resource_schemas: described(&offers.resources, |it| schema(&it.base.schema)),
            data_source_schemas: described(&offers.data_sources, |it| schema(&it.schema)),
            action_schemas: described(&offers.actions, |it| ActionSchema {
                schema: Some(schema(&it.schema)),
            }),
            list_resource_schemas: described(&offers.lists, |it| schema(&it.schema)),
            functions: described(&offers.functions, function),
            server_capabilities: Some(CAPABILITIES),
            ..Default::default()
        })
    }

    pub(crate) async fn get_resource_identity_schemas(
        &self,
        _request: get_resource_identity_schemas::Request,
    ) -> Result<get_resource_identity_schemas::Response> {
        Ok(get_resource_identity_schemas::Response {
            identity_schemas: described(&self.shared.offers.resources, |it| {
                identity(&it.base.schema)
            }),
            ..Default::default()
        })
    }

    pub(crate) async fn get_functions(
        &self,
        _request: get_functions::Request,
    ) -> Result<get_functions::Response> {
        Ok(get_functions::Response {
            functions: described(&self.shared.offers.functions, function),
            ..Default::default()
        })
    }
}

fn names<C: ?Sized, D, M>(table: &OfferTable<C, D>, metadata: impl Fn(String) -> M) -> Vec<M> {
    let names = table.offers.keys();
    names.map(|name| metadata((*name).to_owned())).collect()
}

fn described<C: ?Sized, D, M>(
    table: &OfferTable<C, D>,
    describe: impl Fn(&D) -> M,
) -> HashMap<String, M> {
    let offers = table.offers.iter();
    let described = offers.map(|(name, offer)| ((*name).to_owned(), describe(&offer.definition)));
    described.collect()
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
    wire::schema::Block {
        attributes: attributes.iter().filter_map(attribute).collect(),
        block_types: attributes.iter().filter_map(nested_block).collect(),
        description: description.to_owned(),
        description_kind: wire::StringKind::Markdown.into(),
        ..Default::default()
    }
}

fn nested_block(nested: &Attribute) -> Option<wire::schema::NestedBlock> {
    let Kind::Block(attributes) = &nested.kind else {
        return None;
    };
    Some(wire::schema::NestedBlock {
        type_name: nested.name.to_owned(),
        block: Some(block(&nested.description, attributes)),
        nesting: wire::schema::nested_block::NestingMode::Single.into(),
        ..Default::default()
    })
}

fn attribute(attribute: &Attribute) -> Option<wire::schema::Attribute> {
    let mut wired = wire::schema::Attribute {
        name: attribute.name.to_owned(),
        description: attribute.description.to_string(),
        required: attribute.required,
        optional: attribute.optional,
        computed: attribute.computed,
        sensitive: attribute.sensitive,
        description_kind: wire::StringKind::Markdown.into(),
        write_only: attribute.write_only,
        ..Default::default()
    };
    match &attribute.kind {
        Kind::Block(_) => return None,
        Kind::Objects(attributes) => {
            wired.nested_type = Some(wire::schema::Object {
                attributes: attributes.iter().filter_map(self::attribute).collect(),
                nesting: wire::schema::object::NestingMode::List.into(),
                ..Default::default()
            });
        }
        Kind::Plain(ty) => wired.r#type = ty.to_json(),
    }
    Some(wired)
}

fn identity(schema: &Schema) -> wire::ResourceIdentitySchema {
    let part = |attribute: &Attribute| {
        Some(wire::resource_identity_schema::IdentityAttribute {
            name: attribute.name.to_owned(),
            r#type: attribute.ty().to_json(),
            required_for_import: true,
            description: attribute.identity?.to_owned(),
            ..Default::default()
        })
    };
    wire::ResourceIdentitySchema {
        version: schema.identity_version,
        identity_attributes: schema.attributes.iter().filter_map(part).collect(),
    }
}

fn function(definition: &FunctionDefinition) -> wire::Function {
    let parameters = definition.parameters.iter();
    let parameters = parameters.map(|(name, description)| wire::function::Parameter {
        name: (*name).to_owned(),
        r#type: Type::String.to_json(),
        description: (*description).to_owned(),
        description_kind: wire::StringKind::Markdown.into(),
        ..Default::default()
    });
    wire::Function {
        parameters: parameters.collect(),
        r#return: Some(wire::function::Return {
            r#type: definition.output.to_json(),
        }),
        summary: definition.summary.to_owned(),
        description: definition.description.to_owned(),
        description_kind: wire::StringKind::Markdown.into(),
        ..Default::default()
    }
}
