//! Values, without their types: a schema or a [`Type`] says how to read them.

use std::collections::BTreeMap;

use super::number::Number;
use super::path::Path;
use super::ty::Type;

/// One value of a configuration, plan or state.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Value {
    /// `true` or `false`.
    Bool(bool),
    /// A value of a dynamically typed attribute, with the type it brought.
    Dynamic(Box<(Type, Value)>),
    /// The elements of a list, set or tuple.
    List(Vec<Value>),
    /// The entries of a map, or the attributes of an object.
    Map(BTreeMap<String, Value>),
    /// Absent.
    #[default]
    Null,
    /// An exact decimal number.
    Number(Number),
    /// Text.
    String(String),
    /// To be known only during apply.
    Unknown,
}

impl Value {
    /// Whether it is absent.
    pub fn is_null(&self) -> bool {
        matches!(self, Self::Null)
    }

    /// Whether it is, as a whole, to be known only during apply.
    pub fn is_unknown(&self) -> bool {
        matches!(self, Self::Unknown)
    }

    /// Whether it is an object or a map, present and known as a whole.
    pub fn is_object(&self) -> bool {
        matches!(self, Self::Map(_))
    }

    /// Whether nothing in it is unknown.
    pub fn is_wholly_known(&self) -> bool {
        match self {
            Self::Dynamic(typed) => typed.1.is_wholly_known(),
            Self::List(elements) => elements.iter().all(Self::is_wholly_known),
            Self::Map(entries) => entries.values().all(Self::is_wholly_known),
            Self::Unknown => false,
            Self::Bool(_) | Self::Null | Self::Number(_) | Self::String(_) => true,
        }
    }

    /// Where in an object it is unknown.
    pub fn unknown_paths(&self) -> Vec<Path> {
        let mut found = Vec::new();
        self.collect_unknown(&Path::root(), &mut found);
        found
    }

    /// The same with null in place of everything unknown.
    #[must_use]
    pub fn with_unknowns_as_null(self) -> Self {
        match self {
            Self::Dynamic(typed) => {
                let (ty, value) = *typed;
                Self::Dynamic(Box::new((ty, value.with_unknowns_as_null())))
            }
            Self::List(elements) => Self::List(
                elements
                    .into_iter()
                    .map(Self::with_unknowns_as_null)
                    .collect(),
            ),
            Self::Map(entries) => Self::Map(
                entries
                    .into_iter()
                    .map(|(key, value)| (key, value.with_unknowns_as_null()))
                    .collect(),
            ),
            Self::Unknown => Self::Null,
            known => known,
        }
    }

    /// The text, if it is text.
    pub fn as_str(&self) -> Option<&str> {
        match self {
            Self::String(text) => Some(text),
            _ => None,
        }
    }

    fn collect_unknown(&self, path: &Path, found: &mut Vec<Path>) {
        match self {
            Self::Unknown => found.push(path.clone()),
            Self::Dynamic(typed) => typed.1.collect_unknown(path, found),
            Self::List(elements) => {
                for (position, element) in elements.iter().enumerate() {
                    element.collect_unknown(&path.index(position), found);
                }
            }
            Self::Map(entries) => {
                for (name, value) in entries {
                    value.collect_unknown(&path.attribute(name), found);
                }
            }
            Self::Bool(_) | Self::Null | Self::Number(_) | Self::String(_) => {}
        }
    }
}

impl From<bool> for Value {
    fn from(value: bool) -> Self {
        Self::Bool(value)
    }
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Self::String(text.to_owned())
    }
}

impl From<String> for Value {
    fn from(text: String) -> Self {
        Self::String(text)
    }
}

impl From<Number> for Value {
    fn from(number: Number) -> Self {
        Self::Number(number)
    }
}

/// Removes all but the first of equal elements: a set holds each once.
pub(super) fn dedup(elements: &mut Vec<Value>) {
    let mut kept: Vec<Value> = Vec::with_capacity(elements.len());
    for element in elements.drain(..) {
        // What is unknown may turn out different from what else is unknown.
        if !element.is_wholly_known() || !kept.contains(&element) {
            kept.push(element);
        }
    }
    *elements = kept;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_unknown_is_found_and_can_be_nulled() {
        let inner = Value::List(vec!["a".into(), Value::Unknown]);
        let value = Value::Map(
            [("x".to_owned(), inner), ("y".to_owned(), Value::Null)]
                .into_iter()
                .collect(),
        );
        assert!(!value.is_wholly_known());
        assert_eq!(
            value.unknown_paths(),
            [Path::root().attribute("x").index(1)]
        );
        let nulled = value.with_unknowns_as_null();
        assert!(nulled.is_wholly_known());
        assert_eq!(nulled.unknown_paths(), []);
    }
}
