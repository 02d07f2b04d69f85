//! Types of values, as Terraform names them.

use std::collections::BTreeMap;

/// A Terraform type.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Type {
    /// `true` or `false`.
    Bool,
    /// Any type; the value brings its own.
    Dynamic,
    /// Ordered, of one type.
    List(Box<Type>),
    /// String keys, values of one type.
    Map(Box<Type>),
    /// A decimal number of any size.
    Number,
    /// Named attributes, each with its own type.
    Object(BTreeMap<String, Type>),
    /// Unordered, without duplicates, of one type.
    Set(Box<Type>),
    /// Unicode text.
    String,
    /// Positions, each with its own type.
    Tuple(Vec<Type>),
}
