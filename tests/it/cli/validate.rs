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
fn a_typing_error_is_named_and_no_other_number_is_advised() {
    for (written, names) in [
        ("1390000123O", "contains 'O'"),
        ("13900001234 ext 5", "contains 'e'"),
        ("1.3900001234e10", "a spreadsheet"),
        ("139000012３4", "only the digits 0 to 9 count"),
    ] {
        let text = number("\"86\"", &format!("\"{written}\""));
        let run = Workspace::new(&text).fails(&["validate", "-no-color"]);
        run.assert_says(&["Invalid Phone Number", names]);
        assert!(!run.all().contains("Write mobile_number"), "{}", run.all());
    }
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
    let run = Workspace::new(&number("\"44\"", "\"07700900123\"")).ok(&["validate", "-no-color"]);
    run.assert_says(&["Warning", "\"07700900123\" begins with 0"]);
    assert!(!run.all().contains("\"7700900123\""), "{}", run.all());
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
        "\"13900001234\"\n  timeouts { create = \"soon\" }",
    );
    Workspace::new(&text)
        .fails(&["validate", "-no-color"])
        .assert_says(&["timeouts.create", "30m"]);
}

#[test]
fn a_name_that_a_block_does_not_have_is_refused() {
    let resource = number(
        "\"86\"",
        "\"13900001234\"\n  timeouts {\n    creat = \"1h\"\n  }",
    );
    Workspace::new(&resource)
        .fails(&["validate", "-no-color"])
        .assert_says(&["Unsupported argument", "\"creat\""]);
    let provider = "provider \"cams\" {\n  throttle {\n    scop = \"redis\"\n  }\n}\n";
    Workspace::new(&format!(
        "{provider}{}",
        number("\"86\"", "\"13900001234\"")
    ))
    .fails(&["validate", "-no-color"])
    .assert_says(&["Unsupported argument", "\"scop\""]);
    let attribute = "provider \"cams\" {\n  throttle = { scope = \"host\" }\n}\n";
    Workspace::new(&format!(
        "{attribute}{}",
        number("\"86\"", "\"13900001234\"")
    ))
    .fails(&["validate", "-no-color"])
    .assert_says(&["define a block of type \"throttle\""]);
}

#[test]
fn a_space_that_cannot_be_one_is_refused_wherever_it_is_written() {
    for space in ["cams abc", "x/y", " cams-abc"] {
        let resource = number("\"86\"", "\"13900001234\"");
        let own = resource.replace(
            "  country_code",
            &format!("  cust_space_id = {space:?}\n  country_code"),
        );
        Workspace::new(&own)
            .fails(&["validate", "-no-color"])
            .assert_says(&["Invalid Space", "cust_space_id", "such as cams-abc123"]);
        let block = format!("provider \"cams\" {{\n  cust_space_id = {space:?}\n}}\n{resource}");
        Workspace::new(&block)
            .fails(&["validate", "-no-color"])
            .assert_says(&["Invalid Provider Configuration", "such as cams-abc123"]);
    }
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
