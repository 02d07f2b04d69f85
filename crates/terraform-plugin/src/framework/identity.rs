//! The identity of an object, which tells it from all others for as long as it exists: the attributes
//! that [identify](super::schema::Attribute::identifies) it, with the values of its state.

use std::collections::BTreeMap;

use crate::wire::diagnostic::{Diagnostic, Diagnostics};
use crate::wire::path::Path;
use crate::wire::ty::Type;
use crate::wire::value::Value;

use super::schema::{Attribute, Schema};

/// The attributes of the identity, in the order of the schema.
fn parts(schema: &Schema) -> impl Iterator<Item = &Attribute> {
    let attributes = schema.attributes.iter();
    attributes.filter(|attribute| attribute.identity.is_some())
}

/// The type of the identity.
pub(crate) fn ty(schema: &Schema) -> Type {
    Type::Object(
        parts(schema)
            .map(|it| (it.name.to_owned(), it.ty()))
            .collect(),
    )
}

/// The identity of the object with this planned or stored state; null if there is no object. Parts
/// that are not known yet are unknown.
pub(crate) fn of_state(schema: &Schema, state: &Value) -> Value {
    let Some(values) = state.attributes() else {
        return Value::Null;
    };
    let value = |name: &str| values.get(name).cloned().unwrap_or_default();
    Value::Map(
        parts(schema)
            .map(|it| (it.name.to_owned(), value(it.name)))
            .collect(),
    )
}

/// The state that has this identity and nothing else.
///
/// # Errors
///
/// If the identity lacks a part, all of which an import by identity has to give.
pub(crate) fn to_state(
    schema: &Schema,
    identity: &BTreeMap<String, Value>,
) -> Result<Value, Diagnostics> {
    let given = |name: &str| {
        let value = identity.get(name);
        value.filter(|value| !value.is_null() && value.is_wholly_known())
    };
    let missing = parts(schema).filter(|part| given(part.name).is_none());
    let missing: Diagnostics = missing
        .map(|Attribute { name, .. }| {
            let advice = "Add it to the identity of the import block.";
            Diagnostic::error(
                "Incomplete Identity",
                format!("The identity needs {name}. {advice}"),
            )
            .at(Path::root().attribute(*name))
        })
        .collect();
    if !missing.is_empty() {
        return Err(missing);
    }
    let names = schema.attributes.iter().map(|attribute| attribute.name);
    let value = |name| (String::from(name), given(name).cloned().unwrap_or_default());
    Ok(Value::Map(names.map(value).collect()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::diagnostic::has_errors;

    fn schema() -> Schema {
        Schema {
            attributes: vec![
                Attribute::string("space").required().identifies(""),
                Attribute::string("id").computed(),
            ],
            ..Schema::default()
        }
    }

    #[test]
    fn an_identity_must_be_complete() {
        let state = |values: &[Value]| {
            let values = values
                .iter()
                .map(|value| ("space".to_owned(), value.clone()));
            to_state(&schema(), &values.collect())
        };
        let expected = Value::object([("space", "a".into()), ("id", Value::Null)]);
        assert_eq!(state(&["a".into()]), Ok(expected));
        for incomplete in [&[Value::Null][..], &[Value::Unknown], &[]] {
            assert!(state(incomplete).is_err_and(|errors| has_errors(&errors)));
        }
    }

    #[test]
    fn an_identity_is_a_part_of_the_state() {
        let state = Value::object([("space", "a".into()), ("id", "1".into())]);
        let identity = of_state(&schema(), &state);
        assert_eq!(identity, Value::object([("space", "a".into())]));
        assert_eq!(ty(&schema()).to_json(), br#"["object",{"space":"string"}]"#);
        assert_eq!(of_state(&schema(), &Value::Null), Value::Null);
    }
}
