//! UpgradeResourceState, UpgradeResourceIdentity and MoveResourceState, by which Terraform has what
//! it stored read with the schema of this version of the provider.
//!
//! No resource has raised the version of its schema yet. The first that does needs a conversion
//! from the earlier one here.

use crate::wire::diagnostic::{Diagnostic, Result};
use crate::wire::json;
use crate::wire::tfplugin6::{
    DynamicValue, RawState, ResourceIdentityData, move_resource_state, upgrade_resource_identity,
    upgrade_resource_state,
};
use crate::wire::ty::Type;
use crate::wire::value::Value;

use super::super::erased::Definition;
use super::super::plan::null_write_only;
use super::super::provider::Provider;
use super::run::RpcCall;
use super::values;

impl<P: Provider> RpcCall<P> {
    pub(crate) async fn upgrade_resource_state(
        &self,
        request: upgrade_resource_state::Request,
    ) -> Result<upgrade_resource_state::Response> {
        let raw = request.raw_state.as_ref();
        Ok(upgrade_resource_state::Response {
            upgraded_state: self.stored_state(&request.type_name, raw, request.version)?,
            ..Default::default()
        })
    }

    pub(crate) async fn upgrade_resource_identity(
        &self,
        request: upgrade_resource_identity::Request,
    ) -> Result<upgrade_resource_identity::Response> {
        let raw = request.raw_identity.as_ref();
        Ok(upgrade_resource_identity::Response {
            upgraded_identity: self.stored_identity(&request.type_name, raw, request.version)?,
            ..Default::default()
        })
    }

    /// Moves an object to this provider from another address of the same provider, such as another
    /// registry, a mirror or a build of one's own.
    ///
    /// Terraform calls this where a configuration moves a resource from one address to another, and
    /// OpenTofu before 1.12.5 also where only the host of the registry has changed. Since it is the
    /// same provider, the stored object is read like any stored state. The last part of the
    /// address, the type, says whether it is the same provider: host and namespace are those of a
    /// mirror.
    pub(crate) async fn move_resource_state(
        &self,
        request: move_resource_state::Request,
    ) -> Result<move_resource_state::Response> {
        let type_name = &request.target_type_name;
        let name = |address: &str| address.rsplit('/').next().map(str::to_owned);
        let same_provider =
            name(&request.source_provider_address) == name(self.shared.provider.address());
        self.resource(type_name)?;
        if !same_provider || request.source_type_name != *type_name {
            return Err(Diagnostic::error(
                "Move Not Supported",
                format!(
                    "A {} of {} cannot become a {type_name}. Remove the moved block; import the \
                     object into the new resource instead.",
                    request.source_type_name, request.source_provider_address
                ),
            )
            .into());
        }
        let (state, version) = (request.source_state, request.source_schema_version);
        // State that was written by a CLI without identities has none. The next read adds it.
        let identity = request.source_identity.filter(|raw| !raw.json.is_empty());
        let identity = identity.map(|raw| {
            let version = request.source_identity_schema_version;
            self.stored_identity(type_name, Some(&raw), version)
        });
        Ok(move_resource_state::Response {
            target_state: self.stored_state(type_name, state.as_ref(), version)?,
            target_private: request.source_private,
            target_identity: identity.transpose()?.flatten(),
            ..Default::default()
        })
    }

    /// A stored state, which must be of the current version, for a response.
    fn stored_state(
        &self,
        type_name: &str,
        raw: Option<&RawState>,
        version: i64,
    ) -> Result<Option<DynamicValue>> {
        let Definition { schema, ty, .. } = &self.resource(type_name)?.definition.base;
        check_version("State", type_name, version, schema.version)?;
        let mut state = stored(raw, ty)?;
        // The stored state may hold the value of a write-only attribute, if another tool wrote it,
        // or a version of the provider in which the attribute was not write-only.
        null_write_only(&schema.attributes, &mut state);
        values::encode(&state, ty, "stored state")
    }

    /// A stored identity, which must be of the current version, for a response.
    fn stored_identity(
        &self,
        type_name: &str,
        raw: Option<&RawState>,
        version: i64,
    ) -> Result<Option<ResourceIdentityData>> {
        let definition = &self.resource(type_name)?.definition;
        let current = definition.base.schema.identity_version;
        check_version("Identity", type_name, version, current)?;
        let ty = &definition.identity_ty;
        values::encode_identity(&stored(raw, ty)?, ty)
    }
}

/// Refuses what is stored of an object of the resource `name` in another version. `what` says what
/// it is.
fn check_version(what: &str, name: &str, version: i64, current: i64) -> Result<()> {
    if version == current {
        return Ok(());
    }
    let noun = what.to_ascii_lowercase();
    Err(Diagnostic::error(
        format!("Unsupported {what} Version"),
        format!(
            "The {noun} of {name} has schema version {version}; this version of the provider reads \
             version {current}. Use the provider version that wrote the state, or a later one.",
        ),
    )
    .into())
}

/// Reads a stored object of a type. Attributes that the type does not have are dropped, and those
/// that are not stored are null.
fn stored(raw: Option<&RawState>, ty: &Type) -> Result<Value> {
    let Some(raw) = raw.filter(|raw| !raw.json.is_empty()) else {
        return Err(Diagnostic::error(
            "Unsupported State Format",
            "The state was written by a Terraform older than 0.12, or is empty. Import the object \
             anew.",
        )
        .into());
    };
    json::decode(&raw.json, ty).map_err(|error| {
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
