//! Typed views of values: what a resource author works with.

use std::collections::BTreeMap;

use crate::protocol::diagnostic::{Diagnostic, Diagnostics};
use crate::protocol::number::Number;
use crate::protocol::value::Value;

/// The value of one attribute of a model.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Field<T> {
    /// A value.
    Known(T),
    /// Absent.
    #[default]
    Null,
    /// To be known only during apply.
    Unknown,
}

impl<T> Field<T> {
    /// The value, if there is one now.
    pub fn known(&self) -> Option<&T> {
        match self {
            Self::Known(value) => Some(value),
            Self::Null | Self::Unknown => None,
        }
    }

    /// Whether it is absent for good.
    pub fn is_null(&self) -> bool {
        matches!(self, Self::Null)
    }

    /// Whether apply will tell.
    pub fn is_unknown(&self) -> bool {
        matches!(self, Self::Unknown)
    }
}

impl Field<String> {
    /// The text, if there is one now.
    pub fn text(&self) -> Option<&str> {
        self.known().map(String::as_str)
    }
}

impl From<&str> for Field<String> {
    fn from(text: &str) -> Self {
        Self::Known(text.to_owned())
    }
}

impl<T> From<T> for Field<T> {
    fn from(value: T) -> Self {
        Self::Known(value)
    }
}

impl<T> From<Option<T>> for Field<T> {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Null, Self::Known)
    }
}

/// A Rust type that an attribute's known value can be read into.
pub trait FieldType: Sized {
    /// Reads a known value; `None` where it has another type.
    fn from_known(value: Value) -> Option<Self>;

    /// Writes the value.
    fn into_value(self) -> Value;
}

impl FieldType for String {
    fn from_known(value: Value) -> Option<Self> {
        match value {
            Value::String(text) => Some(text),
            _ => None,
        }
    }

    fn into_value(self) -> Value {
        Value::String(self)
    }
}

impl FieldType for bool {
    fn from_known(value: Value) -> Option<Self> {
        match value {
            Value::Bool(value) => Some(value),
            _ => None,
        }
    }

    fn into_value(self) -> Value {
        Value::Bool(self)
    }
}

impl FieldType for Number {
    fn from_known(value: Value) -> Option<Self> {
        match value {
            Value::Number(number) => Some(number),
            _ => None,
        }
    }

    fn into_value(self) -> Value {
        Value::Number(self)
    }
}

impl<T: FieldType> FieldType for Vec<Field<T>> {
    fn from_known(value: Value) -> Option<Self> {
        match value {
            Value::List(elements) => elements.into_iter().map(Field::from_value).collect(),
            _ => None,
        }
    }

    fn into_value(self) -> Value {
        Value::List(self.into_iter().map(Field::into_value).collect())
    }
}

impl<T: FieldType> Field<T> {
    /// Reads a value; `None` where it has another type.
    pub fn from_value(value: Value) -> Option<Self> {
        match value {
            Value::Null => Some(Self::Null),
            Value::Unknown => Some(Self::Unknown),
            known => T::from_known(known).map(Self::Known),
        }
    }

    /// Writes the value.
    pub fn into_value(self) -> Value {
        match self {
            Self::Known(value) => value.into_value(),
            Self::Null => Value::Null,
            Self::Unknown => Value::Unknown,
        }
    }
}

/// A typed view of a whole configuration, plan, state or identity. Implemented by [`model!`](crate::model).
pub trait Model: FieldType + Clone + Default + Send + Sync + 'static {}

/// Takes the field `name` out of an object's attributes.
///
/// Used by [`model!`](crate::model).
pub fn take<T: FieldType>(
    attributes: &mut BTreeMap<String, Value>,
    name: &str,
) -> Option<Field<T>> {
    Field::from_value(attributes.remove(name)?)
}

/// Reads a value that the schema has already shaped. Failure means that model and schema disagree.
pub(super) fn parse<M: FieldType>(value: Value) -> Result<M, Diagnostics> {
    M::from_known(value).ok_or_else(|| {
        Diagnostic::error(
            "Provider Model Does Not Match Its Schema",
            "A value could not be read as the provider's schema describes it. \
             This is always a bug in the provider: please report it.",
        )
        .into()
    })
}

/// Declares a model: a struct whose fields are [`Field`]s named as the schema's attributes.
///
/// ```
/// terraform_provider_cams::model! {
///     /// Where a parcel goes.
///     pub struct Address {
///         /// The street.
///         pub street: String,
///     }
/// }
///
/// let address = Address { street: "Main Street".into() };
/// assert_eq!(address.street.text(), Some("Main Street"));
/// ```
#[macro_export]
macro_rules! model {
    (
        $(#[$meta:meta])*
        $visibility:vis struct $name:ident {
            $( $(#[$field_meta:meta])* $field_visibility:vis $field:ident : $type:ty ),* $(,)?
        }
    ) => {
        $(#[$meta])*
        #[derive(Clone, Debug, Default, PartialEq)]
        $visibility struct $name {
            $( $(#[$field_meta])* $field_visibility $field: $crate::framework::model::Field<$type>, )*
        }

        impl $crate::framework::model::FieldType for $name {
            fn from_known(value: $crate::protocol::value::Value) -> Option<Self> {
                let $crate::protocol::value::Value::Map(mut attributes) = value else {
                    return None;
                };
                Some(Self {
                    $( $field: $crate::framework::model::take(&mut attributes, stringify!($field))?, )*
                })
            }

            fn into_value(self) -> $crate::protocol::value::Value {
                $crate::protocol::value::Value::Map(
                    [ $( (stringify!($field).to_owned(), self.$field.into_value()), )* ].into_iter().collect(),
                )
            }
        }

        impl $crate::framework::model::Model for $name {}
    };
}

#[cfg(test)]
mod tests {
    use super::*;

    crate::model! {
        struct Inner { on: bool }
    }

    crate::model! {
        struct Outer { name: String, inner: Inner, tags: Vec<Field<String>> }
    }

    #[test]
    fn a_model_reads_and_writes_its_object() {
        let model = Outer {
            name: "a".into(),
            inner: Field::Known(Inner { on: Field::Unknown }),
            tags: Field::Known(vec!["x".into(), Field::Null]),
        };
        assert_eq!(Outer::from_known(model.clone().into_value()), Some(model));
    }

    #[test]
    fn a_missing_or_mistyped_attribute_is_refused() {
        assert_eq!(Inner::from_known(Value::Map(BTreeMap::new())), None);
        let mistyped = [("on".to_owned(), Value::String("yes".into()))]
            .into_iter()
            .collect();
        assert_eq!(Inner::from_known(Value::Map(mistyped)), None);
    }
}
