//! A state that something else than the provider has written.

use serde_json::Value;

use super::{ADDRESS, ONE, Workspace};
use crate::emulator::Emulator;

/// Sets an attribute of the one number in the state.
fn edit(workspace: &Workspace, attribute: &str, value: Value) {
    let path = workspace.path().join("terraform.tfstate");
    let text = std::fs::read_to_string(path).expect("a state");
    let mut state: Value = serde_json::from_str(&text).expect("JSON");
    state["resources"][0]["instances"][0]["attributes"][attribute] = value;
    workspace.write_state(&state.to_string());
}

#[test]
fn a_fault_of_the_state_is_told_of_the_state_with_the_way_to_mend_it() {
    let emulator = Emulator::start(&[]);
    for (attribute, value, says) in [
        (
            "country_code",
            Value::from("+86"),
            "\"+86\" contains characters other than the digits",
        ),
        (
            "mobile_number",
            Value::from("139 0000 1234"),
            "\"139 0000 1234\" contains characters",
        ),
        ("country_code", Value::from(""), "country_code: \"\""),
        ("mobile_number", Value::Null, "mobile_number is missing"),
        ("cust_space_id", Value::Null, "cust_space_id is missing"),
        ("cust_space_id", Value::from(""), "cust_space_id is \"\""),
    ] {
        let workspace = Workspace::on(&emulator, ONE);
        workspace.apply();
        edit(&workspace, attribute, value);
        for refresh in ["-refresh=true", "-refresh=false"] {
            let run = workspace.fails(&["plan", "-no-color", "-input=false", refresh]);
            run.assert_says(&[
                "Error: Faulty State",
                says,
                "terraform state rm 'ADDRESS'",
                "terraform import 'ADDRESS'",
            ]);
            // No line of the configuration, which is right.
            for line in ["country_code  =", "mobile_number =", "Write country_code"] {
                assert!(!run.all().contains(line), "{attribute}: {}", run.all());
            }
        }
        workspace.ok(&["state", "rm", ADDRESS]);
        workspace.ok(&["import", "-no-color", ADDRESS, "cams-test/86/13900001234"]);
        workspace.assert_no_changes();
    }
}
