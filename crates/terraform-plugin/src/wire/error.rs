//! The errors of the codecs. They tell where in a value something is wrong, and what was expected
//! there. They never tell the value, which may be a secret.
//!
//! An error is made with an empty path. Each level of nesting that it is returned through adds its
//! step in front. So the path costs nothing as long as there is no error.

use std::borrow::Cow;

use super::path::{Path, Step};

/// A value could not be read.
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

    /// The place in the value that the error is about.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Puts the step into the surrounding value in front of the path.
    #[must_use]
    pub(super) fn within(mut self, step: Step) -> Self {
        self.path.prepend(step);
        self
    }
}

/// A value could not be written, because it does not have the type that it should be written as.
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

    /// The place in the value that the error is about.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Puts the step into the surrounding value in front of the path.
    #[must_use]
    pub(super) fn within(mut self, step: Step) -> Self {
        self.path.prepend(step);
        self
    }
}

/// The path as the beginning of a message; empty for the value as a whole.
fn place(path: &Path) -> String {
    if path.steps().is_empty() {
        String::new()
    } else {
        format!("{path}: ")
    }
}
