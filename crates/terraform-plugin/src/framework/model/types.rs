//! The Rust types that fields of a model can have, besides models themselves.

use std::collections::BTreeMap;

use crate::wire::number::Number;
use crate::wire::ty::Type;
use crate::wire::value::Value;
use base::secret::Secret;

use super::{Field, FieldType};

/// The mismatch to report unless the type fits.
pub(super) fn unless(fits: bool, expected: &str, ty: &Type) -> Option<String> {
    (!fits).then(|| format!("the model has {expected} where the schema has {ty}"))
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

    fn mismatch(ty: &Type) -> Option<String> {
        unless(*ty == Type::String, "a string", ty)
    }
}

/// A string that is not shown, and that is wiped from memory when the model is dropped.
impl FieldType for Secret {
    fn from_known(value: Value) -> Option<Self> {
        match value {
            Value::String(text) => Some(Self::new(text)),
            _ => None,
        }
    }

    fn into_value(self) -> Value {
        Value::String(self.expose().to_owned())
    }

    fn mismatch(ty: &Type) -> Option<String> {
        unless(*ty == Type::String, "a string", ty)
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

    fn mismatch(ty: &Type) -> Option<String> {
        unless(*ty == Type::Bool, "a bool", ty)
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

    fn mismatch(ty: &Type) -> Option<String> {
        unless(*ty == Type::Number, "a number", ty)
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

    fn mismatch(ty: &Type) -> Option<String> {
        match ty {
            Type::List(element) | Type::Set(element) => T::mismatch(element),
            _ => unless(false, "a list or set", ty),
        }
    }
}

impl<T: FieldType> FieldType for BTreeMap<String, Field<T>> {
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

    fn mismatch(ty: &Type) -> Option<String> {
        match ty {
            Type::Map(element) => T::mismatch(element),
            _ => unless(false, "a map", ty),
        }
    }
}
