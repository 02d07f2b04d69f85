//! No content of a token file makes the provider panic. The provider uses a token only if all of
//! its characters are printable ASCII, so that a form can contain it.
#![no_main]

use libfuzzer_sys::fuzz_target;
use alibaba_cloud::credentials::judge_token;

fuzz_target!(|input: &[u8]| {
    let text = std::str::from_utf8(input).unwrap_or_default().trim();
    let graphic = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_graphic());
    assert!(!judge_token(input) || graphic);
});
