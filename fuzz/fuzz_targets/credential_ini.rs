//! No file in the place of the SDKs' makes the provider panic, and neither an error nor a
//! description shows anything of its content.
#![no_main]

use libfuzzer_sys::fuzz_target;
use terraform_provider_cams_fuzz::{CANARY, said_of, with_canary};

fuzz_target!(|content: &[u8]| {
    said_of(".alibabacloud/credentials", content);
    let said = said_of(".alibabacloud/credentials", &with_canary(content));
    assert!(!said.contains(CANARY), "{said}");
});
