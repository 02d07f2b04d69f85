//! One file a resource.

pub mod number_migration;
