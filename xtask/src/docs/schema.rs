//! Reads fields of the schema that the CLI prints as JSON. It leaves out flags that are not set.

use serde_json::Value;

/// Whether a flag of an attribute, such as `required`, is set.
pub(super) fn flag(attribute: &Value, name: &str) -> bool {
    attribute[name].as_bool().unwrap_or(false)
}

/// The text in a field, or an empty one if there is none.
pub(super) fn text(value: &Value, name: &str) -> String {
    value[name].as_str().unwrap_or_default().to_owned()
}
