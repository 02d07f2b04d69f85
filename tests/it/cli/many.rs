//! Many numbers at once: throughput, shared reads, and every parallelism.

use super::Workspace;
use crate::emulator::Emulator;

const INITIATE: &str = "CreateChatappMigrationInitiate";
const LIST: &str = "QueryChatappPhoneNumbers";
const LOOKUP: &str = "GetPhoneNumberVerificationStatus";

/// So many numbers, `13900000000` and on.
pub(crate) fn numbers(count: usize) -> String {
    format!(
        "resource \"cams_number_migration\" \"many\" {{\n  count = {count}\n  \
         country_code = \"86\"\n  mobile_number = format(\"139%08d\", count.index)\n}}\n"
    )
}

#[test]
fn fifty_numbers_are_each_started_once_within_the_quota() {
    for parallelism in ["1", "10", "100"] {
        let emulator = Emulator::start(&["--latency", "5ms"]);
        let workspace = Workspace::on(&emulator, &numbers(50));
        let parallelism = format!("-parallelism={parallelism}");
        workspace
            .ok(&["apply", "-auto-approve", "-no-color", &parallelism])
            .assert_says(&["50 added, 0 changed, 0 destroyed"]);
        assert_eq!(emulator.count(INITIATE), 50);
        let throttled = emulator
            .requests()
            .iter()
            .filter(|request| request["throttled"] == true)
            .count();
        assert_eq!(throttled, 0, "no call is turned away");
        workspace.assert_no_changes();
        workspace.ok(&["destroy", "-auto-approve", "-no-color", &parallelism]);
        assert_eq!(workspace.state().len(), 0);
    }
}

#[test]
fn a_plan_over_a_thousand_numbers_lists_the_space_at_most_twice() {
    let emulator = Emulator::start(&["--migrating-listed-as", "MIGRATING"]);
    let workspace = Workspace::on(&emulator, &numbers(1000));
    place_in_state(&emulator, &workspace, 1000);
    let before = emulator.requests().len();
    let run = workspace.run(&["plan", "-detailed-exitcode", "-no-color"]);
    assert_eq!(run.code, 0, "{}", run.all());
    assert_eq!(before, 0);
    assert!(
        emulator.count(LIST) <= 2,
        "{} list calls",
        emulator.count(LIST)
    );
    assert_eq!(emulator.count(LOOKUP), 0);
}

#[test]
fn a_plan_over_a_thousand_numbers_that_the_list_hides_looks_up_ten() {
    let emulator = Emulator::start(&[]);
    let workspace = Workspace::on(&emulator, &numbers(1000));
    place_in_state(&emulator, &workspace, 1000);
    let run = workspace.run(&["plan", "-detailed-exitcode", "-no-color"]);
    assert_eq!(run.code, 0, "{}", run.all());
    assert!(emulator.count(LIST) <= 2 && emulator.count(LOOKUP) <= 10);
}

/// Puts the numbers of [`numbers`] into the emulator's space, and into the state as ones that were
/// imported.
pub(crate) fn place_in_state(emulator: &Emulator, workspace: &Workspace, count: usize) {
    let mut resources = Vec::new();
    for index in 0..count {
        let mobile_number = format!("139{index:08}");
        emulator.place("cams-test", "86", &mobile_number, "MIGRATING");
        resources.push(serde_json::json!({
            "index_key": index,
            "schema_version": 0,
            "attributes": {
                "country_code": "86",
                "cust_space_id": "cams-test",
                "id": format!("{}", 1_000_000 + index),
                "mobile_number": mobile_number,
                "phone_number": format!("86{mobile_number}"),
                "request_id": null,
                "status": "MIGRATING",
                "timeouts": null
            },
            "sensitive_attributes": []
        }));
    }
    let state = serde_json::json!({
        "version": 4, "terraform_version": "1.11.4", "serial": 1,
        "lineage": "7d1f5b2e-6f0e-4a8e-9d5e-0d6c8f1a7b3c", "outputs": {},
        "resources": [{
            "mode": "managed", "type": "cams_number_migration", "name": "many",
            "provider": "provider[\"registry.terraform.io/terraform-provider-cams/cams\"]",
            "instances": resources
        }],
        "check_results": null
    });
    workspace.write_state(&state.to_string());
}
