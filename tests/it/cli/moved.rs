//! A number whose state was stored by the same provider under another address, such as that of a
//! mirror.

use super::Workspace;
use super::program::Program;
use crate::emulator::Emulator;

const MIRROR: &str = "mirror.example.com";
const INITIATE: &str = "CreateChatappMigrationInitiate";

fn number(name: &str, provider: &str) -> String {
    format!(
        "resource \"cams_number_migration\" {name:?} {{\n  provider = {provider}\n  \
         country_code = \"86\"\n  mobile_number = \"13900001234\"\n}}\n"
    )
}

#[test]
fn a_number_moves_from_one_registry_to_another() {
    let emulator = Emulator::start(&[]);
    let workspace = Workspace::on(&emulator, "");
    workspace.install_from(&[Program::under_test().registry(), MIRROR]);
    let providers = format!(
        "terraform {{\n  required_providers {{\n    \
         cams = {{ source = \"terraform-provider-cams/cams\" }}\n    \
         mirrored = {{ source = \"{MIRROR}/terraform-provider-cams/cams\" }}\n  }}\n}}\n"
    );
    workspace.write(
        "main.tf",
        &format!("{providers}{}", number("old", "mirrored")),
    );
    workspace.apply();

    let moved =
        "moved {\n  from = cams_number_migration.old\n  to = cams_number_migration.new\n}\n";
    let new = number("new", "cams");
    workspace.write("main.tf", &format!("{providers}{moved}{new}"));
    workspace
        .apply()
        .assert_says(&["0 added, 0 changed, 0 destroyed"]);
    assert_eq!(
        workspace.state()["cams_number_migration.new"]["status"],
        "MIGRATING"
    );
    assert_eq!(emulator.count(INITIATE), 1);
    workspace.assert_no_changes();
}
