//! `phone_number`, which other resources can use in the plan that creates the number.

use super::{ADDRESS, ONE, Workspace};
use crate::emulator::Emulator;

/// A resource and an output that use the number.
const USER: &str = r#"
resource "terraform_data" "user" {
  input = "+${cams_number_migration.one.phone_number}"
}
output "phone_number" {
  value = cams_number_migration.one.phone_number
}
"#;

#[test]
fn a_new_number_is_known_at_plan_and_stays_what_was_planned() {
    for flags in [&[][..], &["--answers=sparse"], &["--ids=number"]] {
        let emulator = Emulator::start(flags);
        let workspace = Workspace::on(&emulator, &format!("{ONE}{USER}"));
        workspace
            .ok(&["plan", "-no-color", "-out=plan.bin"])
            .assert_says(&[
                "phone_number = \"8613900001234\"",
                "+ input  = \"+8613900001234\"",
            ]);
        workspace.ok(&["apply", "-no-color", "plan.bin"]);
        assert_eq!(workspace.state()[ADDRESS]["phone_number"], "8613900001234");
        workspace.assert_no_changes();
    }
}

#[test]
fn a_replaced_number_is_known_at_plan_too() {
    let emulator = Emulator::start(&[]);
    let workspace = Workspace::on(&emulator, &format!("{ONE}{USER}"));
    workspace.apply();
    workspace.configure(&format!("{ONE}{USER}").replace("13900001234", "13900001235"));
    workspace
        .ok(&["plan", "-no-color"])
        .assert_says(&["\"+8613900001234\" -> \"+8613900001235\""]);
    workspace.apply();
    workspace.assert_no_changes();
}

#[test]
fn a_number_of_unknown_parts_is_known_after_apply() {
    let emulator = Emulator::start(&[]);
    let unknown = ONE.replace("\"13900001234\"", "terraform_data.number.output");
    let source = "resource \"terraform_data\" \"number\" {\n  input = \"13900001234\"\n}\n";
    let workspace = Workspace::on(&emulator, &format!("{source}{unknown}{USER}"));
    workspace
        .ok(&["plan", "-no-color"])
        .assert_says(&["phone_number = (known after apply)"]);
    workspace.apply();
    workspace.assert_no_changes();
}

#[test]
fn an_imported_number_has_no_change_to_make() {
    let emulator = Emulator::start(&[]);
    emulator.place("cams-test", "86", "13900001234", "CONNECTED");
    let import =
        "import {\n  to = cams_number_migration.one\n  id = \"cams-test/86/13900001234\"\n}\n";
    let workspace = Workspace::on(&emulator, &format!("{import}{ONE}{USER}"));
    workspace
        .ok(&["plan", "-no-color"])
        .assert_says(&["1 to import, 1 to add, 0 to change, 0 to destroy"]);
    workspace.apply();
    workspace.assert_no_changes();
}
