//! The RPCs ImportResourceState and GenerateResourceConfig.

use crate::wire::diagnostic::{Diagnostic, Result};
use crate::wire::tfplugin6::{generate_resource_config, import_resource_state};
use crate::wire::value::Value;

use super::super::context;
use super::super::identity;
use super::super::plan::null_write_only;
use super::super::provider::Provider;
use super::super::resource::ImportTarget;
use super::super::schema::{Attribute, Kind};
use super::run::RpcCall;
use super::values;

impl<P: Provider> RpcCall<P> {
    pub(crate) async fn import_resource_state(
        &self,
        request: import_resource_state::Request,
    ) -> Result<import_resource_state::Response> {
        let resource = self.resource(&request.type_name)?;
        let definition = &resource.definition;
        let identity_ty = &definition.identity_ty;
        let schema = &definition.base.schema;
        let given = values::decode_identity(request.identity.as_ref(), identity_ty)?;
        let target = match given.attributes() {
            None => ImportTarget::Id(request.id),
            Some(parts) => ImportTarget::Identity(identity::to_state(schema, parts)?),
        };
        let data = self.data()?;
        let imported = resource.code.import(self.context(&data), target).await?;
        let mut state = imported.with_unknowns_as_null();
        null_write_only(&schema.attributes, &mut state);
        // An identity in a response must be complete. Parts that the remote service assigns are
        // known only after the read that follows an import, so an import by id may have to leave
        // the identity out. An import by identity has all parts, and Terraform expects it back.
        let identity = match identity::of_state(schema, &state) {
            identity if given.is_null() && !values::is_complete(&identity) => Value::Null,
            identity => identity,
        };
        Ok(import_resource_state::Response {
            imported_resources: vec![import_resource_state::ImportedResource {
                type_name: request.type_name,
                state: values::encode(&state, &definition.base.ty, "imported state")?,
                private: context::encode(&self.record().private),
                identity: values::encode_identity(&identity, identity_ty)?,
            }],
            ..Default::default()
        })
    }

    /// Makes the configuration that would lead to a given state: the attributes that a
    /// configuration can set, without those that are write-only, or optional and empty.
    pub(crate) async fn generate_resource_config(
        &self,
        request: generate_resource_config::Request,
    ) -> Result<generate_resource_config::Response> {
        let definition = &self.resource(&request.type_name)?.definition.base;
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
            config: values::encode(&config, &definition.ty, "generated configuration")?,
            ..Default::default()
        })
    }
}

/// Replaces by null what does not belong in a generated configuration.
fn keep_configurable(attributes: &[Attribute], object: &mut Value) {
    let Value::Map(values) = object else { return };
    for attribute in attributes {
        let Some(value) = values.get_mut(attribute.name) else {
            continue;
        };
        let empty = attribute.optional && value.as_str() == Some("");
        if !attribute.configurable() || attribute.write_only || empty {
            *value = Value::Null;
        } else if let Kind::Block(attributes) = &attribute.kind {
            keep_configurable(attributes, value);
        }
    }
}
