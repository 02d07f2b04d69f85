//! ValidateProviderConfig and ValidateResourceConfig.

use crate::protocol::diagnostic::Diagnostics;
use crate::protocol::tfplugin6::{validate_provider_config, validate_resource_config};

use super::super::model::parse;
use super::super::provider::Provider;
use super::super::session::Session;
use super::super::validate;
use super::{Shared, answer};

pub(super) async fn provider<P: Provider>(
    shared: &Shared<P>,
    _session: &Session,
    request: validate_provider_config::Request,
) -> Result<validate_provider_config::Response, Diagnostics> {
    let config = answer::decode(
        request.config.as_ref(),
        &shared.ty,
        "provider configuration",
    )?;
    // The provider block is never stored, so a write-only value in it is safe with every CLI.
    let mut found = validate::config(&shared.schema.attributes, &config, true);
    if config.is_object() {
        found.extend(shared.provider.validate(&parse(config)?));
    }
    Ok(answer::of(found))
}

pub(super) async fn resource<P: Provider>(
    shared: &Shared<P>,
    _session: &Session,
    request: validate_resource_config::Request,
) -> Result<validate_resource_config::Response, Diagnostics> {
    let resource = shared.resource(&request.type_name)?;
    let definition = resource.definition();
    let config = answer::decode(request.config.as_ref(), &definition.ty, "configuration")?;
    let write_only_allowed = request
        .client_capabilities
        .is_some_and(|client| client.write_only_attributes_allowed);
    let mut found = validate::config(&definition.schema.attributes, &config, write_only_allowed);
    if config.is_object() {
        found.extend(resource.validate(config)?);
    }
    Ok(answer::of(found))
}
