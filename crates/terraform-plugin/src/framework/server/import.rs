//! The RPCs ImportResourceState and GenerateResourceConfig.

use crate::wire::diagnostic::{Diagnostic, Diagnostics};
use crate::wire::tfplugin6::{generate_resource_config, import_resource_state};
use crate::wire::value::Value;

use super::super::plan::null_write_only;
use super::super::provider::Provider;
use super::super::resource::ImportTarget;
use super::super::schema::{Attribute, Kind, Nesting};
use super::super::session::Session;
use super::super::validate;
use super::{Shared, values};

pub(super) async fn import<P: Provider>(
    shared: &Shared<P>,
    session: &Session,
    request: import_resource_state::Request,
) -> Result<import_resource_state::Response, Diagnostics> {
    let resource = shared.resource(&request.type_name)?;
    let definition = resource.definition();
    let target = match values::decode_identity(request.identity.as_ref(), &definition.identity_ty)?
    {
        Value::Map(identity) => {
            let required: Vec<&str> = definition
                .identity_schema
                .attributes
                .iter()
                .filter(|attribute| attribute.required_for_import)
                .map(|attribute| attribute.name)
                .collect();
            let diagnostics = validate::identity(&required, &identity);
            if diagnostics.has_errors() {
                return Err(diagnostics);
            }
            ImportTarget::Identity(Value::Map(identity))
        }
        _ => ImportTarget::Id(request.id),
    };
    let by_id = matches!(target, ImportTarget::Id(_));
    let data = shared.data()?;
    let imported = resource.import(&data, session, target).await?;
    let mut state = imported.with_unknowns_as_null();
    null_write_only(&definition.schema.attributes, &mut state);
    let identity = resource.identity(&state)?;
    // An identity in a response must be complete. Parts that the remote service assigns are known
    // only after the read that follows an import, so an import by id may have to leave the identity
    // out. An import by identity has all parts that are required, and Terraform expects it back.
    let identity = match by_id && !is_complete(&identity) {
        true => Value::Null,
        false => identity,
    };
    Ok(import_resource_state::Response {
        imported_resources: vec![import_resource_state::ImportedResource {
            type_name: request.type_name,
            state: Some(values::encode(&state, &definition.ty, "imported state")?),
            private: session.private(),
            identity: values::encode_identity(&identity, &definition.identity_ty)?,
        }],
        ..Default::default()
    })
}

/// Makes the configuration that would lead to a given state: the attributes that a configuration
/// can set, without those that are deprecated, write-only, or optional and empty.
pub(super) async fn generate_config<P: Provider>(
    shared: &Shared<P>,
    _session: &Session,
    request: generate_resource_config::Request,
) -> Result<generate_resource_config::Response, Diagnostics> {
    let definition = shared.resource(&request.type_name)?.definition();
    let mut config = values::decode(request.state.as_ref(), &definition.ty, "state")?;
    if config.is_null() {
        return Err(Diagnostic::error(
            "No State",
            "Terraform asked for the configuration of an object without state.",
        )
        .into());
    }
    keep_configurable(&definition.schema.attributes, &mut config);
    Ok(generate_resource_config::Response {
        config: Some(values::encode(
            &config,
            &definition.ty,
            "generated configuration",
        )?),
        ..Default::default()
    })
}

/// Whether no part of an identity is null.
fn is_complete(identity: &Value) -> bool {
    let parts = identity.attributes();
    parts.is_some_and(|parts| parts.values().all(|part| !part.is_null()))
}

/// Replaces by null what does not belong in a generated configuration.
fn keep_configurable(attributes: &[Attribute], object: &mut Value) {
    let Value::Map(values) = object else { return };
    for attribute in attributes {
        let Some(value) = values.get_mut(attribute.name) else {
            continue;
        };
        let empty = attribute.optional && *value == Value::String(String::new());
        if !attribute.configurable()
            || attribute.deprecated.is_some()
            || attribute.write_only
            || empty
        {
            *value = Value::Null;
        }
        let Kind::Nested(nesting, attributes) = &attribute.kind else {
            continue;
        };
        match value {
            Value::Map(entries) if *nesting == Nesting::Map => entries
                .values_mut()
                .for_each(|entry| keep_configurable(attributes, entry)),
            Value::List(elements) => elements
                .iter_mut()
                .for_each(|element| keep_configurable(attributes, element)),
            other => keep_configurable(attributes, other),
        }
    }
}
