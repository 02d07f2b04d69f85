//! Values read from JSON and written to it.

use proptest::prelude::*;

use super::super::testing;
use super::*;

fn object() -> Type {
    Type::Object(
        [
            ("a".to_owned(), Type::Number),
            ("b".to_owned(), Type::Dynamic),
        ]
        .into_iter()
        .collect(),
    )
}

#[test]
fn numbers_keep_every_digit_and_what_is_missing_is_null() {
    let value = decode(
        br#"{"a":12345678901234567890123.5}"#,
        &object(),
        Unlisted::Reject,
    )
    .expect("a value");
    let a = Value::Number(Number::parse("12345678901234567890123.5").expect("a number"));
    assert_eq!(
        value,
        Value::Map(
            [("a".to_owned(), a), ("b".to_owned(), Value::Null)]
                .into_iter()
                .collect()
        )
    );
}

#[test]
fn a_dynamic_value_brings_its_type() {
    let value = decode(
        br#"{"b":{"type":["list","string"],"value":["x"]}}"#,
        &object(),
        Unlisted::Reject,
    );
    let Ok(Value::Map(values)) = value else {
        panic!("{value:?}")
    };
    let typed = (
        Type::List(Box::new(Type::String)),
        Value::List(vec!["x".into()]),
    );
    assert_eq!(values["b"], Value::Dynamic(Box::new(typed)));
}

#[test]
fn an_unlisted_attribute_is_ignored_or_refused() {
    let bytes = br#"{"retired":1}"#;
    assert!(decode(bytes, &object(), Unlisted::Ignore).is_ok());
    assert!(decode(bytes, &object(), Unlisted::Reject).is_err());
}

#[test]
fn a_dynamic_value_without_a_type_or_with_more_is_refused() {
    for (bytes, accepted) in [
        (&br#"{"b":{"value":"x","type":"string"}}"#[..], true),
        (br#"{"b":{"value":"x"}}"#, false),
        (br#"{"b":{"type":"string"}}"#, false),
        (br#"{"b":{"value":"x","type":"strings"}}"#, false),
        (br#"{"b":{"value":"x","type":"string","more":1}}"#, false),
        (br#"{"b":"x"}"#, false),
    ] {
        let value = decode(bytes, &object(), Unlisted::Reject);
        assert_eq!(value.is_ok(), accepted, "{}", bytes.escape_ascii());
    }
}

#[test]
fn an_object_is_written_with_all_its_attributes() {
    let big = Number::parse("-12345678901234567890123.5").expect("a number");
    let value = Value::Map([("a".to_owned(), big.into())].into());
    let bytes = encode(&value, &object()).expect("a value");
    assert_eq!(bytes, br#"{"a":-12345678901234567890123.5,"b":null}"#);
}

#[test]
fn what_json_has_no_word_for_is_not_written() {
    let ty = Type::List(Box::new(Type::Number));
    let infinity = Number::from_f64(f64::INFINITY).expect("a number");
    for (element, error) in [
        (Value::Unknown, "[0]: expected a known value"),
        (infinity.into(), "[0]: expected a finite number"),
        ("s3cr3t".into(), "[0]: expected number"),
    ] {
        let result = encode(&Value::List(vec![element]), &ty).map_err(|error| error.to_string());
        assert_eq!(result, Err(error.to_owned()));
    }
}

#[test]
fn nesting_is_bounded() {
    let ty = (0..90).fold(Type::Bool, |ty, _| Type::List(Box::new(ty)));
    let nested = |depth| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
    assert!(decode(nested(90).as_bytes(), &ty, Unlisted::Reject).is_ok());
    for depth in [91, 130, 100_000] {
        let error = decode(nested(depth).as_bytes(), &ty, Unlisted::Reject);
        assert!(error.is_err(), "{depth}");
    }
}

#[test]
fn an_error_names_the_place_and_never_the_value() {
    let error = decode(br#"{"a":"s3cr3t"}"#, &object(), Unlisted::Ignore).expect_err("no number");
    assert_eq!(error.to_string(), "a: expected number");
    let error = decode(b"{s3cr3t", &object(), Unlisted::Ignore).expect_err("no JSON");
    assert_eq!(error.to_string(), "expected JSON");
}

proptest! {
    #[test]
    fn values_survive((ty, value) in testing::typed_values(false)) {
        let bytes = encode(&value, &ty).expect("a value of the type");
        let read = decode(&bytes, &ty, Unlisted::Reject);
        prop_assert_eq!(read.expect("what was written"), value);
    }

    /// Random bytes are seldom JSON. JSON of a value in which one byte is wrong reaches every part
    /// of the decoder.
    #[test]
    fn broken_values_do_not_panic(
        (ty, value) in testing::typed_values(false),
        at: prop::sample::Index,
        with in "[\\[\\]{}:,\"a0-9e.-]",
    ) {
        let mut bytes = encode(&value, &ty).expect("a value of the type");
        let at = at.index(bytes.len());
        bytes.splice(at..=at, with.bytes());
        if let Ok(value) = decode(&bytes, &ty, Unlisted::Ignore) {
            let again = encode(&value, &ty).expect("a value of the type");
            let read = decode(&again, &ty, Unlisted::Reject);
            prop_assert_eq!(read.expect("what was written"), value);
        }
    }

    #[test]
    fn no_bytes_panic(bytes: Vec<u8>, (ty, _) in testing::typed_values(false)) {
        let _ = decode(&bytes, &ty, Unlisted::Ignore);
        let _ = Type::from_json(&bytes);
    }
}
