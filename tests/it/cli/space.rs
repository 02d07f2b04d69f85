//! The provider's space, which holds for numbers without one of their own, also where it becomes
//! known only during apply.

use super::{ADDRESS, Workspace};
use crate::emulator::Emulator;

const INITIATE: &str = "CreateChatappMigrationInitiate";

/// A configuration of one number with these further arguments.
fn number(more: &str) -> String {
    format!(
        "resource \"cams_number_migration\" \"one\" {{\n  country_code  = \"86\"\n  \
         mobile_number = \"13900001234\"\n{more}}}\n"
    )
}

const LATE_SPACE: &str = "resource \"terraform_data\" \"space\" {\n  input = \"cams-late\"\n}\n\
    provider \"cams\" {\n  cust_space_id = terraform_data.space.output\n}\n";
const NEW_SPACE: &str = "provider \"cams\" {\n  cust_space_id = \"cams-new\"\n}\n";
const TIMEOUTS: &str = "  timeouts { create = \"1h\" }\n";

#[test]
fn an_update_goes_before_a_replacement_by_a_space_that_was_unknown_at_the_plan() {
    let emulator = Emulator::start(&[]);
    let workspace = Workspace::on(&emulator, &number(""));
    workspace.apply();
    workspace.configure(&format!("{LATE_SPACE}{}", number(TIMEOUTS)));
    workspace
        .apply()
        .assert_says(&["1 added, 1 changed, 0 destroyed"]);
    let state = &workspace.state()[ADDRESS];
    assert_eq!(state["cust_space_id"], "cams-test");
    assert_eq!(state["timeouts"]["create"], "1h");
    assert_eq!(emulator.count(INITIATE), 1);
    workspace
        .apply()
        .assert_says(&["forces replacement", "1 added, 0 changed, 1 destroyed"]);
    assert_eq!(workspace.state()[ADDRESS]["cust_space_id"], "cams-late");
    workspace.assert_no_changes();
}

#[test]
fn an_update_beside_a_known_change_of_space_says_what_comes_next() {
    let emulator = Emulator::start(&[]);
    let workspace = Workspace::on(&emulator, &number(""));
    workspace.apply();
    workspace.configure(&format!("{NEW_SPACE}{}", number(TIMEOUTS)));
    workspace.ok(&["plan", "-no-color"]).assert_says(&[
        "0 to add, 1 to change, 0 to destroy",
        "Replacement Deferred to the Next Plan",
    ]);
    workspace.apply();
    workspace
        .ok(&["plan", "-no-color"])
        .assert_says(&["forces replacement"]);
}

#[test]
fn what_replaces_the_number_anyway_takes_it_to_the_new_space_at_once() {
    let emulator = Emulator::start(&[]);
    let workspace = Workspace::on(&emulator, &number(""));
    workspace.apply();
    let other = number(TIMEOUTS).replace("13900001234", "13900001235");
    workspace.configure(&format!("{NEW_SPACE}{other}"));
    workspace
        .apply()
        .assert_says(&["1 added, 0 changed, 1 destroyed"]);
    assert_eq!(workspace.state()[ADDRESS]["cust_space_id"], "cams-new");
    workspace.assert_no_changes();
}
