//! Inputs that contain credentials.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::path::Path;

use alibaba_cloud::credentials::{Configured, Files, judge_answer, judge_token, resolve};
use serde::Deserialize;
use serde_json::value::RawValue;

/// A text that represents a secret.
const CANARY: &str = "c4n4ry";

/// No response of STS, a metadata service, a credentials URI or CloudSSO, and no output of a
/// program, makes the provider panic. A response without the id of an access key is not used.
pub fn credential_answer(input: &[u8]) {
    for trouble in judge_answer(input) {
        let has = |name: &[u8]| input.windows(name.len()).any(|window| window == name);
        // The name can contain escape sequences.
        let named = has(b"AccessKeyId") || has(b"access_key_id") || has(b"\\u");
        assert!(trouble.is_some() || named);
    }
}

/// No content of a token file makes the provider panic. The provider uses a token only if all of
/// its characters are printable ASCII, so that a form can contain it.
pub fn credential_token(input: &[u8]) {
    let text = std::str::from_utf8(input).unwrap_or_default().trim();
    let graphic = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_graphic());
    assert!(!judge_token(input) || graphic);
}

/// No content of the SDKs' credentials file makes the provider panic. Errors and descriptions show
/// nothing of the content.
pub fn credential_ini(content: &[u8]) {
    report_for(".alibabacloud/credentials", content);
    let report = report_for(".alibabacloud/credentials", &with_canary(content));
    assert!(!report.contains(CANARY), "{report}");
}

/// No content of the CLI's configuration file makes the provider panic. Errors and descriptions
/// show nothing of the content except the names of profiles.
pub fn credential_config(content: &[u8]) {
    report_for(".aliyun/config.json", content);
    let content = with_canary(content);
    // Errors show the names of profiles, which can contain the canary.
    if is_in_a_name(&content) {
        return;
    }
    let report = report_for(".aliyun/config.json", &content);
    assert!(!report.contains(CANARY), "{report}");
}

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

/// The content with the canary inserted at a position that depends on the content.
fn with_canary(content: &[u8]) -> Vec<u8> {
    let sum: usize = content.iter().map(|byte| usize::from(*byte)).sum();
    let (before, after) = content.split_at(sum % (content.len() + 1));
    [before, CANARY.as_bytes(), after].concat()
}

/// What the provider reports about credentials if this file is in the home directory: their source,
/// or why there are none.
fn report_for(path: &str, content: &[u8]) -> String {
    let environment = [
        ("HOME", "/h"),
        ("ALIBABA_CLOUD_ECS_METADATA_DISABLED", "true"),
    ]
    .into_iter()
    .collect();
    let (path, content) = (format!("/h/{path}"), content.to_vec());
    let files = Files::with(move |read| (read == Path::new(&path)).then(|| content.clone()));
    match resolve(&Configured::default(), &environment, &files) {
        Ok(source) => source.describe().to_owned(),
        Err(problem) => format!("{problem} {problem:?}"),
    }
}
