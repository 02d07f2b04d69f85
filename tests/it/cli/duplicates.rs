//! One number in two resources: found at the plan, and never where there is but one resource.

use super::Workspace;
use crate::emulator::Emulator;

const INITIATE: &str = "CreateChatappMigrationInitiate";

fn number(name: &str, mobile_number: &str, more: &str) -> String {
    format!(
        "resource \"cams_number_migration\" {name:?} {{\n  country_code  = \"86\"\n  \
         mobile_number = {mobile_number:?}\n{more}}}\n"
    )
}

const ONE: &str = "13900001234";
const OTHER: &str = "13900001235";
const PLAN: [&str; 3] = ["plan", "-no-color", "-input=false"];
const APPLY: [&str; 3] = ["apply", "-auto-approve", "-no-color"];
const TWICE: &str = "Number Declared Twice";

#[test]
fn resources_instances_and_modules_with_one_number_are_found_at_the_plan() {
    let emulator = Emulator::start(&[]);
    let workspace = Workspace::on(&emulator, "");
    let instances = "resource \"cams_number_migration\" \"all\" {\n  for_each      = \
         toset([\"a\", \"b\"])\n  \
                     country_code  = \"86\"\n  mobile_number = \"13900001234\"\n}\n";
    std::fs::create_dir(workspace.path().join("module")).unwrap();
    let module = format!("{}{}", super::REQUIRED_PROVIDERS, number("one", ONE, ""));
    workspace.write("module/main.tf", &module);
    let modules =
        "module \"a\" {\n  source = \"./module\"\n}\nmodule \"b\" {\n  source = \"./module\"\n}\n";
    for configuration in [
        format!("{}{}", number("one", ONE, ""), number("two", ONE, "")),
        instances.to_owned(),
        modules.to_owned(),
    ] {
        workspace.configure(&configuration);
        if configuration == modules {
            workspace.ok(&["get", "-no-color"]);
        }
        workspace
            .fails(&PLAN)
            .assert_says(&[TWICE, "8613900001234"]);
        workspace.fails(&APPLY).assert_says(&[TWICE]);
    }
    assert_eq!(emulator.requests().len(), 0, "nothing was even looked for");
}

#[test]
fn a_new_resource_for_a_number_in_the_state_is_found_at_the_plan() {
    let emulator = Emulator::start(&[]);
    let workspace = Workspace::on(&emulator, &number("one", ONE, ""));
    workspace.apply();
    workspace.configure(&format!(
        "{}{}",
        number("one", ONE, ""),
        number("two", ONE, "")
    ));
    for refresh in ["-refresh=true", "-refresh=false"] {
        let [plan, no_color, input] = PLAN;
        let run = workspace.fails(&[plan, no_color, input, refresh]);
        run.assert_says(&[TWICE]);
    }
}

#[test]
fn one_resource_is_no_duplicate_of_itself_however_it_is_planned() {
    let emulator = Emulator::start(&[]);
    let before_destroy = "  lifecycle {\n    create_before_destroy = true\n  }\n";
    let workspace = Workspace::on(&emulator, "");
    for more in ["", before_destroy] {
        let one = number("one", ONE, more);
        workspace.configure(&one);
        workspace.apply();
        let replace = "-replace=cams_number_migration.one";
        let [apply, approve, no_color] = APPLY;
        workspace
            .ok(&[apply, approve, no_color, replace])
            .assert_says(&["1 added, 0 changed, 1 destroyed"]);
        workspace.ok(&["taint", "-no-color", "cams_number_migration.one"]);
        workspace
            .apply()
            .assert_says(&["1 added, 0 changed, 1 destroyed"]);
        // A change of the number and back, an update in place, a new name with and without `moved`.
        workspace.configure(&number("one", OTHER, more));
        workspace.apply();
        workspace.configure(&one);
        workspace.apply();
        workspace.configure(&number(
            "one",
            ONE,
            &format!("  timeouts {{\n    read = \"1h\"\n  }}\n{more}"),
        ));
        workspace
            .apply()
            .assert_says(&["0 added, 1 changed, 0 destroyed"]);
        let moved =
            "moved {\n  from = cams_number_migration.one\n  to   = cams_number_migration.two\n}\n";
        workspace.configure(&format!("{moved}{}", number("two", ONE, more)));
        workspace.apply();
        workspace.configure(&number("three", ONE, more));
        workspace
            .apply()
            .assert_says(&["1 added, 0 changed, 1 destroyed"]);
        workspace.assert_no_changes();
        workspace.ok(&["destroy", "-auto-approve", "-no-color"]);
    }
    assert_eq!(emulator.started().len(), 2, "each of the two numbers once");
}

#[test]
fn two_resources_may_exchange_their_numbers() {
    let emulator = Emulator::start(&[]);
    let both = |one, other| format!("{}{}", number("one", one, ""), number("other", other, ""));
    let workspace = Workspace::on(&emulator, &both(ONE, OTHER));
    workspace.apply();
    workspace.configure(&both(OTHER, ONE));
    workspace
        .apply()
        .assert_says(&["2 added, 0 changed, 2 destroyed"]);
    workspace.assert_no_changes();
    assert_eq!(emulator.count(INITIATE), 2);
}

#[test]
fn numbers_that_only_apply_tells_are_found_there() {
    let emulator = Emulator::start(&[]);
    let late = "resource \"terraform_data\" \"late\" {\n  input = \"13900001234\"\n}\n";
    let numbers = ["one", "two"]
        .map(|name| number(name, "", "").replace("\"\"", "terraform_data.late.output"));
    let workspace = Workspace::on(&emulator, &format!("{late}{}", numbers.concat()));
    workspace.ok(&PLAN).assert_says(&["3 to add"]);
    workspace.fails(&APPLY).assert_says(&[TWICE]);
    assert_eq!(emulator.count(INITIATE), 1);
}

#[test]
fn an_alias_has_a_process_of_its_own_and_takes_the_number_over() {
    let emulator = Emulator::start(&[]);
    let alias = "provider \"cams\" {\n  alias = \"other\"\n}\n";
    let other = number("two", ONE, "  provider      = cams.other\n");
    let workspace = Workspace::on(
        &emulator,
        &format!("{alias}{}{other}", number("one", ONE, "")),
    );
    workspace
        .apply()
        .assert_says(&["Number Already in the Space", "2 added"]);
    assert_eq!(emulator.count(INITIATE), 1);
}

#[test]
fn two_resources_that_own_a_number_already_are_told_and_can_be_destroyed() {
    let emulator = Emulator::start(&[]);
    let alias = "provider \"cams\" {\n  alias = \"other\"\n}\n";
    let both = |other: &str| {
        let two = number("two", ONE, &format!("  provider      = {other}\n"));
        format!("{alias}{}{two}", number("one", ONE, ""))
    };
    let workspace = Workspace::on(&emulator, &both("cams.other"));
    workspace.apply();
    workspace.configure(&both("cams"));
    workspace
        .ok(&PLAN)
        .assert_says(&["Number Owned by Two Resources", "No changes"]);
    workspace
        .ok(&["destroy", "-auto-approve", "-no-color"])
        .assert_says(&["2 destroyed"]);
}
