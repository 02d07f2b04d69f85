//! Response messages and the diagnostics in them.
//!
//! Terraform prints a diagnostic as it is. So every diagnostic is cleaned and cut here, on its way
//! out, whatever it quotes.

use prost::Message;

use crate::wire::MESSAGE_LIMIT;
use crate::wire::diagnostic::{Diagnostic, Diagnostics, Severity};
use crate::wire::path::Path;
use crate::wire::tfplugin6 as wire;
use base::foreign_text;

use super::super::session::Session;

/// A response message that has a list of diagnostics. Every response of the protocol has one, apart
/// from that of `StopProvider`.
pub(super) trait WithDiagnostics: Message + Default + 'static {
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
    add(&mut response, session.take_diagnostics());
    response
}

/// Replaces the diagnostics of a response that would be too large by one that says so. What else is
/// in it stays: Terraform forgets an object whose response does not arrive.
pub(super) fn fit(response: &mut impl WithDiagnostics) {
    if response.encoded_len() > MESSAGE_LIMIT {
        let left_out = std::mem::take(response.diagnostics_mut());
        add(response, too_many(&left_out).into());
    }
}

/// A response that holds these diagnostics, and is empty otherwise.
pub(super) fn of<R: WithDiagnostics>(diagnostics: Diagnostics) -> R {
    let mut response = R::default();
    add(&mut response, diagnostics);
    response
}

fn add(response: &mut impl WithDiagnostics, diagnostics: Diagnostics) {
    let cleaned = diagnostics.into_iter().map(|diagnostic| Diagnostic {
        summary: foreign_text::line(&diagnostic.summary),
        detail: foreign_text::lines(&diagnostic.detail),
        ..diagnostic
    });
    let diagnostics = response.diagnostics_mut();
    diagnostics.extend(cleaned.map(Into::into));
}

/// What stands in the place of diagnostics that do not fit. If one of them was an error, it is an
/// error too, because the operation has failed.
fn too_many(left_out: &[wire::Diagnostic]) -> Diagnostic {
    let is_error = |one: &wire::Diagnostic| one.severity() == wire::diagnostic::Severity::Error;
    let errors = left_out.iter().filter(|one| is_error(one)).count();
    let first = left_out.iter().find(|one| errors == 0 || is_error(one));
    let first = first.map_or("", |first| first.summary.as_str());
    Diagnostic {
        severity: match errors {
            0 => Severity::Warning,
            _ => Severity::Error,
        },
        ..Diagnostic::error(
            "Diagnostics Left Out",
            format!(
                "The answer to Terraform had {} diagnostics, {errors} of them errors, and they are \
                 too large to be sent together. The object is not affected: what is known of it is \
                 in the answer. The first of them was \"{first}\". All of their titles are in the \
                 log of a run under TF_LOG_PROVIDER=WARN.",
                left_out.len()
            ),
        )
    }
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
