//! To MessagePack.

use rmp::encode::{self, ByteBuf};

use super::super::error::EncodeError;
use super::super::number::Number;
use super::super::path::Path;
use super::super::ty::Type;
use super::super::value::{Value, dedup};

/// The extension that stands for an unknown value of which nothing is known.
const UNKNOWN: [u8; 3] = [0xd4, 0x00, 0x00];

pub(super) fn write(
    out: &mut ByteBuf,
    value: &Value,
    ty: &Type,
    path: &Path,
) -> Result<(), EncodeError> {
    let length =
        |count: usize| u32::try_from(count).map_err(|_| EncodeError::new(path, "fewer elements"));
    match (value, ty) {
        (Value::Null, _) => {
            let Ok(()) = encode::write_nil(out);
        }
        (Value::Unknown, _) => out.as_mut_vec().extend(UNKNOWN),
        (Value::Dynamic(typed), Type::Dynamic) => {
            let (ty, value) = &**typed;
            let Ok(_) = encode::write_array_len(out, 2);
            let Ok(()) = encode::write_bin(out, &ty.to_json());
            write(out, value, ty, path)?;
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
                write(out, element, ty, &path.index(position))?;
            }
        }
        (Value::List(elements), Type::Set(ty)) => {
            let mut elements = elements.clone();
            dedup(&mut elements);
            let Ok(_) = encode::write_array_len(out, length(elements.len())?);
            for element in &elements {
                write(out, element, ty, path)?;
            }
        }
        (Value::List(elements), Type::Tuple(types)) if elements.len() == types.len() => {
            let Ok(_) = encode::write_array_len(out, length(elements.len())?);
            for (position, (element, ty)) in elements.iter().zip(types).enumerate() {
                write(out, element, ty, &path.index(position))?;
            }
        }
        (Value::Map(entries), Type::Map(ty)) => {
            let Ok(_) = encode::write_map_len(out, length(entries.len())?);
            for (key, element) in entries {
                let Ok(()) = encode::write_str(out, key);
                write(out, element, ty, &path.key(key))?;
            }
        }
        (Value::Map(values), Type::Object(attributes)) if values.len() == attributes.len() => {
            let Ok(_) = encode::write_map_len(out, length(values.len())?);
            for (name, value) in values {
                let ty = attributes
                    .get(name)
                    .ok_or_else(|| EncodeError::new(path, "only attributes of the schema"))?;
                let Ok(()) = encode::write_str(out, name);
                write(out, value, ty, &path.attribute(name))?;
            }
        }
        _ => return Err(EncodeError::new(path, ty.to_string())),
    }
    Ok(())
}

/// Integers as integers, fractions that a float holds exactly as a float, the rest as decimal text: nothing is rounded.
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
