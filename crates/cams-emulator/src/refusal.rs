//! Why a call is refused, with the code and the HTTP status that a client receives.

use std::time::Duration;

use serde::Deserialize;
use serde_json::Value;

/// A header of a reply.
pub(crate) type Header = (&'static str, String);

/// A waiting time, and the header that tells it.
pub(crate) type Retry = (RetryHeader, Duration);

/// A refusal, by the gateway or by the service behind it.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Rejection {
    pub(crate) status: u16,
    pub(crate) code: String,
    pub(crate) message: String,
    /// What RAM says of a call that it denied. It is any JSON, because the real service sends an
    /// object in some cases and a text in others.
    pub(crate) access_denied_detail: Option<Value>,
    /// The header that says when to try again, and how long that is from now.
    pub(crate) retry: Option<Retry>,
    /// Whether the quota is the reason.
    pub(crate) is_throttling: bool,
}

/// The header in which a throttling reply says how long to wait.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum RetryHeader {
    RetryAfter,
    #[default]
    XAcsRetryAfter,
    XRatelimitUser,
    XRatelimitUserApi,
}

impl Rejection {
    /// A refusal with this HTTP status, code and message.
    pub(crate) fn new(status: u16, code: impl Into<String>, message: impl Into<String>) -> Self {
        Self {
            status,
            code: code.into(),
            message: message.into(),
            access_denied_detail: None,
            retry: None,
            is_throttling: false,
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
    pub(crate) fn throttling(code: Option<&str>, retry: Option<Retry>) -> Self {
        let message = "Request was denied due to user flow control.";
        Self {
            retry,
            is_throttling: true,
            ..Self::new(400, code.unwrap_or("Throttling.User"), message)
        }
    }
}

impl RetryHeader {
    /// The header that tells a client to come back after `wait`, which is rounded up.
    pub(crate) fn after(self, wait: Duration) -> Header {
        let millis = wait.as_nanos().div_ceil(1_000_000);
        let limits = format!("Limit:10,Remain:0,TimeLeft:{millis}");
        match self {
            Self::RetryAfter => ("retry-after", millis.div_ceil(1000).to_string()),
            Self::XAcsRetryAfter => ("x-acs-retry-after", millis.to_string()),
            Self::XRatelimitUser => ("x-ratelimit-user", limits),
            Self::XRatelimitUserApi => ("x-ratelimit-user-api", limits),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waiting_times_are_rounded_up() {
        let value = |header: RetryHeader| header.after(Duration::from_micros(700_100)).1;
        assert_eq!(value(RetryHeader::RetryAfter), "1");
        assert_eq!(value(RetryHeader::XAcsRetryAfter), "701");
        assert!(value(RetryHeader::XRatelimitUserApi).contains("TimeLeft:701"));
    }
}
