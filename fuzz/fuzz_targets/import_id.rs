//! Every import id that is accepted leads to a state whose identity leads to the same state, and no
//! id makes the provider panic.
#![no_main]

use libfuzzer_sys::fuzz_target;
use terraform_plugin::framework::resource::{ImportTarget, Resource};
use terraform_provider_cams::resources::number_migration::{NumberMigration, imported};

fuzz_target!(|id: &str| {
    let Ok(state) = imported(ImportTarget::Id(id.to_owned())) else {
        return;
    };
    let identity = NumberMigration.identity(&state);
    let again = imported(ImportTarget::Identity(identity)).expect("an identity of ours is taken");
    assert_eq!(again, state);
});
