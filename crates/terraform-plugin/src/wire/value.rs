//! Values. A value does not hold its type: the schema tells a map from an object.

use std::collections::BTreeMap;

use super::path::{Path, PathStep};

/// One value of a configuration, plan or state.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Value {
    /// The value `true` or `false`.
    Bool(bool),
    /// The elements of a list.
    List(Vec<Value>),
    /// The entries of a map, or the attributes of an object.
    Map(BTreeMap<String, Value>),
    /// There is no value.
    #[default]
    Null,
    /// A text of Unicode characters.
    String(String),
    /// The value will be known only during apply.
    Unknown,
}

impl Value {
    /// An object with these attributes.
    #[cfg(test)]
    pub(crate) fn object<const N: usize>(attributes: [(&str, Self); N]) -> Self {
        let attributes = attributes.into_iter();
        Self::Map(
            attributes
                .map(|(name, value)| (name.to_owned(), value))
                .collect(),
        )
    }

    /// Whether it is null.
    pub fn is_null(&self) -> bool {
        matches!(self, Self::Null)
    }

    /// Whether it is unknown as a whole.
    pub fn is_unknown(&self) -> bool {
        matches!(self, Self::Unknown)
    }

    /// Whether nothing in it is unknown.
    pub fn is_wholly_known(&self) -> bool {
        self.unknown_paths().is_empty()
    }

    /// The paths of all unknown parts. The entries of a map appear as attributes in them, because
    /// the value does not tell a map from an object.
    pub fn unknown_paths(&self) -> Vec<Path> {
        let mut paths = Vec::new();
        self.collect_unknown(&Path::root(), &mut paths);
        paths
    }

    /// Replaces every unknown part by null.
    #[must_use]
    pub fn with_unknowns_as_null(mut self) -> Self {
        self.null_unknowns();
        self
    }

    fn null_unknowns(&mut self) {
        match self {
            Self::List(elements) => elements.iter_mut().for_each(Self::null_unknowns),
            Self::Map(entries) => entries.values_mut().for_each(Self::null_unknowns),
            Self::Unknown => *self = Self::Null,
            Self::Bool(_) | Self::Null | Self::String(_) => {}
        }
    }

    /// The attributes of an object, or the entries of a map; `None` for any other value.
    pub fn attributes(&self) -> Option<&BTreeMap<String, Self>> {
        match self {
            Self::Map(entries) => Some(entries),
            _ => None,
        }
    }

    /// The text of a string; `None` for any other value.
    pub fn as_str(&self) -> Option<&str> {
        match self {
            Self::String(text) => Some(text),
            _ => None,
        }
    }

    fn collect_unknown(&self, path: &Path, paths: &mut Vec<Path>) {
        match self {
            Self::Unknown => paths.push(path.clone()),
            Self::List(elements) => {
                for (position, element) in elements.iter().enumerate() {
                    element.collect_unknown(&path.then(PathStep::Index(position)), paths);
                }
            }
            Self::Map(entries) => {
                for (name, value) in entries {
                    value.collect_unknown(&path.attribute(name), paths);
                }
            }
            Self::Bool(_) | Self::Null | Self::String(_) => {}
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unknown_parts_are_found_and_can_become_null() {
        let inner = Value::List(vec!["a".into(), Value::Unknown]);
        let value = Value::Map(
            [("x".to_owned(), inner), ("y".to_owned(), Value::Null)]
                .into_iter()
                .collect(),
        );
        assert!(!value.is_wholly_known());
        let [path] = &value.unknown_paths()[..] else {
            panic!("one unknown part")
        };
        assert_eq!(path.to_string(), "x[1]");
        let nulled = value.with_unknowns_as_null();
        assert!(nulled.is_wholly_known());
        assert_eq!(nulled.unknown_paths(), []);
    }
}
