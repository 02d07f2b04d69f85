//! No content of the SDKs' credentials file makes the provider panic. Errors and descriptions show
//! nothing of the content.
#![no_main]

use libfuzzer_sys::fuzz_target;
use terraform_provider_cams_fuzz::{CANARY, report_for, with_canary};

fuzz_target!(|content: &[u8]| {
    report_for(".alibabacloud/credentials", content);
    let report = report_for(".alibabacloud/credentials", &with_canary(content));
    assert!(!report.contains(CANARY), "{report}");
});
