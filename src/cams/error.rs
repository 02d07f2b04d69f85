//! What can go wrong with a call, by what the user can do about it.

use crate::openapi::ServiceError;

use super::retry::Class;

/// A call that failed for good.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{action}: {message}")]
pub struct Error {
    /// What the user can do.
    pub kind: ErrorKind,
    /// The operation.
    pub action: &'static str,
    /// What the service or the network said.
    pub message: String,
    /// The service's code.
    pub code: Option<String>,
    /// For Alibaba Cloud's support.
    pub request_id: Option<String>,
    /// The HTTP status.
    pub http_status: Option<u16>,
    /// What RAM said about a denied access.
    pub access_denied_detail: Option<String>,
    /// How many requests were sent or tried.
    pub attempts: u32,
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
    /// The service does not take the credentials. User action: correct them.
    Credentials,
    /// The answer lacks what its documentation promises. User action: apply again.
    Incomplete,
    /// The service does not take a parameter. User action: correct it.
    InvalidParameter,
    /// There is no such number.
    NotFound,
    /// The account has not activated the product. User action: activate it.
    NotSubscribed,
    /// None of the others. User action: look the code up.
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
    /// No connection. User action: check network, proxy and endpoint.
    Unreachable,
}

impl Error {
    /// Whether the call may have had its effect although it failed.
    pub fn is_ambiguous(&self) -> bool {
        self.class == Class::Ambiguous
    }

    pub(super) fn local(
        kind: ErrorKind,
        action: &'static str,
        message: String,
        class: Class,
        attempts: u32,
    ) -> Self {
        Self {
            kind,
            action,
            message,
            code: None,
            request_id: None,
            http_status: None,
            access_denied_detail: None,
            attempts,
            class,
        }
    }

    pub(super) fn of_service(
        action: &'static str,
        error: ServiceError,
        class: Class,
        attempts: u32,
    ) -> Self {
        Self {
            kind: kind(&error),
            action,
            message: error.message,
            code: error.code,
            request_id: error.request_id,
            http_status: Some(error.http_status),
            access_denied_detail: error.access_denied_detail,
            attempts,
            class,
        }
    }
}

/// By code first: the same code comes with different statuses, and in bodies with status 200.
fn kind(error: &ServiceError) -> ErrorKind {
    let Some(code) = error.code.as_deref() else {
        return if error.http_status >= 500 {
            ErrorKind::Unavailable
        } else {
            ErrorKind::Unanswered
        };
    };
    match code {
        _ if is_throttling(code) => ErrorKind::Throttled,
        "Product.Unsubscript" => ErrorKind::NotSubscribed,
        "Unknown.ResourceOwnerId" => ErrorKind::ResourceOwner,
        _ if is_credentials(code, &error.message) => ErrorKind::Credentials,
        _ if is_denied(code) => ErrorKind::AccessDenied,
        _ if is_not_found(code) => ErrorKind::NotFound,
        "InternalError" | "ServiceUnavailable" | "UnknownError" => ErrorKind::Unavailable,
        _ if code.starts_with("InvalidParameter") || code.starts_with("Missing") => {
            ErrorKind::InvalidParameter
        }
        _ if error.http_status >= 500 => ErrorKind::Unavailable,
        _ => ErrorKind::Other,
    }
}

/// Refused for the quota's sake, before anything was done. `System.LimitControl` is CAMS's own word for it.
pub(super) fn is_throttling(code: &str) -> bool {
    code == "Throttling"
        || code.starts_with("Throttling.")
        || code == "Rejected.Throttling"
        || code == "System.LimitControl"
}

fn is_credentials(code: &str, message: &str) -> bool {
    let families = [
        "InvalidAccessKeyId",
        "InvalidSecurityToken",
        "SecurityToken.",
    ];
    families.iter().any(|family| code.starts_with(family))
        || matches!(
            code,
            "Forbidden.AccessKeyDisabled" | "IncompleteSignature" | "MissingAccessKeyId" | "MissingSecurityToken" | "SignatureDoesNotMatch"
        )
        || (code == "MissingParameter" && message.contains("AccessKeyId"))
        // Seen in the wild for an expired token.
        || (code.starts_with("InvalidParameter") && message.contains("SecurityToken.Expired"))
}

fn is_denied(code: &str) -> bool {
    code == "Ram.PermissionDeny"
        || code == "NoPermission"
        || code == "Authentication.NoAuth"
        || code.starts_with("Forbidden")
}

/// The code for a number that does not exist is not published. Alibaba Cloud's products build theirs from these words,
/// always about the resource that was named; a code with `Product`, `Api` or `Space` in front is about something else,
/// and must not make Terraform forget a number. `InvalidParameter.PhoneNumberError` is not among them: it says that a
/// number is abnormal, which may pass.
fn is_not_found(code: &str) -> bool {
    let about_the_number = code.split('.').next().is_some_and(|subject| {
        matches!(subject, "MobileNumber" | "Phone" | "PhoneNumber")
            || subject.starts_with("PhoneNumber")
    });
    let says_absent = ["NotExist", "NotFound", "NotExists"]
        .iter()
        .any(|word| code.ends_with(word));
    let as_parameter = matches!(
        code,
        "InvalidParameter.PhoneNumberNotExist" | "InvalidParameter.PhoneNumberNotFound"
    );
    as_parameter || (about_the_number && says_absent)
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
