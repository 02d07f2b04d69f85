//! Values of an answer that are not of the documented type.
//!
//! The documentation calls almost every field a string, and services write some of them as numbers
//! all the same. What a field means does not depend on that, so a number counts as the text of its
//! digits. A value that cannot be text at all counts as missing.
//!
//! Where there is nothing, answers were seen with null, with an empty text, and with the text
//! `None`. All three count as missing.

use serde_json::value::RawValue;

/// The text of a JSON string or number; `None` for a text that stands for nothing, for null, a
/// truth value, an array or an object.
pub fn text(written: &RawValue) -> Option<String> {
    let written = written.get();
    let text = match written.as_bytes().first()? {
        b'"' => serde_json::from_str(written).ok()?,
        b'-' | b'0'..=b'9' => written.to_owned(),
        _ => return None,
    };
    (!is_absent(&text)).then_some(text)
}

/// Whether the text stands for nothing.
pub fn is_absent(text: &str) -> bool {
    matches!(text.trim(), "" | "None")
}

/// JSON in whose texts control characters or bytes that are no UTF-8 may stand, as JSON without
/// them: each becomes a blank or a replacement character, which no id, number or code has.
pub(super) fn mended(json: &[u8]) -> Vec<u8> {
    let text = String::from_utf8_lossy(json).into_owned();
    let bytes = text.into_bytes().into_iter();
    bytes.map(|byte| byte.max(b' ')).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_text_and_other_values_are_missing() {
        for (written, expected) in [
            (r#""1059""#, Some("1059")),
            ("105900000000000000001", Some("105900000000000000001")),
            ("-7", Some("-7")),
            (r#""""#, None),
            (r#"" ""#, None),
            (r#""None""#, None),
            (r#""None of them""#, Some("None of them")),
            ("null", None),
            ("true", None),
            ("[]", None),
            (r#"{"a":1}"#, None),
        ] {
            let value: Box<RawValue> = serde_json::from_str(written).expect("a value");
            assert_eq!(text(&value).as_deref(), expected, "{written}");
        }
    }
}
