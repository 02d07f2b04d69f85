//! The RPCs that check a configuration, one for each kind, and ConfigureProvider, which makes the
//! data that operations work with.

use std::sync::Arc;

use crate::wire::diagnostic::{Diagnostics, Result};
use crate::wire::path::Path;
use crate::wire::tfplugin6::{
    DynamicValue, configure_provider, validate_action_config, validate_data_resource_config,
    validate_list_resource_config, validate_provider_config, validate_resource_config,
};
use crate::wire::value::Value;

use super::super::erased::Definition;
use super::super::model::parse;
use super::super::provider::Provider;
use super::super::session::lock;
use super::super::validate;
use super::run::RpcCall;
use super::values;

impl<P: Provider> RpcCall<P> {
    pub(crate) async fn validate_provider_config(
        &self,
        request: validate_provider_config::Request,
    ) -> Result<validate_provider_config::Response> {
        self.check(&self.shared.block, request.config.as_ref(), false)
    }

    pub(crate) async fn validate_resource_config(
        &self,
        request: validate_resource_config::Request,
    ) -> Result<validate_resource_config::Response> {
        let resource = self.resource(&request.type_name)?;
        let client = request.client_capabilities.unwrap_or_default();
        let write_only_allowed = client.write_only_attributes_allowed;
        let definition = &resource.definition.base;
        self.check(definition, request.config.as_ref(), write_only_allowed)
    }

    pub(crate) async fn validate_data_resource_config(
        &self,
        request: validate_data_resource_config::Request,
    ) -> Result<validate_data_resource_config::Response> {
        let source = self.shared.offers.data_sources.find(&request.type_name)?;
        self.check(&source.definition, request.config.as_ref(), false)
    }

    pub(crate) async fn validate_action_config(
        &self,
        request: validate_action_config::Request,
    ) -> Result<validate_action_config::Response> {
        let action = self.shared.offers.actions.find(&request.type_name)?;
        self.check(&action.definition, request.config.as_ref(), false)
    }

    pub(crate) async fn validate_list_resource_config(
        &self,
        request: validate_list_resource_config::Request,
    ) -> Result<validate_list_resource_config::Response> {
        let list = self.shared.offers.lists.find(&request.type_name)?;
        self.check(&list.definition, request.config.as_ref(), false)
    }

    pub(crate) async fn configure_provider(
        &self,
        request: configure_provider::Request,
    ) -> Result<configure_provider::Response> {
        let shared = &self.shared;
        let config = values::decode(request.config.as_ref(), &shared.block.ty, "configuration")?;
        let version = &request.terraform_version;
        let (data, warnings) = shared.provider.configure(parse(config)?, version).await?;
        *lock(&shared.data) = Some(Arc::new(data));
        self.record().diagnostics.extend(warnings);
        Ok(configure_provider::Response::default())
    }

    /// Checks a configuration. What is wrong with it is the result, in the diagnostics.
    fn check<A: Default>(
        &self,
        definition: &Definition,
        config: Option<&DynamicValue>,
        write_only_allowed: bool,
    ) -> Result<A> {
        let config = values::decode(config, &definition.ty, "configuration")?;
        let mut found = Diagnostics::default();
        let attributes = &definition.schema.attributes;
        let root = Path::root();
        validate::check(attributes, &config, &root, write_only_allowed, &mut found);
        if let Value::Map(_) = &config {
            found.extend((definition.validate)(config)?);
        }
        self.record().diagnostics.extend(found);
        Ok(A::default())
    }
}
