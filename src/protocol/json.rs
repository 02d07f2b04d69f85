//! Values in JSON, as state files hold them.

use std::collections::BTreeMap;

use serde_json::Value as Json;

use super::error::DecodeError;
use super::number::Number;
use super::path::Path;
use super::ty::Type;
use super::value::{Value, dedup};

/// What to do with an attribute that the type does not have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unlisted {
    /// Drop it: the schema once had it.
    Ignore,
    /// Refuse the value.
    Reject,
}

/// Reads a value of type `ty`. Attributes that are missing are null. Nesting is bounded by the JSON parser.
pub fn decode(bytes: &[u8], ty: &Type, unlisted: Unlisted) -> Result<Value, DecodeError> {
    let json = serde_json::from_slice(bytes)
        .map_err(|_| DecodeError::new(&Path::root(), "expected JSON"))?;
    read(json, ty, unlisted, &Path::root())
}

fn read(json: Json, ty: &Type, unlisted: Unlisted, path: &Path) -> Result<Value, DecodeError> {
    let wrong = || DecodeError::new(path, format!("expected {ty}"));
    Ok(match (ty, json) {
        (_, Json::Null) => Value::Null,
        (Type::Bool, Json::Bool(value)) => Value::Bool(value),
        (Type::Dynamic, Json::Object(mut typed)) => {
            let ty = typed
                .remove("type")
                .and_then(|ty| Type::from_json(ty.to_string().as_bytes()));
            let ty = ty.ok_or_else(|| DecodeError::new(path, "expected a type"))?;
            let value = read(
                typed.remove("value").unwrap_or_default(),
                &ty,
                unlisted,
                path,
            )?;
            Value::Dynamic(Box::new((ty, value)))
        }
        (Type::List(element), Json::Array(elements)) => {
            Value::List(list(elements, element, unlisted, path)?)
        }
        (Type::Map(element), Json::Object(entries)) => {
            let entries = entries.into_iter().map(|(key, value)| {
                let value = read(value, element, unlisted, &path.key(&key))?;
                Ok((key, value))
            });
            Value::Map(entries.collect::<Result<_, _>>()?)
        }
        (Type::Number, Json::Number(number)) => {
            Number::parse(number.as_str()).ok_or_else(wrong)?.into()
        }
        (Type::Object(attributes), Json::Object(mut values)) => {
            let mut object = BTreeMap::new();
            for (name, ty) in attributes {
                let value = read(
                    values.remove(name).unwrap_or_default(),
                    ty,
                    unlisted,
                    &path.attribute(name),
                )?;
                object.insert(name.clone(), value);
            }
            if unlisted == Unlisted::Reject && !values.is_empty() {
                return Err(DecodeError::new(
                    path,
                    "expected only attributes of the schema",
                ));
            }
            Value::Map(object)
        }
        (Type::Set(element), Json::Array(elements)) => {
            let mut elements = list(elements, element, unlisted, path)?;
            dedup(&mut elements);
            Value::List(elements)
        }
        (Type::String, Json::String(text)) => Value::String(text),
        (Type::Tuple(types), Json::Array(elements)) if elements.len() == types.len() => {
            let elements = elements.into_iter().zip(types).enumerate();
            let elements = elements
                .map(|(position, (json, ty))| read(json, ty, unlisted, &path.index(position)));
            Value::List(elements.collect::<Result<_, _>>()?)
        }
        _ => return Err(wrong()),
    })
}

fn list(
    elements: Vec<Json>,
    ty: &Type,
    unlisted: Unlisted,
    path: &Path,
) -> Result<Vec<Value>, DecodeError> {
    let elements = elements.into_iter().enumerate();
    elements
        .map(|(position, json)| read(json, ty, unlisted, &path.index(position)))
        .collect()
}

#[cfg(test)]
mod tests {
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
    fn an_error_names_the_place_and_never_the_value() {
        let error =
            decode(br#"{"a":"s3cr3t"}"#, &object(), Unlisted::Ignore).expect_err("no number");
        assert_eq!(error.to_string(), "a: expected number");
        let error = decode(b"{s3cr3t", &object(), Unlisted::Ignore).expect_err("no JSON");
        assert_eq!(error.to_string(), "expected JSON");
    }

    proptest! {
        #[test]
        fn values_survive((ty, value) in testing::typed_values(false)) {
            let json = testing::json(&value).to_string();
            prop_assert_eq!(decode(json.as_bytes(), &ty, Unlisted::Reject).expect("a value"), value);
        }

        #[test]
        fn no_bytes_panic(bytes: Vec<u8>, text in "[\\[\\]{}:,\"a0-9e.-]{0,40}", (ty, _) in testing::typed_values(false)) {
            let _ = decode(&bytes, &ty, Unlisted::Ignore);
            let _ = decode(text.as_bytes(), &ty, Unlisted::Reject);
        }
    }
}
