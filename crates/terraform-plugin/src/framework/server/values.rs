//! Values and identities between the generated messages and the framework. Whatever does not fit
//! the schema becomes a diagnostic that tells the user which side is wrong.

use crate::wire::convert as codec;
use crate::wire::diagnostic::{Diagnostic, Diagnostics};
use crate::wire::tfplugin6 as wire;
use crate::wire::ty::Type;
use crate::wire::value::Value;

/// Decodes a value that Terraform sent. A missing value is null. `what` names the value in the
/// diagnostic, such as `prior state`.
pub(super) fn decode(
    value: Option<&wire::DynamicValue>,
    ty: &Type,
    what: &str,
) -> Result<Value, Diagnostics> {
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
pub(super) fn encode(
    value: &Value,
    ty: &Type,
    what: &str,
) -> Result<wire::DynamicValue, Diagnostics> {
    codec::encode_value(value, ty).map_err(|error| {
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
pub(super) fn decode_identity(
    identity: Option<&wire::ResourceIdentityData>,
    ty: &Type,
) -> Result<Value, Diagnostics> {
    decode(
        identity.and_then(|identity| identity.identity_data.as_ref()),
        ty,
        "resource identity",
    )
}

/// Encodes an identity. A null one is left out of the response, because Terraform takes an identity
/// that is present for a complete one.
pub(super) fn encode_identity(
    value: &Value,
    ty: &Type,
) -> Result<Option<wire::ResourceIdentityData>, Diagnostics> {
    if value.is_null() {
        return Ok(None);
    }
    Ok(Some(wire::ResourceIdentityData {
        identity_data: Some(encode(value, ty, "identity")?),
    }))
}
