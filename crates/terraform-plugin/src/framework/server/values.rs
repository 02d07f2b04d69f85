//! Values and identities between the generated messages and the framework. What does not fit the
//! schema becomes a diagnostic that says which side is wrong.

use crate::wire::convert as codec;
use crate::wire::diagnostic::{Diagnostic, Diagnostics, Result};
use crate::wire::tfplugin6::{DynamicValue, ResourceIdentityData};
use crate::wire::ty::Type;
use crate::wire::value::Value;

/// Decodes a value that Terraform sent. A missing value is null. `what` names the value in the
/// diagnostic, such as `prior state`.
pub(crate) fn decode(value: Option<&DynamicValue>, ty: &Type, what: &str) -> Result<Value> {
    codec::decode_value(value, ty).map_err(|error| {
        Diagnostic::error(
            "Unreadable Value",
            format!(
                "Terraform sent a {what} that does not fit the provider's schema: {error}. Check \
                 that the provider's version fits the state; if it does, please report this."
            ),
        )
        .into()
    })
}

/// Encodes a value for a response. `what` names the value in the diagnostic, such as `new state`.
pub(crate) fn encode(value: &Value, ty: &Type, what: &str) -> Result<Option<DynamicValue>> {
    codec::encode_value(value, ty).map(Some).map_err(|error| {
        Diagnostic::error(
            "Unwritable Value",
            format!(
                "The provider made a {what} that does not fit its own schema: {error}. This is \
                 always a bug in the provider: please report it."
            ),
        )
        .into()
    })
}

/// Decodes an identity. One that is missing in the request is null.
pub(crate) fn decode_identity(identity: Option<&ResourceIdentityData>, ty: &Type) -> Result<Value> {
    let identity = identity.and_then(|identity| identity.identity_data.as_ref());
    decode(identity, ty, "resource identity")
}

/// Encodes an identity. A null one is left out of the response, because Terraform takes an identity
/// that is present for a complete one.
pub(crate) fn encode_identity(value: &Value, ty: &Type) -> Result<Option<ResourceIdentityData>> {
    if value.is_null() {
        return Ok(None);
    }
    let identity_data = encode(value, ty, "identity")?;
    Ok(Some(ResourceIdentityData { identity_data }))
}

/// Whether no part of an identity is null or unknown.
pub(crate) fn is_complete(identity: &Value) -> bool {
    let parts = identity.attributes();
    identity.is_wholly_known()
        && parts.is_some_and(|parts| parts.values().all(|part| !part.is_null()))
}

/// The errors for what is unknown in a value that has to be known. `when` says since when, such as
/// `After Apply`.
pub(crate) fn left_unknown(value: &Value, when: &str) -> Diagnostics {
    let paths = value.unknown_paths().into_iter();
    let errors = paths.map(|path| {
        Diagnostic::error(
            format!("Unknown Value {when}"),
            format!(
                "The provider did not say what {path} became. This is always a bug in the \
                 provider: please report it."
            ),
        )
        .at(path)
    });
    errors.collect()
}
