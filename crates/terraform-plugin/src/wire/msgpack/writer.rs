//! Writes values as MessagePack, in the forms that Terraform itself writes.

use std::collections::BTreeMap;

use rmp::encode::{self, ByteBuf};

use super::super::error::EncodeError;
use super::super::number::Number;
use super::super::path::Step;
use super::super::ty::Type;
use super::super::value::{Value, repeats};

/// The extension that stands for an unknown value: of type 0, with one byte of content, which is 0.
const UNKNOWN: [u8; 3] = [0xd4, 0x00, 0x00];

/// Writes one value of type `ty`. Writing into memory cannot fail, which the type of the buffer's
/// errors says; hence the patterns `let Ok(…)`.
pub(super) fn write(out: &mut ByteBuf, value: &Value, ty: &Type) -> Result<(), EncodeError> {
    match (value, ty) {
        (Value::Null, _) => {
            let Ok(()) = encode::write_nil(out);
        }
        (Value::Unknown, _) => out.as_mut_vec().extend(UNKNOWN),
        (Value::Dynamic(typed), Type::Dynamic) => {
            let (ty, value) = &**typed;
            let Ok(_) = encode::write_array_len(out, 2);
            let Ok(()) = encode::write_bin(out, &ty.to_json());
            write(out, value, ty)?;
        }
        (Value::Bool(value), Type::Bool) => {
            let Ok(()) = encode::write_bool(out, *value);
        }
        (Value::Number(number), Type::Number) => write_number(out, number),
        (Value::String(text), Type::String) => {
            let Ok(()) = encode::write_str(out, text);
        }
        (Value::List(elements), Type::List(ty)) => {
            let Ok(_) = encode::write_array_len(out, length(elements.len())?);
            for (position, element) in elements.iter().enumerate() {
                write(out, element, ty).map_err(|error| error.within(Step::position(position)))?;
            }
        }
        (Value::List(elements), Type::Set(ty)) => {
            let repeats = repeats(elements);
            let count = repeats.iter().filter(|repeat| !**repeat).count();
            let Ok(_) = encode::write_array_len(out, length(count)?);
            for (element, _) in elements.iter().zip(repeats).filter(|(_, repeat)| !repeat) {
                // The path of an error gets no step here, since an element of a set has no address.
                write(out, element, ty)?;
            }
        }
        (Value::List(elements), Type::Tuple(types)) if elements.len() == types.len() => {
            let Ok(_) = encode::write_array_len(out, length(elements.len())?);
            for (position, (element, ty)) in elements.iter().zip(types).enumerate() {
                write(out, element, ty).map_err(|error| error.within(Step::position(position)))?;
            }
        }
        (Value::Map(entries), Type::Map(ty)) => {
            let Ok(_) = encode::write_map_len(out, length(entries.len())?);
            for (key, element) in entries {
                let Ok(()) = encode::write_str(out, key);
                write(out, element, ty).map_err(|error| error.within(Step::Key(key.clone())))?;
            }
        }
        (Value::Map(values), Type::Object(attributes)) => write_object(out, values, attributes)?,
        _ => return Err(EncodeError::new(ty.to_string())),
    }
    Ok(())
}

fn write_object(
    out: &mut ByteBuf,
    values: &BTreeMap<String, Value>,
    attributes: &BTreeMap<String, Type>,
) -> Result<(), EncodeError> {
    let at = |name: &String| Step::Attribute(name.clone());
    if let Some(name) = values.keys().find(|name| !attributes.contains_key(*name)) {
        return Err(EncodeError::new("no such attribute").within(at(name)));
    }
    let Ok(_) = encode::write_map_len(out, length(attributes.len())?);
    for (name, ty) in attributes {
        let Some(value) = values.get(name) else {
            return Err(EncodeError::new("a value, at least null").within(at(name)));
        };
        let Ok(()) = encode::write_str(out, name);
        write(out, value, ty).map_err(|error| error.within(at(name)))?;
    }
    Ok(())
}

/// Writes a number without rounding it: an integer of 64 bits as such, a fraction that a float
/// holds exactly as a float, and any other number as decimal text.
fn write_number(out: &mut ByteBuf, number: &Number) {
    if let Some(integer) = number.as_i64() {
        let Ok(_) = encode::write_sint(out, integer);
    } else if let Some(float) = number
        .as_f64()
        .filter(|float| float.fract() != 0.0 || float.is_infinite())
    {
        let Ok(()) = encode::write_f64(out, float);
    } else {
        let Ok(()) = encode::write_str(out, &number.to_string());
    }
}

/// The count of elements as MessagePack writes it, which has 32 bits for it.
fn length(count: usize) -> Result<u32, EncodeError> {
    u32::try_from(count).map_err(|_| EncodeError::new("fewer elements"))
}
