//! The languages of messages with a verification code.

/// The codes on the page "Language codes" of Chat App Message Service in the Alibaba Cloud
/// documentation.
const LISTED: &[&str] = &[
    "af", "ar", "az", "bg", "bn", "ca", "cs", "da", "de", "el", "en", "en_GB", "en_US", "es",
    "es_AR", "es_ES", "es_MX", "et", "fa", "fi", "fil", "fr", "ga", "gu", "ha", "he", "hi", "hr",
    "hu", "id", "it", "ja", "kk", "kn", "ko", "lo", "lt", "lv", "mk", "ml", "mr", "ms", "nb", "nl",
    "pa", "pl", "pt_BR", "pt_PT", "ro", "ru", "sk", "sl", "sq", "sr", "sv", "sw", "ta", "te", "th",
    "tr", "uk", "ur", "uz", "vi", "zh_CN", "zh_HK", "zh_TW", "zu",
];

/// Whether the documentation lists this code of a language. Meta sends a code in English if it does
/// not support the language (page "Request verification code" of the WhatsApp Business Platform),
/// and languages may be added, so another code is a doubt and not an error.
pub fn is_listed(code: &str) -> bool {
    LISTED.contains(&code)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_documented_codes_are_listed() {
        for code in ["en_US", "zh_CN", "pt_BR", "fil"] {
            assert!(is_listed(code), "{code}");
        }
        for code in ["", "en-US", "en_us", "zh", "pt", "xx", " en"] {
            assert!(!is_listed(code), "{code:?}");
        }
        assert!(LISTED.is_sorted());
    }
}
