//! Why a call is refused, with the code and the HTTP status that a client receives.

use serde_json::Value;

/// A refusal, by the gateway or by the service behind it.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Refusal {
    pub(super) status: u16,
    pub(super) code: String,
    pub(super) message: String,
    /// What RAM says of a call that it denied. It is any JSON, because the real service sends an
    /// object in some cases and a text in others.
    pub(super) access_denied_detail: Option<Value>,
    /// The headers that say when to try again.
    pub(super) headers: Vec<(&'static str, String)>,
    /// Whether an initiation is refused because the space has the number already.
    pub(super) number_is_there: bool,
}

impl Refusal {
    /// A refusal with this HTTP status, code and message.
    pub(super) fn new(status: u16, code: impl Into<String>, message: impl Into<String>) -> Self {
        Self {
            status,
            code: code.into(),
            message: message.into(),
            access_denied_detail: None,
            headers: Vec::new(),
            number_is_there: false,
        }
    }

    /// The refusal of a request in which a required parameter is missing or empty. Its code is made
    /// of the parameter's name, as in `MissingCustSpaceId`.
    pub(super) fn missing(parameter: &str) -> Self {
        Self::new(
            400,
            format!("Missing{parameter}"),
            format!("{parameter} is mandatory for this action."),
        )
    }

    /// The refusal of a request whose signature lacks something, and what that is.
    pub(super) fn incomplete_signature(why: &str) -> Self {
        Self::new(
            400,
            "IncompleteSignature",
            format!("The request signature does not conform to Aliyun standards: {why}."),
        )
    }
}
