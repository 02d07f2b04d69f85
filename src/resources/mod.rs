//! The resources of the provider, one file each.

pub mod number_migration;

use terraform_plugin::framework::provider::Offers;

use super::Cams;
use number_migration::NumberMigration;

/// What the provider offers.
pub(crate) fn offers() -> Offers<Cams> {
    Offers::new().resource(NumberMigration)
}

/// The operations that the resources call, each of which RAM must allow.
pub(crate) const OPERATIONS: &[&str] = &number_migration::OPERATIONS;
