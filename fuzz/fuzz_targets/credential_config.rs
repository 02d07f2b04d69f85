//! No content of the CLI's configuration file makes the provider panic. Errors and descriptions
//! show nothing of the content except the names of profiles.
#![no_main]

use std::borrow::Cow;
use std::collections::BTreeMap;

use libfuzzer_sys::fuzz_target;
use serde::Deserialize;
use serde_json::value::RawValue;
use terraform_provider_cams_fuzz::{CANARY, report_for, with_canary};

fuzz_target!(|content: &[u8]| {
    report_for(".aliyun/config.json", content);
    let content = with_canary(content);
    // Errors show the names of profiles, which can contain the canary.
    if is_in_a_name(&content) {
        return;
    }
    let report = report_for(".aliyun/config.json", &content);
    assert!(!report.contains(CANARY), "{report}");
});

/// Whether the canary is part of a profile's name. The other fields can have any form.
fn is_in_a_name(content: &[u8]) -> bool {
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
