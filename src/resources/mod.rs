//! The resources of the provider, one file each.

pub mod number_migration;

/// The operations that the resources call, each of which RAM must allow.
pub(crate) const OPERATIONS: &[&str] = &number_migration::OPERATIONS;
