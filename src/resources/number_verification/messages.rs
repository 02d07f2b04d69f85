//! What the resource alone tells the user.

use terraform_plugin::framework::diagnostic::Diagnostic;

use crate::numbers::Target;
use crate::resources::number::messages::{SHOWN_ONCE, warning};
use crate::resources::number::verification::NEW_CODE;

use super::schema::Model;

/// Planned numbers that need a code and have none.
pub(crate) fn no_code(target: &Target) -> Diagnostic {
    let text = format!(
        "The list of the space does not show {target} as verified, and verify_code_wo is not set. \
         If the number is still not verified when this plan is applied, the apply fails for this \
         number only. {NEW_CODE} {SHOWN_ONCE}"
    );
    warning::<Model>("Verification Code Not Set", text)
}

#[cfg(test)]
pub(crate) mod tests {
    use crate::resources::number::messages::tests::target;

    use super::*;

    /// The diagnostics of this resource alone.
    pub(crate) fn diagnostics() -> Vec<Diagnostic> {
        vec![no_code(&target("86", "13900001234"))]
    }
}
