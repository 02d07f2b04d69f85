//! No record in the throttle's file makes the provider panic, and a record that is trusted is
//! written as it was read.
#![no_main]

use libfuzzer_sys::fuzz_target;
use call_quota::rewrite_host_record;

fuzz_target!(|input: &[u8]| {
    let Some(once) = rewrite_host_record(input) else {
        return;
    };
    assert_eq!(rewrite_host_record(&once), Some(once));
});
