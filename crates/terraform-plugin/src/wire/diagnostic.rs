//! Diagnostics: the errors and warnings that Terraform shows to the user.

use super::path::Path;

/// What an operation gives, or why it failed.
pub type Result<T> = std::result::Result<T, Diagnostics>;

/// How severe a diagnostic is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Severity {
    /// The operation has failed.
    Error,
    /// The operation has not failed, and the user should know something about it.
    Warning,
}

/// One error or warning. Terraform prints it as it is, so that no secret may be in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagnostic {
    /// Whether it is an error or a warning.
    pub severity: Severity,
    /// A short title, without a period at its end.
    pub summary: String,
    /// What happened, why if known, and what to do.
    pub detail: String,
    /// The attribute that it is about. Without one, Terraform shows the block.
    pub path: Option<Path>,
}

impl Diagnostic {
    /// Makes an error, from its title and its detail.
    pub fn error(summary: impl Into<String>, detail: impl Into<String>) -> Self {
        Self {
            severity: Severity::Error,
            summary: summary.into(),
            detail: detail.into(),
            path: None,
        }
    }

    /// Makes a warning, from its title and its detail.
    pub fn warning(summary: impl Into<String>, detail: impl Into<String>) -> Self {
        Self {
            severity: Severity::Warning,
            ..Self::error(summary, detail)
        }
    }

    /// Makes it point at an attribute. The root is no attribute: then it points at the block, which
    /// Terraform shows for a diagnostic without a path. For an empty path it shows nothing.
    #[must_use]
    pub fn at(self, path: Path) -> Self {
        Self {
            path: Some(path).filter(|path| !path.steps().is_empty()),
            ..self
        }
    }
}

/// The diagnostics of one operation, in the order in which Terraform shows them.
pub type Diagnostics = Vec<Diagnostic>;

/// Whether an error is among the diagnostics.
pub fn has_errors(diagnostics: &[Diagnostic]) -> bool {
    let mut severities = diagnostics.iter().map(|diagnostic| diagnostic.severity);
    severities.any(|severity| severity == Severity::Error)
}

impl From<Diagnostic> for Diagnostics {
    fn from(diagnostic: Diagnostic) -> Self {
        vec![diagnostic]
    }
}
