//! Numbers that WhatsApp writes in a form of its own, and lengths that a plan has left behind.

use super::Workspace;
use crate::emulator::Emulator;

const INITIATE: &str = "CreateChatappMigrationInitiate";
const PLAN: [&str; 3] = ["plan", "-no-color", "-input=false"];
const ADDRESS: &str = "cams_number_migration.one";

fn number(name: &str, country_code: &str, mobile_number: &str) -> String {
    format!(
        "resource \"cams_number_migration\" {name:?} {{\n  country_code  = {country_code:?}\n  \
         mobile_number = {mobile_number}\n}}\n"
    )
}

#[test]
fn a_number_that_is_answered_in_whatsapps_form_ends_in_state_and_is_started_once() {
    for (code, mobile_number) in [("52", "5512345678"), ("55", "31996883193")] {
        let quoted = format!("{mobile_number:?}");
        let emulator = Emulator::start(&[]);
        let workspace = Workspace::on(&emulator, &number("one", code, &quoted));
        workspace.apply();
        let state = &workspace.state()[ADDRESS];
        assert_eq!(state["phone_number"], format!("{code}{mobile_number}"));
        assert_eq!(state["mobile_number"], mobile_number);
        assert_eq!(state["status"], "MIGRATING");
        workspace.assert_no_changes();
        workspace.apply();

        // Without the state it is found, although the list does not show it.
        std::fs::remove_file(workspace.path().join("terraform.tfstate")).unwrap();
        workspace
            .apply()
            .assert_says(&["Number Already in the Space"]);
        workspace.assert_no_changes();
        assert_eq!(emulator.count(INITIATE), 1, "{code}");
    }
}

#[test]
fn both_forms_of_a_number_are_a_duplicate_at_the_plan() {
    let emulator = Emulator::start(&[]);
    let both = [
        number("one", "55", "\"31996883193\""),
        number("two", "55", "\"3196883193\""),
    ];
    let workspace = Workspace::on(&emulator, &both.concat());
    workspace.fails(&PLAN).assert_says(&[
        "Number Declared Twice",
        "5531996883193",
        "553196883193",
        "the same number",
    ]);
    assert_eq!(emulator.requests().len(), 0);
}

/// A number that becomes known during apply meets its other form there.
#[test]
fn both_forms_of_a_number_meet_during_apply() {
    let emulator = Emulator::start(&[]);
    let late = "resource \"terraform_data\" \"late\" {\n  input = [\"5512345678\", \
                \"15512345678\"]\n}\n";
    let numbers = [0, 1].map(|index| {
        let late = format!("terraform_data.late.output[{index}]");
        number(["one", "two"][index], "52", &late)
    });
    let workspace = Workspace::on(&emulator, &format!("{late}{}", numbers.concat()));
    workspace
        .fails(&["apply", "-auto-approve", "-no-color"])
        .assert_says(&["Number Declared Twice", "the same number"]);
    assert_eq!(emulator.count(INITIATE), 1);
}

#[test]
fn a_number_is_imported_in_either_form_and_may_change_its_form() {
    let emulator = Emulator::start(&[]);
    emulator.place("cams-test", "54", "1123456789", "CONNECTED");
    let workspace = Workspace::on(&emulator, "");
    for form in ["1123456789", "91123456789"] {
        let import = format!(
            "import {{\n  to = {ADDRESS}\n  id = \"cams-test/54/{form}\"\n}}\n{}",
            number("one", "54", &format!("{form:?}"))
        );
        workspace.configure(&import);
        workspace
            .apply()
            .assert_says(&["1 imported, 0 added, 0 changed, 0 destroyed"]);
        assert_eq!(workspace.state()[ADDRESS]["mobile_number"], form);
        workspace.assert_no_changes();
        workspace.ok(&["state", "rm", ADDRESS]);
    }
    workspace.configure(&number("one", "54", "\"1123456789\""));
    workspace.apply();
    // Another form in the configuration replaces the resource, and starts nothing.
    workspace.configure(&number("one", "54", "\"91123456789\""));
    workspace.apply().assert_says(&[
        "Same Number in Another Form",
        "541123456789 and 5491123456789 are the same number",
        "set mobile_number to \"1123456789\"",
        "1 destroyed",
    ]);
    assert_eq!(workspace.state()[ADDRESS]["phone_number"], "5491123456789");
    workspace.assert_no_changes();
    assert_eq!(emulator.count(INITIATE), 0);
}

/// Without quotes a leading 0 is lost, in HCL as in YAML.
#[test]
fn a_number_that_lost_its_leading_zero_is_warned_of() {
    let emulator = Emulator::start(&[]);
    for (code, written, says) in [
        (
            "225",
            "0701020304",
            &["\"701020304\" has 9 digits", "31 January 2021", "ARTCI"],
        ),
        (
            "229",
            "0197123456",
            &["\"197123456\" has 9 digits", "30 November 2024", "ARCEP"],
        ),
        (
            "229",
            "yamldecode(\"number: 0197123456\").number",
            &["\"197123456\" has 9 digits", "30 November 2024", "ARCEP"],
        ),
        (
            "229",
            "\"97123456\"",
            &["\"97123456\" has 8 digits", "30 November 2024", "ARCEP"],
        ),
    ] {
        let workspace = Workspace::on(&emulator, &number("one", code, written));
        let plan = workspace.ok(&PLAN);
        plan.assert_says(&["Doubtful Phone Number", "in quotes"]);
        plan.assert_says(says);
    }
    for (code, written) in [("225", "\"0701020304\""), ("229", "\"0197123456\"")] {
        let workspace = Workspace::on(&emulator, &number("one", code, written));
        let plan = workspace.ok(&PLAN);
        assert!(!plan.all().contains("Doubtful"), "{}", plan.all());
    }
}
