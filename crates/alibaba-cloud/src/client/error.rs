//! The error of a call, and the table that says what each kind of error means.

use crate::openapi::{Failure, Obstacle, ServiceError};

use super::bounds::Ended;
use super::codes;
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

/// What an error is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ErrorKind {
    /// RAM does not allow the call. User action: get the policy statement granted.
    AccessDenied,
    /// The user asked to stop. User action: apply again.
    Cancelled,
    /// The clock of the service differs from ours, and signing with the date of the service did not
    /// help. User action: set the clock.
    ClockDiffers,
    /// The service does not accept the credentials. User action: correct them.
    Credentials,
    /// There is no key to sign the request with: it could not be fetched. User action: correct what
    /// the credentials come from.
    CredentialsUnavailable,
    /// The answer lacks what its documentation promises. User action: apply again.
    Incomplete,
    /// The answer is not the service's: a proxy or a firewall answered in its place. User action:
    /// check proxy, firewall and endpoint.
    Intercepted,
    /// The service does not accept a parameter. User action: correct it.
    InvalidParameter,
    /// What the call is about does not exist. User action: check the parameters.
    NotFound,
    /// The account has not activated the product. User action: activate it.
    NotSubscribed,
    /// The service refused the call for a reason that is none of the others. User action: look the
    /// code up.
    Other,
    /// The resource is another account's. User action: correct its id or the credentials.
    ResourceOwner,
    /// The quota was exhausted until the deadline. User action: wait, or raise the timeout.
    Throttled,
    /// The deadline passed. User action: apply again, or raise the timeout.
    TimedOut,
    /// The service failed. User action: apply again later.
    Unavailable,
    /// No usable answer to a request that was sent. User action: apply again.
    Unanswered,
    /// No connection. User action: by [`Error::obstacle`].
    Unreachable,
    /// The certificate of the service, or of a proxy, is not trusted. User action: trust it, or
    /// check the endpoint.
    Untrusted,
    /// The caller's condition for sending the request did not hold any more. User action: apply
    /// again.
    Withheld,
}

/// What follows from an error of one kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Meaning {
    /// Whether an attempt that ends so may have had its effect. It is then repeated only if it
    /// reads.
    pub effect: bool,
    /// Why another attempt may succeed. `None` if it would end alike.
    pub repeat: Option<Repeat>,
    /// Which calls the reason concerns.
    pub reach: Reach,
}

/// Why an attempt is repeated, which decides how often and after which wait.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Repeat {
    /// The clocks differ: at once and once, with the service's.
    Clock,
    /// The key is not accepted, as after its end: at once and once, with another one if there is
    /// one. The gateway checks the key before anything else, so nothing was done.
    Key,
    /// The quota is exhausted: until the deadline.
    Throttled,
    /// A failure that may pass: a few times.
    Transient,
}

/// Which calls the reason of an error concerns.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reach {
    /// This call alone, whose bounds or condition ended it.
    Bounds,
    /// This call alone: the service refused what was asked for.
    Request,
    /// This attempt: another call may end differently.
    Attempt,
    /// All calls of the operation at this time.
    Operation,
    /// All calls of all operations.
    EveryCall,
}

impl ErrorKind {
    /// The table of what each kind means.
    pub const fn meaning(self) -> Meaning {
        use Repeat::{Clock, Key, Throttled, Transient};
        let (effect, repeat, reach) = match self {
            Self::AccessDenied => (false, None, Reach::Operation),
            Self::Cancelled => (false, None, Reach::Bounds),
            Self::ClockDiffers => (false, Some(Clock), Reach::EveryCall),
            Self::Credentials => (false, Some(Key), Reach::EveryCall),
            Self::CredentialsUnavailable => (false, None, Reach::EveryCall),
            Self::Incomplete => (true, None, Reach::Attempt),
            Self::Intercepted => (false, None, Reach::Attempt),
            Self::InvalidParameter => (false, None, Reach::Request),
            Self::NotFound => (false, None, Reach::Request),
            Self::NotSubscribed => (false, None, Reach::EveryCall),
            Self::Other => (false, None, Reach::Request),
            Self::ResourceOwner => (false, None, Reach::Request),
            Self::Throttled => (false, Some(Throttled), Reach::Attempt),
            Self::TimedOut => (false, None, Reach::Bounds),
            Self::Unanswered => (true, Some(Transient), Reach::Attempt),
            Self::Unavailable => (true, Some(Transient), Reach::Operation),
            Self::Unreachable => (false, Some(Transient), Reach::EveryCall),
            Self::Untrusted => (false, None, Reach::EveryCall),
            Self::Withheld => (false, None, Reach::Bounds),
        };
        Meaning {
            effect,
            repeat,
            reach,
        }
    }

    /// Whether another operation would fail as well, so that calling it is pointless.
    pub fn ends_the_operation(self) -> bool {
        matches!(self.meaning().reach, Reach::Bounds | Reach::EveryCall)
    }

    /// Whether calls about other subjects fail for the same reason, so that it is reported once.
    pub fn concerns_other_subjects(self) -> bool {
        matches!(self.meaning().reach, Reach::Operation | Reach::EveryCall)
    }

    /// Whether the same call would be answered alike for a while, and has no passing reason.
    pub fn is_lasting(self) -> bool {
        let meaning = self.meaning();
        meaning.reach == Reach::Operation && meaning.repeat.is_none()
    }
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
    pub(super) fn failed(action: &'static str, failure: Failure) -> Self {
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
    pub(super) fn ended(action: &'static str, ended: &Ended, last: Option<Self>) -> Self {
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
    use super::*;

    const KINDS: [ErrorKind; 19] = [
        ErrorKind::AccessDenied,
        ErrorKind::Cancelled,
        ErrorKind::ClockDiffers,
        ErrorKind::Credentials,
        ErrorKind::CredentialsUnavailable,
        ErrorKind::Incomplete,
        ErrorKind::Intercepted,
        ErrorKind::InvalidParameter,
        ErrorKind::NotFound,
        ErrorKind::NotSubscribed,
        ErrorKind::Other,
        ErrorKind::ResourceOwner,
        ErrorKind::Throttled,
        ErrorKind::TimedOut,
        ErrorKind::Unavailable,
        ErrorKind::Unanswered,
        ErrorKind::Unreachable,
        ErrorKind::Untrusted,
        ErrorKind::Withheld,
    ];

    fn those(holds: impl Fn(ErrorKind) -> bool) -> Vec<ErrorKind> {
        KINDS.into_iter().filter(|kind| holds(*kind)).collect()
    }

    #[test]
    fn what_may_have_had_an_effect_is_never_settled_by_its_kind_alone() {
        use ErrorKind::{Incomplete, Unanswered, Unavailable};
        let effect = those(|kind| kind.meaning().effect);
        assert_eq!(effect, [Incomplete, Unavailable, Unanswered]);
    }

    #[test]
    fn one_operation_that_fails_alone_does_not_end_the_others() {
        use ErrorKind::*;
        let end = those(ErrorKind::ends_the_operation);
        let expected = [
            Cancelled,
            ClockDiffers,
            Credentials,
            CredentialsUnavailable,
            NotSubscribed,
            TimedOut,
            Unreachable,
            Untrusted,
            Withheld,
        ];
        assert_eq!(end, expected);
        let many = those(ErrorKind::concerns_other_subjects);
        let expected = [
            AccessDenied,
            ClockDiffers,
            Credentials,
            CredentialsUnavailable,
            NotSubscribed,
            Unavailable,
            Unreachable,
            Untrusted,
        ];
        assert_eq!(many, expected);
        assert_eq!(those(ErrorKind::is_lasting), [AccessDenied]);
    }

    #[test]
    fn only_a_refusal_by_the_service_is_about_the_request() {
        use ErrorKind::{InvalidParameter, NotFound, Other, ResourceOwner};
        let refuses = |code: Option<&str>| {
            those(|kind| {
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
