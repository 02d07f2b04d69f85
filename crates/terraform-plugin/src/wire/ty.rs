//! The types of values, as Terraform names them.

use std::collections::BTreeMap;
use std::fmt;

use serde_json::{Value as Json, json};

/// The type of a value or an attribute.
///
/// Terraform also has numbers, sets, tuples and dynamically typed values. They are left out until a
/// resource needs one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Type {
    /// The type of `true` and `false`.
    Bool,
    /// Any number of elements of one type, in order.
    List(Box<Type>),
    /// Any number of values of one type, each under a string as its key.
    Map(Box<Type>),
    /// Named attributes, each with its own type.
    Object(BTreeMap<String, Type>),
    /// A text of Unicode characters.
    String,
}

impl Type {
    /// The type in JSON, as Terraform reads it, such as `"string"`, `["list","string"]` or
    /// `["object",{"a":"bool"}]`.
    pub fn to_json(&self) -> Vec<u8> {
        self.json().to_string().into_bytes()
    }

    fn json(&self) -> Json {
        match self {
            Self::Bool => json!("bool"),
            Self::List(element) => json!(["list", element.json()]),
            Self::Map(element) => json!(["map", element.json()]),
            Self::Object(attributes) => {
                let attributes = attributes.iter();
                let attributes = attributes.map(|(name, ty)| (name.clone(), ty.json()));
                json!(["object", attributes.collect::<serde_json::Map<_, _>>()])
            }
            Self::String => json!("string"),
        }
    }
}

/// Writes the type as a message names it, such as `list of string`.
impl fmt::Display for Type {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Bool => f.write_str("bool"),
            Self::List(element) => write!(f, "list of {element}"),
            Self::Map(element) => write!(f, "map of {element}"),
            Self::Object(_) => f.write_str("object"),
            Self::String => f.write_str("string"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn types_are_written_as_terraform_reads_them() {
        let attributes = [
            ("a".to_owned(), Type::Map(Box::new(Type::Bool))),
            ("b".to_owned(), Type::String),
        ];
        let ty = Type::List(Box::new(Type::Object(attributes.into())));
        assert_eq!(
            ty.to_json(),
            br#"["list",["object",{"a":["map","bool"],"b":"string"}]]"#
        );
        assert_eq!(ty.to_string(), "list of object");
    }
}
