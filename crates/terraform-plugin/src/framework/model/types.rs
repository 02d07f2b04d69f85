//! The Rust types that fields of a model can have, besides models themselves.

use std::collections::BTreeMap;

use crate::wire::ty::Type;
use crate::wire::value::Value;
use base::secret::Secret;

use super::{Field, FieldType};

/// Implements [`FieldType`] for the type that a variant of [`Value`] holds.
macro_rules! primitive {
    ($type:ty, $variant:ident) => {
        impl FieldType for $type {
            fn ty() -> Type {
                Type::$variant
            }

            fn from_known(value: Value) -> Option<Self> {
                match value {
                    Value::$variant(value) => Some(value),
                    _ => None,
                }
            }

            fn into_value(self) -> Value {
                Value::$variant(self)
            }
        }
    };
}

primitive!(bool, Bool);
primitive!(String, String);

/// A string that is not shown, and that is wiped from memory when the model is dropped.
impl FieldType for Secret {
    fn ty() -> Type {
        Type::String
    }

    fn from_known(value: Value) -> Option<Self> {
        String::from_known(value).map(Self::new)
    }

    fn into_value(self) -> Value {
        self.expose().into()
    }
}

impl<T: FieldType> FieldType for Vec<Field<T>> {
    fn ty() -> Type {
        Type::List(Box::new(T::ty()))
    }

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

impl<T: FieldType> FieldType for BTreeMap<String, Field<T>> {
    fn ty() -> Type {
        Type::Map(Box::new(T::ty()))
    }

    fn from_known(value: Value) -> Option<Self> {
        let Value::Map(entries) = value else {
            return None;
        };
        let entries = entries.into_iter();
        entries
            .map(|(key, value)| Some((key, Field::from_value(value)?)))
            .collect()
    }

    fn into_value(self) -> Value {
        let entries = self.into_iter();
        Value::Map(
            entries
                .map(|(key, field)| (key, field.into_value()))
                .collect(),
        )
    }
}
