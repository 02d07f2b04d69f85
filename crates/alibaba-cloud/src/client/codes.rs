//! The meaning of a refusal, by its code and its HTTP status.
//!
//! The codes here are those of Alibaba Cloud's gateway, which all products share: pages "Public
//! error codes" and "RAM error codes". A product adds its own ([`Api::kind_of_code`]). Codes are
//! compared and never parsed further: the service may add new ones at any time.

use crate::openapi::ServiceError;

use super::kind::{ErrorKind, Reach};
use super::operation::Api;

/// The kind of a refusal. By code first: the same code comes with different statuses, and in bodies
/// with status 200.
pub(crate) fn kind(error: &ServiceError, api: &Api) -> ErrorKind {
    let Some(code) = error.code.as_deref() else {
        return match error.http_status {
            408 => ErrorKind::Unanswered,
            429 => ErrorKind::Throttled,
            300..=499 => ErrorKind::Intercepted,
            500.. => ErrorKind::Unavailable,
            _ => ErrorKind::Unanswered,
        };
    };
    let of_product = (api.kind_of_code)(code);
    let known = of_product.unwrap_or_else(|| of_gateway(code, &error.message));
    match code {
        _ if is_throttling(code) || known == ErrorKind::Throttled => ErrorKind::Throttled,
        _ if code.starts_with("InvalidTimeStamp") => ErrorKind::ClockDiffers,
        // The status says that it failed, and the code that it did not.
        _ if code.eq_ignore_ascii_case("OK") => ErrorKind::Unanswered,
        _ if error.http_status == 429 => ErrorKind::Throttled,
        // A failing service may still say that it refuses the caller. What it says about the
        // request proves nothing: a number that is "not found" may exist.
        _ if error.http_status >= 500 && known.meaning().reach == Reach::Request => {
            ErrorKind::Unavailable
        }
        // Our nonces do not repeat, so the gateway has met this very request before, perhaps
        // because a proxy sent it twice.
        "SignatureNonceUsed" => ErrorKind::Unanswered,
        "InternalError" | "ServiceUnavailable" | "UnknownError" => ErrorKind::Unavailable,
        _ => known,
    }
}

/// Whether an attempt that was refused like this may have had its effect, although other refusals of
/// this kind rule that out.
pub(crate) fn leaves_effect_open(error: &ServiceError, kind: ErrorKind) -> bool {
    match error.code.as_deref() {
        // The code is about an earlier request, or about a failure: a status of 429 does not turn
        // it into a refusal before anything was done.
        Some("SignatureNonceUsed" | "InternalError" | "ServiceUnavailable" | "UnknownError") => {
            true
        }
        // These refusals come before anything is done, whatever the status.
        Some(_) if matches!(kind, ErrorKind::Throttled | ErrorKind::ClockDiffers) => false,
        Some(_) => error.http_status >= 500,
        // A redirect may come from the service, and says nothing about what was done before it.
        None => (300..400).contains(&error.http_status),
    }
}

fn of_gateway(code: &str, message: &str) -> ErrorKind {
    if is_credentials(code, message) {
        return ErrorKind::Credentials;
    }
    match code {
        "Ram.PermissionDeny" | "NoPermission" | "Authentication.NoAuth" => ErrorKind::AccessDenied,
        _ if code.starts_with("Forbidden") => ErrorKind::AccessDenied,
        _ if code.starts_with("InvalidParameter") || code.starts_with("Missing") => {
            ErrorKind::InvalidParameter
        }
        _ => ErrorKind::Other,
    }
}

/// Whether the call was refused because the quota is exhausted, before it did anything.
fn is_throttling(code: &str) -> bool {
    code == "Throttling" || code.starts_with("Throttling.") || code == "Rejected.Throttling"
}

/// Whether the service does not accept the credentials.
fn is_credentials(code: &str, message: &str) -> bool {
    let families = [
        "InvalidAccessKeyId",
        "InvalidSecurityToken",
        "SecurityToken.",
    ];
    families.iter().any(|family| code.starts_with(family))
        || matches!(
            code,
            "Forbidden.AccessKeyDisabled"
                | "IncompleteSignature"
                | "MissingAccessKeyId"
                | "MissingSecurityToken"
                | "SignatureDoesNotMatch"
        )
        || (code == "MissingParameter" && message.contains("AccessKeyId"))
        // This form was seen in practice for an expired token.
        || (code.starts_with("InvalidParameter") && message.contains("SecurityToken.Expired"))
}

#[cfg(test)]
mod tests {
    use super::super::kind::Repeat;
    use super::*;

    const API: Api = Api {
        version: "",
        max_repeats: 0,
        code_on_success: true,
        kind_of_code: |code| match code {
            "Own.Busy" => Some(ErrorKind::Throttled),
            "Own.Unknown" => Some(ErrorKind::NotFound),
            _ => None,
        },
    };

    fn kind_of(http_status: u16, code: Option<&str>) -> ErrorKind {
        let error = ServiceError {
            code: code.map(str::to_owned),
            http_status,
            ..ServiceError::default()
        };
        kind(&error, &API)
    }

    #[test]
    fn documented_codes_are_told_apart_whatever_their_status() {
        for status in [200, 400, 403, 404] {
            for (code, expected) in [
                ("Authentication.NoAuth", ErrorKind::AccessDenied),
                ("Ram.PermissionDeny", ErrorKind::AccessDenied),
                ("Forbidden.RAM", ErrorKind::AccessDenied),
                ("Throttling", ErrorKind::Throttled),
                ("Throttling.Api", ErrorKind::Throttled),
                ("Rejected.Throttling", ErrorKind::Throttled),
                ("Own.Busy", ErrorKind::Throttled),
                ("Own.Unknown", ErrorKind::NotFound),
                ("InvalidAccessKeyId.NotFound", ErrorKind::Credentials),
                ("InvalidSecurityToken.Expired", ErrorKind::Credentials),
                ("SignatureDoesNotMatch", ErrorKind::Credentials),
                ("Forbidden.AccessKeyDisabled", ErrorKind::Credentials),
                ("InvalidParameter.X", ErrorKind::InvalidParameter),
                ("InternalError", ErrorKind::Unavailable),
                ("InvalidTimeStamp.Expired", ErrorKind::ClockDiffers),
                ("MissingType", ErrorKind::InvalidParameter),
                // "System error.", seen each time for a value that the service does not admit.
                ("ERR-COMMON-001", ErrorKind::Other),
                // The number of an error of Meta decides nothing.
                ("#131215", ErrorKind::Other),
                ("InvalidApi.NotFound", ErrorKind::Other),
            ] {
                assert_eq!(kind_of(status, Some(code)), expected, "{code}");
            }
        }
    }

    #[test]
    fn a_write_is_repeated_only_after_an_answer_that_proves_it_had_no_effect() {
        use Repeat::{Clock, Key, Throttled, Transient};
        for (status, code, effect, repeat) in [
            (400, Some("Throttling.User"), false, Some(Throttled)),
            (503, Some("Throttling"), false, Some(Throttled)),
            (503, Some("Own.Busy"), false, Some(Throttled)),
            (429, Some("Busy"), false, Some(Throttled)),
            (429, None, false, Some(Throttled)),
            (400, Some("InvalidTimeStamp.Expired"), false, Some(Clock)),
            (404, Some("InvalidAccessKeyId.NotFound"), false, Some(Key)),
            (400, Some("SignatureNonceUsed"), true, Some(Transient)),
            (503, Some("ServiceUnavailable"), true, Some(Transient)),
            (500, Some("InternalError"), true, Some(Transient)),
            (200, Some("UnknownError"), true, Some(Transient)),
            (502, Some("Anything"), true, Some(Transient)),
            (500, Some("Own.Unknown"), true, Some(Transient)),
            (500, Some("Ram.PermissionDeny"), true, None),
            (500, Some("InvalidAccessKeyId.NotFound"), true, Some(Key)),
            (500, Some("InvalidTimeStamp.Expired"), false, Some(Clock)),
            (400, Some("OK"), true, Some(Transient)),
            (200, None, true, Some(Transient)),
            (408, None, true, Some(Transient)),
            (502, None, true, Some(Transient)),
            (429, Some("SignatureNonceUsed"), true, Some(Throttled)),
            (429, Some("InternalError"), true, Some(Throttled)),
            (302, None, true, None),
            (403, None, false, None),
            (400, Some("Ram.PermissionDeny"), false, None),
            (200, Some("ERR-COMMON-001"), false, None),
            (200, Some("Own.Unknown"), false, None),
        ] {
            let error = ServiceError {
                code: code.map(str::to_owned),
                http_status: status,
                ..ServiceError::default()
            };
            let kind = kind(&error, &API);
            let meaning = kind.meaning();
            let effect_found = meaning.effect || leaves_effect_open(&error, kind);
            let found = (effect_found, meaning.repeat);
            assert_eq!(found, (effect, repeat), "{status} {code:?}");
        }
    }
}
