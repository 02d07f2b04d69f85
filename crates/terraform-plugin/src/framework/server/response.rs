//! The diagnostics of a response, and the error of a function.
//!
//! Terraform prints a diagnostic as it is. So every diagnostic is cleaned and cut here, before it is
//! sent.

use prost::Message;

use crate::wire::MESSAGE_LIMIT;
use crate::wire::diagnostic::{Diagnostic, Diagnostics, Severity};
use crate::wire::tfplugin6 as wire;
use base::foreign_text;

use super::super::function::FunctionError;

/// The response of an RPC that has a list of diagnostics, as almost every one of the protocol has.
pub(crate) trait WithDiagnostics: Message + Default + 'static {
    /// The list of diagnostics.
    fn diagnostics_mut(&mut self) -> &mut Vec<wire::Diagnostic>;
}

/// Makes the diagnostics of a response from all that was said about an operation, and logs them.
/// Errors come first. `size` is that of the rest of the response, in bytes.
///
/// If they do not fit into a message, one that says so stands in their place. The rest of the
/// response stays as it is: Terraform forgets an object whose response does not arrive.
pub(crate) fn finish(mut diagnostics: Diagnostics, size: usize) -> Vec<wire::Diagnostic> {
    for diagnostic in &mut diagnostics {
        diagnostic.summary = foreign_text::line(&diagnostic.summary);
        diagnostic.detail = foreign_text::lines(&diagnostic.detail);
    }
    diagnostics.sort_by_key(|diagnostic| diagnostic.severity == Severity::Warning);
    diagnostics.iter().for_each(log);
    let left_out = left_out(&diagnostics);
    let wired: Vec<wire::Diagnostic> = diagnostics.into_iter().map(Into::into).collect();
    // Each one is preceded by its tag and its length, which take six bytes at most.
    let total: usize = wired.iter().map(|one| one.encoded_len() + 6).sum();
    match size.saturating_add(total) > MESSAGE_LIMIT {
        true => vec![left_out.into()],
        false => wired,
    }
}

/// What stands in the place of diagnostics that do not fit. If one of them was an error, it is an
/// error too, because the operation has failed.
fn left_out(diagnostics: &[Diagnostic]) -> Diagnostic {
    // Errors come first.
    let errors = diagnostics.partition_point(|one| one.severity == Severity::Error);
    let first = diagnostics.first();
    Diagnostic {
        severity: first.map_or(Severity::Error, |first| first.severity),
        ..Diagnostic::error(
            "Diagnostics Left Out",
            format!(
                "The answer to Terraform had {} diagnostics, {errors} of them errors, and they are \
                 too large to be sent together. The object is not affected: what is known of it is \
                 in the answer. The first of them was \"{}\". All of their titles are in the \
                 log of a run under TF_LOG_PROVIDER=WARN.",
                diagnostics.len(),
                first.map_or("", |first| &first.summary)
            ),
        )
    }
}

/// Logs a diagnostic: severity, summary and attribute. The detail is left out, because it may quote
/// values that belong to the user, such as personal data.
fn log(diagnostic: &Diagnostic) {
    let attribute = diagnostic.path.as_ref().map(ToString::to_string);
    match diagnostic.severity {
        Severity::Error => tracing::error!(
            diagnostic_severity = "ERROR",
            diagnostic_summary = diagnostic.summary,
            diagnostic_attribute = attribute,
            "response contains error diagnostic"
        ),
        Severity::Warning => tracing::warn!(
            diagnostic_severity = "WARNING",
            diagnostic_summary = diagnostic.summary,
            diagnostic_attribute = attribute,
            "response contains warning diagnostic"
        ),
    }
}

/// The response for a call that failed. The text stands in Terraform's message as it is, so it is
/// cleaned and cut. It is not logged, because it may quote an argument.
pub(crate) fn function_failed(error: FunctionError) -> wire::call_function::Response {
    let FunctionError { text, argument } = error;
    tracing::debug!(
        function_error_argument = argument,
        "response contains a function error"
    );
    wire::call_function::Response {
        result: None,
        error: Some(wire::FunctionError {
            text: foreign_text::lines(&text),
            function_argument: argument,
        }),
    }
}
