//! Values of an answer that are not of the documented type.
//!
//! The documentation calls almost every field a string, and services write some of them as numbers
//! all the same. What a field means does not depend on that, so a number counts as the text of its
//! digits. A value that cannot be text at all counts as missing.

use serde_json::value::RawValue;

/// The text of a JSON string or number; `None` for null, a truth value, an array or an object.
pub fn text(written: &RawValue) -> Option<String> {
    let written = written.get();
    match written.as_bytes().first()? {
        b'"' => serde_json::from_str(written).ok(),
        b'-' | b'0'..=b'9' => Some(written.to_owned()),
        _ => None,
    }
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
            (r#""""#, Some("")),
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
