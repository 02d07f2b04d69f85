//! A list that arrives in pieces is split into the same rows that a JSON parser reads.
#![no_main]

use libfuzzer_sys::fuzz_target;
use serde_json::Value;
use alibaba_cloud::openapi::cut_in_pieces;

/// serde_json takes an object that begins with this key for a number, and reads other depths.
const NUMBER_KEY: &[u8] = b"$serde_json::private";

fuzz_target!(|input: (Vec<u8>, Vec<u8>)| {
    let (sizes, answer) = input;
    let sizes: Vec<usize> = sizes.iter().map(|size| usize::from(*size)).collect();
    let sizes = if sizes.is_empty() { vec![1] } else { sizes };
    let whole = cut_in_pieces(&answer, &[answer.len()]);
    assert_eq!(cut_in_pieces(&answer, &sizes), whole, "pieces make no difference");
    if answer.windows(NUMBER_KEY.len()).any(|part| part == NUMBER_KEY) {
        return;
    }
    let Ok(parsed) = serde_json::from_slice::<Value>(&answer) else { return };
    let (rest, rows) = whole.expect("JSON is cut");
    let mut joined: Value = serde_json::from_slice(&rest).expect("the rest is JSON");
    if let Some(list @ Value::Array(_)) = joined.get_mut("PhoneNumbers") {
        *list = Value::Array(rows);
    }
    assert_eq!(joined, parsed);
});
