//! No response of STS, a metadata service, a credentials URI or CloudSSO, and no output of a
//! program, makes the provider panic. A response without the id of an access key is not used.
#![no_main]

use libfuzzer_sys::fuzz_target;
use alibaba_cloud::credentials::judge_answer;

fuzz_target!(|input: &[u8]| {
    for trouble in judge_answer(input) {
        let has = |name: &[u8]| input.windows(name.len()).any(|window| window == name);
        // The name can contain escape sequences.
        let named = has(b"AccessKeyId") || has(b"access_key_id") || has(b"\\u");
        assert!(trouble.is_some() || named);
    }
});
