//! One number from plan to destroy, and what may happen to it on the way.
//!
//! This file is longer than 300 lines because it has a short test for each of these events.

use super::{ADDRESS, ONE, Workspace};
use crate::emulator::Emulator;

const INITIATE: &str = "CreateChatappMigrationInitiate";

#[test]
fn a_number_is_planned_applied_kept_and_forgotten() {
    let emulator = Emulator::start(&[]);
    let workspace = Workspace::on(&emulator, ONE);

    workspace
        .ok(&["plan", "-no-color", "-input=false"])
        .assert_says(&["1 to add, 0 to change, 0 to destroy"]);
    assert_eq!(emulator.count(INITIATE), 0, "a plan starts nothing");

    workspace
        .apply()
        .assert_says(&["1 added, 0 changed, 0 destroyed"]);
    let state = &workspace.state()[ADDRESS];
    assert_eq!(state["cust_space_id"], "cams-test");
    assert_eq!(state["phone_number"], "8613900001234");
    assert_eq!(state["status"], "MIGRATING");
    assert!(
        state["id"].as_str().is_some_and(|id| !id.is_empty()),
        "{state}"
    );
    assert!(
        state["request_id"]
            .as_str()
            .is_some_and(|id| !id.is_empty()),
        "{state}"
    );
    workspace.assert_no_changes();

    workspace
        .ok(&["destroy", "-auto-approve", "-no-color"])
        .assert_says(&["Number Is Forgotten, Not Removed", "1 destroyed"]);
    assert_eq!(workspace.state().len(), 0);
    assert_eq!(emulator.count(INITIATE), 1);
}

#[test]
fn a_plan_with_unknown_values_is_made_and_applied() {
    let emulator = Emulator::start(&[]);
    let workspace = Workspace::on(
        &emulator,
        r#"
resource "terraform_data" "number" {
  input = { space = "cams-late", code = "1", number = "5550109999" }
}
resource "cams_number_migration" "one" {
  cust_space_id = terraform_data.number.output.space
  country_code  = terraform_data.number.output.code
  mobile_number = terraform_data.number.output.number
}
"#,
    );
    workspace
        .ok(&["plan", "-no-color"])
        .assert_says(&["(known after apply)", "2 to add"]);
    workspace.apply();
    assert_eq!(workspace.state()[ADDRESS]["phone_number"], "15550109999");
    workspace.assert_no_changes();
}

#[test]
fn a_provider_configured_with_unknown_values_plans_creation() {
    let emulator = Emulator::start(&[]);
    let workspace = Workspace::on(
        &emulator,
        &format!(
            "resource \"terraform_data\" \"space\" {{\n  input = \"cams-late\"\n}}\n\
             resource \"terraform_data\" \"scope\" {{\n  input = \"process\"\n}}\n\
             provider \"cams\" {{\n  cust_space_id = terraform_data.space.output\n  \
             throttle {{\n    scope = terraform_data.scope.output\n  }}\n}}\n{ONE}"
        ),
    );
    workspace
        .ok(&["plan", "-no-color"])
        .assert_says(&["3 to add"]);
    workspace.apply();
    assert_eq!(workspace.state()[ADDRESS]["cust_space_id"], "cams-late");
    workspace.assert_no_changes();
}

#[test]
fn every_argument_replaces() {
    let emulator = Emulator::start(&[]);
    let workspace = Workspace::on(&emulator, ONE);
    workspace.apply();
    for changed in [
        ONE.replace("13900001234", "13900001235"),
        ONE.replace("\"86\"", "\"33\"")
            .replace("13900001234", "612345678"),
        ONE.replace(
            "country_code ",
            "cust_space_id = \"cams-other\"\n  country_code ",
        ),
    ] {
        workspace.configure(&changed);
        workspace.ok(&["plan", "-no-color"]).assert_says(&[
            "must be replaced",
            "forces replacement",
            "1 to add, 0 to change, 1 to destroy",
        ]);
    }
    workspace
        .apply()
        .assert_says(&["1 added, 0 changed, 1 destroyed"]);
    assert_eq!(workspace.state()[ADDRESS]["cust_space_id"], "cams-other");
    workspace.assert_no_changes();
}

#[test]
fn a_number_follows_the_space_of_the_provider() {
    let emulator = Emulator::start(&[]);
    let workspace = Workspace::on(&emulator, ONE);
    workspace.apply();
    workspace.configure(&format!(
        "provider \"cams\" {{\n  cust_space_id = \"cams-new\"\n}}\n{ONE}"
    ));
    workspace
        .ok(&["plan", "-no-color"])
        .assert_says(&["cams-new", "forces replacement"]);
}

#[test]
fn a_changed_timeout_is_an_update_without_a_call() {
    let emulator = Emulator::start(&[]);
    let workspace = Workspace::on(&emulator, ONE);
    workspace.apply();
    workspace.configure(&ONE.replace(
        "country_code ",
        "timeouts { create = \"1h\" }\n  country_code ",
    ));
    workspace
        .apply()
        .assert_says(&["0 added, 1 changed, 0 destroyed"]);
    workspace.assert_no_changes();
    assert_eq!(emulator.count(INITIATE), 1);
}

/// The flag of a service that reports a missing number by a code that the provider recognizes as
/// proof that it does not exist.
const SAYS_MISSING: [&str; 2] = ["--missing-code", "PhoneNumber.NotExist"];

#[test]
fn a_number_removed_behind_terraforms_back_is_planned_anew() {
    for deleted_rows in ["keep", "drop"] {
        let [flag, code] = SAYS_MISSING;
        let emulator = Emulator::start(&[flag, code, "--deleted-rows", deleted_rows]);
        let workspace = Workspace::on(&emulator, ONE);
        workspace.apply();
        emulator.remove("cams-test", "86", "13900001234");
        workspace
            .ok(&["plan", "-no-color"])
            .assert_says(&["No changes"]);
        workspace.age();
        workspace.ok(&["plan", "-no-color"]).assert_says(&[
            "1 to add, 0 to change, 0 to destroy",
            "Number Is Gone From the Space",
        ]);
        workspace.apply();
        workspace.assert_no_changes();
        assert_eq!(emulator.count(INITIATE), 2);
    }
}

#[test]
fn a_number_that_no_answer_shows_or_denies_stays_in_the_state() {
    let emulator = Emulator::start(&[]);
    let workspace = Workspace::on(&emulator, ONE);
    workspace.apply();
    emulator.remove("cams-test", "86", "13900001234");
    workspace.age();
    workspace.ok(&["plan", "-no-color"]).assert_says(&[
        "No changes",
        "Number Not Confirmed by CAMS",
        "terraform state rm",
    ]);
    assert_eq!(workspace.state()[ADDRESS]["phone_number"], "8613900001234");
}

#[test]
fn an_old_deleted_row_does_not_hide_the_living_one() {
    // The seed of the emulator decides which of the two rows comes first.
    for seed in ["0", "1"] {
        let emulator = Emulator::start(&["--migrating-listed-as", "PENDING", "--seed", seed]);
        emulator.place("cams-test", "86", "13900001234", "DELETED");
        let workspace = Workspace::on(&emulator, ONE);
        workspace.apply();
        workspace.age();
        workspace.assert_no_changes();
        workspace.apply();
        assert_eq!(workspace.state()[ADDRESS]["status"], "PENDING");
    }
}

#[test]
fn a_number_listed_as_deleted_is_there_while_the_lookup_knows_it() {
    for (lookup, expected) in [(true, "No changes"), (false, "1 to add")] {
        let [flag, code] = SAYS_MISSING;
        let emulator = Emulator::start(&[flag, code]);
        let workspace = Workspace::on(&emulator, ONE);
        workspace.apply();
        workspace.age();
        let deleted = serde_json::json!({
            "cust_space_id": "cams-test", "country_code": "86", "mobile_number": "13900001234",
            "status": "DELETED", "lookup": lookup,
        });
        emulator.control("POST", "numbers", Some(deleted));
        workspace
            .ok(&["plan", "-no-color"])
            .assert_says(&[expected]);
    }
}

#[test]
fn a_status_that_moves_on_is_no_change_to_make() {
    let emulator = Emulator::start(&[]);
    let workspace = Workspace::on(&emulator, ONE);
    workspace.apply();
    emulator.place("cams-test", "86", "13900001234", "CONNECTED");
    workspace
        .apply()
        .assert_says(&["0 added, 0 changed, 0 destroyed"]);
    assert_eq!(workspace.state()[ADDRESS]["status"], "CONNECTED");
    workspace.assert_no_changes();
}

#[test]
fn a_number_that_is_in_the_space_is_taken_over_whatever_its_status() {
    for status in ["MIGRATING", "CONNECTED", "BANNED", "OFFLINE"] {
        let emulator = Emulator::start(&[]);
        emulator.place("cams-test", "86", "13900001234", status);
        let workspace = Workspace::on(&emulator, ONE);
        workspace
            .apply()
            .assert_says(&["Number Already in the Space", "8613900001234"]);
        assert_eq!(workspace.state()[ADDRESS]["status"], status);
        assert_eq!(emulator.count(INITIATE), 0);
        workspace.assert_no_changes();
    }
}

#[test]
fn replaced_or_renamed_numbers_are_taken_over() {
    let emulator = Emulator::start(&[]);
    let workspace = Workspace::on(&emulator, ONE);
    workspace.apply();
    let replace = [
        "apply",
        "-auto-approve",
        "-no-color",
        "-replace=cams_number_migration.one",
    ];
    workspace
        .ok(&replace)
        .assert_says(&["1 added, 0 changed, 1 destroyed"]);
    workspace.configure(&ONE.replace("\"one\"", "\"renamed\""));
    workspace
        .apply()
        .assert_says(&["1 added, 0 changed, 1 destroyed"]);
    assert_eq!(workspace.state().len(), 1);
    workspace.assert_no_changes();
    assert_eq!(emulator.count(INITIATE), 1);
}

#[test]
fn an_answer_of_numbers_or_of_nothing_but_ok_is_a_started_migration() {
    for flags in [["--ids", "number"], ["--answers", "sparse"]] {
        let emulator = Emulator::start(&flags);
        let workspace = Workspace::on(&emulator, ONE);
        workspace.apply();
        let state = &workspace.state()[ADDRESS];
        assert_eq!(state["status"], "MIGRATING", "{flags:?}");
        assert_eq!(state["phone_number"], "8613900001234", "{flags:?}");
        let id = state["id"].as_str();
        assert!(id.is_some_and(|id| id.len() == 15), "{flags:?}: {state}");
        workspace.assert_no_changes();
        assert_eq!(emulator.count(INITIATE), 1);
    }
}

#[test]
fn an_operation_that_ram_denies_alone_is_a_warning_and_both_are_an_error() {
    const LIST: &str = "QueryChatappPhoneNumbers";
    const LOOKUP: &str = "GetPhoneNumberVerificationStatus";
    for denied in [LIST, LOOKUP] {
        let emulator = Emulator::start(&["--deny", denied]);
        let workspace = Workspace::on(&emulator, ONE);
        workspace
            .apply()
            .assert_says(&[&format!("{denied} Failed"), "1 added"]);
        workspace.assert_no_changes();
    }
    let emulator = Emulator::start(&["--deny", LIST, "--deny", LOOKUP]);
    let workspace = Workspace::on(&emulator, ONE);
    workspace
        .fails(&["apply", "-auto-approve", "-no-color"])
        .assert_says(&["CAMS Denied Access", LIST, LOOKUP, "\"Effect\": \"Allow\""]);
    assert_eq!(emulator.count(INITIATE), 0);
}

#[test]
fn the_same_number_twice_in_one_run_is_an_error_that_names_it() {
    let emulator = Emulator::start(&[]);
    let workspace = Workspace::on(
        &emulator,
        &format!("{ONE}{}", ONE.replace("\"one\"", "\"two\"")),
    );
    workspace
        .fails(&["apply", "-auto-approve", "-no-color"])
        .assert_says(&["Number Declared Twice", "8613900001234"]);
    assert_eq!(emulator.count(INITIATE), 0);
}

#[test]
fn missing_credentials_and_a_missing_space_say_what_to_set() {
    let workspace = Workspace::new(ONE);
    workspace
        .fails(&["plan", "-no-color"])
        .assert_says(&["access_key", "ALIBABA_CLOUD_ACCESS_KEY_ID"]);
    let emulator = Emulator::start(&[]);
    let workspace = Workspace::on(&emulator, ONE).env("CAMS_CUST_SPACE_ID", "");
    workspace.fails(&["plan", "-no-color"]).assert_says(&[
        "Missing Space",
        "cust_space_id",
        "CAMS_CUST_SPACE_ID",
    ]);
}

#[test]
fn a_variable_that_cannot_be_right_is_named() {
    let emulator = Emulator::start(&[]);
    for (attribute, variable, value) in [
        ("access_key", "ALIBABA_CLOUD_ACCESS_KEY_ID", "a\nb"),
        ("account_id", "ALICLOUD_ACCOUNT_ID", "my-account"),
        ("client_read_timeout", "CLIENT_READ_TIMEOUT", "60s"),
        ("cust_space_id", "CAMS_CUST_SPACE_ID", " cams-abc123"),
        ("cust_space_id", "CAMS_CUST_SPACE_ID", "cams/abc123"),
        ("endpoint", "CAMS_ENDPOINT", "http://cams.example.com"),
        ("region", "ALICLOUD_REGION", "Singapore"),
        (
            "secret_key",
            "ALIBABA_CLOUD_ACCESS_KEY_SECRET",
            "s3cr3t s3cr3t",
        ),
        ("throttle.scope", "CAMS_THROTTLE_SCOPE", "planet"),
    ] {
        let workspace = Workspace::on(&emulator, ONE).env(variable, value);
        let output = workspace.fails(&["plan", "-no-color"]);
        output.assert_says(&["Invalid Provider Configuration", attribute, variable]);
        assert!(!output.all().contains("s3cr3t"));
    }
}

#[test]
fn a_wrong_secret_names_the_setting_the_code_and_the_request() {
    let emulator = Emulator::start(&[]);
    let workspace =
        Workspace::on(&emulator, ONE).env("ALIBABA_CLOUD_ACCESS_KEY_SECRET", "not-the-secret");
    workspace
        .fails(&["apply", "-auto-approve", "-no-color"])
        .assert_says(&[
            "CAMS Refused the Credentials",
            "secret_key",
            "SignatureDoesNotMatch",
            "HTTP status:",
            "Request id:",
        ]);
}

#[test]
fn both_signature_methods_work() {
    for method in ["ACS3-HMAC-SHA256", "HMAC-SHA1"] {
        let emulator = Emulator::start(&[]);
        let workspace = Workspace::on(
            &emulator,
            &format!("provider \"cams\" {{\n  signature_method = \"{method}\"\n}}\n{ONE}"),
        );
        workspace.apply();
        workspace.assert_no_changes();
    }
}
