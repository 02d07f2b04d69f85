//! The error of a call, with its kind, which says what the user can do about it.

use alibaba_cloud::openapi::{Obstacle, ServiceError};

use super::codes;
use super::retry::Class;

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
    /// Whether it was the deadline that ended the call, whatever had failed before.
    pub out_of_time: bool,
    /// Whether the call may have had its effect.
    pub class: Class,
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
    /// The service does not take the credentials. User action: correct them.
    Credentials,
    /// There is no key to sign the request with: it could not be fetched. User action: correct what
    /// the credentials come from.
    CredentialsUnavailable,
    /// The answer lacks what its documentation promises. User action: apply again.
    Incomplete,
    /// The answer is not the service's: a proxy or a firewall answered in its place. User action:
    /// check proxy, firewall and endpoint.
    Intercepted,
    /// The service does not take a parameter. User action: correct it.
    InvalidParameter,
    /// There is no such number. User action: check the number and the space.
    NotFound,
    /// The account has not activated the product. User action: activate it.
    NotSubscribed,
    /// The service refused the call for a reason that is none of the others. User action: look the
    /// code up.
    Other,
    /// The space is another account's. User action: correct the space or the credentials.
    ResourceOwner,
    /// The quota was exhausted until the deadline. User action: wait, or raise the timeout.
    Throttled,
    /// The deadline passed. User action: apply again, or raise the timeout.
    TimedOut,
    /// The service failed. User action: apply again later.
    Unavailable,
    /// No answer to a request that was sent. User action: apply again.
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

impl Error {
    /// Whether the call may have had its effect although it failed.
    pub fn is_ambiguous(&self) -> bool {
        self.class == Class::Ambiguous
    }

    /// Whether the service refused what was asked for, as opposed to who asked, how often, or
    /// whether it could answer.
    pub fn is_business_refusal(&self) -> bool {
        let about_the_request = matches!(
            self.kind,
            ErrorKind::InvalidParameter
                | ErrorKind::NotFound
                | ErrorKind::Other
                | ErrorKind::ResourceOwner
        );
        about_the_request && self.class == Class::Final && self.code.is_some()
    }

    pub(super) fn local(
        kind: ErrorKind,
        action: &'static str,
        message: String,
        class: Class,
    ) -> Self {
        Self {
            kind,
            action,
            message,
            code: None,
            request_id: None,
            http_status: None,
            access_denied_detail: None,
            obstacle: None,
            out_of_time: kind == ErrorKind::TimedOut,
            class,
        }
    }

    /// A call without a connection.
    pub(super) fn unconnected(
        action: &'static str,
        obstacle: Obstacle,
        message: String,
        class: Class,
    ) -> Self {
        let kind = match obstacle {
            Obstacle::Certificate(_) => ErrorKind::Untrusted,
            _ => ErrorKind::Unreachable,
        };
        Self {
            obstacle: Some(obstacle),
            ..Self::local(kind, action, message, class)
        }
    }

    pub(super) fn of_service(action: &'static str, error: ServiceError, class: Class) -> Self {
        Self {
            kind: kind(&error),
            action,
            message: error.message,
            code: error.code,
            request_id: error.request_id,
            http_status: Some(error.http_status),
            access_denied_detail: error.access_denied_detail,
            obstacle: None,
            out_of_time: false,
            class,
        }
    }
}

/// By code first: the same code comes with different statuses, and in bodies with status 200.
fn kind(error: &ServiceError) -> ErrorKind {
    let Some(code) = error.code.as_deref() else {
        return match error.http_status {
            429 => ErrorKind::Throttled,
            408 => ErrorKind::Unanswered,
            300..=499 => ErrorKind::Intercepted,
            500.. => ErrorKind::Unavailable,
            _ => ErrorKind::Unanswered,
        };
    };
    match code {
        _ if codes::is_throttling(code) => ErrorKind::Throttled,
        _ if code.eq_ignore_ascii_case("OK") => ErrorKind::Unanswered,
        _ if codes::is_clock(code) => ErrorKind::ClockDiffers,
        "Product.Unsubscript" => ErrorKind::NotSubscribed,
        "Unknown.ResourceOwnerId" => ErrorKind::ResourceOwner,
        _ if codes::is_credentials(code, &error.message) => ErrorKind::Credentials,
        _ if codes::is_denied(code) => ErrorKind::AccessDenied,
        _ if codes::is_not_found(code) => ErrorKind::NotFound,
        "InternalError" | "ServiceUnavailable" | "UnknownError" => ErrorKind::Unavailable,
        _ if code.starts_with("InvalidParameter") || code.starts_with("Missing") => {
            ErrorKind::InvalidParameter
        }
        _ if error.http_status >= 500 => ErrorKind::Unavailable,
        _ => ErrorKind::Other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kind_of(http_status: u16, code: &str) -> ErrorKind {
        kind(&ServiceError {
            code: Some(code.to_owned()),
            http_status,
            ..ServiceError::default()
        })
    }

    #[test]
    fn documented_codes_are_told_apart_whatever_their_status() {
        for status in [200, 400, 403, 404] {
            for (code, expected) in [
                ("Product.Unsubscript", ErrorKind::NotSubscribed),
                ("Ram.PermissionDeny", ErrorKind::AccessDenied),
                ("Forbidden.RAM", ErrorKind::AccessDenied),
                ("System.LimitControl", ErrorKind::Throttled),
                ("Throttling", ErrorKind::Throttled),
                ("Throttling.Api", ErrorKind::Throttled),
                ("Rejected.Throttling", ErrorKind::Throttled),
                ("Unknown.ResourceOwnerId", ErrorKind::ResourceOwner),
                ("InvalidAccessKeyId.NotFound", ErrorKind::Credentials),
                ("InvalidSecurityToken.Expired", ErrorKind::Credentials),
                ("SignatureDoesNotMatch", ErrorKind::Credentials),
                ("Forbidden.AccessKeyDisabled", ErrorKind::Credentials),
                (
                    "InvalidParameter.PhoneNumberError",
                    ErrorKind::InvalidParameter,
                ),
                ("PhoneNumber.NotExist", ErrorKind::NotFound),
                ("InternalError", ErrorKind::Unavailable),
                ("InvalidTimeStamp.Expired", ErrorKind::ClockDiffers),
                ("ERR-COMMON-001", ErrorKind::Other),
                ("MissingType", ErrorKind::InvalidParameter),
                ("Something.New", ErrorKind::Other),
            ] {
                assert_eq!(kind_of(status, code), expected, "{code}");
            }
        }
    }

    #[test]
    fn only_a_missing_number_is_not_found() {
        for code in [
            "InvalidApi.NotFound",
            "InvalidProduct.NotFound",
            "Space.NotExist",
            "InvalidAccessKeyId.NotFound",
            "NotFound",
        ] {
            assert_ne!(kind_of(404, code), ErrorKind::NotFound, "{code}");
        }
    }
}
