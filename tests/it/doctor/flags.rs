//! Doctor names the flags that the emulator was started with, wherever reading can tell.

use std::collections::BTreeMap;

use serde_json::Value;

use super::{COUNTRY, NUMBER, SPACE, assert_only_reads, emulator, examine, settings};

/// Flags with their values. A flag that has none, or that is there several times, has them all in
/// one text.
fn parsed(words: impl Iterator<Item = String>) -> BTreeMap<String, String> {
    let mut flags: BTreeMap<String, String> = BTreeMap::new();
    let mut last = String::new();
    for word in words {
        if word.starts_with("--") {
            flags.entry(word.clone()).or_default();
            last = word;
        } else {
            let value = flags.entry(last.clone()).or_default();
            *value = format!("{value} {word}").trim().to_owned();
        }
    }
    flags
}

/// The line to copy, at the end of the report for people.
pub(super) fn line_to_copy(report: &str) -> BTreeMap<String, String> {
    let mut lines = report.lines().map(str::trim);
    let line = lines.find_map(|line| line.strip_prefix("cams-emulator "));
    let line = line.unwrap_or_else(|| panic!("no line to copy:\n{report}"));
    parsed(line.split_whitespace().map(str::to_owned))
}

fn listed_flags(report: &Value) -> BTreeMap<String, String> {
    let flags = report["emulator_flags"].as_array().expect("flags");
    parsed(
        flags
            .iter()
            .map(|flag| flag.as_str().expect("a text").to_owned()),
    )
}

/// One way to set the emulator up. A number is migrating, one is connected, one was deleted.
const SERVICES: [&[(&str, &str)]; 15] = [
    &[],
    &[("--absent", "empty"), ("--number-form", "whatsapp")],
    &[("--absent", "null"), ("--number-form", "dialled")],
    &[
        ("--missing-number", "null-data"),
        ("--migrating-listed-as", "MIGRATING"),
    ],
    &[
        ("--missing-number", "no-data"),
        ("--migrating-listed-as", "PENDING"),
    ],
    &[
        ("--missing-number", "empty-data"),
        ("--migrating-listed-as", "UNVERIFIED"),
    ],
    &[("--missing-number", "not-verified"), ("--ids", "number")],
    &[
        ("--missing-code", "PhoneNumber.NotExist"),
        ("--missing-status", "404"),
    ],
    &[
        ("--missing-code", "Forbidden.Odd"),
        ("--missing-status", "200"),
    ],
    &[("--business-status", "404"), ("--answers", "sparse")],
    &[
        ("--business-status", "200"),
        ("--answers", "sparse"),
        ("--seed", "1"),
    ],
    &[
        ("--answers", "sparse"),
        ("--ids", "number"),
        ("--missing-number", "not-verified"),
    ],
    &[
        ("--answers", "sparse"),
        ("--missing-number", "no-data"),
        ("--seed", "1"),
    ],
    &[
        ("--ids", "number"),
        ("--missing-status", "404"),
        ("--business-status", "200"),
    ],
    &[
        ("--answers", "sparse"),
        ("--ids", "number"),
        ("--missing-number", "empty-data"),
        ("--migrating-listed-as", "MIGRATING"),
    ],
];

/// What the emulator does unless told otherwise, wherever reading can tell.
const DEFAULTS: [(&str, &str); 9] = [
    ("--absent", "none"),
    ("--answers", "full"),
    ("--business-status", "400"),
    ("--deleted-rows", "keep"),
    ("--ids", "text"),
    ("--migrating-listed-as", "absent"),
    ("--missing-code", "InvalidParameter.PhoneNumberError"),
    ("--missing-number", "refusal"),
    ("--missing-status", "400"),
];

#[test]
fn doctor_names_the_flags_that_the_emulator_was_started_with() {
    for service in SERVICES {
        let flags: Vec<&str> = service
            .iter()
            .flat_map(|(flag, value)| [*flag, *value])
            .collect();
        let emulator = emulator(&flags);
        emulator.place(SPACE, COUNTRY, NUMBER, "MIGRATING");
        emulator.place(SPACE, COUNTRY, "13900004322", "CONNECTED");
        emulator.place(SPACE, COUNTRY, "13900004323", "DELETED");
        if flags.contains(&"--number-form") {
            emulator.place(SPACE, "52", "5512345678", "CONNECTED");
        }

        let number = format!("{COUNTRY}/{NUMBER}");
        let text = examine(&settings(&emulator), &["--number", &number]);
        let json = examine(&settings(&emulator), &["--json", "--number", &number]);
        let (in_text, in_json) = (line_to_copy(&text.stdout), listed_flags(&json.json()));

        let mut expected: BTreeMap<String, String> = DEFAULTS
            .iter()
            .chain(service)
            .map(|(flag, value)| ((*flag).to_owned(), (*value).to_owned()))
            .collect();
        expected.remove("--seed");
        if expected["--answers"] == "sparse" {
            expected.remove("--absent");
        }
        if expected["--missing-number"] != "refusal" {
            expected.retain(|flag, _| !["--missing-code", "--missing-status"].contains(&&**flag));
        }
        assert_eq!(in_text, expected, "{flags:?}:\n{}", text.stdout);
        assert_eq!(in_json, expected, "{flags:?}:\n{}", json.stdout);
        assert_eq!(
            (text.code, json.code),
            (Some(0), Some(0)),
            "{flags:?}:\n{}",
            text.stdout
        );
        assert_only_reads(&emulator);
    }
}

/// Without a row of the kind, a number that is known to migrate, or any number at all, nothing is
/// claimed.
#[test]
fn what_reading_cannot_tell_is_not_observed() {
    let emulator = emulator(&["--deleted-rows", "drop", "--migrating-listed-as", "PENDING"]);
    let report = examine(&settings(&emulator), &["--json"]).json();
    let seen = listed_flags(&report);
    for flag in [
        "deleted-rows",
        "list-lag",
        "lookup-lag",
        "migrating-listed-as",
        "on-repeat",
        "repeat-code",
        "window",
    ] {
        assert_eq!(report["behaviour"][flag], Value::Null, "{flag}");
        assert!(!seen.contains_key(&format!("--{flag}")), "{flag}: {seen:?}");
    }
    let text = examine(&settings(&emulator), &[]);
    text.assert_says(&[
        "--deleted-rows was not observed",
        "--on-repeat was not observed",
    ]);
}
