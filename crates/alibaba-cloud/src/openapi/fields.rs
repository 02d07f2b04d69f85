//! Lenient reading of JSON answers: what a [`Deserialize`] model of an answer is made of.
//!
//! The documentation calls almost every field a string, and services write some of them as numbers
//! all the same. What a field means does not depend on that, so a number counts as the text of its
//! digits, and a value that cannot be text counts as missing. Where there is nothing, answers were
//! seen with null, with an empty text, and with the text `None`: all three count as missing. Of
//! several fields with one name the last one counts. Control characters and bytes that are not
//! UTF-8 spoil nothing but the text in which they stand.
//!
//! A model takes these functions in `#[serde(deserialize_with = "…")]`, with `#[serde(default)]`
//! for missing fields. Every text that they return is clean: without the secrets of the request and
//! without control characters. [`read_json`] is given the [`Cleaner`] of the request for that.
//!
//! This file is long because all of its readers depend on one rule of what counts as missing.

use std::borrow::Cow;
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::fmt;
use std::marker::PhantomData;

use serde::de::value::MapDeserializer;
use serde::de::{DeserializeOwned, Error as _, MapAccess, SeqAccess, Unexpected, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::Value;
use serde_json::value::RawValue;

use base::foreign_text::Cleaner;

/// The most fields of an object, and the most rows of a list: none that the services document comes
/// near. More would need too much memory.
const MAX_FIELDS: usize = 1000;
const MAX_ROWS: usize = 100_000;

thread_local! {
    /// The cleaner of the answer that this thread reads at the moment.
    static CLEANER: RefCell<Cleaner> = RefCell::default();
}

/// Reads an answer from JSON. All texts of it are cleaned by `cleaner`.
///
/// # Errors
///
/// If the text is not a JSON object, or the model refuses it.
pub fn read_json<T: DeserializeOwned>(
    json: &[u8],
    cleaner: &Cleaner,
) -> Result<T, serde_json::Error> {
    /// Takes the cleaner away again, also if reading panics.
    struct CleanerGuard;
    impl Drop for CleanerGuard {
        fn drop(&mut self) {
            CLEANER.take();
        }
    }
    CLEANER.set(cleaner.clone());
    let _scope = CleanerGuard;
    Fields::parse(json)?.read()
}

fn cleaner() -> Cleaner {
    CLEANER.with_borrow(Clone::clone)
}

/// The text of a JSON string or number, as [`Cleaner::value`] leaves it: an id, a code, a status.
///
/// # Errors
///
/// Never, unless the input is not JSON.
pub fn text<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    Ok(raw_text(deserializer)?.and_then(|text| cleaner().value(&text)))
}

/// The text of a JSON string or number as the service wrote it, to compare and then forget it.
///
/// # Errors
///
/// Never, unless the input is not JSON.
pub fn raw_text<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    Ok(written_text(<&RawValue>::deserialize(deserializer)?))
}

/// An id of digits, which are not all zero. What cleaning would leave of another text would be the
/// id of something else, so any other text counts as missing.
///
/// # Errors
///
/// Never, unless the input is not JSON.
pub fn digits<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    let written = raw_text(deserializer)?;
    let id = written.as_deref().unwrap_or_default().trim();
    let is_id = id.bytes().all(|byte| byte.is_ascii_digit()) && id.bytes().any(|byte| byte != b'0');
    Ok(cleaner().value(id).filter(|clean| is_id && clean == id))
}

/// An object, or the default of its model if the value is anything else.
///
/// # Errors
///
/// If the model refuses the object.
pub fn object<'de, D, T>(deserializer: D) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: Default + DeserializeOwned,
{
    let written = <&RawValue>::deserialize(deserializer)?;
    if !written.get().starts_with('{') {
        return Ok(T::default());
    }
    let fields = Fields::parse(written.get().as_bytes()).map_err(D::Error::custom)?;
    fields.read().map_err(D::Error::custom)
}

/// The rows of a list.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Rows<T> {
    /// The rows that are objects with at least one field of the model, in order.
    pub rows: Vec<T>,
    /// Whether there is a list, and every row of it is in `rows`.
    pub complete: bool,
}

/// A list may be missing or stand for nothing, but it may not be anything else than a list.
impl<'de, T: Default + PartialEq + DeserializeOwned> Deserialize<'de> for Rows<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct RowsVisitor<T>(PhantomData<T>);

        impl<'de, T: Default + PartialEq + DeserializeOwned> Visitor<'de> for RowsVisitor<T> {
            type Value = Rows<T>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a list")
            }

            fn visit_unit<E>(self) -> Result<Rows<T>, E> {
                Ok(Rows::default())
            }

            fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<Rows<T>, E> {
                match is_absent(text) {
                    true => Ok(Rows::default()),
                    false => Err(E::invalid_type(Unexpected::Str("text"), &self)),
                }
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Rows<T>, A::Error> {
                let mut rows = Rows {
                    rows: Vec::new(),
                    complete: true,
                };
                let mut seen = 0;
                while let Some(written) = list.next_element::<&RawValue>()? {
                    seen += 1;
                    if seen > MAX_ROWS {
                        let text = format!("the list has more than {MAX_ROWS} rows");
                        return Err(A::Error::custom(text));
                    }
                    match object(written).map_err(A::Error::custom)? {
                        row if row == T::default() => rows.complete = false,
                        row => rows.rows.push(row),
                    }
                }
                Ok(rows)
            }
        }

        deserializer.deserialize_any(RowsVisitor(PhantomData))
    }
}

/// Any JSON value as the service wrote it, with clean texts: for finding out how the service writes
/// its answers.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Json(pub Value);

impl<'de> Deserialize<'de> for Json {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let mut value = Value::deserialize(deserializer)?;
        clean(&mut value, &cleaner());
        Ok(Self(value))
    }
}

fn clean(value: &mut Value, cleaner: &Cleaner) {
    match value {
        Value::String(text) => *text = cleaner.value(text).unwrap_or_default(),
        Value::Array(values) => values.iter_mut().for_each(|value| clean(value, cleaner)),
        Value::Object(fields) => {
            let written = std::mem::take(fields);
            fields.extend(written.into_iter().filter_map(|(name, mut value)| {
                clean(&mut value, cleaner);
                Some((cleaner.value(&name)?, value))
            }));
        }
        Value::Number(_) | Value::Bool(_) | Value::Null => {}
    }
}

/// Whether a text stands for nothing.
pub fn is_absent(text: &str) -> bool {
    matches!(text.trim(), "" | "None")
}

/// The fields of an object, each as it was written.
pub(crate) struct Fields<'a>(BTreeMap<Cow<'a, str>, &'a RawValue>);

impl<'a> Fields<'a> {
    /// Reads an object. The whole text is checked, and no field is read before it is asked for.
    pub(crate) fn parse(json: &'a [u8]) -> Result<Self, serde_json::Error> {
        struct FieldsVisitor;

        impl<'de> Visitor<'de> for FieldsVisitor {
            type Value = Fields<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Fields<'de>, A::Error> {
                let mut fields = BTreeMap::new();
                while let Some(name) = map.next_key::<BorrowedName<'de>>()? {
                    fields.insert(name.0, map.next_value()?);
                    if fields.len() > MAX_FIELDS {
                        let text = format!("an object has more than {MAX_FIELDS} fields");
                        return Err(A::Error::custom(text));
                    }
                }
                Ok(Fields(fields))
            }
        }

        /// A name without a copy of it, unless it has escapes.
        #[derive(Deserialize)]
        struct BorrowedName<'a>(#[serde(borrow)] Cow<'a, str>);

        let mut reader = serde_json::Deserializer::from_slice(json);
        let fields = reader.deserialize_map(FieldsVisitor)?;
        reader.end()?;
        Ok(fields)
    }

    fn read<T: DeserializeOwned>(&self) -> Result<T, serde_json::Error> {
        let fields = self.0.iter().map(|(name, value)| (&**name, *value));
        T::deserialize(MapDeserializer::new(fields))
    }

    /// The first of these fields that there is.
    pub(crate) fn written(&self, names: &[&str]) -> Option<&'a RawValue> {
        names.iter().find_map(|name| self.0.get(*name).copied())
    }

    /// The first of these fields that holds a text which does not stand for nothing.
    pub(crate) fn text(&self, names: &[&str]) -> Option<String> {
        let text = |name: &&str| written_text(self.0.get(*name)?);
        names.iter().find_map(text)
    }
}

/// The text of a JSON string or number; `None` for a text that stands for nothing, for null, a
/// truth value, an array or an object.
fn written_text(written: &RawValue) -> Option<String> {
    let written = written.get();
    let text = match written.as_bytes().first()? {
        b'"' => serde_json::from_str(written).ok()?,
        b'-' | b'0'..=b'9' => written.to_owned(),
        _ => return None,
    };
    (!is_absent(&text)).then_some(text)
}

/// Replaces control characters and bytes that are not UTF-8 by a blank or a question mark, which no
/// id, number or code has.
pub(crate) fn mend(json: &mut [u8]) {
    json.iter_mut().for_each(|byte| *byte = (*byte).max(b' '));
    let mut at = 0;
    while let Some(Err(error)) = json.get(at..).map(std::str::from_utf8) {
        at += error.valid_up_to();
        if let Some(byte) = json.get_mut(at) {
            *byte = b'?';
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, Default, PartialEq, Eq, Deserialize)]
    #[serde(rename_all = "PascalCase", default)]
    struct Row {
        #[serde(deserialize_with = "text")]
        status: Option<String>,
    }

    #[derive(Debug, Default, PartialEq, Eq, Deserialize)]
    #[serde(rename_all = "PascalCase", default)]
    struct Answer {
        #[serde(deserialize_with = "digits")]
        id: Option<String>,
        #[serde(deserialize_with = "text")]
        status: Option<String>,
        #[serde(deserialize_with = "object")]
        data: Row,
        list: Rows<Row>,
    }

    fn read(json: &str) -> Answer {
        let cleaner = Cleaner::new(["s3cr3t"]);
        read_json(json.as_bytes(), &cleaner).expect("an answer")
    }

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
            (r#""A\u001bB""#, Some("AB")),
            (r#""s3cr3\u0074""#, Some("***")),
        ] {
            let answer = read(&format!(r#"{{"Status":{written}}}"#));
            assert_eq!(answer.status.as_deref(), expected, "{written}");
        }
    }

    #[test]
    fn an_id_is_one_only_as_it_was_written() {
        for (written, id) in [
            (r#"" 7 ""#, Some("7")),
            ("7", Some("7")),
            (r#""1\u00000""#, None),
            (r#""1\u200b0""#, None),
            (r#""None""#, None),
            (r#""""#, None),
            ("0", None),
            ("-1", None),
            ("1.5", None),
        ] {
            let answer = read(&format!(r#"{{"Id":{written}}}"#));
            assert_eq!(answer.id.as_deref(), id, "{written}");
        }
    }

    #[test]
    fn of_several_fields_with_one_name_the_last_one_counts() {
        let text = r#"{"Id":1,"Data":{"Status":"A","Status":"B"},"Id":"2","Data":7,"List":[{}],
            "Data":{"Status":"C","Status":"D"},"List":[{"Status":"E","Status":"F"}]}"#;
        let answer = read(text);
        assert_eq!(answer.id.as_deref(), Some("2"));
        assert_eq!(answer.data.status.as_deref(), Some("D"));
        assert_eq!(answer.list.rows[0].status.as_deref(), Some("F"));
        assert!(answer.list.complete);
    }

    #[test]
    fn an_odd_row_is_left_out_and_the_list_is_incomplete() {
        let rows = |list: &str| {
            let list = read(&format!(r#"{{"List":{list}}}"#)).list;
            (list.rows.len(), list.complete)
        };
        assert_eq!(rows(r#"[{"Status":"A","New":{}}]"#), (1, true));
        assert_eq!(rows(r#"["odd",{"Status":1},{},7]"#), (1, false));
        assert_eq!(rows("[]"), (0, true));
        for nothing in ["null", r#""""#, r#""None""#] {
            assert_eq!(rows(nothing), (0, false), "{nothing}");
        }
        assert_eq!(read("{}").list, Rows::default());
    }

    #[test]
    fn a_list_is_a_list_of_a_size_that_can_be_kept() {
        let refused = |list: &str| {
            let text = format!(r#"{{"List":{list}}}"#);
            let read: Result<Answer, _> = read_json(text.as_bytes(), &Cleaner::default());
            read.expect_err("no list").to_string()
        };
        assert!(refused("7").contains("expected a list"));
        assert!(refused(r#""odd""#).contains("expected a list"));
        let many = format!("[{}{{}}]", "{},".repeat(MAX_ROWS));
        assert!(refused(&many).contains("100000 rows"));
    }

    #[test]
    fn only_the_text_with_a_broken_character_is_spoiled() {
        for broken in [&b"\x1b"[..], b"\n", b"\xff", b"\xc3("] {
            let mut json = [&br#"{"Id":"7"#[..], broken, br#"7","Status":"A"}"#].concat();
            mend(&mut json);
            let answer: Answer = read_json(&json, &Cleaner::default()).expect("JSON");
            assert_eq!((answer.id, answer.status.as_deref()), (None, Some("A")));
        }
    }

    #[test]
    fn json_keeps_what_was_written_and_is_clean() {
        let text = r#"{"A":["s3cr3t",7,null,""],"s3cr3t":{"B\u001b":true}}"#;
        let json: Json = read_json(text.as_bytes(), &Cleaner::new(["s3cr3t"])).expect("JSON");
        let expected = serde_json::json!({"A": ["***", 7, null, ""], "***": {"B": true}});
        assert_eq!(json.0, expected);
    }
}
