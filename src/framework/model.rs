//! Typed views of values: what a resource author works with.

use std::collections::BTreeMap;

use crate::protocol::diagnostic::{Diagnostic, Diagnostics};
use crate::protocol::number::Number;
use crate::protocol::ty::Type;
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

    /// What keeps values of type `ty` from being read as this, in words; `None` if nothing does.
    fn mismatch(ty: &Type) -> Option<String>;
}

/// The mismatch of a type other than the expected one.
fn unless(fits: bool, expected: &str, ty: &Type) -> Option<String> {
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

/// [`FieldType::mismatch`] of a field's type.
pub type Mismatch = fn(&Type) -> Option<String>;

/// What keeps an object of type `ty` from being read into a model with these fields.
///
/// Used by [`model!`](crate::model).
pub fn object_mismatch(ty: &Type, fields: &[(&str, Mismatch)]) -> Option<String> {
    let Type::Object(attributes) = ty else {
        return unless(false, "an object", ty);
    };
    let named = |name: &str| fields.iter().any(|(field, _)| *field == name);
    if let Some(name) = attributes.keys().find(|name| !named(name)) {
        return Some(format!("{name}: the schema has it, and the model does not"));
    }
    fields.iter().find_map(|(name, mismatch)| {
        let Some(ty) = attributes.get(*name) else {
            return Some(format!("{name}: the model has it, and the schema does not"));
        };
        mismatch(ty).map(|problem| format!("{name}: {problem}"))
    })
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

            fn mismatch(ty: &$crate::framework::ty::Type) -> Option<String> {
                $crate::framework::model::object_mismatch(
                    ty,
                    &[ $( (
                        stringify!($field),
                        <$type as $crate::framework::model::FieldType>::mismatch,
                    ), )* ],
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

    fn object<const N: usize>(attributes: [(&str, Type); N]) -> Type {
        let attributes = attributes.into_iter();
        Type::Object(attributes.map(|(name, ty)| (name.to_owned(), ty)).collect())
    }

    #[test]
    fn a_schema_that_a_model_does_not_match_is_told_with_the_place() {
        let inner = object([("on", Type::Bool)]);
        let tags = Type::Set(Box::new(Type::String));
        let outer = |name, inner, tags| object([("name", name), ("inner", inner), ("tags", tags)]);
        assert_eq!(
            Outer::mismatch(&outer(Type::String, inner.clone(), tags.clone())),
            None
        );
        let texts = [
            outer(Type::Number, inner.clone(), tags.clone()),
            outer(Type::String, object([("on", Type::String)]), tags.clone()),
            outer(Type::String, object([]), tags.clone()),
            outer(Type::String, inner, Type::Map(Box::new(Type::String))),
            object([("extra", Type::String)]),
            Type::String,
        ]
        .map(|ty| Outer::mismatch(&ty).expect("a mismatch"));
        for (text, part) in texts.iter().zip([
            "name: the model has a string",
            "inner: on: the model has a bool",
            "inner: on: the model has it",
            "tags: the model has a list or set",
            "extra: the schema has it",
            "the model has an object",
        ]) {
            assert!(text.starts_with(part), "{text}");
        }
    }
}
