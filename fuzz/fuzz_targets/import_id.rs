//! No import id makes the provider panic. An accepted id results in a state whose identity results
//! in the same state.
#![no_main]

use libfuzzer_sys::fuzz_target;
use terraform_plugin::framework::resource::ImportTarget;
use terraform_provider_cams::resources::number_migration::imported;

fuzz_target!(|id: &str| {
    let Ok(state) = imported(&ImportTarget::Id(id.to_owned())) else {
        return;
    };
    let identity = ImportTarget::Identity(state.clone());
    let again = imported(&identity).expect("an own identity is accepted");
    assert_eq!(again, state);
});
