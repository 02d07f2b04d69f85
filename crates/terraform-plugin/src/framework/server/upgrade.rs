//! UpgradeResourceState, UpgradeResourceIdentity and MoveResourceState: what was stored, as it is
//! stored now.

use crate::wire::diagnostic::{Diagnostic, Diagnostics};
use crate::wire::json::{self, Unlisted};
use crate::wire::tfplugin6::{
    RawState, move_resource_state, upgrade_resource_identity, upgrade_resource_state,
};
use crate::wire::ty::Type;
use crate::wire::value::Value;

use super::super::plan::null_write_only;
use super::super::provider::Provider;
use super::super::resource::Upgrade;
use super::super::session::Session;
use super::{Shared, values};

pub(super) async fn state<P: Provider>(
    shared: &Shared<P>,
    _session: &Session,
    request: upgrade_resource_state::Request,
) -> Result<upgrade_resource_state::Response, Diagnostics> {
    let definition = shared.resource(&request.type_name)?.definition();
    let mut upgraded = upgraded(
        request.raw_state.as_ref(),
        request.version,
        (definition.schema.version, &definition.ty),
        &definition.upgrades,
        "state",
        &request.type_name,
    )?;
    // The stored state may hold the value of a write-only attribute, if another tool wrote it, or a
    // version of the provider in which the attribute was not write-only.
    null_write_only(&definition.schema.attributes, &mut upgraded);
    Ok(upgrade_resource_state::Response {
        upgraded_state: Some(values::encode(&upgraded, &definition.ty, "upgraded state")?),
        ..Default::default()
    })
}

pub(super) async fn identity<P: Provider>(
    shared: &Shared<P>,
    _session: &Session,
    request: upgrade_resource_identity::Request,
) -> Result<upgrade_resource_identity::Response, Diagnostics> {
    let definition = shared.resource(&request.type_name)?.definition();
    let identity = upgraded(
        request.raw_identity.as_ref(),
        request.version,
        (definition.identity_schema.version, &definition.identity_ty),
        &definition.identity_upgrades,
        "identity",
        &request.type_name,
    )?;
    Ok(upgrade_resource_identity::Response {
        upgraded_identity: values::encode_identity(&identity, &definition.identity_ty)?,
        ..Default::default()
    })
}

/// Moves an object to this provider from another address of the same provider, such as another
/// registry, a mirror or a build of one's own.
///
/// Terraform calls this where a configuration moves a resource from one address to another, and
/// OpenTofu before 1.12.5 also where only the host of the registry has changed. Since it is the
/// same provider, the stored object is upgraded like any stored state. Whether it is the same
/// provider is decided by the last part of the address, its type: whoever runs a mirror chooses
/// host and namespace.
pub(super) async fn moved<P: Provider>(
    shared: &Shared<P>,
    _session: &Session,
    request: move_resource_state::Request,
) -> Result<move_resource_state::Response, Diagnostics> {
    let definition = shared.resource(&request.target_type_name)?.definition();
    let name = |address: &str| address.rsplit('/').next().map(str::to_owned);
    let same_provider = name(&request.source_provider_address) == name(shared.provider.address());
    if !same_provider || request.source_type_name != request.target_type_name {
        return Err(Diagnostic::error(
            "Move Not Supported",
            format!(
                "A {} of {} cannot become a {}. Remove the moved block; import the object into the \
                 new resource instead.",
                request.source_type_name, request.source_provider_address, request.target_type_name
            ),
        )
        .into());
    }
    let mut state = upgraded(
        request.source_state.as_ref(),
        request.source_schema_version,
        (definition.schema.version, &definition.ty),
        &definition.upgrades,
        "state",
        &request.target_type_name,
    )?;
    null_write_only(&definition.schema.attributes, &mut state);
    // State that was written by a CLI without identities has none. The next read adds it.
    let identity = match request.source_identity.as_ref() {
        Some(raw) if !raw.json.is_empty() => upgraded(
            Some(raw),
            request.source_identity_schema_version,
            (definition.identity_schema.version, &definition.identity_ty),
            &definition.identity_upgrades,
            "identity",
            &request.target_type_name,
        )?,
        _ => Value::Null,
    };
    Ok(move_resource_state::Response {
        target_state: Some(values::encode(&state, &definition.ty, "moved state")?),
        target_private: request.source_private,
        target_identity: values::encode_identity(&identity, &definition.identity_ty)?,
        ..Default::default()
    })
}

/// Upgrades a stored object of version `from` to the current version and type. `what` says what it
/// is: `state` or `identity`.
fn upgraded(
    raw: Option<&RawState>,
    from: i64,
    (version, ty): (i64, &Type),
    upgrades: &[Upgrade],
    what: &str,
    type_name: &str,
) -> Result<Value, Diagnostics> {
    if from == version {
        return stored(raw, ty);
    }
    let upgrade = upgrades.iter().find(|upgrade| upgrade.from == from);
    let upgrade = upgrade.ok_or_else(|| {
        let title = match what {
            "state" => "Unsupported State Version",
            _ => "Unsupported Identity Version",
        };
        Diagnostic::error(
            title,
            format!(
                "The {what} of {type_name} has schema version {from}; this version of the provider \
                 reads up to {version}. Use the provider version that wrote the state, or a later \
                 one.",
            ),
        )
    })?;
    (upgrade.convert)(stored(raw, &upgrade.ty)?)
}

/// Reads a stored object of a type. Attributes that the type does not have are dropped, and those
/// that are not stored are null.
fn stored(raw: Option<&RawState>, ty: &Type) -> Result<Value, Diagnostics> {
    let Some(raw) = raw.filter(|raw| !raw.json.is_empty()) else {
        return Err(Diagnostic::error(
            "Unsupported State Format",
            "The state was written by a Terraform older than 0.12, or is empty. Import the object \
             anew.",
        )
        .into());
    };
    json::decode(&raw.json, ty, Unlisted::Ignore).map_err(|error| {
        Diagnostic::error(
            "Unreadable State",
            format!(
                "What is stored does not fit the provider's schema: {error}. Use the provider \
                 version that wrote the state, or restore the state from a backup."
            ),
        )
        .into()
    })
}
