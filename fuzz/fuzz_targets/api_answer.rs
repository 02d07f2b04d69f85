//! No response of the API makes the client panic, whatever its status and body.
#![no_main]

use libfuzzer_sys::fuzz_target;
use alibaba_cloud::openapi::fields::Json;
use alibaba_cloud::openapi::{Response, read_answer};
use cams::operations::{Migration, PhoneNumbers};

fuzz_target!(|input: (u16, Vec<u8>)| {
    let (status, body) = input;
    if let Ok(success) = read_answer(Response { status, body: body.into(), ..Response::default() }) {
        let _ = success.read::<PhoneNumbers>();
        let _ = success.read::<Json>();
        // A migration has started whatever the answer says of it.
        assert!(success.read::<Migration>().is_ok());
    }
});
