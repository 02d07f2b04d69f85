//! The resources of the provider, one file each, and in `number` what those for a number share.

pub(crate) mod number;
pub mod number_migration;
pub mod number_registration;
pub mod number_verification;
pub mod number_verification_code;
pub mod phone_webhook;

/// The RAM actions for these operations, as documentation lists them.
pub(crate) fn permissions(operations: &[&str]) -> String {
    let actions = operations
        .iter()
        .map(|operation| format!("`cams:{operation}`"));
    actions.collect::<Vec<_>>().join(", ")
}
