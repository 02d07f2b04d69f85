//! Values of an answer that are not of the documented type.
//!
//! The documentation calls almost every field a string, and services write some of them as numbers
//! all the same. What a field means does not depend on that, so a number counts as the text of its
//! digits. A value that cannot be text at all counts as missing, and a list leaves out the elements
//! that it cannot read: one odd value must not hide the others.

use serde::de::{Deserialize, DeserializeOwned, Deserializer};
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

/// Reads a field as [`text`] does, for `#[serde(deserialize_with = "…")]`.
///
/// # Errors
///
/// If the answer is not JSON.
pub fn text_field<'de, D: Deserializer<'de>>(field: D) -> Result<Option<String>, D::Error> {
    <&RawValue>::deserialize(field).map(text)
}

/// Reads an object; `None` for everything else. Without this check, serde would read an array as
/// the fields in order.
pub fn object<T: DeserializeOwned>(written: &RawValue) -> Option<T> {
    let is_object = written.get().starts_with('{');
    is_object.then(|| serde_json::from_str(written.get()).ok())?
}

/// The elements of a list that are objects with the right fields. The others are left out.
#[derive(Debug)]
pub struct Elements<T> {
    /// The elements that could be read, in their order.
    pub readable: Vec<T>,
    /// Whether none was left out.
    pub complete: bool,
}

impl<'de, T: DeserializeOwned> Deserialize<'de> for Elements<T> {
    fn deserialize<D: Deserializer<'de>>(list: D) -> Result<Self, D::Error> {
        let elements = Vec::<&RawValue>::deserialize(list)?;
        let count = elements.len();
        let readable: Vec<T> = elements.into_iter().filter_map(object).collect();
        Ok(Self {
            complete: readable.len() == count,
            readable,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, serde::Deserialize)]
    struct Row {
        #[serde(default, deserialize_with = "text_field")]
        name: Option<String>,
    }

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
            let row: Row =
                serde_json::from_str(&format!("{{\"name\": {written}}}")).expect("a row");
            assert_eq!(row.name.as_deref(), expected, "{written}");
        }
    }

    #[test]
    fn one_odd_element_does_not_spoil_a_list() {
        let list = r#"[{"name":"a"}, 7, "x", null, [], {"name":{}}, {}, {"name":2}]"#;
        let list: Elements<Row> = serde_json::from_str(list).expect("a list");
        let names: Vec<_> = list
            .readable
            .iter()
            .map(|row| row.name.as_deref())
            .collect();
        assert!(!list.complete);
        assert_eq!(names, [Some("a"), None, None, Some("2")]);
    }
}
