//! Values. Their types are not in them: a schema or a [`Type`] tells a list from a set, for
//! example.

use std::collections::{BTreeMap, HashSet};

use super::number::Number;
use super::path::{Path, Step};
use super::ty::Type;

/// One value of a configuration, plan or state.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub enum Value {
    /// The value `true` or `false`.
    Bool(bool),
    /// The value of a dynamically typed attribute, with the type that it brought.
    Dynamic(Box<(Type, Value)>),
    /// The elements of a list, set or tuple.
    List(Vec<Value>),
    /// The entries of a map, or the attributes of an object.
    Map(BTreeMap<String, Value>),
    /// There is no value.
    #[default]
    Null,
    /// An exact decimal number.
    Number(Number),
    /// A text of Unicode characters.
    String(String),
    /// The value will be known only during apply.
    Unknown,
}

impl Value {
    /// Whether it is null.
    pub fn is_null(&self) -> bool {
        matches!(self.bare(), Self::Null)
    }

    /// Whether it is unknown as a whole.
    pub fn is_unknown(&self) -> bool {
        matches!(self.bare(), Self::Unknown)
    }

    /// Whether it is an object or a map, and neither null nor unknown as a whole.
    pub fn is_object(&self) -> bool {
        matches!(self.bare(), Self::Map(_))
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

    /// The paths of all unknown parts. The entries of a map appear as attributes in them, because
    /// the value does not tell a map from an object.
    pub fn unknown_paths(&self) -> Vec<Path> {
        let mut paths = Vec::new();
        self.collect_unknown(&Path::root(), &mut paths);
        paths
    }

    /// Replaces every unknown part by null.
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

    /// The part at `path`. Gives `None` if there is none, because a step leads out of the value, or
    /// into something null or unknown.
    pub fn get(&self, path: &Path) -> Option<&Self> {
        path.steps().iter().try_fold(self, Self::step)
    }

    /// The attributes of an object, or the entries of a map; `None` for any other value.
    pub fn attributes(&self) -> Option<&BTreeMap<String, Self>> {
        match self.bare() {
            Self::Map(entries) => Some(entries),
            _ => None,
        }
    }

    /// The text of a string; `None` for any other value.
    pub fn as_str(&self) -> Option<&str> {
        match self.bare() {
            Self::String(text) => Some(text),
            _ => None,
        }
    }

    /// The part one step into the value.
    fn step(&self, step: &Step) -> Option<&Self> {
        match (self.bare(), step) {
            (Self::List(elements), Step::Index(index)) => {
                elements.get(usize::try_from(*index).ok()?)
            }
            (Self::Map(entries), Step::Attribute(name) | Step::Key(name)) => entries.get(name),
            _ => None,
        }
    }

    /// The value without the type that it may have brought.
    fn bare(&self) -> &Self {
        match self {
            Self::Dynamic(typed) => typed.1.bare(),
            bare => bare,
        }
    }

    fn collect_unknown(&self, path: &Path, paths: &mut Vec<Path>) {
        match self {
            Self::Unknown => paths.push(path.clone()),
            Self::Dynamic(typed) => typed.1.collect_unknown(path, paths),
            Self::List(elements) => {
                for (position, element) in elements.iter().enumerate() {
                    element.collect_unknown(&path.index(position), paths);
                }
            }
            Self::Map(entries) => {
                for (name, value) in entries {
                    value.collect_unknown(&path.attribute(name), paths);
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

impl From<i64> for Value {
    fn from(value: i64) -> Self {
        Self::Number(value.into())
    }
}

impl From<Number> for Value {
    fn from(number: Number) -> Self {
        Self::Number(number)
    }
}

/// Removes the repeated elements of a set, of which it holds each once.
pub(super) fn dedup(elements: &mut Vec<Value>) {
    let mut repeats = repeats(elements).into_iter();
    elements.retain(|_| !repeats.next().unwrap_or_default());
}

/// Tells for each element whether an equal one stands before it.
pub(super) fn repeats(elements: &[Value]) -> Vec<bool> {
    let mut seen = HashSet::with_capacity(elements.len());
    elements
        .iter()
        // Two unknown values may turn out to be different, so they do not count as equal.
        .map(|element| element.is_wholly_known() && !seen.insert(element))
        .collect()
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

    #[test]
    fn a_path_leads_to_a_part() {
        let typed = (
            Type::List(Box::new(Type::String)),
            Value::List(vec!["a".into(), "b".into()]),
        );
        let value = Value::Map(
            [("x".to_owned(), Value::Dynamic(Box::new(typed)))]
                .into_iter()
                .collect(),
        );
        let x = Path::root().attribute("x");
        assert_eq!(value.get(&Path::root()), Some(&value));
        assert_eq!(value.get(&x.index(1)), Some(&"b".into()));
        for astray in [
            x.index(2),
            x.attribute("y"),
            x.index(0).index(0),
            Path::root().index(0),
            [Step::Attribute("x".to_owned()), Step::Index(-1)]
                .into_iter()
                .collect(),
        ] {
            assert_eq!(value.get(&astray), None, "{astray}");
        }
    }

    #[test]
    fn a_value_that_brought_its_type_answers_like_any_other() {
        let typed = |value: Value| Value::Dynamic(Box::new((Type::String, value)));
        assert!(typed(Value::Null).is_null());
        assert!(typed(Value::Unknown).is_unknown());
        assert_eq!(typed("a".into()).as_str(), Some("a"));
        assert_eq!(typed("a".into()).attributes(), None);
    }

    #[test]
    fn a_set_keeps_the_first_of_equals_and_every_unknown() {
        let half_known = Value::List(vec!["a".into(), Value::Unknown]);
        let mut elements = vec![
            "b".into(),
            half_known.clone(),
            "a".into(),
            Value::Unknown,
            "b".into(),
            half_known.clone(),
            Value::Unknown,
        ];
        dedup(&mut elements);
        assert_eq!(
            elements,
            [
                "b".into(),
                half_known.clone(),
                "a".into(),
                Value::Unknown,
                half_known,
                Value::Unknown
            ]
        );
    }
}
