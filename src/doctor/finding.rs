//! A finding of the report, and the sentences about an error that findings share.

use cams::Error;

use super::super::errors;
use super::observations::Settings;

/// What a finding means for the provider.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum State {
    /// It works, but there is something to know.
    Attention,
    /// It works as needed.
    Ok,
    /// Something that the provider needs does not work.
    Problem,
    /// It could not be found out.
    Unknown,
}

/// One finding of the report.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Finding {
    /// The subject, which is a word that never changes, or the name of an operation.
    pub(super) about: &'static str,
    pub(super) state: State,
    /// What was found, and what to do about it, in whole sentences.
    pub(super) text: String,
}

/// Makes a finding of these parts.
pub(super) fn finding(about: &'static str, state: State, text: impl Into<String>) -> Finding {
    Finding {
        about,
        state,
        text: text.into(),
    }
}

/// The error as the service or the network reported it, in one sentence.
pub(super) fn said(error: &Error) -> String {
    let mut parts = Vec::new();
    parts.extend(error.code.as_ref().map(|code| format!("code {code}")));
    parts.extend(
        error
            .http_status
            .map(|status| format!("HTTP status {status}")),
    );
    parts.extend(
        error
            .request_id
            .as_ref()
            .map(|id| format!("request id {id}")),
    );
    let particulars = match parts.is_empty() {
        true => String::new(),
        false => format!(" ({})", parts.join(", ")),
    };
    let message = match error.message.trim_end_matches('.') {
        "" => "no reason",
        message => message,
    };
    format!("{} said: {message}{particulars}.", error.action)
}

/// The advice about an error that the provider gives in its own diagnostics.
pub(super) fn advice(error: &Error, settings: &Settings) -> String {
    let space = settings.space.as_ref();
    errors::advice_in_space(error, space.map_or("", |space| space.id.as_str()))
}
