//! Why there is no key to sign with, or no account.

use std::fmt;

use super::problem::Problem;

/// What kind of trouble there was with fetching credentials.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ErrorKind {
    /// No credentials are configured, and this machine has none of its own.
    Missing,
    /// What is configured cannot be used: a file has changed, or a login has ended.
    Unusable,
    /// Whoever gives the credentials refused.
    Refused,
    /// Whoever gives the credentials could not be reached, or did not answer as documented.
    Unreachable,
}

/// Why there is no key to sign with, or no account. `Display` says what happened and what to do, in
/// whole sentences without any secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Error {
    kind: ErrorKind,
    text: String,
}

impl Error {
    pub(super) fn new(kind: ErrorKind, text: impl Into<String>) -> Self {
        Self {
            kind,
            text: text.into(),
        }
    }

    /// What kind of trouble it was.
    pub fn kind(&self) -> ErrorKind {
        self.kind
    }

    /// Whether nothing is configured, so that whatever needs no credentials can go on.
    pub fn is_missing(&self) -> bool {
        self.kind == ErrorKind::Missing
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl std::error::Error for Error {}

impl From<Problem> for Error {
    fn from(problem: Problem) -> Self {
        let kind = match problem.is_missing() {
            true => ErrorKind::Missing,
            false => ErrorKind::Unusable,
        };
        Self::new(kind, problem.to_string())
    }
}
