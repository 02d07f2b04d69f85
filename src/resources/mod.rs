//! The resources of the provider, one file each, and in `number` what those for a number share.

pub(crate) mod number;
pub mod number_migration;

/// The operations that the resources call, each of which RAM must allow.
pub(crate) const OPERATIONS: &[&str] = &number_migration::OPERATIONS;
