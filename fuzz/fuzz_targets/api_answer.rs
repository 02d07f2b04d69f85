#![no_main]

libfuzzer_sys::fuzz_target!(|input: (u16, Vec<u8>)| fuzz_targets::api_answer(input.0, &input.1));
