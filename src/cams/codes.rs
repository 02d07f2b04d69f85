//! The families of the service's codes.

/// Refused for the quota's sake, before anything was done. `System.LimitControl` is CAMS's own word for it.
pub(super) fn is_throttling(code: &str) -> bool {
    code == "Throttling"
        || code.starts_with("Throttling.")
        || code == "Rejected.Throttling"
        || code == "System.LimitControl"
}

/// The date of the request is too far from the service's.
pub(super) fn is_clock(code: &str) -> bool {
    code.starts_with("InvalidTimeStamp")
}

/// The service does not take the credentials.
pub(super) fn is_credentials(code: &str, message: &str) -> bool {
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

/// RAM does not allow the call.
pub(super) fn is_denied(code: &str) -> bool {
    code == "Ram.PermissionDeny"
        || code == "NoPermission"
        || code == "Authentication.NoAuth"
        || code.starts_with("Forbidden")
}

/// The code for a number that does not exist is not published. Alibaba Cloud's products build theirs from these words,
/// always about the resource that was named; a code with `Product`, `Api` or `Space` in front is about something else,
/// and must not make Terraform forget a number. `InvalidParameter.PhoneNumberError` is not among them: it says that a
/// number is abnormal, which may pass.
pub(super) fn is_not_found(code: &str) -> bool {
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
