//! Values in JSON, as state files hold them.

use std::collections::BTreeMap;

use serde_json::Value as Json;

use super::error::{DecodeError, EncodeError};
use super::number::Number;
use super::path::Step;
use super::ty::Type;
use super::value::{Value, dedup, repeats};

/// What to do with an attribute that the type does not have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unlisted {
    /// Drop it: the schema once had it.
    Ignore,
    /// Refuse the value.
    Reject,
}

/// A stored object of a provider like this one takes a few KiB. Parsed, text of this size needs up
/// to forty times as much.
const MAX_SIZE: usize = 1 << 20;

/// Reads a value of type `ty`. Attributes that are missing are null.
///
/// # Errors
///
/// Where the bytes are not JSON of such a value, are more than 1 MiB, or nest deeper than the
/// parser's limit of 128 levels.
pub fn decode(bytes: &[u8], ty: &Type, unlisted: Unlisted) -> Result<Value, DecodeError> {
    if bytes.len() > MAX_SIZE {
        return Err(DecodeError::new("JSON of at most 1 MiB"));
    }
    let json = serde_json::from_slice(bytes).map_err(|_| DecodeError::new("JSON"))?;
    unlisted.read(json, ty)
}

/// Writes a value of type `ty`, each element of a set once.
///
/// # Errors
///
/// Where the value does not have the type, or holds what JSON has no word for: an unknown or an infinity.
pub fn encode(value: &Value, ty: &Type) -> Result<Vec<u8>, EncodeError> {
    Ok(write(value, ty)?.to_string().into_bytes())
}

impl Unlisted {
    fn read(self, json: Json, ty: &Type) -> Result<Value, DecodeError> {
        let misfit = || DecodeError::new(ty.to_string());
        Ok(match (ty, json) {
            (_, Json::Null) => Value::Null,
            (Type::Bool, Json::Bool(value)) => Value::Bool(value),
            (Type::Dynamic, Json::Object(typed)) => self.dynamic(typed)?,
            (Type::List(ty), Json::Array(elements)) => {
                let elements = elements.into_iter().enumerate();
                let elements = elements.map(|(position, json)| {
                    self.read(json, ty)
                        .map_err(|error| error.within(Step::position(position)))
                });
                Value::List(elements.collect::<Result<_, _>>()?)
            }
            (Type::Map(ty), Json::Object(entries)) => {
                let entries = entries
                    .into_iter()
                    .map(|(key, json)| match self.read(json, ty) {
                        Ok(value) => Ok((key, value)),
                        Err(error) => Err(error.within(Step::Key(key))),
                    });
                Value::Map(entries.collect::<Result<_, _>>()?)
            }
            (Type::Number, Json::Number(number)) => {
                Number::parse(number.as_str()).ok_or_else(misfit)?.into()
            }
            (Type::Object(attributes), Json::Object(values)) => self.object(values, attributes)?,
            (Type::Set(ty), Json::Array(elements)) => {
                // No step for the error's path: an element of a set has no address.
                let elements = elements.into_iter().map(|json| self.read(json, ty));
                let mut elements = elements.collect::<Result<_, _>>()?;
                dedup(&mut elements);
                Value::List(elements)
            }
            (Type::String, Json::String(text)) => Value::String(text),
            (Type::Tuple(types), Json::Array(elements)) if elements.len() == types.len() => {
                let elements = elements.into_iter().zip(types).enumerate();
                let elements = elements.map(|(position, (json, ty))| {
                    self.read(json, ty)
                        .map_err(|error| error.within(Step::position(position)))
                });
                Value::List(elements.collect::<Result<_, _>>()?)
            }
            _ => return Err(misfit()),
        })
    }

    fn dynamic(self, mut typed: serde_json::Map<String, Json>) -> Result<Value, DecodeError> {
        let ty = typed.remove("type");
        let ty = ty.as_ref().and_then(Type::from_parsed);
        let ty = ty.ok_or_else(|| DecodeError::new("a type"))?;
        let json = typed.remove("value");
        let value = self.read(json.ok_or_else(|| DecodeError::new("a value"))?, &ty)?;
        if self == Self::Reject && !typed.is_empty() {
            return Err(DecodeError::new("only a type and a value"));
        }
        Ok(Value::Dynamic(Box::new((ty, value))))
    }

    fn object(
        self,
        mut values: serde_json::Map<String, Json>,
        attributes: &BTreeMap<String, Type>,
    ) -> Result<Value, DecodeError> {
        let mut object = BTreeMap::new();
        for (name, ty) in attributes {
            let json = values.remove(name).unwrap_or_default();
            let value = self
                .read(json, ty)
                .map_err(|error| error.within(Step::Attribute(name.clone())))?;
            object.insert(name.clone(), value);
        }
        if self == Self::Reject && !values.is_empty() {
            return Err(DecodeError::new("only attributes of the schema"));
        }
        Ok(Value::Map(object))
    }
}

fn write(value: &Value, ty: &Type) -> Result<Json, EncodeError> {
    Ok(match (value, ty) {
        (Value::Null, _) => Json::Null,
        (Value::Bool(value), Type::Bool) => Json::Bool(*value),
        (Value::Dynamic(typed), Type::Dynamic) => {
            let (ty, value) = &**typed;
            let typed = [("type", ty.json()), ("value", write(value, ty)?)];
            Json::Object(
                typed
                    .map(|(key, json)| (key.to_owned(), json))
                    .into_iter()
                    .collect(),
            )
        }
        // The text of an infinity is no JSON.
        (Value::Number(number), Type::Number) => serde_json::from_str(&number.to_string())
            .map(Json::Number)
            .map_err(|_| EncodeError::new("a finite number"))?,
        (Value::String(text), Type::String) => Json::String(text.clone()),
        (Value::List(elements), Type::List(ty)) => {
            let elements = elements.iter().enumerate().map(|(position, element)| {
                write(element, ty).map_err(|error| error.within(Step::position(position)))
            });
            Json::Array(elements.collect::<Result<_, _>>()?)
        }
        (Value::List(elements), Type::Set(ty)) => {
            let elements = elements.iter().zip(repeats(elements));
            let elements = elements.filter(|(_, repeat)| !repeat);
            let elements = elements.map(|(element, _)| write(element, ty));
            Json::Array(elements.collect::<Result<_, _>>()?)
        }
        (Value::List(elements), Type::Tuple(types)) if elements.len() == types.len() => {
            let elements = elements.iter().zip(types).enumerate();
            let elements = elements.map(|(position, (element, ty))| {
                write(element, ty).map_err(|error| error.within(Step::position(position)))
            });
            Json::Array(elements.collect::<Result<_, _>>()?)
        }
        (Value::Map(entries), Type::Map(ty)) => {
            let entries = entries.iter().map(|(key, value)| {
                let json =
                    write(value, ty).map_err(|error| error.within(Step::Key(key.clone())))?;
                Ok((key.clone(), json))
            });
            Json::Object(entries.collect::<Result<_, _>>()?)
        }
        (Value::Map(values), Type::Object(attributes)) => write_object(values, attributes)?,
        (Value::Unknown, _) => return Err(EncodeError::new("a known value")),
        _ => return Err(EncodeError::new(ty.to_string())),
    })
}

fn write_object(
    values: &BTreeMap<String, Value>,
    attributes: &BTreeMap<String, Type>,
) -> Result<Json, EncodeError> {
    let at = |name: &String| Step::Attribute(name.clone());
    if let Some(name) = values.keys().find(|name| !attributes.contains_key(*name)) {
        return Err(EncodeError::new("no such attribute").within(at(name)));
    }
    let attributes = attributes.iter().map(|(name, ty)| {
        let value = values.get(name).unwrap_or(&Value::Null);
        let json = write(value, ty).map_err(|error| error.within(at(name)))?;
        Ok((name.clone(), json))
    });
    Ok(Json::Object(attributes.collect::<Result<_, _>>()?))
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
            let told = encode(&Value::List(vec![element]), &ty).map_err(|error| error.to_string());
            assert_eq!(told, Err(error.to_owned()));
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
        let error =
            decode(br#"{"a":"s3cr3t"}"#, &object(), Unlisted::Ignore).expect_err("no number");
        assert_eq!(error.to_string(), "a: expected number");
        let error = decode(b"{s3cr3t", &object(), Unlisted::Ignore).expect_err("no JSON");
        assert_eq!(error.to_string(), "expected JSON");
    }

    proptest! {
        #[test]
        fn values_survive((ty, value) in testing::typed_values(false)) {
            let bytes = encode(&value, &ty).expect("a value of the type");
            prop_assert_eq!(decode(&bytes, &ty, Unlisted::Reject).expect("what was written"), value);
        }

        /// Random bytes are seldom JSON; broken JSON of a value gets anywhere.
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
                prop_assert_eq!(decode(&again, &ty, Unlisted::Reject).expect("what was written"), value);
            }
        }

        #[test]
        fn no_bytes_panic(bytes: Vec<u8>, (ty, _) in testing::typed_values(false)) {
            let _ = decode(&bytes, &ty, Unlisted::Ignore);
            let _ = Type::from_json(&bytes);
        }
    }
}
