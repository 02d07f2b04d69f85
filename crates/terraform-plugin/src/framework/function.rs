//! Functions: the trait that the author of one implements, its arguments and its errors.

use crate::wire::diagnostic::Diagnostic;

use super::model::FieldType;

/// A function of `N` strings, which configurations call as `provider::NAME::FUNCTION(…)`.
///
/// Terraform calls it also where the provider is not configured, and expects the same result for
/// the same arguments each time. So it has no context, and must not ask anything of the outside.
pub trait Function<const N: usize>: Send + Sync + 'static {
    /// The result. A [model](crate::model!) is an object.
    type Output: FieldType;

    /// The name in HCL.
    fn name(&self) -> &'static str;

    /// What the documentation says about the function.
    fn signature(&self) -> Signature<N>;

    /// Computes the result. No argument is null or unknown.
    ///
    /// # Errors
    ///
    /// If the arguments have no result.
    fn call(&self, arguments: [String; N]) -> Result<Self::Output, FunctionError>;
}

/// What the documentation says about a function.
#[derive(Clone, Copy, Debug)]
pub struct Signature<const N: usize> {
    /// What the function does, in one line.
    pub summary: &'static str,
    /// What the function does, in Markdown.
    pub description: &'static str,
    /// The name of each parameter in the order of the arguments, and a description in Markdown.
    pub parameters: [(&'static str, &'static str); N],
}

/// Why a function has no result. Terraform shows it at the call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FunctionError {
    pub(crate) text: String,
    pub(crate) argument: Option<i64>,
}

impl FunctionError {
    /// An error about the call as a whole.
    pub fn new(text: impl Into<String>) -> Self {
        Self {
            text: text.into(),
            argument: None,
        }
    }

    /// An error about the argument at a position, counted from zero. The text says what is wrong
    /// and what to write.
    pub fn of_argument(position: usize, text: impl Into<String>) -> Self {
        Self {
            argument: i64::try_from(position).ok(),
            ..Self::new(text)
        }
    }
}

impl From<Diagnostic> for FunctionError {
    fn from(diagnostic: Diagnostic) -> Self {
        Self::new(format!("{}: {}", diagnostic.summary, diagnostic.detail))
    }
}
