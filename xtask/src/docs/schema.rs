//! Reads fields of the schema that the CLI prints as JSON. The CLI omits flags that are not set.

use serde_json::{Map, Value};

/// Whether a flag of an attribute, such as `required`, is set.
pub(crate) fn flag(attribute: &Value, name: &str) -> bool {
    attribute[name].as_bool().unwrap_or(false)
}

/// The text of a field, or an empty text if the field is missing.
pub(crate) fn text(value: &Value, name: &str) -> String {
    value[name].as_str().unwrap_or_default().to_owned()
}

/// The attributes of a block and its nested blocks, which are optional.
pub(crate) fn members(block: &Value) -> Map<String, Value> {
    let mut members = object(&block["attributes"]);
    for (name, mut nested) in object(&block["block_types"]) {
        nested["optional"] = true.into();
        nested["description"] = nested["block"]["description"].clone();
        members.insert(name, nested);
    }
    members
}

/// Whether a member of a block, as returned by [`members`], is a block.
pub(crate) fn is_block(member: &Value) -> bool {
    member["block"].is_object()
}

/// The fields of an object, or none if the value is not an object.
pub(crate) fn object(value: &Value) -> Map<String, Value> {
    value.as_object().cloned().unwrap_or_default()
}
