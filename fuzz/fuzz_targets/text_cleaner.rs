#![no_main]

libfuzzer_sys::fuzz_target!(|input: (&str, &str, &str)| {
    let (before, secret, after) = input;
    fuzz_targets::text_cleaner(before, secret, after);
});
