//! Values in JSON, as state files hold them.

use std::collections::BTreeMap;

use serde_json::Value as Json;

use super::path::{PathStep, ValueError};
use super::ty::Type;
use super::value::Value;

/// A stored object of a provider like this one takes a few KiB. Parsed, text of this size needs up
/// to forty times as much.
const MAX_SIZE: usize = 1 << 20;

/// Reads a value of type `ty`. Attributes that are missing are null, and attributes that the type
/// does not have are dropped: stored state may have some that the schema no longer has.
///
/// # Errors
///
/// If the bytes are not the JSON of such a value, are more than 1 MiB, or nest deeper than 128
/// levels, which is the limit of the parser.
pub fn decode(bytes: &[u8], ty: &Type) -> Result<Value, ValueError> {
    if bytes.len() > MAX_SIZE {
        return Err(ValueError::new("JSON of at most 1 MiB"));
    }
    read(
        serde_json::from_slice(bytes).map_err(|_| ValueError::new("JSON"))?,
        ty,
    )
}

fn read(json: Json, ty: &Type) -> Result<Value, ValueError> {
    Ok(match (ty, json) {
        (_, Json::Null) => Value::Null,
        (Type::Bool, Json::Bool(value)) => Value::Bool(value),
        (Type::String, Json::String(text)) => Value::String(text),
        (Type::List(ty), Json::Array(elements)) => {
            let elements = elements.into_iter().enumerate();
            let elements = elements.map(|(position, json)| {
                read(json, ty).map_err(|error| error.within(PathStep::Index(position)))
            });
            Value::List(elements.collect::<Result<_, _>>()?)
        }
        (Type::Map(ty), Json::Object(entries)) => {
            let entries = entries.into_iter().map(|(key, json)| match read(json, ty) {
                Ok(value) => Ok((key, value)),
                Err(error) => Err(error.within(PathStep::Key(key))),
            });
            Value::Map(entries.collect::<Result<_, _>>()?)
        }
        (Type::Object(attributes), Json::Object(mut values)) => {
            let attributes = attributes.iter().map(|(name, ty)| {
                let json = values.remove(name).unwrap_or_default();
                let value = read(json, ty);
                let value =
                    value.map_err(|error| error.within(PathStep::Attribute(name.clone())))?;
                Ok((name.clone(), value))
            });
            Value::Map(attributes.collect::<Result<BTreeMap<_, _>, _>>()?)
        }
        _ => return Err(ValueError::new(ty.to_string())),
    })
}
