//! `terraform validate`: what is refused before anything runs, and how.

use super::Workspace;

fn number(country_code: &str, mobile_number: &str) -> String {
    format!(
        "resource \"cams_number_migration\" \"one\" {{\n  country_code  = {country_code}\n  \
         mobile_number = {mobile_number}\n}}\n"
    )
}

#[test]
fn a_good_configuration_passes_without_any_environment() {
    let workspace = Workspace::new(&number("\"86\"", "\"13900001234\""));
    workspace
        .ok(&["validate", "-no-color"])
        .assert_says(&["The configuration is valid"]);
}

#[test]
fn unknown_values_pass() {
    let workspace = Workspace::new(&format!(
        "variable \"number\" {{ type = string }}\nresource \"terraform_data\" \"space\" {{}}\n{}",
        number("terraform_data.space.id", "var.number")
    ));
    workspace.ok(&["validate", "-no-color"]);
}

#[test]
fn a_number_written_for_humans_gets_the_value_to_write() {
    let workspace = Workspace::new(&number("\"+86\"", "\"139 0000-1234\""));
    workspace.fails(&["validate", "-no-color"]).assert_says(&[
        "country_code",
        "\"86\"",
        "mobile_number",
        "\"13900001234\"",
    ]);
}

#[test]
fn an_unassigned_calling_code_is_refused() {
    Workspace::new(&number("\"999\"", "\"13900001234\""))
        .fails(&["validate", "-no-color"])
        .assert_says(&["999", "country_code"]);
}

#[test]
fn a_north_american_number_does_not_begin_with_one() {
    Workspace::new(&number("\"1\"", "\"1555010999\""))
        .fails(&["validate", "-no-color"])
        .assert_says(&["mobile_number"]);
}

#[test]
fn a_leading_zero_is_questioned_not_refused() {
    Workspace::new(&number("\"44\"", "\"07700900123\""))
        .ok(&["validate", "-no-color"])
        .assert_says(&["Warning", "\"7700900123\""]);
}

#[test]
fn a_read_only_attribute_cannot_be_set() {
    let text = number("\"86\"", "\"13900001234\"\n  id = \"x\"");
    Workspace::new(&text)
        .fails(&["validate", "-no-color"])
        .assert_says(&["Read-Only Attribute", "id"]);
}

#[test]
fn a_duration_is_checked() {
    let text = number(
        "\"86\"",
        "\"13900001234\"\n  timeouts = { create = \"soon\" }",
    );
    Workspace::new(&text)
        .fails(&["validate", "-no-color"])
        .assert_says(&["timeouts.create", "30m"]);
}

#[test]
fn the_provider_block_is_checked_all_at_once() {
    let text = "provider \"cams\" {\n  endpoint = \"http://cams.example.com\"\n  \
                signature_method = \"MD5\"\n  region = \"not a region\"\n}\n";
    Workspace::new(&format!("{text}{}", number("\"86\"", "\"13900001234\"")))
        .fails(&["validate", "-no-color"])
        .assert_says(&[
            "endpoint",
            "https",
            "signature_method",
            "ACS3-HMAC-SHA256",
            "ap-southeast-1",
        ]);
}
