//! A value that was decoded from JSON can be encoded again, and then decodes to the same value.
#![no_main]

use libfuzzer_sys::fuzz_target;
use terraform_plugin::wire::json::{self, Unlisted};
use terraform_provider_cams_fuzz::typed;

/// serde_json reads an object that begins with this key as a number.
const NUMBER_KEY: &[u8] = b"$serde_json::private::Number";

fuzz_target!(|input: &[u8]| {
    let Some((ty, bytes)) = typed(input) else {
        return;
    };
    let Ok(value) = json::decode(bytes, &ty, Unlisted::Ignore) else {
        return;
    };
    let written = json::encode(&value, &ty).expect("what was read has the type and is known");
    if written
        .windows(NUMBER_KEY.len())
        .any(|part| part == NUMBER_KEY)
    {
        return;
    }
    let again =
        json::decode(&written, &ty, Unlisted::Reject).expect("what was written is readable");
    assert_eq!(again, value);
});
