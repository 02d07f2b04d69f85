//! Bringing existing numbers under management, by block and by command.

use super::program::{Capability, Program};
use super::{ADDRESS, ONE, Workspace};
use crate::emulator::Emulator;

fn placed() -> Emulator {
    let emulator = Emulator::start(&[]);
    emulator.place("cams-test", "86", "13900001234", "CONNECTED");
    emulator
}

#[test]
fn by_command_with_both_forms_of_id() {
    for id in ["cams-test/86/13900001234", "cams-test/8613900001234"] {
        let emulator = placed();
        let workspace = Workspace::on(&emulator, ONE);
        workspace
            .ok(&["import", "-no-color", ADDRESS, id])
            .assert_says(&["Import successful"]);
        let state = &workspace.state()[ADDRESS];
        assert_eq!(state["status"], "CONNECTED");
        assert_eq!(state["phone_number"], "8613900001234");
        assert!(
            state["id"].as_str().is_some_and(|id| !id.is_empty()),
            "{state}"
        );
        workspace.assert_no_changes();
    }
}

#[test]
fn by_block_and_with_generated_configuration() {
    let emulator = placed();
    let import =
        "import {\n  to = cams_number_migration.one\n  id = \"cams-test/86/13900001234\"\n}\n";
    let workspace = Workspace::on(&emulator, import);
    workspace
        .ok(&["plan", "-no-color", "-generate-config-out=generated.tf"])
        .assert_says(&["1 to import, 0 to add"]);
    workspace.apply().assert_says(&["1 imported, 0 added"]);
    workspace.assert_no_changes();
}

#[test]
fn by_identity() {
    let what = "the import by identity";
    if !Program::under_test().can(Capability::Identity, what) {
        return;
    }
    let emulator = placed();
    let identity = "identity = {\n    cust_space_id = \"cams-test\"\n    \
                    country_code = \"86\"\n    mobile_number = \"13900001234\"\n  }";
    let import = format!("import {{\n  to = cams_number_migration.one\n  {identity}\n}}\n");
    let workspace = Workspace::on(&emulator, &format!("{import}{ONE}"));
    workspace.apply().assert_says(&["1 imported, 0 added"]);
    assert_eq!(workspace.state()[ADDRESS]["status"], "CONNECTED");
    workspace.assert_no_changes();
}

#[test]
fn what_is_not_there_cannot_be_imported() {
    for (flags, says) in [
        (
            &["--missing-code", "PhoneNumber.NotExist"][..],
            "Cannot import non-existent remote object",
        ),
        (&[], "Number Not Found"),
        (&["--missing-number", "empty-data"], "Number Not Found"),
    ] {
        let emulator = Emulator::start(flags);
        let workspace = Workspace::on(&emulator, ONE);
        workspace
            .fails(&["import", "-no-color", ADDRESS, "cams-test/86/13900001234"])
            .assert_says(&[says]);
        assert_eq!(workspace.state().len(), 0);
    }
}

#[test]
fn a_malformed_id_is_answered_with_the_format() {
    let emulator = Emulator::start(&[]);
    let workspace = Workspace::on(&emulator, ONE);
    for id in [
        "8613900001234",
        "cams-test/86/139/1",
        "/86/13900001234",
        "cams-test/999/1",
        "cams-test/+86 139",
    ] {
        workspace
            .fails(&["import", "-no-color", ADDRESS, id])
            .assert_says(&[
                "Invalid Import ID",
                "CUST_SPACE_ID/COUNTRY_CODE/MOBILE_NUMBER",
            ]);
    }
    for (id, says) in [
        (
            "86/13900001234",
            "the space in front of the number 86/13900001234 is missing",
        ),
        ("+86/13900001234", "the space in front of the number"),
        ("cams test/86/13900001234", "\"cams test\" is no space"),
    ] {
        let run = workspace.fails(&["import", "-no-color", ADDRESS, id]);
        run.assert_says(&["Invalid Import ID", says]);
    }
    assert_eq!(emulator.requests().len(), 0);
    // Terraform breaks the lines of what it prints.
    workspace
        .fails(&[
            "import",
            "-no-color",
            ADDRESS,
            "cams-test/+86 139 0000 1234",
        ])
        .assert_says(&["\"8613900001234\""]);
}
