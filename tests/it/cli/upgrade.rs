//! What each version of the provider stored, with its private data, under `tests/fixtures/states`.
//!
//! `UPDATE_OUTPUT=1 cargo test --workspace --test it -- cli::upgrade` records the state of a version
//! that has none, with the CLI under test. A recorded state is never changed, because users have
//! such a state.

use std::fs;
use std::path::Path;

use serde_json::{Value, json};

use super::Workspace;
use crate::emulator::Emulator;

/// One resource of each type.
const RESOURCES: &str = r#"
resource "cams_number_migration" "one" {
  country_code  = "86"
  mobile_number = "13900001234"

  timeouts {
    create = "30m"
  }
}

resource "cams_number_verification" "one" {
  phone_number = cams_number_migration.one.phone_number
}

resource "cams_number_registration" "one" {
  phone_number = cams_number_verification.one.phone_number
  triggers     = { attempt = "1" }
}

resource "cams_phone_webhook" "one" {
  phone_number    = cams_number_registration.one.phone_number
  up_callback_url = "https://hooks.example.com/cams"
  http_flag       = true
}

resource "cams_number_verification_code" "other" {
  phone_number = "8613900001235"
  triggers     = { attempt = "1" }
}
"#;

#[test]
fn what_each_version_stored_is_read_and_has_no_change_to_make() {
    let versions = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/states");
    let current = versions.join(env!("CARGO_PKG_VERSION"));
    if !current.exists() {
        assert!(
            std::env::var_os("UPDATE_OUTPUT").is_some(),
            "no state of this version is recorded: run the test with UPDATE_OUTPUT=1"
        );
        record(&current);
    }
    for version in fs::read_dir(versions).expect("a folder") {
        let read = |name: &str| {
            let version = version.as_ref().expect("an entry").path();
            fs::read_to_string(version.join(name)).expect("a file")
        };
        let emulator = Emulator::start(&[]);
        let numbers: Vec<Value> = serde_json::from_str(&read("numbers.json")).expect("JSON");
        for number in numbers {
            emulator.place_number(number);
        }
        let workspace = Workspace::on(&emulator, "");
        workspace.write("main.tf", &read("main.tf"));
        let state = read("terraform.tfstate");
        workspace.write_state(&state);
        workspace.assert_no_changes();
        workspace.ok(&["apply", "-refresh-only", "-auto-approve", "-no-color"]);
        workspace.assert_no_changes();
        let state: Value = serde_json::from_str(&state).expect("JSON");
        let stored = state["resources"].as_array().expect("a list").len();
        assert_eq!(workspace.state().len(), stored);
    }
}

/// Applies one resource of each type, and keeps the configuration, the state, and the numbers that
/// the emulator has then.
fn record(folder: &Path) {
    let emulator = Emulator::start(&["--arrives-verified"]);
    emulator.place_number(json!({
        "cust_space_id": "cams-test", "country_code": "86", "mobile_number": "13900001235",
        "status": "PENDING", "code_verification_status": "NOT_VERIFIED",
    }));
    let workspace = Workspace::on(&emulator, RESOURCES);
    workspace.apply();
    fs::create_dir_all(folder).expect("a folder");
    for file in ["main.tf", "terraform.tfstate"] {
        fs::copy(workspace.path().join(file), folder.join(file)).expect("a file");
    }
    let numbers = emulator.control("GET", "numbers", None);
    let numbers = serde_json::to_string_pretty(&numbers).expect("JSON");
    fs::write(folder.join("numbers.json"), numbers + "\n").expect("a file");
}
