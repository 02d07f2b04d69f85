//! What is wrong with a value on the wire: where, and what was expected. Never the value, which may be a secret.
//!
//! An error starts without a place and learns it on its way out, so that values without errors pay nothing for paths.

use std::borrow::Cow;

use super::path::{Path, Step};

/// A value that could not be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}expected {expected}", place(path))]
pub struct DecodeError {
    path: Path,
    expected: Cow<'static, str>,
}

impl DecodeError {
    pub(super) fn new(expected: impl Into<Cow<'static, str>>) -> Self {
        Self {
            path: Path::root(),
            expected: expected.into(),
        }
    }

    /// Where in the value.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The same error, seen from one level further out.
    #[must_use]
    pub(super) fn within(mut self, step: Step) -> Self {
        self.path.prepend(step);
        self
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
    pub(super) fn new(expected: impl Into<Cow<'static, str>>) -> Self {
        Self {
            path: Path::root(),
            expected: expected.into(),
        }
    }

    /// Where in the value.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The same error, seen from one level further out.
    #[must_use]
    pub(super) fn within(mut self, step: Step) -> Self {
        self.path.prepend(step);
        self
    }
}

fn place(path: &Path) -> String {
    if path.steps().is_empty() {
        String::new()
    } else {
        format!("{path}: ")
    }
}
