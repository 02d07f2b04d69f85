//! Functions: the trait that the author of one implements, its arguments and its errors.

use crate::wire::diagnostic::Diagnostic;
use crate::wire::ty::Type;
use crate::wire::value::Value;

use super::model::FieldType;

/// A function, which configurations call as `provider::NAME::FUNCTION(…)`.
///
/// Terraform calls it also where the provider is not configured, and expects the same result for
/// the same arguments each time. So it has no context, and must not ask anything of the outside.
pub trait Function: Send + Sync + 'static {
    /// The arguments: a tuple, such as `(String,)` or `(String, String)`.
    type Arguments: ArgumentTuple;
    /// The result. A [model](crate::model!) is an object.
    type Output: FieldType;

    /// The name in HCL.
    fn name(&self) -> &'static str;

    /// What the documentation says about the function.
    fn signature(&self) -> Signature;

    /// Computes the result. No argument is null or unknown.
    ///
    /// # Errors
    ///
    /// If the arguments have no result.
    fn call(&self, arguments: Self::Arguments) -> Result<Self::Output, FunctionError>;
}

/// What the documentation says about a function.
#[derive(Clone, Copy, Debug)]
pub struct Signature {
    /// What the function does, in one line.
    pub summary: &'static str,
    /// What the function does, in Markdown.
    pub description: &'static str,
    /// The name of each parameter in the order of the arguments, and a description in Markdown.
    pub parameters: &'static [(&'static str, &'static str)],
}

/// Why a function has no result. Terraform shows it at the call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FunctionError {
    pub(super) text: String,
    pub(super) argument: Option<i64>,
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
    pub fn of_argument(position: u8, text: impl Into<String>) -> Self {
        Self {
            argument: Some(position.into()),
            ..Self::new(text)
        }
    }
}

impl From<Diagnostic> for FunctionError {
    fn from(
        Diagnostic {
            summary, detail, ..
        }: Diagnostic,
    ) -> Self {
        Self::new(format!("{summary}: {detail}"))
    }
}

/// The arguments of a function: a tuple of types that fields of a model can have.
pub trait ArgumentTuple: Sized {
    /// The type of each argument.
    fn types() -> Vec<Type>;

    /// Reads the arguments. The error is the position of the one that does not have its type.
    ///
    /// # Errors
    ///
    /// If one of the values is null, unknown or of another type.
    fn from_values(values: Vec<Value>) -> Result<Self, u8>;
}

/// Implements [`ArgumentTuple`] for a tuple, given its types and their positions.
macro_rules! arguments {
    ($($name:ident $position:literal),*) => {
        impl<$($name: FieldType),*> ArgumentTuple for ($($name,)*) {
            fn types() -> Vec<Type> {
                vec![$($name::ty()),*]
            }

            fn from_values(values: Vec<Value>) -> Result<Self, u8> {
                let mut values = values.into_iter();
                Ok(($(values.next().and_then($name::from_known).ok_or($position)?,)*))
            }
        }
    };
}

arguments!(A 0);
arguments!(A 0, B 1);
