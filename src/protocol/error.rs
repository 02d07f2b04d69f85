//! What is wrong with a value on the wire: where, and what was expected. Never the value, which may be a secret.

use std::borrow::Cow;

use super::path::Path;

/// A value that could not be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}{expected}", place(path))]
pub struct DecodeError {
    path: Path,
    expected: Cow<'static, str>,
}

impl DecodeError {
    pub(super) fn new(path: &Path, expected: impl Into<Cow<'static, str>>) -> Self {
        Self {
            path: path.clone(),
            expected: expected.into(),
        }
    }

    /// Where in the value.
    pub fn path(&self) -> &Path {
        &self.path
    }
}

/// A value that does not have the type it should be written as.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}expected {expected}", place(path))]
pub struct EncodeError {
    path: Path,
    expected: Cow<'static, str>,
}

impl EncodeError {
    pub(super) fn new(path: &Path, expected: impl Into<Cow<'static, str>>) -> Self {
        Self {
            path: path.clone(),
            expected: expected.into(),
        }
    }
}

fn place(path: &Path) -> String {
    if path.steps().is_empty() {
        String::new()
    } else {
        format!("{path}: ")
    }
}
