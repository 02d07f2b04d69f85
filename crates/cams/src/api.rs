//! The CAMS API, version 2020-06-06, and the error codes that it does not share with other products.
//!
//! Page "Error codes" of Chat App Message Service in the Alibaba Cloud documentation.

use alibaba_cloud::client::{Api, ErrorKind};

/// The API that all operations of this crate belong to.
pub(crate) static CAMS: Api = Api {
    version: "2020-06-06",
    // Waits of up to 0.5, 1, 2 and 4 seconds bridge some seconds without network.
    max_repeats: 4,
    code_on_success: true,
    kind_of_code,
};

/// No code for a missing number is published for CAMS. Other products of Alibaba Cloud build theirs
/// from the name of the resource and one of these words, and only whole codes of that form are
/// recognized: a code such as `PhoneNumber.WabaNotExist` is about something else, and must not make
/// Terraform forget a number. `InvalidParameter.PhoneNumberError` is not among them: it says that a
/// number is abnormal, which can have other reasons.
fn kind_of_code(code: &str) -> Option<ErrorKind> {
    match code {
        "Product.Unsubscript" => return Some(ErrorKind::NotSubscribed),
        "System.LimitControl" => return Some(ErrorKind::Throttled),
        "Unknown.ResourceOwnerId" => return Some(ErrorKind::ResourceOwner),
        _ => {}
    }
    let code = code.strip_prefix("InvalidParameter.").unwrap_or(code);
    let resources = ["MobileNumber", "PhoneNumber", "Phone"];
    let mut rest = resources
        .iter()
        .filter_map(|resource| code.strip_prefix(resource));
    let is_missing = rest.any(|rest| {
        let word = rest.strip_prefix('.').unwrap_or(rest);
        matches!(word, "NotExist" | "NotExists" | "NotFound")
    });
    is_missing.then_some(ErrorKind::NotFound)
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
            assert_eq!(kind_of_code(code), Some(ErrorKind::NotFound), "{code}");
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
            "InvalidApi.NotFound",
            "InvalidAccessKeyId.NotFound",
            "Space.NotExist",
        ] {
            assert_eq!(kind_of_code(code), None, "{code}");
        }
    }
}
