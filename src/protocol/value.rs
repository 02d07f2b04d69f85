//! Values, without their types: a schema or a [`Type`] says how to read them.

use std::collections::BTreeMap;

use super::number::Number;
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
