//! Why a call is refused, with the code and the HTTP status that a client receives.

use std::time::Duration;

use serde_json::Value;

/// A refusal, by the gateway or by the service behind it.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Rejection {
    pub(crate) status: u16,
    pub(crate) code: String,
    pub(crate) message: String,
    /// What RAM says of a call that it denied. It is any JSON, because the real service sends an
    /// object in some cases and a text in others.
    pub(crate) access_denied_detail: Option<Value>,
    /// How long the client should wait before it tries again.
    pub(crate) retry_after: Option<Duration>,
    /// Whether the quota is the reason.
    pub(crate) is_throttling: bool,
}

impl Rejection {
    /// A refusal with this HTTP status, code and message.
    pub(crate) fn new(status: u16, code: impl Into<String>, message: impl Into<String>) -> Self {
        Self {
            status,
            code: code.into(),
            message: message.into(),
            ..Self::default()
        }
    }

    /// The refusal of a request in which a required parameter is missing or empty. Its code
    /// contains the parameter's name, as in `MissingCustSpaceId`.
    pub(crate) fn missing(parameter: &str) -> Self {
        let message = format!("{parameter} is mandatory for this action.");
        Self::new(400, format!("Missing{parameter}"), message)
    }

    /// The refusal of a request whose signature lacks something.
    pub(crate) fn incomplete_signature(why: &str) -> Self {
        let message = format!("The request signature does not conform to Aliyun standards: {why}.");
        Self::new(400, "IncompleteSignature", message)
    }

    /// The refusal of a request whose session has ended.
    pub(crate) fn expired_token() -> Self {
        let message = "Specified SecurityToken is expired.";
        Self::new(400, "InvalidSecurityToken.Expired", message)
    }

    /// The refusal of a call over the quota. Without a code it has that of the gateway.
    pub(crate) fn throttling(code: Option<&str>, retry_after: Option<Duration>) -> Self {
        let message = "Request was denied due to user flow control.";
        Self {
            retry_after,
            is_throttling: true,
            ..Self::new(400, code.unwrap_or("Throttling.User"), message)
        }
    }
}

/// What is made of a request, or why it is refused.
pub(crate) type Result<T, E = Rejection> = std::result::Result<T, E>;

/// Refuses a request of which this holds.
pub(crate) fn refuse_if(holds: bool, status: u16, code: &str, message: &str) -> Result<()> {
    match holds {
        true => Err(Rejection::new(status, code, message)),
        false => Ok(()),
    }
}

/// What a throttling reply says of the time to wait: how many milliseconds it is, rounded up.
pub(crate) fn retry_after(wait: Duration) -> String {
    wait.as_nanos().div_ceil(1_000_000).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waiting_times_are_rounded_up() {
        assert_eq!(retry_after(Duration::from_micros(700_100)), "701");
    }
}
