//! Why a call is not served, with the code and status a client sees.

use serde_json::Value;

/// A refusal, by the gateway or by the service behind it.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Refusal {
    pub(super) status: u16,
    pub(super) code: String,
    pub(super) message: String,
    /// What RAM says of a denied call: any JSON, as the real service sends an object here and a
    /// string there.
    pub(super) access_denied_detail: Option<Value>,
    /// Headers that tell when to try again.
    pub(super) headers: Vec<(&'static str, String)>,
    /// Whether it refuses an initiation because the space has the number already.
    pub(super) number_is_there: bool,
}

impl Refusal {
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

    /// A required parameter that is missing or empty, as the gateway says it: `MissingCustSpaceId`.
    pub(super) fn missing(parameter: &str) -> Self {
        Self::new(
            400,
            format!("Missing{parameter}"),
            format!("{parameter} is mandatory for this action."),
        )
    }

    pub(super) fn incomplete_signature(why: &str) -> Self {
        Self::new(
            400,
            "IncompleteSignature",
            format!("The request signature does not conform to Aliyun standards: {why}."),
        )
    }
}
