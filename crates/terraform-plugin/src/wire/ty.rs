//! The types of values, as Terraform names them.

use std::collections::BTreeMap;
use std::fmt;

use serde_json::{Value as Json, json};

/// A type that a value or an attribute can have in Terraform.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Type {
    /// The type of `true` and `false`.
    Bool,
    /// Any type. Each value brings the one that it has.
    Dynamic,
    /// Any number of elements of one type, in order.
    List(Box<Type>),
    /// Any number of values of one type, each under a string as its key.
    Map(Box<Type>),
    /// A decimal number of any size and precision.
    Number,
    /// Named attributes, each with its own type.
    Object(BTreeMap<String, Type>),
    /// Any number of elements of one type, without an order and without duplicates.
    Set(Box<Type>),
    /// A text of Unicode characters.
    String,
    /// A fixed number of elements, each with its own type.
    Tuple(Vec<Type>),
}

/// How many levels deep types and values may nest. No schema comes near it. The limit keeps a value
/// that was made to nest deeply from exhausting the stack.
pub(super) const MAX_DEPTH: usize = 100;

impl Type {
    /// The type in JSON, as Terraform writes it, such as `"string"`, `["list","string"]` or
    /// `["object",{"a":"bool"}]`.
    pub fn to_json(&self) -> Vec<u8> {
        self.json().to_string().into_bytes()
    }

    /// Reads what [`Type::to_json`] writes. Gives `None` for what is not a type, or nests too deep.
    pub fn from_json(bytes: &[u8]) -> Option<Self> {
        Self::from_parsed(&serde_json::from_slice(bytes).ok()?)
    }

    /// Does what [`Type::from_json`] does, with JSON that is parsed already.
    pub(super) fn from_parsed(json: &Json) -> Option<Self> {
        Self::read(json, MAX_DEPTH)
    }

    /// Does what [`Type::to_json`] does, for a part of other JSON.
    pub(super) fn json(&self) -> Json {
        match self {
            Self::Bool => json!("bool"),
            Self::Dynamic => json!("dynamic"),
            Self::List(element) => json!(["list", element.json()]),
            Self::Map(element) => json!(["map", element.json()]),
            Self::Number => json!("number"),
            Self::Object(attributes) => {
                let attributes = attributes
                    .iter()
                    .map(|(name, ty)| (name.clone(), ty.json()));
                json!(["object", attributes.collect::<serde_json::Map<_, _>>()])
            }
            Self::Set(element) => json!(["set", element.json()]),
            Self::String => json!("string"),
            Self::Tuple(elements) => {
                json!(["tuple", elements.iter().map(Self::json).collect::<Vec<_>>()])
            }
        }
    }

    fn read(json: &Json, depth: usize) -> Option<Self> {
        let depth = depth.checked_sub(1)?;
        let element = |json| Some(Box::new(Self::read(json, depth)?));
        let parts = match json {
            Json::String(name) => return Self::primitive(name),
            Json::Array(parts) => parts.as_slice(),
            _ => return None,
        };
        let [Json::String(kind), of] = parts else {
            return None;
        };
        Some(match (kind.as_str(), of) {
            ("list", of) => Self::List(element(of)?),
            ("map", of) => Self::Map(element(of)?),
            ("set", of) => Self::Set(element(of)?),
            ("object", Json::Object(attributes)) => {
                let attributes = attributes.iter();
                Self::Object(
                    attributes
                        .map(|(name, ty)| Some((name.clone(), Self::read(ty, depth)?)))
                        .collect::<Option<_>>()?,
                )
            }
            ("tuple", Json::Array(elements)) => Self::Tuple(
                elements
                    .iter()
                    .map(|ty| Self::read(ty, depth))
                    .collect::<Option<_>>()?,
            ),
            _ => return None,
        })
    }

    fn primitive(name: &str) -> Option<Self> {
        Some(match name {
            "bool" => Self::Bool,
            "dynamic" => Self::Dynamic,
            "number" => Self::Number,
            "string" => Self::String,
            _ => return None,
        })
    }
}

/// Writes the type as a message names it, such as `list of string`.
impl fmt::Display for Type {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Bool => f.write_str("bool"),
            Self::Dynamic => f.write_str("any type"),
            Self::List(element) => write!(f, "list of {element}"),
            Self::Map(element) => write!(f, "map of {element}"),
            Self::Number => f.write_str("number"),
            Self::Object(_) => f.write_str("object"),
            Self::Set(element) => write!(f, "set of {element}"),
            Self::String => f.write_str("string"),
            Self::Tuple(_) => f.write_str("tuple"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn types_are_written_as_terraform_writes_them() {
        let object = Type::Object([("a".to_owned(), Type::Bool)].into_iter().collect());
        let ty = Type::Tuple(vec![Type::List(Box::new(Type::String)), object]);
        assert_eq!(
            ty.to_json(),
            br#"["tuple",[["list","string"],["object",{"a":"bool"}]]]"#
        );
        assert_eq!(Type::from_json(&ty.to_json()), Some(ty));
    }

    #[test]
    fn what_is_no_type_is_refused() {
        let deep = format!("{}\"string\"{}", "[\"list\",".repeat(120), "]".repeat(120));
        for text in [
            "",
            "1",
            "\"text\"",
            "[\"list\"]",
            "[\"object\",{},[]]",
            "[\"map\",\"x\"]",
            &deep,
        ] {
            assert_eq!(Type::from_json(text.as_bytes()), None, "{text}");
        }
    }
}
