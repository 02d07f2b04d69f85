//! The error of a call.

use crate::openapi::{Failure, Obstacle, ServiceError};

use super::bounds::Ended;
use super::codes;
use super::kind::{ErrorKind, Reach};
use super::operation::Api;

/// A call that failed, after all attempts that it was worth.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{action}: {message}")]
pub struct Error {
    /// What the error is about, which decides what the user can do.
    pub kind: ErrorKind,
    /// The name of the operation.
    pub action: &'static str,
    /// What the service or the network said.
    pub message: String,
    /// The service's code, such as `Throttling.User`.
    pub code: Option<String>,
    /// The id of the request, for which Alibaba Cloud's support asks.
    pub request_id: Option<String>,
    /// The HTTP status of the last answer.
    pub http_status: Option<u16>,
    /// What RAM said about a denied access.
    pub access_denied_detail: Option<String>,
    /// What stood in the way of the connection, if there was none.
    pub obstacle: Option<Obstacle>,
    /// Whether the deadline ended the call, whatever had failed before.
    pub out_of_time: bool,
    /// Whether the call may have changed something although it failed. A read changes nothing.
    ///
    /// It depends on the last attempt alone: a write is never sent again after an attempt that may
    /// have had its effect.
    pub may_have_had_effect: bool,
}

impl Error {
    /// Whether the service refused what was asked for, as opposed to who asked, how often, or
    /// whether it could answer.
    pub fn refuses_request(&self) -> bool {
        self.kind.meaning().reach == Reach::Request && self.code.is_some()
    }

    /// An error without an answer. It has no effect unless the caller says so.
    pub fn unanswered(kind: ErrorKind, action: &'static str, message: impl Into<String>) -> Self {
        Self {
            kind,
            action,
            message: message.into(),
            code: None,
            request_id: None,
            http_status: None,
            access_denied_detail: None,
            obstacle: None,
            out_of_time: kind == ErrorKind::TimedOut,
            may_have_had_effect: false,
        }
    }

    /// An attempt without an answer.
    pub(crate) fn failed(action: &'static str, failure: Failure) -> Self {
        match failure {
            Failure::Lost(text) => Self::unanswered(ErrorKind::Unanswered, action, text),
            Failure::Unsent { obstacle, text } => {
                let kind = match obstacle {
                    Obstacle::Certificate(_) => ErrorKind::Untrusted,
                    _ => ErrorKind::Unreachable,
                };
                Self {
                    obstacle: Some(obstacle),
                    ..Self::unanswered(kind, action, text)
                }
            }
        }
    }

    /// A call that its bounds ended before an attempt was sent. The last attempt, if there was one,
    /// explains more than the deadline does.
    pub(crate) fn ended(action: &'static str, ended: &Ended, last: Option<Self>) -> Self {
        match (ended.kind, last) {
            (ErrorKind::TimedOut, Some(last)) => Self {
                out_of_time: true,
                message: format!("{} ({})", last.message, ended.message),
                ..last
            },
            (kind, last) => {
                let before = last.map(|last| format!("; before that: {}", last.message));
                let message = format!("{}{}", ended.message, before.unwrap_or_default());
                Self::unanswered(kind, action, message)
            }
        }
    }

    /// A refusal.
    pub(crate) fn refused(action: &'static str, api: &Api, error: ServiceError) -> Self {
        let kind = codes::kind(&error, api);
        Self {
            may_have_had_effect: codes::leaves_effect_open(&error, kind),
            code: error.code,
            request_id: error.request_id,
            http_status: Some(error.http_status),
            access_denied_detail: error.access_denied_detail,
            ..Self::unanswered(kind, action, error.message)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::kind::tests::kinds_where;
    use super::*;

    #[test]
    fn only_a_refusal_by_the_service_is_about_the_request() {
        use ErrorKind::{InvalidParameter, NotFound, Other, ResourceOwner};
        let refuses = |code: Option<&str>| {
            kinds_where(|kind| {
                let error = Error::unanswered(kind, "A", "");
                let code = code.map(str::to_owned);
                Error { code, ..error }.refuses_request()
            })
        };
        let expected = [InvalidParameter, NotFound, Other, ResourceOwner];
        assert_eq!(refuses(Some("Code")), expected);
        assert_eq!(refuses(None), []);
    }
}
