//! The resources of the provider, one file each, and in `number` what those for a number share.

pub(crate) mod number;
pub mod number_migration;
pub mod number_registration;
pub mod number_verification;
pub mod number_verification_code;
pub mod phone_webhook;
