//! Answers and the diagnostics in them.

use crate::protocol::diagnostic::{Diagnostic, Diagnostics};
use crate::protocol::path::Path;
use crate::protocol::tfplugin6 as wire;
use crate::protocol::ty::Type;
use crate::protocol::value::Value;
use crate::protocol::wire as codec;

use super::super::session::Session;

/// A response message that carries diagnostics.
pub(super) trait Answer: Default + Send + 'static {
    fn diagnostics(&mut self) -> &mut Vec<wire::Diagnostic>;
    fn said(&self) -> &[wire::Diagnostic];
}

macro_rules! answers {
    ($($message:ident),* $(,)?) => { $(
        impl Answer for wire::$message::Response {
            fn diagnostics(&mut self) -> &mut Vec<wire::Diagnostic> {
                &mut self.diagnostics
            }

            fn said(&self) -> &[wire::Diagnostic] {
                &self.diagnostics
            }
        }
    )* };
}

answers!(
    apply_resource_change,
    configure_provider,
    generate_resource_config,
    get_functions,
    get_metadata,
    get_provider_schema,
    get_resource_identity_schemas,
    import_resource_state,
    move_resource_state,
    plan_resource_change,
    read_resource,
    upgrade_resource_identity,
    upgrade_resource_state,
    validate_provider_config,
    validate_resource_config,
);

/// The answer of finished work, with all that was told on the way.
pub(super) fn compose<A: Answer>(result: Result<A, Diagnostics>, session: &Session) -> A {
    let mut answer = result.unwrap_or_else(of);
    answer
        .diagnostics()
        .extend(session.take_told().into_iter().map(Into::into));
    answer
}

/// An answer that says only this.
pub(super) fn of<A: Answer>(diagnostics: Diagnostics) -> A {
    let mut answer = A::default();
    answer
        .diagnostics()
        .extend(diagnostics.into_iter().map(Into::into));
    answer
}

/// Logs what the user is told: the title and the attribute only, since details may name whole phone numbers.
pub(super) fn log(answer: &impl Answer) {
    for diagnostic in answer.said() {
        let attribute = diagnostic
            .attribute
            .clone()
            .and_then(|path| Path::try_from(path).ok());
        let attribute = attribute.map(|path| path.to_string());
        let summary = diagnostic.summary.as_str();
        if diagnostic.severity() == wire::diagnostic::Severity::Error {
            tracing::error!(
                diagnostic_severity = "ERROR",
                diagnostic_summary = summary,
                diagnostic_attribute = attribute,
                "response contains error diagnostic"
            );
        } else {
            tracing::warn!(
                diagnostic_severity = "WARNING",
                diagnostic_summary = summary,
                diagnostic_attribute = attribute,
                "response contains warning diagnostic"
            );
        }
    }
}

/// Decodes what Terraform sent as `what`.
pub(super) fn decode(
    value: Option<&wire::DynamicValue>,
    ty: &Type,
    what: &str,
) -> Result<Value, Diagnostics> {
    codec::decode_value(value, ty).map_err(|error| {
        Diagnostic::error(
            "Unreadable Value",
            format!("Terraform sent a {what} that does not fit the provider's schema: {error}. Check that the provider's version fits the state; if it does, please report this."),
        )
        .into()
    })
}

/// Encodes what the provider answers as `what`.
pub(super) fn encode(
    value: &Value,
    ty: &Type,
    what: &str,
) -> Result<wire::DynamicValue, Diagnostics> {
    codec::encode_value(value, ty).map_err(|error| {
        Diagnostic::error(
            "Unwritable Value",
            format!("The provider made a {what} that does not fit its own schema: {error}. This is always a bug in the provider: please report it."),
        )
        .into()
    })
}

/// Encodes an identity; a null one is left out.
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

/// Decodes an identity; a missing one is null.
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
