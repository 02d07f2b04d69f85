//! Values in MessagePack, as Terraform writes them.
//!
//! MessagePack does not tell a map from an object, so a value is read and written by its type. An
//! object has exactly the attributes of its type. An extension in the place of a value means that
//! the value is unknown; its content, which may narrow down what the value will be, is not used.
//!
//! The bytes that are read may be wrong in any way. A length is checked against the bytes that are
//! there, and no key may stand twice. The type bounds the depth of nesting.

use std::collections::BTreeMap;

use rmp::decode;
use rmp::encode::{self, ByteBuf};

use super::path::{PathStep, ValueError};
use super::ty::Type;
use super::value::Value;

/// The extension that stands for an unknown value: of type 0, with one byte of content, which is 0.
const UNKNOWN: [u8; 3] = [0xd4, 0x00, 0x00];

/// Reads one value of type `ty`.
///
/// # Errors
///
/// If the bytes are not exactly one such value.
pub fn decode(mut bytes: &[u8], ty: &Type) -> Result<Value, ValueError> {
    let value = read(&mut bytes, ty)?;
    match bytes.is_empty() {
        true => Ok(value),
        false => Err(ValueError::new("nothing after the value")),
    }
}

/// Writes a value of type `ty`.
///
/// # Errors
///
/// If the value does not have the type.
pub fn encode(value: &Value, ty: &Type) -> Result<Vec<u8>, ValueError> {
    let mut out = ByteBuf::new();
    write(&mut out, value, ty)?;
    Ok(out.into_vec())
}

/// Reads one value from the beginning of `rest`, and leaves there what follows it.
fn read(rest: &mut &[u8], ty: &Type) -> Result<Value, ValueError> {
    let misfit = || ValueError::new(ty.to_string());
    let mut after = *rest;
    if decode::read_nil(&mut after).is_ok() {
        *rest = after;
        return Ok(Value::Null);
    }
    let mut after = *rest;
    if let Ok(extension) = decode::read_ext_meta(&mut after) {
        let size = usize::try_from(extension.size).unwrap_or(usize::MAX);
        *rest = after.get(size..).ok_or_else(misfit)?;
        return Ok(Value::Unknown);
    }
    Ok(match ty {
        Type::Bool => Value::Bool(decode::read_bool(rest).map_err(|_| misfit())?),
        Type::String => Value::String(read_text(rest)?),
        Type::List(element) => {
            let length = decode::read_array_len(rest).map_err(|_| misfit())?;
            // Collecting results reserves no memory for a length that is forged: the iterator's
            // lower bound is zero, because it ends at the first error.
            let elements = (0..length as usize).map(|position| {
                read(rest, element).map_err(|error| error.within(PathStep::Index(position)))
            });
            Value::List(elements.collect::<Result<_, _>>()?)
        }
        Type::Map(element) => {
            let length = decode::read_map_len(rest).map_err(|_| misfit())?;
            read_entries(rest, length, |_| Some(element), PathStep::Key)?
        }
        Type::Object(attributes) => {
            let length = decode::read_map_len(rest).map_err(|_| misfit())?;
            let count = attributes.len();
            if length as usize != count {
                return Err(ValueError::new(format!("an object of {count} attributes")));
            }
            read_entries(
                rest,
                length,
                |name| attributes.get(name),
                PathStep::Attribute,
            )?
        }
    })
}

/// Reads the entries of a map or the attributes of an object. `type_of` gives the type of each.
fn read_entries<'t>(
    rest: &mut &[u8],
    length: u32,
    type_of: impl Fn(&str) -> Option<&'t Type>,
    step: fn(String) -> PathStep,
) -> Result<Value, ValueError> {
    let mut entries = BTreeMap::new();
    for _ in 0..length {
        let key = read_text(rest)?;
        // The error does not name the key. These bytes may be anything, even a secret value.
        let ty = type_of(&key).ok_or_else(|| ValueError::new("only attributes of the schema"))?;
        let value = read(rest, ty).map_err(|error| error.within(step(key.clone())))?;
        if entries.insert(key, value).is_some() {
            return Err(ValueError::new("each key once"));
        }
    }
    Ok(Value::Map(entries))
}

fn read_text(rest: &mut &[u8]) -> Result<String, ValueError> {
    let misfit = || ValueError::new(Type::String.to_string());
    let length = decode::read_str_len(rest).map_err(|_| misfit())? as usize;
    let (text, after) = rest.split_at_checked(length).ok_or_else(misfit)?;
    *rest = after;
    let text = std::str::from_utf8(text).map_err(|_| ValueError::new("UTF-8 text"))?;
    Ok(text.to_owned())
}

/// Writes one value of type `ty`. Writing into memory cannot fail, which the type of the buffer's
/// errors says; hence the patterns `let Ok(…)`.
fn write(out: &mut ByteBuf, value: &Value, ty: &Type) -> Result<(), ValueError> {
    match (value, ty) {
        (Value::Null, _) => {
            let Ok(()) = encode::write_nil(out);
        }
        (Value::Unknown, _) => out.as_mut_vec().extend(UNKNOWN),
        (Value::Bool(value), Type::Bool) => {
            let Ok(()) = encode::write_bool(out, *value);
        }
        (Value::String(text), Type::String) => {
            let Ok(()) = encode::write_str(out, text);
        }
        (Value::List(elements), Type::List(ty)) => {
            let Ok(_) = encode::write_array_len(out, length(elements.len())?);
            for (position, element) in elements.iter().enumerate() {
                write(out, element, ty).map_err(|error| error.within(PathStep::Index(position)))?;
            }
        }
        (Value::Map(entries), Type::Map(ty)) => {
            let Ok(_) = encode::write_map_len(out, length(entries.len())?);
            for (key, element) in entries {
                let Ok(()) = encode::write_str(out, key);
                write(out, element, ty)
                    .map_err(|error| error.within(PathStep::Key(key.clone())))?;
            }
        }
        (Value::Map(values), Type::Object(attributes)) => {
            if let Some(name) = values.keys().find(|name| !attributes.contains_key(*name)) {
                let step = PathStep::Attribute(name.clone());
                return Err(ValueError::new("no such attribute").within(step));
            }
            let Ok(_) = encode::write_map_len(out, length(attributes.len())?);
            for (name, ty) in attributes {
                let at = |error: ValueError| error.within(PathStep::Attribute(name.clone()));
                let value = values.get(name);
                let value = value.ok_or_else(|| at(ValueError::new("a value, at least null")))?;
                let Ok(()) = encode::write_str(out, name);
                write(out, value, ty).map_err(at)?;
            }
        }
        _ => return Err(ValueError::new(ty.to_string())),
    }
    Ok(())
}

/// The count of elements as MessagePack writes it, which has 32 bits for it.
fn length(count: usize) -> Result<u32, ValueError> {
    u32::try_from(count).map_err(|_| ValueError::new("fewer elements"))
}
