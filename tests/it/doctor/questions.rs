//! What the documentation leaves open is reported in words.

use serde_json::Value;

use super::{COUNTRY, NUMBER, SPACE, assert_only_reads, emulator, examine, settings};

/// Ways to set the emulator up, each with the words in which a question is then answered. A number
/// is migrating, one is connected, one was deleted.
const SERVICES: [(&[&str], &str, &str); 15] = [
    (
        &[],
        "missing_number",
        "it refuses the lookup with code InvalidParameter.PhoneNumberError and \
        HTTP status 400, which the provider does not take as proof that the number does not exist",
    ),
    (
        &[
            "--missing-code",
            "PhoneNumber.NotExist",
            "--missing-status",
            "404",
        ],
        "missing_number",
        "it refuses the lookup with code PhoneNumber.NotExist and HTTP status 404, which the \
        provider takes as proof that the number does not exist",
    ),
    (
        &["--missing-code", "Forbidden.Odd", "--missing-status", "200"],
        "missing_number",
        "it refuses the lookup with code Forbidden.Odd and HTTP status 200, which the provider \
        does not take as proof that the number does not exist",
    ),
    (
        &["--missing-number", "null-data"],
        "missing_number",
        "it succeeds with null as Data",
    ),
    (
        &["--missing-number", "no-data"],
        "missing_number",
        "it succeeds without Data",
    ),
    (
        &["--missing-number", "empty-data"],
        "missing_number",
        "it succeeds with an empty Data",
    ),
    (
        &["--missing-number", "not-verified"],
        "missing_number",
        "it succeeds with Data but without an id",
    ),
    (
        &[],
        "migrating_number",
        "not at all, although the lookup knows it",
    ),
    (
        &["--migrating-listed-as", "MIGRATING"],
        "migrating_number",
        "as MIGRATING",
    ),
    (
        &["--migrating-listed-as", "PENDING", "--answers", "sparse"],
        "migrating_number",
        "as PENDING",
    ),
    (
        &["--number-form", "whatsapp"],
        "number_form",
        "in WhatsApp's form",
    ),
    (
        &["--number-form", "dialled", "--answers", "sparse"],
        "number_form",
        "as it is dialled",
    ),
    (&["--ids", "text"], "ids", "as JSON strings"),
    (&["--ids", "number"], "ids", "as JSON numbers"),
    (&["--absent", "none"], "empty_field", "the string None"),
];

#[test]
fn what_the_service_does_is_said_in_words() {
    for (flags, key, expected) in SERVICES {
        let emulator = emulator(flags);
        emulator.place(SPACE, COUNTRY, NUMBER, "MIGRATING");
        emulator.place(SPACE, COUNTRY, "13900004322", "CONNECTED");
        emulator.place(SPACE, COUNTRY, "13900004323", "DELETED");
        emulator.place(SPACE, "52", "5512345678", "CONNECTED");

        let number = format!("{COUNTRY}/{NUMBER}");
        let text = examine(&settings(&emulator), &["--number", &number]);
        let json = examine(&settings(&emulator), &["--json", "--number", &number]);
        text.assert_says(&[&format!(": {expected}.")]);
        let seen = &json.json()["open_questions"][key];
        assert_eq!(seen, expected, "{flags:?}:\n{}", json.stdout);
        assert_eq!(
            (text.code, json.code),
            (Some(0), Some(0)),
            "{flags:?}:\n{}",
            text.stdout
        );
        assert_only_reads(&emulator);
    }
}

/// Without a number that is known to migrate, or any number at all, nothing is claimed.
#[test]
fn what_reading_cannot_tell_is_not_observed() {
    let emulator = emulator(&["--migrating-listed-as", "PENDING"]);
    let report = examine(&settings(&emulator), &["--json"]).json();
    for key in ["migrating_number", "number_form"] {
        assert_eq!(report["open_questions"][key], Value::Null, "{key}");
    }
    let text = examine(&settings(&emulator), &[]);
    text.assert_says(&["a number that is migrating: not observed."]);
}
