//! What the report may hold, and what it promises.

use std::path::Path;
use std::process::Command;

use serde_json::json;
use tempfile::TempDir;

use super::{
    COUNTRY, KEY_ID, NUMBER, SECRET, SPACE, assert_only_reads, emulator, examine, examine_at,
    settings,
};
use crate::support::PROVIDER;

/// All that a report for people may hold, and one for a bug report may not.
#[test]
fn the_json_has_no_personal_data_and_neither_form_has_a_secret() {
    let account = "1234567890123456";
    let emulators = [
        &[][..],
        &["--deny", "QueryChatappPhoneNumbers"],
        &["--not-subscribed"],
    ];
    for flags in emulators {
        let emulator = emulator(flags);
        emulator.place(SPACE, COUNTRY, NUMBER, "MIGRATING");
        emulator.place(SPACE, COUNTRY, "13900004322", "CONNECTED");
        let message = format!("the number {COUNTRY}{NUMBER} of {SPACE} is odd");
        let fault = json!({
            "kind": "business_error", "action": "QueryChatappBindWaba", "code": "Odd",
            "message": message,
        });
        emulator.control("POST", "faults", Some(fault));
        let mut settings = settings(&emulator);
        settings.extend([
            ("ALICLOUD_ACCOUNT_ID", account),
            ("ALIBABA_CLOUD_SECURITY_TOKEN", "token-of-the-doctor"),
        ]);
        let home = TempDir::new().unwrap();
        let number = format!("{COUNTRY}/{NUMBER}");
        let json = examine_at(home.path(), &settings, &["--json", "--number", &number]);
        assert!(json.json()["format"] == 2, "{}", json.stdout);
        let personal = [
            KEY_ID,
            "9876",
            SPACE,
            NUMBER,
            "4321",
            "13900004322",
            account,
            "Emulated",
            "200000000000000000",
            "1000000000000000",
            emulator.url().trim_start_matches("http://"),
            home.path().to_str().unwrap(),
        ];
        for personal in personal {
            assert!(
                !json.stdout.contains(personal),
                "{personal}:\n{}",
                json.stdout
            );
        }
        let text = examine_at(home.path(), &settings, &["--number", &number]);
        text.assert_says(&["access key ends in 9876."]);
        assert!(!text.stdout.contains(KEY_ID), "{}", text.stdout);
        for report in [&json, &text] {
            for secret in [SECRET, "token-of-the-doctor"] {
                assert!(!report.stdout.contains(secret) && !report.stderr.contains(secret));
            }
            assert_eq!(report.stderr, "");
        }
        assert_only_reads(&emulator);
    }
}

/// The keys are promised by the guide.
#[test]
fn every_key_of_the_json_is_in_the_guide() {
    let guide = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/guides/doctor.md");
    let guide = std::fs::read_to_string(guide).unwrap();
    let emulator = emulator(&[]);
    emulator.place(SPACE, COUNTRY, NUMBER, "CONNECTED");
    let report = examine(&settings(&emulator), &["--json"]).json();
    let report = report.as_object().expect("an object");
    for (key, value) in report {
        assert!(guide.contains(&format!("| `{key}` |")), "{key}");
        // Statuses and names of operations are the service's.
        let inner = value
            .as_object()
            .filter(|_| !["operations", "open_questions"].contains(&&**key));
        for (inner, _) in inner.into_iter().flatten() {
            assert!(guide.contains(&format!("`{inner}`")), "{key}.{inner}");
        }
    }
    let is_key = |line: &&str| line.starts_with("| `") && !line.starts_with("| `--");
    let documented = guide.lines().filter(is_key).count();
    assert_eq!(
        documented,
        report.len(),
        "the guide has a row for each key and no other"
    );
}

#[test]
fn help_names_the_command_and_a_wrong_argument_is_refused() {
    let help = Command::new(PROVIDER).arg("--help").output().unwrap();
    let help = String::from_utf8(help.stdout).unwrap();
    assert!(help.contains("doctor"), "{help}");
    let help = examine(&[], &["--help"]);
    assert_eq!(help.code, Some(0));
    help.assert_says(&[
        "--json",
        "--space ID",
        "--number COUNTRY_CODE/NUMBER",
        "only reads",
    ]);
    let wrong = examine(&[], &["--verbose"]);
    assert_eq!((wrong.code, &*wrong.stdout), (Some(2), ""));
    assert!(
        wrong.stderr.contains("unknown argument --verbose"),
        "{}",
        wrong.stderr
    );
}
