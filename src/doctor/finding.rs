//! One finding of the report, and the words for an error in it.

use cams::Error;
use serde::Serialize;
use serde_json::Value;

/// What a finding means for the provider.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Verdict {
    /// It works, but there is something to know.
    Attention,
    /// It works as needed.
    Ok,
    /// Something that the provider needs does not work.
    Problem,
    /// It could not be determined.
    Unknown,
}

/// One finding of the report.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Finding {
    /// The subject, which is a word that never changes, or the name of an operation.
    pub(crate) about: &'static str,
    pub(crate) verdict: Verdict,
    /// What was found, and what to do about it, in whole sentences.
    pub(crate) text: String,
    /// The same for programs, with nothing personal in it. `None` if `about` and `verdict` say all.
    pub(crate) facts: Option<Value>,
}

impl Finding {
    pub(crate) fn new(about: &'static str, verdict: Verdict, text: impl Into<String>) -> Self {
        Self {
            about,
            verdict,
            text: text.into(),
            facts: None,
        }
    }

    pub(crate) fn with(mut self, facts: Value) -> Self {
        self.facts = Some(facts);
        self
    }
}

/// The error as the service or the network reported it, in one sentence.
pub(crate) fn quoted(error: &Error) -> String {
    let code = error.code.as_ref().map(|code| format!("code {code}"));
    let status = error
        .http_status
        .map(|status| format!("HTTP status {status}"));
    let request = error
        .request_id
        .as_ref()
        .map(|id| format!("request id {id}"));
    let particulars: Vec<String> = [code, status, request].into_iter().flatten().collect();
    let particulars = match particulars.is_empty() {
        true => String::new(),
        false => format!(" ({})", particulars.join(", ")),
    };
    let message = match error.message.trim_end_matches('.') {
        "" => "no reason",
        message => message,
    };
    format!("{} said: {message}{particulars}.", error.action)
}
