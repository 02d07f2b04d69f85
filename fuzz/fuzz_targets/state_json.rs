//! A value that was decoded from JSON can be encoded as MessagePack, and then decodes to the same
//! value.
#![no_main]

use libfuzzer_sys::fuzz_target;
use terraform_plugin::wire::{json, msgpack};
use terraform_provider_cams_fuzz::typed;

fuzz_target!(|input: &[u8]| {
    let Some((ty, bytes)) = typed(input) else {
        return;
    };
    let Ok(value) = json::decode(bytes, &ty) else {
        return;
    };
    let written = msgpack::encode(&value, &ty).expect("what was read has the type");
    let again = msgpack::decode(&written, &ty).expect("what was written is readable");
    assert_eq!(again, value);
});
