//! No file in the place of the CLI's makes the provider panic, and neither an error nor a
//! description shows anything of its content but the names of profiles.
#![no_main]

use std::borrow::Cow;
use std::collections::BTreeMap;

use libfuzzer_sys::fuzz_target;
use serde::Deserialize;
use serde_json::value::RawValue;
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

/// Whether the canary is part of a profile's name. What else the file holds may be anything.
fn names_it(content: &[u8]) -> bool {
    let content = content.strip_prefix(b"\xef\xbb\xbf").unwrap_or(content);
    let Ok(file) = serde_json::from_slice::<File<'_>>(content) else {
        return false;
    };
    let current = file.current.is_some_and(|name| name.contains(CANARY));
    let mut profiles = file.profiles.into_iter().flatten();
    current
        || profiles.any(|profile| {
            let fields: Option<BTreeMap<Cow<'_, str>, &RawValue>> =
                serde_json::from_str(profile.get()).ok();
            fields.is_some_and(|fields| {
                let named = ["name", "source_profile"].map(|key| fields.get(key));
                let mut named = named.into_iter().flatten();
                named.any(|value| value.get().contains(CANARY))
            })
        })
}

#[derive(Deserialize)]
struct File<'a> {
    #[serde(borrow)]
    current: Option<Cow<'a, str>>,
    #[serde(borrow)]
    profiles: Option<Vec<&'a RawValue>>,
}
