//! A plugin for tests.

use super::{Plugin, Subcommand};

/// The description of a provider that does not exist.
pub(super) const TOY: Plugin = Plugin {
    name: "toy",
    address: "registry.terraform.io/test/toy",
    version: "1.2.3",
    crates: &["toy_provider"],
    secret_fields: &["combination"],
    commands: &[Subcommand {
        name: "wind-up",
        arguments: "[--fast]",
        about: "Make the toy move",
    }],
};
