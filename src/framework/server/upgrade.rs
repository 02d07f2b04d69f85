//! UpgradeResourceState, UpgradeResourceIdentity and MoveResourceState: what was stored, as it is stored now.

use crate::protocol::diagnostic::{Diagnostic, Diagnostics};
use crate::protocol::json::{self, Unlisted};
use crate::protocol::tfplugin6::{
    RawState, move_resource_state, upgrade_resource_identity, upgrade_resource_state,
};
use crate::protocol::ty::Type;
use crate::protocol::value::Value;

use super::super::plan::null_write_only;
use super::super::provider::Provider;
use super::super::resource::Upgrade;
use super::super::session::Session;
use super::{Shared, answer};

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
    // State that another tool wrote, or a version in which the attribute was an ordinary one, may
    // hold its value.
    null_write_only(&definition.schema.attributes, &mut upgraded);
    Ok(upgrade_resource_state::Response {
        upgraded_state: Some(answer::encode(&upgraded, &definition.ty, "upgraded state")?),
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
        upgraded_identity: answer::encode_identity(&identity, &definition.identity_ty)?,
        ..Default::default()
    })
}

/// Takes over an object that another address of this provider stored: another registry, a mirror or
/// a build of one's own.
///
/// Terraform asks for it where a configuration moves a resource from one of them to another, and
/// OpenTofu before 1.12.5 also where nothing but the registry's host has changed. Since it is the
/// same provider, the stored object is read as any stored state is. The address's last part is what
/// tells: whoever runs a mirror chooses host and namespace.
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
    // State of a CLI that knows no identities has none: the next read fills it in.
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
        target_state: Some(answer::encode(&state, &definition.ty, "moved state")?),
        target_private: request.source_private,
        target_identity: answer::encode_identity(&identity, &definition.identity_ty)?,
        ..Default::default()
    })
}

/// Brings a stored `what`, a state or an identity of version `from`, to the current version and
/// type.
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

/// Stored JSON as a value. Attributes the schema no longer has are dropped, new ones are null.
fn stored(raw: Option<&RawState>, ty: &Type) -> Result<Value, Diagnostics> {
    let Some(raw) = raw.filter(|raw| !raw.json.is_empty()) else {
        return Err(Diagnostic::error(
            "Unsupported State Format",
            "The state was written by a Terraform older than 0.12, or is empty. Import the object anew.",
        )
        .into());
    };
    json::decode(&raw.json, ty, Unlisted::Ignore).map_err(|error| {
        Diagnostic::error(
            "Unreadable State",
            format!("What is stored does not fit the provider's schema: {error}. Use the provider version that wrote the state, or restore the state from a backup."),
        )
        .into()
    })
}
