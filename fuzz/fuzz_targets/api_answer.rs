//! No response of the API makes the client panic, whatever its status and body.
#![no_main]

use libfuzzer_sys::fuzz_target;
use alibaba_cloud::openapi::{Response, read_answer};

fuzz_target!(|input: (u16, Vec<u8>)| {
    let (status, body) = input;
    let _ = read_answer(&Response { status, body, ..Response::default() });
});
