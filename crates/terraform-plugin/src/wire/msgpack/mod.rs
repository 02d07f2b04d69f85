//! Values in MessagePack, as Terraform writes them.
//!
//! MessagePack does not tell a list from a set, nor a map from an object, so a value is read and
//! written by its type. An object has exactly the attributes of its type. A number may have any of
//! several forms. An extension in the place of a value means that the value is unknown, whatever
//! the extension says besides.

mod reader;
mod writer;

use rmp::encode::ByteBuf;

use super::error::{DecodeError, EncodeError};
use super::ty::{MAX_DEPTH, Type};
use super::value::Value;

use reader::Reader;

/// Reads one value of type `ty`.
///
/// # Errors
///
/// If the bytes are not exactly one such value, or nest deeper than 100 levels.
pub fn decode(bytes: &[u8], ty: &Type) -> Result<Value, DecodeError> {
    let mut reader = Reader { rest: bytes };
    let value = reader.value(ty, MAX_DEPTH)?;
    if !reader.rest.is_empty() {
        return Err(DecodeError::new("nothing after the value"));
    }
    Ok(value)
}

/// Writes a value of type `ty`, each element of a set once.
///
/// # Errors
///
/// If the value does not have the type.
pub fn encode(value: &Value, ty: &Type) -> Result<Vec<u8>, EncodeError> {
    let mut out = ByteBuf::new();
    writer::write(&mut out, value, ty)?;
    Ok(out.into_vec())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::number::Number;
    use super::super::path::Path;
    use super::super::testing;
    use super::*;

    fn number(bytes: &[u8]) -> Value {
        decode(bytes, &Type::Number).expect("a number")
    }

    fn decimal(text: &str) -> Value {
        Value::Number(Number::parse(text).expect("a number"))
    }

    #[test]
    fn numbers_are_written_as_terraform_writes_them() {
        let written = |text| encode(&decimal(text), &Type::Number).expect("a number");
        assert_eq!(written("3"), [0x03]);
        assert_eq!(written("0.5"), [0xcb, 0x3f, 0xe0, 0, 0, 0, 0, 0, 0]);
        assert_eq!(written("0.1"), b"\xa30.1");
        assert_eq!(written("9223372036854775808"), b"\xb39223372036854775808");
        assert_eq!(
            written("12345678901234567890123.5"),
            b"\xb912345678901234567890123.5"
        );
    }

    #[test]
    fn numbers_are_read_in_every_form() {
        for bytes in [
            &[0x03][..],
            &[0xcc, 3],
            &[0xcd, 0, 3],
            &[0xd0, 3],
            &[0xca, 0x40, 0x40, 0, 0],
            b"\xa13",
        ] {
            assert_eq!(number(bytes), decimal("3"), "{bytes:?}");
        }
        assert!(
            decode(&[0xcb, 0x7f, 0xf8, 0, 0, 0, 0, 0, 0], &Type::Number).is_err(),
            "not a number"
        );
    }

    #[test]
    fn every_extension_is_an_unknown() {
        for bytes in [
            &[0xd4, 0, 0][..],
            &[0xc7, 0x07, 0x0c, 0x82, 0x01, 0xc2, 0x03, 0x92, 0x00, 0xc3],
        ] {
            assert_eq!(
                decode(bytes, &Type::String).expect("an unknown"),
                Value::Unknown
            );
        }
        assert_eq!(
            encode(&Value::Unknown, &Type::String).expect("an unknown"),
            [0xd4, 0, 0]
        );
    }

    #[test]
    fn an_object_has_exactly_its_attributes() {
        let ty = Type::Object([("a".to_owned(), Type::Bool)].into_iter().collect());
        assert!(decode(b"\x81\xa1a\xc3", &ty).is_ok());
        for bytes in [
            &b"\x80"[..],
            b"\x81\xa1b\xc3",
            b"\x82\xa1a\xc3\xa1a\xc3",
            b"\x81\xa1a\xa1x",
            b"\x81\xa1a\xc3\xc0",
        ] {
            assert!(decode(bytes, &ty).is_err(), "{bytes:?}");
        }
    }

    #[test]
    fn an_error_names_the_place_and_never_the_value() {
        let ty = Type::List(Box::new(Type::Bool));
        let error = decode(b"\x91\xa6s3cr3t", &ty).expect_err("a string is no bool");
        assert_eq!(error.to_string(), "[0]: expected bool");
    }

    #[test]
    fn a_place_is_told_through_every_kind_of_nesting() {
        let leaf = Type::Tuple(vec![Type::Set(Box::new(Type::Bool))]);
        let map = Type::Map(Box::new(Type::List(Box::new(leaf))));
        let ty = Type::Object([("a".to_owned(), map)].into_iter().collect());
        let bytes = b"\x81\xa1a\x81\xa1k\x92\xc0\x91\x91\xa6s3cr3t";
        let error = decode(bytes, &ty).expect_err("a string is no bool");
        let place = Path::root().attribute("a").key("k").index(1).index(0);
        assert_eq!(error.path(), &place);

        let entry = |name: &str, value| Value::Map([(name.to_owned(), value)].into());
        let leaf = Value::List(vec![Value::List(vec!["s3cr3t".into()])]);
        let value = entry("a", entry("k", Value::List(vec![Value::Null, leaf])));
        let error = encode(&value, &ty).expect_err("a string is no bool");
        assert_eq!(error.path(), &place);
        assert_eq!(error.to_string(), r#"a["k"][1][0]: expected bool"#);
    }

    #[test]
    fn a_value_that_does_not_fit_its_object_is_not_written() {
        let ty = Type::Object([("a".to_owned(), Type::Bool)].into_iter().collect());
        let written = |names: &[&str]| {
            let values = names.iter().map(|name| (name.to_string(), Value::Null));
            encode(&Value::Map(values.collect()), &ty).map_err(|error| error.to_string())
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
    fn a_set_holds_each_element_once() {
        let ty = Type::Set(Box::new(Type::String));
        let value = decode(b"\x93\xa1b\xa1a\xa1b", &ty).expect("a set");
        assert_eq!(value, Value::List(vec!["b".into(), "a".into()]));
        let repeated = Value::List(vec!["b".into(), "b".into()]);
        assert_eq!(encode(&repeated, &ty).expect("a set"), b"\x91\xa1b");
    }

    #[test]
    fn a_dynamic_value_may_bring_its_type_as_binary_or_text() {
        let typed = Value::Dynamic(Box::new((Type::Bool, Value::Bool(true))));
        for bytes in [&b"\x92\xc4\x06\"bool\"\xc3"[..], b"\x92\xa6\"bool\"\xc3"] {
            assert_eq!(decode(bytes, &Type::Dynamic).as_ref(), Ok(&typed));
        }
        assert_eq!(
            encode(&typed, &Type::Dynamic).expect("a value"),
            b"\x92\xc4\x06\"bool\"\xc3"
        );
    }

    #[test]
    fn a_forged_length_costs_nothing() {
        assert!(
            decode(
                &[0xdd, 0xff, 0xff, 0xff, 0xff],
                &Type::List(Box::new(Type::Bool))
            )
            .is_err()
        );
        assert!(decode(&[0xdb, 0xff, 0xff, 0xff, 0xff, 0x61], &Type::String).is_err());
        assert!(decode(&[0xc9, 0xff, 0xff, 0xff, 0xff, 0x61], &Type::String).is_err());
    }

    #[test]
    fn nesting_is_bounded() {
        let mut bytes = Vec::new();
        for _ in 0..5000 {
            bytes.extend(b"\x92\xc4\x09\"dynamic\"");
        }
        bytes.push(0xc0);
        assert!(decode(&bytes, &Type::Dynamic).is_err());
    }

    proptest! {
        #[test]
        fn values_survive((ty, value) in testing::typed_values(true)) {
            let bytes = encode(&value, &ty).expect("a value of the type");
            let mut slice = bytes.as_slice();
            rmpv::decode::read_value(&mut slice).expect("valid MessagePack");
            prop_assert!(slice.is_empty());
            prop_assert_eq!(decode(&bytes, &ty).expect("what was written"), value);
        }

        /// Random bytes are mostly refused at the first one. A value in which one byte is wrong
        /// reaches every part of the decoder.
        #[test]
        fn broken_values_do_not_panic(
            (ty, value) in testing::typed_values(true),
            at: prop::sample::Index,
            byte: u8,
            end: prop::sample::Index,
        ) {
            let mut bytes = encode(&value, &ty).expect("a value of the type");
            let at = at.index(bytes.len());
            bytes[at] = byte;
            bytes.truncate(1 + end.index(bytes.len()));
            if let Ok(value) = decode(&bytes, &ty) {
                let again = encode(&value, &ty).expect("a value of the type");
                prop_assert_eq!(decode(&again, &ty).expect("what was written"), value);
            }
        }

        #[test]
        fn no_bytes_panic(bytes: Vec<u8>, (ty, _) in testing::typed_values(true)) {
            if let Ok(value) = decode(&bytes, &ty) {
                let again = encode(&value, &ty).expect("a value of the type");
                prop_assert_eq!(decode(&again, &ty).expect("what was written"), value);
            }
        }
    }
}
