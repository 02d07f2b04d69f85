//! The resources of the provider, one file each.

pub mod number_migration;

use terraform_plugin::framework::provider::Resources;

use super::Cams;
use number_migration::NumberMigration;

/// All resources.
pub(crate) fn all() -> Resources<Cams> {
    Resources::none().and(NumberMigration)
}

/// The operations that the resources call, each of which RAM must allow.
pub(crate) const OPERATIONS: &[&str] = &number_migration::OPERATIONS;
