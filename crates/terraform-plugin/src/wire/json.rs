//! Values in JSON, as state files hold them. Numbers keep all their digits.

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
    /// It is dropped: stored state may have attributes that the schema no longer has.
    Ignore,
    /// The value is refused.
    Reject,
}

/// A stored object of a provider like this one takes a few KiB. Parsed, text of this size needs up
/// to forty times as much.
const MAX_SIZE: usize = 1 << 20;

/// Reads a value of type `ty`. Attributes that are missing are null.
///
/// # Errors
///
/// If the bytes are not the JSON of such a value, are more than 1 MiB, or nest deeper than 128
/// levels, which is the limit of the parser.
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
/// If the value does not have the type, or holds an unknown value or an infinity, for which JSON
/// has no form.
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
                // The path of an error gets no step here, since an element of a set has no address.
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

    /// Reads a value of a dynamically typed attribute: an object with its type and the value.
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

/// Converts a value into JSON.
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
        // This fails only for an infinity, whose text is not a number in JSON.
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
mod tests;
