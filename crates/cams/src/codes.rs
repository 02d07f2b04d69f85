//! The error codes of the API, by what they are about.
//!
//! Codes are compared and never parsed further: the service may add new ones at any time.

/// Whether the call was refused because the quota is exhausted, before it did anything.
/// `System.LimitControl` is the code of CAMS itself, the others are the gateway's.
pub(super) fn is_throttling(code: &str) -> bool {
    code == "Throttling"
        || code.starts_with("Throttling.")
        || code == "Rejected.Throttling"
        || code == "System.LimitControl"
}

/// Whether the date of the request is too far from the date of the service.
pub(super) fn is_clock(code: &str) -> bool {
    code.starts_with("InvalidTimeStamp")
}

/// Whether the service does not accept the credentials.
pub(super) fn is_credentials(code: &str, message: &str) -> bool {
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

/// Whether RAM does not allow the call.
pub(super) fn is_denied(code: &str) -> bool {
    code == "Ram.PermissionDeny"
        || code == "NoPermission"
        || code == "Authentication.NoAuth"
        || code.starts_with("Forbidden")
}

/// Whether the code says that a phone number does not exist.
///
/// No such code is published for CAMS. Other products of Alibaba Cloud build theirs from the name
/// of the resource and one of these words, and only whole codes of that form are recognised: a code
/// such as `PhoneNumber.WabaNotExist` is about something else, and must not make Terraform forget a
/// number. `InvalidParameter.PhoneNumberError` is not among them: it says that a number is
/// abnormal, which can have other reasons.
pub(super) fn is_not_found(code: &str) -> bool {
    let code = code.strip_prefix("InvalidParameter.").unwrap_or(code);
    let rest = ["MobileNumber", "PhoneNumber", "Phone"]
        .iter()
        .find_map(|resource| code.strip_prefix(resource));
    let word = rest.map(|rest| rest.strip_prefix('.').unwrap_or(rest));
    matches!(word, Some("NotExist" | "NotExists" | "NotFound"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_whole_codes_about_a_number_say_that_it_does_not_exist() {
        for code in [
            "PhoneNumber.NotExist",
            "PhoneNumberNotExists",
            "MobileNumber.NotFound",
            "Phone.NotExist",
            "InvalidParameter.PhoneNumberNotFound",
        ] {
            assert!(is_not_found(code), "{code}");
        }
        for code in [
            "InvalidParameter.PhoneNumberError",
            "PhoneNumber.CustSpaceNotExist",
            "PhoneNumber.WabaNotExist",
            "PhoneNumberVerifyCode.NotFound",
            "PhoneNumberPermission.NotFound",
            "PhoneNumberVerificationStatus.NotFound",
            "Phone.TemplateNotExist",
            "NotFound",
            "Number.NotExist",
        ] {
            assert!(!is_not_found(code), "{code}");
        }
    }
}
