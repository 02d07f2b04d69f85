//! Reads fields of the schema that the CLI prints as JSON. It leaves out flags that are not set.

use serde_json::{Map, Value};

/// Whether a flag of an attribute, such as `required`, is set.
pub(super) fn flag(attribute: &Value, name: &str) -> bool {
    attribute[name].as_bool().unwrap_or(false)
}

/// The text in a field, or an empty one if there is none.
pub(super) fn text(value: &Value, name: &str) -> String {
    value[name].as_str().unwrap_or_default().to_owned()
}

/// The attributes of a block, and the blocks in it, which are optional.
pub(super) fn members(block: &Value) -> Map<String, Value> {
    let mut members = object(&block["attributes"]);
    for (name, mut nested) in object(&block["block_types"]) {
        nested["optional"] = true.into();
        nested["description"] = nested["block"]["description"].clone();
        members.insert(name, nested);
    }
    members
}

/// Whether one of the [`members`] of a block is a block.
pub(super) fn is_block(member: &Value) -> bool {
    member["block"].is_object()
}

/// The fields of an object, or none if there is no object.
pub(super) fn object(value: &Value) -> Map<String, Value> {
    value.as_object().cloned().unwrap_or_default()
}
