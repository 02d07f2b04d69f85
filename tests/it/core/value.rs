//! Values as JSON for tests, and as MessagePack for the provider. They are written and read with
//! another library than the provider's, so that no mistake of it is shared.

use rmpv::Value as Packed;
use serde_json::{Map, Number, Value, json};

use super::tfplugin6::DynamicValue;

/// The JSON that stands for an unknown value in what [`encode`] takes and [`decode`] returns.
pub(crate) fn unknown() -> Value {
    json!({ UNKNOWN: true })
}

/// The key of the JSON for an unknown value. No attribute can have this name.
const UNKNOWN: &str = "\u{0}unknown";

/// The extension by which Terraform writes an unknown value: of type 0, with a content that is
/// ignored.
const UNKNOWN_EXTENSION: (i8, [u8; 1]) = (0, [0]);

/// A configuration, state or plan as Terraform would send it.
pub(crate) fn encode(value: &Value) -> DynamicValue {
    let mut msgpack = Vec::new();
    rmpv::encode::write_value(&mut msgpack, &pack(value)).unwrap();
    DynamicValue {
        msgpack,
        json: Vec::new(),
    }
}

/// Reads a value of a response.
pub(crate) fn decode(value: &DynamicValue) -> Value {
    if value.msgpack.is_empty() {
        return serde_json::from_slice(&value.json).unwrap();
    }
    let mut bytes = value.msgpack.as_slice();
    let value = rmpv::decode::read_value(&mut bytes).unwrap();
    assert!(bytes.is_empty(), "bytes after the value");
    unpack(value)
}

fn pack(value: &Value) -> Packed {
    match value {
        Value::Null => Packed::Nil,
        Value::Bool(value) => Packed::Boolean(*value),
        Value::Number(number) => pack_number(number),
        Value::String(text) => text.as_str().into(),
        Value::Array(elements) => Packed::Array(elements.iter().map(pack).collect()),
        Value::Object(_) if *value == unknown() => {
            let (kind, content) = UNKNOWN_EXTENSION;
            Packed::Ext(kind, content.to_vec())
        }
        Value::Object(entries) => Packed::Map(
            entries
                .iter()
                .map(|(key, value)| (key.as_str().into(), pack(value)))
                .collect(),
        ),
    }
}

/// Writes a number as Terraform does: an integer as such, a fraction that a float holds exactly as
/// a float, and any other number as decimal text.
fn pack_number(number: &Number) -> Packed {
    if let Some(integer) = number.as_i64() {
        return integer.into();
    }
    if let Some(integer) = number.as_u64() {
        return integer.into();
    }
    match number.as_f64() {
        Some(float) if float.to_string() == number.to_string() => float.into(),
        _ => number.to_string().into(),
    }
}

fn unpack(value: Packed) -> Value {
    match value {
        Packed::Nil => Value::Null,
        Packed::Boolean(value) => value.into(),
        Packed::Integer(integer) => integer
            .as_i64()
            .map(Value::from)
            .or_else(|| integer.as_u64().map(Value::from))
            .expect("every integer of msgpack has 64 bits"),
        Packed::F32(float) => json!(float),
        Packed::F64(float) => json!(float),
        Packed::String(text) => text.into_str().expect("UTF-8").into(),
        Packed::Binary(bytes) => panic!("Terraform has no binary values: {bytes:?}"),
        Packed::Array(elements) => elements.into_iter().map(unpack).collect(),
        Packed::Map(entries) => {
            let entry = |(key, value)| match unpack(key) {
                Value::String(key) => (key, unpack(value)),
                key => panic!("a key that is not text: {key}"),
            };
            Value::Object(entries.into_iter().map(entry).collect::<Map<_, _>>())
        }
        Packed::Ext(..) => unknown(),
    }
}

#[test]
fn values_come_back_as_they_were_sent() {
    let value = json!({
        "null": null, "bool": true, "text": "é", "whole": -7,
        "large": 18_446_744_073_709_551_615_u64, "half": 0.5,
        "list": [1, [], {}], "later": unknown(),
    });
    assert_eq!(decode(&encode(&value)), value);
}
