//! Turns a failed API call into the diagnostic that the user reads.
//!
//! Each diagnostic says what the provider was doing, what the user can do, and then the code, HTTP
//! status and request id that Alibaba Cloud's support asks for. What the operation was about comes
//! from the resource, in [`ErrorContext`]; what to do follows from the kind of the error alone, in
//! [`advice`].

mod advice;

use std::fmt::Write;

use cams::{Error, ErrorKind};
use terraform_plugin::framework::diagnostic::Diagnostic;
use terraform_plugin::framework::path::Path;
use terraform_plugin::framework::timeouts::{self, TimeLimit, Timed};

pub(crate) use advice::advice;

/// The operation of Terraform whose call failed.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ErrorContext<'a> {
    /// What it is about, in the words of the resource: "number 8613900001234 in space cams-1".
    pub(crate) subject: &'a str,
    /// How long the operation may take. Without a name, the user cannot change it.
    pub(crate) limit: &'a TimeLimit,
    /// What the failure changed and how the user continues, in whole sentences.
    pub(crate) outcome: &'static str,
}

/// The diagnostic for a call that failed, and for the call that could have answered instead, if
/// that failed too.
pub(crate) fn diagnostic(
    error: &Error,
    other: Option<&Error>,
    context: ErrorContext<'_>,
) -> Diagnostic {
    let ErrorContext { subject, limit, .. } = context;
    if error.kind == ErrorKind::TimedOut {
        return timed_out(error, context);
    }
    let is_fixed = limit.operation.name.is_empty();
    let reason = |error: &Error| {
        let repeated = match error.out_of_time {
            false => String::new(),
            true if is_fixed => format!(" The call was repeated for {}.", limit.operation.default),
            true => format!(
                " The call was repeated until the timeout expired ({limit}). A longer \
                 timeout allows more repeats."
            ),
        };
        format!("{repeated}\n{}", particulars(error))
    };
    let (action, text, why) = (error.action, advice(error), reason(error));
    let mut detail = format!("The call {action} failed for {subject}.\n\n{text}{why}");
    if let Some(other) = other {
        let text = match other.kind == error.kind && other.kind != ErrorKind::AccessDenied {
            true => String::new(),
            false => format!(" {}", advice(other)),
        };
        let (action, why) = (other.action, reason(other));
        detail += &format!(
            "\n\nThe call {action}, which can answer the same question, failed too.{text}{why}"
        );
    }
    let diagnostic = Diagnostic::error(advice::title(error), detail);
    match error.kind {
        ErrorKind::ResourceOwner => diagnostic.at(Path::root().attribute("cust_space_id")),
        ErrorKind::Throttled if !is_fixed => diagnostic.at(Path::root().attribute(timeouts::BLOCK)),
        _ => diagnostic,
    }
}

/// The diagnostic for an operation whose timeout expired.
fn timed_out(error: &Error, context: ErrorContext<'_>) -> Diagnostic {
    let (subject, limit, outcome) = (context.subject, context.limit, context.outcome);
    let Timed { name, default } = limit.operation;
    let (action, particulars) = (error.action, particulars(error));
    if name.is_empty() {
        let text = format!(
            "The call {action} for {subject} was not completed within {default}.\n\n{outcome} If \
             this persists, run fewer operations at once with the same account.\n{particulars}"
        );
        return Diagnostic::error("Timeout", text);
    }
    // Terraform gives an apply the configured timeouts, but a refresh the stored ones.
    let stored = match name {
        "read" => {
            " A refresh uses the timeout in the state: run terraform apply -refresh=false to store \
             a new one."
        }
        _ => "",
    };
    let detail = format!(
        "The timeout expired ({limit}) before the call {action} for {subject} was \
         completed.\n\n{outcome} If the timeout is too short, increase {name} in the timeouts \
         block (default {default}), or run fewer operations at once with the same \
         account.{stored}\n{particulars}"
    );
    let path = Path::root().attribute(timeouts::BLOCK).attribute(name);
    Diagnostic::error("Timeout", detail).at(path)
}

/// What the service said, for the end of a diagnostic.
pub(crate) fn particulars(error: &Error) -> String {
    let status = error.http_status.map(|status| status.to_string());
    let mut lines = String::new();
    for (name, value) in [
        ("Message", Some(&error.message)),
        ("Access denied detail", error.access_denied_detail.as_ref()),
        ("Code", error.code.as_ref()),
        ("HTTP status", status.as_ref()),
        ("Request id", error.request_id.as_ref()),
    ] {
        if let Some(value) = value.filter(|value| !value.is_empty()) {
            // Writing to a string cannot fail.
            let _ = write!(lines, "\n{name}: {value}");
        }
    }
    lines
}
