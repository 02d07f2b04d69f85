//! The two encodings of values: examples of what Terraform writes, and random values and bytes.

use proptest::prelude::*;
use serde_json::Value as Json;

use super::path::ValueError;
use super::ty::Type;
use super::value::Value;
use super::{json, msgpack};

fn object<const N: usize>(attributes: [(&str, Type); N]) -> Type {
    let attributes = attributes.into_iter();
    Type::Object(attributes.map(|(name, ty)| (name.to_owned(), ty)).collect())
}

fn list(element: Type) -> Type {
    Type::List(Box::new(element))
}

fn text(result: Result<Value, ValueError>) -> String {
    result.expect_err("an error").to_string()
}

#[test]
fn a_number_is_not_read_as_a_text() {
    for number in [&[0x03][..], &[0xcb, 0x3f, 0xe0, 0, 0, 0, 0, 0, 0]] {
        let error = text(msgpack::decode(number, &Type::String));
        assert_eq!(error, "expected string", "{number:?}");
    }
    let error = text(json::decode(b"-3", &Type::String));
    assert_eq!(error, "expected string");
}

#[test]
fn every_extension_is_an_unknown_value() {
    for bytes in [
        &[0xd4, 0, 0][..],
        &[0xc7, 0x07, 0x0c, 0x82, 0x01, 0xc2, 0x03, 0x92, 0x00, 0xc3],
    ] {
        let value = msgpack::decode(bytes, &Type::String);
        assert_eq!(value, Ok(Value::Unknown));
    }
    let written = msgpack::encode(&Value::Unknown, &Type::String);
    assert_eq!(written.as_deref(), Ok(&[0xd4, 0, 0][..]));
}

#[test]
fn an_object_has_exactly_its_attributes() {
    let ty = object([("a", Type::Bool)]);
    assert!(msgpack::decode(b"\x81\xa1a\xc3", &ty).is_ok());
    for bytes in [
        &b"\x80"[..],
        b"\x81\xa1b\xc3",
        b"\x82\xa1a\xc3\xa1a\xc3",
        b"\x81\xa1a\xa1x",
        b"\x81\xa1a\xc3\xc0",
    ] {
        assert!(msgpack::decode(bytes, &ty).is_err(), "{bytes:?}");
    }
    let map = Type::Map(Box::new(Type::Bool));
    assert!(msgpack::decode(b"\x82\xa1a\xc3\xa1a\xc3", &map).is_err());
}

#[test]
fn a_value_that_does_not_fit_its_object_is_not_written() {
    let ty = object([("a", Type::Bool)]);
    let written = |names: &[&str]| {
        let values = names.iter().map(|name| (name.to_string(), Value::Null));
        msgpack::encode(&Value::Map(values.collect()), &ty).map_err(|error| error.to_string())
    };
    assert_eq!(written(&["a"]).as_deref(), Ok(&b"\x81\xa1a\xc0"[..]));
    assert_eq!(
        written(&[]),
        Err("a: expected a value, at least null".to_owned())
    );
    assert_eq!(
        written(&["a", "b"]),
        Err("b: expected no such attribute".to_owned())
    );
}

#[test]
fn an_error_names_the_place_through_every_kind_of_nesting_and_never_the_value() {
    let ty = object([("a", Type::Map(Box::new(list(Type::Bool))))]);
    let place = r#"a["k"][1]: expected bool"#;
    let bytes = b"\x81\xa1a\x81\xa1k\x92\xc0\xa6s3cr3t";
    assert_eq!(text(msgpack::decode(bytes, &ty)), place);
    let bytes = br#"{"a":{"k":[null,"s3cr3t"]}}"#;
    assert_eq!(text(json::decode(bytes, &ty)), place);
    assert_eq!(text(json::decode(b"{s3cr3t", &ty)), "expected JSON");

    let entry = |name: &str, value| Value::Map([(name.to_owned(), value)].into());
    let elements = Value::List(vec![Value::Null, "s3cr3t".into()]);
    let error = msgpack::encode(&entry("a", entry("k", elements)), &ty);
    assert_eq!(error.expect_err("an error").to_string(), place);
}

#[test]
fn a_forged_length_costs_nothing() {
    for (bytes, ty) in [
        (&[0xdd, 0xff, 0xff, 0xff, 0xff][..], list(Type::Bool)),
        (
            &[0xdf, 0xff, 0xff, 0xff, 0xff],
            Type::Map(Box::new(Type::Bool)),
        ),
        (&[0xdb, 0xff, 0xff, 0xff, 0xff, 0x61], Type::String),
        (&[0xc9, 0xff, 0xff, 0xff, 0xff, 0x61], Type::String),
    ] {
        assert!(msgpack::decode(bytes, &ty).is_err(), "{bytes:?}");
    }
}

#[test]
fn stored_attributes_may_be_missing_or_no_longer_known() {
    let ty = object([("a", Type::Bool), ("b", Type::String)]);
    let value = json::decode(br#"{"a":true,"retired":1}"#, &ty);
    let expected = [("a".to_owned(), true.into()), ("b".to_owned(), Value::Null)];
    assert_eq!(value, Ok(Value::Map(expected.into())));
}

#[test]
fn the_nesting_of_json_is_bounded() {
    let nested = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
    assert!(json::decode(nested.as_bytes(), &list(Type::Bool)).is_err());
}

proptest! {
    #[test]
    fn values_survive((ty, value) in typed_values(true)) {
        let bytes = msgpack::encode(&value, &ty).expect("a value of the type");
        let mut slice = bytes.as_slice();
        rmpv::decode::read_value(&mut slice).expect("valid MessagePack");
        prop_assert!(slice.is_empty());
        prop_assert_eq!(msgpack::decode(&bytes, &ty), Ok(value));
    }

    #[test]
    fn stored_values_survive((ty, value) in typed_values(false)) {
        let bytes = as_json(&value).to_string();
        prop_assert_eq!(json::decode(bytes.as_bytes(), &ty), Ok(value));
    }

    /// Random bytes are mostly refused at the first one. A value in which one byte is wrong
    /// reaches every part of the decoder.
    #[test]
    fn broken_values_do_not_panic(
        (ty, value) in typed_values(true),
        at: prop::sample::Index,
        byte: u8,
        end: prop::sample::Index,
    ) {
        let mut bytes = msgpack::encode(&value, &ty).expect("a value of the type");
        let at = at.index(bytes.len());
        bytes[at] = byte;
        bytes.truncate(1 + end.index(bytes.len()));
        if let Ok(value) = msgpack::decode(&bytes, &ty) {
            let again = msgpack::encode(&value, &ty).expect("a value of the type");
            prop_assert_eq!(msgpack::decode(&again, &ty), Ok(value));
        }
    }

    #[test]
    fn broken_json_does_not_panic(
        (ty, value) in typed_values(false),
        at: prop::sample::Index,
        with in "[\\[\\]{}:,\"a0-9e.-]",
    ) {
        let mut bytes = as_json(&value).to_string().into_bytes();
        let at = at.index(bytes.len());
        bytes.splice(at..=at, with.bytes());
        if let Ok(value) = json::decode(&bytes, &ty) {
            prop_assert!(msgpack::encode(&value, &ty).is_ok());
        }
    }

    #[test]
    fn no_bytes_panic(bytes: Vec<u8>, (ty, _) in typed_values(true)) {
        let _ = json::decode(&bytes, &ty);
        if let Ok(value) = msgpack::decode(&bytes, &ty) {
            let again = msgpack::encode(&value, &ty).expect("a value of the type");
            prop_assert_eq!(msgpack::decode(&again, &ty), Ok(value));
        }
    }
}

/// The value as a state file holds it.
fn as_json(value: &Value) -> Json {
    match value {
        Value::Bool(value) => (*value).into(),
        Value::List(elements) => elements.iter().map(as_json).collect(),
        Value::Map(entries) => {
            let entries = entries.iter();
            entries
                .map(|(key, value)| (key.clone(), as_json(value)))
                .collect()
        }
        Value::Null | Value::Unknown => Json::Null,
        Value::String(text) => text.as_str().into(),
    }
}

/// A type and a value of it. If `unknowns` is true, parts of the value are unknown.
fn typed_values(unknowns: bool) -> impl Strategy<Value = (Type, Value)> {
    types().prop_flat_map(move |ty| {
        let values = values(&ty, unknowns);
        (Just(ty), values)
    })
}

fn types() -> impl Strategy<Value = Type> {
    let leaf = prop_oneof![Just(Type::Bool), Just(Type::String)];
    leaf.prop_recursive(3, 16, 4, |inner| {
        prop_oneof![
            inner.clone().prop_map(list),
            inner.clone().prop_map(|ty| Type::Map(Box::new(ty))),
            prop::collection::btree_map("[a-z]{1,4}", inner, 0..4).prop_map(Type::Object),
        ]
    })
}

fn values(ty: &Type, unknowns: bool) -> BoxedStrategy<Value> {
    let known = known_values(ty, unknowns);
    let unknown = if unknowns {
        Value::Unknown
    } else {
        Value::Null
    };
    prop_oneof![8 => known, 1 => Just(Value::Null), 1 => Just(unknown)].boxed()
}

fn known_values(ty: &Type, unknowns: bool) -> BoxedStrategy<Value> {
    match ty {
        Type::Bool => any::<bool>().prop_map(Value::Bool).boxed(),
        Type::List(element) => prop::collection::vec(values(element, unknowns), 0..4)
            .prop_map(Value::List)
            .boxed(),
        Type::Map(element) => {
            prop::collection::btree_map(".{0,4}", values(element, unknowns), 0..4)
                .prop_map(Value::Map)
                .boxed()
        }
        Type::Object(attributes) => attributes
            .iter()
            .map(|(name, ty)| (Just(name.clone()), values(ty, unknowns)))
            .collect::<Vec<_>>()
            .prop_map(|object| Value::Map(object.into_iter().collect()))
            .boxed(),
        Type::String => ".*".prop_map(Value::String).boxed(),
    }
}
