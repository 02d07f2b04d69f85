//! Functions, which a configuration calls without any call to CAMS.

use super::{ADDRESS, Workspace};
use crate::emulator::Emulator;

const FROM_A_TEXT: &str = r#"
locals {
  number = provider::cams::parse_phone_number("+86 139-0000-1234")
}
resource "cams_number_migration" "one" {
  country_code  = local.number.country_code
  mobile_number = local.number.mobile_number
}
output "number" {
  value = local.number
}
output "same" {
  value = provider::cams::format_phone_number(86, "13900001234") == cams_number_migration.one.phone_number
}
"#;

#[test]
fn a_number_comes_from_a_text_and_is_known_at_plan() {
    let emulator = Emulator::start(&[]);
    let workspace = Workspace::on(&emulator, FROM_A_TEXT);
    workspace.ok(&["plan", "-no-color"]).assert_says(&[
        "country_code  = \"86\"",
        "e164          = \"+8613900001234\"",
        "phone_number  = \"8613900001234\"",
        "+ same   = true",
    ]);
    workspace.apply();
    assert_eq!(workspace.state()[ADDRESS]["mobile_number"], "13900001234");
    workspace.assert_no_changes();
}

#[test]
fn an_error_names_the_argument_and_what_to_write_and_needs_no_configuration() {
    let workspace = Workspace::new("");
    for (call, says) in [
        (
            "parse_phone_number(\"13900001234\")",
            [
                "Invalid value for \"text\" parameter: \"13900001234\" may lack its calling code",
                "such as \"+86 139 0000 1234\".",
            ],
        ),
        (
            "parse_phone_number(\"+86 1390000123O\")",
            [
                "Invalid value for \"text\" parameter",
                "'O', which is not a digit. Write the number with a +",
            ],
        ),
        (
            "format_phone_number(\"86\", \"139 0000-1234\")",
            [
                "Invalid value for \"mobile_number\" parameter",
                "Write \"13900001234\".",
            ],
        ),
        (
            "format_phone_number(\"+86\", \"13900001234\")",
            [
                "Invalid value for \"country_code\" parameter",
                "Write \"86\".",
            ],
        ),
    ] {
        workspace.configure(&format!(
            "output \"it\" {{\n  value = provider::cams::{call}\n}}\n"
        ));
        let run = workspace.fails(&["plan", "-no-color"]);
        run.assert_says(&says);
        assert!(!run.all().contains(".."), "{}", run.all());
    }
}
