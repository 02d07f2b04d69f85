//! Why no source of credentials can be used, in words without any secret.

use std::fmt;

/// What kind of trouble there is with the credentials that are configured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ProblemKind {
    /// Nothing is configured anywhere.
    Missing,
    /// A part is missing, such as the secret of an access key.
    Incomplete,
    /// A value cannot be what it should be.
    Malformed,
    /// A file cannot be read, or is no file of its kind.
    File,
    /// A profile does not exist, or cannot be used.
    Profile,
}

/// Why no source of credentials can be used. `Display` says what is wrong and what to do about it,
/// in whole sentences that name attribute, variable, or file and key, and never quote a value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    kind: ProblemKind,
    /// The attribute of the provider block that leads to the trouble, with those around it.
    attribute: Option<&'static [&'static str]>,
    text: String,
}

impl Problem {
    pub(super) fn new(kind: ProblemKind, text: impl Into<String>) -> Self {
        Self {
            kind,
            attribute: None,
            text: text.into(),
        }
    }

    /// Names the attribute, unless one was named before.
    pub(super) fn at(mut self, attribute: &'static [&'static str]) -> Self {
        self.attribute.get_or_insert(attribute);
        self
    }

    /// What kind of trouble it is.
    pub fn kind(&self) -> ProblemKind {
        self.kind
    }

    /// The attribute of the provider block that leads to the trouble, after those that it is nested
    /// in.
    pub fn attribute(&self) -> Option<&'static [&'static str]> {
        self.attribute
    }

    /// Whether nothing is configured, so that whatever needs no credentials can go on.
    pub fn is_missing(&self) -> bool {
        self.kind == ProblemKind::Missing
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl std::error::Error for Problem {}
