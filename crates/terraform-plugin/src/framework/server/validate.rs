//! The RPCs ValidateProviderConfig and ValidateResourceConfig.

use crate::wire::diagnostic::Diagnostics;
use crate::wire::tfplugin6::{validate_provider_config, validate_resource_config};

use super::super::model::parse;
use super::super::provider::Provider;
use super::super::session::Session;
use super::super::validate;
use super::{Shared, response, values};

pub(super) async fn provider<P: Provider>(
    shared: &Shared<P>,
    _session: &Session,
    request: validate_provider_config::Request,
) -> Result<validate_provider_config::Response, Diagnostics> {
    let config = values::decode(
        request.config.as_ref(),
        &shared.ty,
        "provider configuration",
    )?;
    // No CLI stores the provider block, so that a write-only value in it is safe with all of them.
    let mut diagnostics = validate::config(&shared.schema.attributes, &config, true);
    if config.is_object() {
        diagnostics.extend(shared.provider.validate(&parse(config)?));
    }
    Ok(response::of(diagnostics))
}

pub(super) async fn resource<P: Provider>(
    shared: &Shared<P>,
    _session: &Session,
    request: validate_resource_config::Request,
) -> Result<validate_resource_config::Response, Diagnostics> {
    let resource = shared.resource(&request.type_name)?;
    let definition = resource.definition();
    let config = values::decode(request.config.as_ref(), &definition.ty, "configuration")?;
    let write_only_allowed = request
        .client_capabilities
        .is_some_and(|client| client.write_only_attributes_allowed);
    let mut diagnostics =
        validate::config(&definition.schema.attributes, &config, write_only_allowed);
    if config.is_object() {
        diagnostics.extend(resource.validate(config)?);
    }
    Ok(response::of(diagnostics))
}
