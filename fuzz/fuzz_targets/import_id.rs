//! No import id makes the provider panic. An accepted id results in a state whose identity results
//! in the same state.
#![no_main]

use libfuzzer_sys::fuzz_target;
use terraform_plugin::framework::resource::{ImportTarget, Resource};
use terraform_provider_cams::resources::number_migration::{NumberMigration, imported};

fuzz_target!(|id: &str| {
    let Ok(state) = imported(&ImportTarget::Id(id.to_owned())) else {
        return;
    };
    let identity = NumberMigration.identity(&state);
    let again = imported(&ImportTarget::Identity(identity)).expect("an own identity is accepted");
    assert_eq!(again, state);
});
