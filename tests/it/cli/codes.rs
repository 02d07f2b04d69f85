//! Verification codes: by the resource in every CLI, and by the action in those that have actions.

use super::program::{Capability, Program};
use super::{ONE, Workspace};
use crate::emulator::Emulator;

const SEND: &str = "GetMigrationVerifyCode";
const ADDRESS: &str = "cams_number_verification_code.one";

/// The migration of the number, and its code.
fn with_code(arguments: &str) -> String {
    format!(
        "{ONE}\nresource \"cams_number_verification_code\" \"one\" {{\n  phone_number = \
         cams_number_migration.one.phone_number\n{arguments}\n}}\n"
    )
}

#[test]
fn a_code_is_sent_once_over_all_applies_and_again_when_triggers_change() {
    let emulator = Emulator::start(&[]);
    let workspace = Workspace::on(&emulator, &with_code(""));
    workspace.apply();
    workspace.apply();
    workspace.assert_no_changes();
    assert_eq!(emulator.count(SEND), 1);
    workspace.configure(&with_code("  locale = \"zh_CN\""));
    workspace.apply();
    assert_eq!(emulator.count(SEND), 1);
    workspace.configure(&with_code("  triggers = { attempt = \"2\" }"));
    workspace
        .ok(&["plan", "-no-color"])
        .assert_says(&["will be updated in-place", "0 to destroy"]);
    workspace.apply();
    workspace.assert_no_changes();
    assert_eq!(emulator.count(SEND), 2);
    let last = emulator.control("GET", "codes/8613900001234", None);
    assert_eq!(
        (&last["sent"], &last["locale"]),
        (&2.into(), &"en_US".into())
    );
    workspace.ok(&["apply", "-destroy", "-auto-approve", "-no-color"]);
    assert_eq!(emulator.count(SEND), 2);
}

#[test]
fn a_refused_code_is_sent_by_the_next_apply_and_a_lost_answer_is_not() {
    let emulator = Emulator::start(&["--busy-sends=1"]);
    let workspace = Workspace::on(&emulator, &with_code(""));
    workspace
        .fails(&["apply", "-auto-approve", "-no-color"])
        .assert_says(&["Code Refused", "servers are busy"]);
    assert!(!workspace.state().contains_key(ADDRESS));
    let lost = serde_json::json!({ "kind": "reset_after_commit", "action": SEND });
    emulator.control("POST", "faults", Some(lost));
    workspace
        .apply()
        .assert_says(&["Code May Have Been Sent", "-replace='ADDRESS'"]);
    workspace.apply();
    workspace.assert_no_changes();
    assert_eq!(emulator.count(SEND), 2);
    workspace.ok(&[
        "apply",
        "-auto-approve",
        "-no-color",
        "-replace=cams_number_verification_code.one",
    ]);
    assert_eq!(emulator.count(SEND), 3);
}

#[test]
fn an_imported_code_has_no_change_to_make() {
    let emulator = Emulator::start(&[]);
    emulator.place("cams-test", "86", "13900001234", "MIGRATING");
    let code = "resource \"cams_number_verification_code\" \"one\" {\n  phone_number = \
                \"8613900001234\"\n}\n";
    let workspace = Workspace::on(&emulator, code);
    workspace.ok(&["import", "-no-color", ADDRESS, "cams-test/8613900001234"]);
    workspace.assert_no_changes();
    assert_eq!(emulator.count(SEND), 0);
}

#[test]
fn an_action_sends_a_code_after_a_create_and_when_it_is_invoked() {
    let what = "the action that sends a code";
    if !Program::under_test().can(Capability::Actions, what) {
        return;
    }
    let emulator = Emulator::start(&[]);
    let triggered = ONE.replace(
        "\n}\n",
        "\n  lifecycle {\n    action_trigger {\n      events  = [after_create]\n      actions = \
         [action.cams_send_verification_code.one]\n    }\n  }\n}\n",
    );
    let action = "action \"cams_send_verification_code\" \"one\" {\n  config {\n    phone_number = \
                  \"8613900001234\"\n  }\n}\n";
    let workspace = Workspace::on(&emulator, &format!("{triggered}{action}"));
    workspace.apply().assert_says(&["CAMS has sent a code to"]);
    workspace.assert_no_changes();
    assert_eq!(emulator.count(SEND), 1);
    workspace.ok(&[
        "apply",
        "-auto-approve",
        "-no-color",
        "-invoke=action.cams_send_verification_code.one",
    ]);
    assert_eq!(emulator.count(SEND), 2);
}
