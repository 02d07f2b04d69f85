//! No file in the place of the CLI's makes the provider panic, and neither an error nor a
//! description shows anything of its content but the names of profiles.
#![no_main]

use libfuzzer_sys::fuzz_target;
use terraform_provider_cams_fuzz::{CANARY, said_of, with_canary};

fuzz_target!(|content: &[u8]| {
    said_of(".aliyun/config.json", content);
    let content = with_canary(content);
    // Profiles are called by their names, and those can be anything.
    if names_it(&content) {
        return;
    }
    let said = said_of(".aliyun/config.json", &content);
    assert!(!said.contains(CANARY), "{said}");
});

/// Whether the canary is part of a profile's name.
fn names_it(content: &[u8]) -> bool {
    let content = content.strip_prefix(b"\xef\xbb\xbf").unwrap_or(content);
    let Ok(file) = serde_json::from_slice::<serde_json::Value>(content) else {
        return false;
    };
    let names = |profile: &serde_json::Value| {
        ["current", "name", "source_profile"]
            .iter()
            .any(|key| profile[key].to_string().contains(CANARY))
    };
    let profiles = file["profiles"].as_array();
    names(&file) || profiles.is_some_and(|profiles| profiles.iter().any(names))
}
