//! `terraform query`, which finds numbers that Terraform does not manage yet.

use super::Workspace;
use super::program::{Capability, Program};
use crate::emulator::Emulator;

const QUERY: &str = r#"
list "cams_number_migration" "all" {
  provider = cams

  config {
    status = "CONNECTED"
  }
}
"#;

fn with_query(emulator: &Emulator, what: &str) -> Option<Workspace> {
    if !Program::under_test().can(Capability::Query, what) {
        return None;
    }
    let workspace = Workspace::on(emulator, "");
    workspace.write("all.tfquery.hcl", QUERY);
    Some(workspace)
}

#[test]
fn numbers_are_found_and_their_generated_configuration_imports_them() {
    let emulator = Emulator::start(&[]);
    let Some(workspace) = with_query(&emulator, "the query with generated configuration") else {
        return;
    };
    emulator.place("cams-test", "86", "13900001234", "CONNECTED");
    emulator.place("cams-test", "52", "15512345678", "CONNECTED");
    emulator.place("cams-test", "86", "13900001235", "PENDING");
    let run = workspace.ok(&["query", "-no-color", "-generate-config-out=generated.tf"]);
    run.assert_says(&[
        "+8613900001234 (Emulated Business, CONNECTED)",
        "+525512345678 (Emulated Business, CONNECTED)",
    ]);
    assert!(!run.all().contains("13900001235"), "{}", run.all());
    workspace
        .apply()
        .assert_says(&["2 imported, 0 added, 0 changed, 0 destroyed"]);
    workspace.assert_no_changes();
    assert_eq!(workspace.state().len(), 2);
    assert_eq!(emulator.started().len(), 0);
}

#[test]
fn a_query_without_a_space_says_what_to_set() {
    let emulator = Emulator::start(&[]);
    let Some(workspace) = with_query(&emulator, "the error of a query") else {
        return;
    };
    let workspace = workspace.env("CAMS_CUST_SPACE_ID", "");
    workspace
        .fails(&["query", "-no-color"])
        .assert_says(&["Missing Space", "Set cust_space_id here"]);
}
