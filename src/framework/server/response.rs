//! Response messages and the diagnostics in them.

use crate::protocol::diagnostic::Diagnostics;
use crate::protocol::path::Path;
use crate::protocol::tfplugin6 as wire;

use super::super::session::Session;

/// A response message that has a list of diagnostics. Every response of the protocol has one, apart
/// from that of `StopProvider`.
pub(super) trait WithDiagnostics: Default + Send + 'static {
    fn diagnostics(&self) -> &[wire::Diagnostic];
    fn diagnostics_mut(&mut self) -> &mut Vec<wire::Diagnostic>;
}

macro_rules! with_diagnostics {
    ($($message:ident),* $(,)?) => { $(
        impl WithDiagnostics for wire::$message::Response {
            fn diagnostics(&self) -> &[wire::Diagnostic] {
                &self.diagnostics
            }

            fn diagnostics_mut(&mut self) -> &mut Vec<wire::Diagnostic> {
                &mut self.diagnostics
            }
        }
    )* };
}

with_diagnostics!(
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

/// The response to an RPC whose work is done: its result, followed by the diagnostics that the
/// author's code added to the session. An error becomes a response with nothing but diagnostics.
pub(super) fn compose<R: WithDiagnostics>(result: Result<R, Diagnostics>, session: &Session) -> R {
    let mut response = result.unwrap_or_else(of);
    let added = session.take_diagnostics().into_iter().map(Into::into);
    response.diagnostics_mut().extend(added);
    response
}

/// A response that holds these diagnostics, and is empty otherwise.
pub(super) fn of<R: WithDiagnostics>(diagnostics: Diagnostics) -> R {
    let mut response = R::default();
    response
        .diagnostics_mut()
        .extend(diagnostics.into_iter().map(Into::into));
    response
}

/// Logs the diagnostics of a response: severity, summary and attribute. The detail is left out,
/// because it may quote values that belong to the user, such as personal data.
pub(super) fn log(response: &impl WithDiagnostics) {
    for diagnostic in response.diagnostics() {
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
