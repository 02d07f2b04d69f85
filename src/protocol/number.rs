//! Exact decimal numbers.

/// A decimal number of any size and precision, or an infinity. Equal numbers are equal values however they were written.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Number {}
