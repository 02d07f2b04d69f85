//! Data sources in a configuration, with the resources that they depend on.

use serde_json::json;

use super::Workspace;
use crate::emulator::Emulator;

/// Moves a number only into an approved account, and shows what the space has.
const GUARDED: &str = r#"
data "cams_waba" "this" {}

resource "cams_number_migration" "one" {
  country_code  = "86"
  mobile_number = "13900001234"

  lifecycle {
    precondition {
      condition     = data.cams_waba.this.account_review_status == "APPROVED"
      error_message = "The WABA is ${data.cams_waba.this.account_review_status}."
    }
  }
}

data "cams_phone_numbers" "all" {
  depends_on = [cams_number_migration.one]
}

output "statuses" {
  value = { for it in data.cams_phone_numbers.all.phone_numbers : it.phone_number => it.status }
}
"#;

#[test]
fn a_precondition_reads_the_account_and_a_list_shows_what_the_apply_changed() {
    let emulator = Emulator::start(&["--migrating-listed-as=PENDING"]);
    let review = |status: &str| {
        let space = json!({ "cust_space_id": "cams-test", "account_review_status": status });
        emulator.control("PUT", "spaces", Some(space));
    };
    review("PENDING");
    let workspace = Workspace::on(&emulator, GUARDED);
    workspace
        .fails(&["plan", "-no-color"])
        .assert_says(&["The WABA is PENDING."]);
    review("APPROVED");
    let run = workspace.apply();
    run.assert_says(&["\"8613900001234\" = \"PENDING\""]);
    workspace.assert_no_changes();
}

#[test]
fn a_number_that_is_not_there_is_an_error_of_the_plan_unless_count_guards_it() {
    let emulator = Emulator::start(&[]);
    let number = |count: &str| {
        format!(
            "data \"cams_phone_number\" \"one\" {{\n  {count}\n  phone_number = \"8613900001234\"\n}}\n\
             output \"status\" {{\n  value = data.cams_phone_number.one[*].status\n}}\n"
        )
    };
    let workspace = Workspace::on(&emulator, &number(""));
    workspace.fails(&["plan", "-no-color"]).assert_says(&[
        "Number Not in the Space",
        "set count = 0 on the data source",
    ]);
    workspace.configure(&number("count = 0"));
    workspace.ok(&["plan", "-no-color"]);
    emulator.place("cams-test", "86", "13900001234", "CONNECTED");
    workspace.configure(&number("count = 1"));
    workspace.apply().assert_says(&["\"CONNECTED\""]);
}

#[test]
fn the_space_is_found_by_the_name_of_its_instance() {
    let emulator = Emulator::start(&[]);
    let workspace = Workspace::on(
        &emulator,
        "data \"cams_instances\" \"all\" {}\n\
         output \"spaces\" {\n  value = data.cams_instances.all.instances[*].cust_space_id\n}\n",
    );
    workspace.apply().assert_says(&["spaces = ["]);
}
