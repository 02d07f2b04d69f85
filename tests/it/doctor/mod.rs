//! `terraform-provider-cams doctor`: the real binary against a real emulator. It must find what is
//! wrong, say what it saw of the service, and only read.

mod hostile; // answers that would spoil a report, and places where none can be written
mod problems; // what is wrong, and what to do
mod questions; // what the documentation leaves open
mod report; // what the report may hold, and what it promises

use std::path::Path;
use std::process::{Command, Stdio};

use serde_json::Value;
use tempfile::TempDir;

use crate::emulator::Emulator;
use crate::support::{NO_METADATA, PROVIDER};

const KEY_ID: &str = "LTAI5tDoctorKey9876";
const SECRET: &str = "secret-of-the-doctor";
const SPACE: &str = "cams-space-of-a-test";
const COUNTRY: &str = "86";
const NUMBER: &str = "13900004321";

/// The operations that doctor may call. All of them only read.
const READING: [&str; 4] = [
    "GetChatappOpenStatus",
    "GetPhoneNumberVerificationStatus",
    "QueryChatappBindWaba",
    "QueryChatappPhoneNumbers",
];

/// A run of the command.
struct Examined {
    code: Option<i32>,
    stdout: String,
    stderr: String,
}

impl Examined {
    fn json(&self) -> Value {
        serde_json::from_str(&self.stdout)
            .unwrap_or_else(|error| panic!("{error}:\n{}\n{}", self.stdout, self.stderr))
    }

    /// The state of what was found out about a subject, which must be the same in each finding.
    fn state(&self, about: &str) -> String {
        let report = self.json();
        let findings = report["findings"].as_array().expect("findings");
        let mut states = findings
            .iter()
            .filter(|finding| finding["about"] == about)
            .map(|finding| finding["state"].as_str().expect("a state").to_owned());
        states
            .next()
            .unwrap_or_else(|| panic!("nothing about {about}: {report:#}"))
    }

    fn assert_says(&self, texts: &[&str]) {
        // As the report breaks its lines between words.
        let said = self.stdout.split_whitespace().collect::<Vec<_>>().join(" ");
        for text in texts {
            assert!(
                said.contains(text),
                "{text:?} is missing in:\n{}",
                self.stdout
            );
        }
    }
}

/// Runs doctor with nothing in its environment but these variables and a state directory of its
/// own.
fn examine(variables: &[(&str, &str)], arguments: &[&str]) -> Examined {
    let home = TempDir::new().unwrap();
    examine_at(home.path(), variables, arguments)
}

fn examine_at(home: &Path, variables: &[(&str, &str)], arguments: &[&str]) -> Examined {
    let output = Command::new(PROVIDER)
        .arg("doctor")
        .args(arguments)
        .env_clear()
        .env(NO_METADATA.0, NO_METADATA.1)
        .env("HOME", home)
        .env("CAMS_THROTTLE_STATE_DIRECTORY", home.join("state"))
        .envs(variables.iter().copied())
        .stdin(Stdio::null())
        .output()
        .unwrap();
    Examined {
        code: output.status.code(),
        stdout: String::from_utf8(output.stdout).unwrap(),
        stderr: String::from_utf8(output.stderr).unwrap(),
    }
}

/// An emulator with the account of these tests.
fn emulator(flags: &[&str]) -> Emulator {
    let account = ["--access-key-id", KEY_ID, "--access-key-secret", SECRET];
    Emulator::start(&[&account, flags].concat())
}

/// The settings for an emulator.
fn settings(emulator: &Emulator) -> Vec<(&str, &str)> {
    vec![
        ("CAMS_ENDPOINT", emulator.url()),
        ("ALIBABA_CLOUD_ACCESS_KEY_ID", KEY_ID),
        ("ALIBABA_CLOUD_ACCESS_KEY_SECRET", SECRET),
        ("CAMS_CUST_SPACE_ID", SPACE),
    ]
}

/// Every operation that was called only reads, and all of them stayed within the quota.
fn assert_only_reads(emulator: &Emulator) {
    let requests = emulator.requests();
    assert!(!requests.is_empty());
    for request in requests {
        let action = request["action"].as_str().expect("an action");
        assert!(READING.contains(&action), "{request}");
        assert_eq!(request["committed"], false, "{request}");
        assert_eq!(request["throttled"], false, "{request}");
    }
}
