//! What the block `timeouts` does, as a person reads it.

use serde_json::json;

use super::Workspace;
use super::output::{APPLY, PLAN, assert_prints, in_state, limited};
use crate::emulator::Emulator;

#[test]
fn no_time_at_all_starts_nothing_and_says_where_the_limit_is() {
    let emulator = Emulator::start(&[]);
    let workspace = Workspace::on(&emulator, &limited(1, "create = \"1ns\""));
    let run = workspace.fails(&APPLY);
    assert_eq!(emulator.requests().len(), 0);
    assert_prints(&workspace, &run, "timeout-create");

    let workspace = in_state(&emulator, 1);
    workspace.configure(&limited(1, "read = \"1ns\""));
    // The state takes over the new limit without a look at the number.
    let mut update = APPLY.to_vec();
    update.push("-refresh=false");
    workspace.ok(&update);
    assert_prints(&workspace, &workspace.fails(&PLAN), "timeout-read");
    assert_eq!(emulator.requests().len(), 0);
}

#[test]
fn an_answer_that_is_later_than_the_time_says_what_to_do() {
    let emulator = Emulator::start(&[]);
    let silent = json!({
        "kind": "never_answer", "when": "before_commit", "times": "always",
        "action": "CreateChatappMigrationInitiate",
    });
    emulator.control("POST", "faults", Some(silent));
    let workspace = Workspace::on(&emulator, &limited(1, "create = \"3s\""));
    let run = workspace.fails(&APPLY);
    assert_eq!(emulator.count("CreateChatappMigrationInitiate"), 1);
    assert_prints(&workspace, &run, "timeout-unanswered");
}
