#![no_main]

libfuzzer_sys::fuzz_target!(|id: &str| fuzz_targets::import_id(id));
