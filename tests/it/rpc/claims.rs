//! Processes that start the same numbers at once, while the files by which they take
//! turns are deleted.

use std::path::Path;
use std::sync::Arc;

use rustix::process::{Pid, Signal, kill_process};
use serde_json::{Value, json};
use tokio::task::JoinSet;

use super::{configure, create, number};
use crate::core::{Core, STATE_DIRECTORY};
use crate::emulator::Emulator;
use crate::support::PAUSE;

const NUMBERS: usize = 8;
const START: &str = "CreateChatappMigrationInitiate";

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_directory_that_vanishes_starts_no_number_twice() {
    for initiates in [0, NUMBERS / 2] {
        let emulator = Emulator::start(&[
            "--quota",
            "100/1s",
            "--latency",
            "40ms",
            "--on-repeat",
            "new-id",
        ]);
        // The first process has to wait with its requests, and the other one does not know.
        let fault = json!({
            "kind": "throttle", "action": START, "times": NUMBERS, "retry_after": "1500ms",
        });
        emulator.control("POST", "faults", Some(fault));
        let directory = tempfile::tempdir().unwrap();
        let state = directory.path().join("state");
        let (one, other) = (on(&emulator, &state).await, on(&emulator, &state).await);
        let mut creates = JoinSet::new();
        for core in [&one, &other] {
            for at in 0..NUMBERS {
                let core = core.clone();
                creates.spawn(async move {
                    let config = number(&format!("1390000123{at}"), json!({}));
                    create(&core, &config).await
                });
            }
        }
        while emulator.requests().is_empty() || emulator.count(START) < initiates {
            tokio::time::sleep(PAUSE).await;
        }
        // A process may make another file in it while it is being emptied.
        while state.exists() && std::fs::remove_dir_all(&state).is_err() {}
        for answer in creates.join_all().await {
            assert_ne!(
                answer.instance.state,
                Value::Null,
                "{:?}",
                answer.diagnostics
            );
        }
        let started = emulator.started();
        assert_eq!(started.len(), NUMBERS);
        assert!(
            started.values().all(|times| *times == 1),
            "deleted after {initiates} initiates: {started:?}"
        );
    }
}

/// A process that was stopped holds its number for as long as it likes. The other one does not wait
/// for ever, and says where to look.
#[tokio::test(flavor = "multi_thread")]
async fn a_number_that_a_stopped_process_holds_is_told_when_the_time_is_over() {
    let emulator = Emulator::start(&["--latency", "60s"]);
    let directory = tempfile::tempdir().unwrap();
    let state = directory.path().join("state");
    let (holder, id) = started(&emulator, &state).await;
    let held = tokio::spawn(async move {
        create(&holder, &number("13900001234", json!({}))).await;
    });
    let claimed = || {
        let files = std::fs::read_dir(&state).into_iter().flatten().flatten();
        let mut names = files.map(|file| file.file_name());
        names.any(|name| name.to_string_lossy().ends_with(".number"))
    };
    while !claimed() {
        tokio::time::sleep(PAUSE).await;
    }
    let id = Pid::from_raw(id.cast_signed()).unwrap();
    kill_process(id, Signal::STOP).unwrap();
    let other = on(&emulator, &state).await;
    let config = number(
        "13900001234",
        json!({ "timeouts": { "create": "2s", "read": null } }),
    );
    let outcome = create(&other, &config).await;
    let text = format!("{:?}", outcome.diagnostics);
    assert!(
        text.contains("Number in Use by Another Process") && text.contains("(Ctrl-Z)"),
        "{text}"
    );
    kill_process(id, Signal::CONT).unwrap();
    held.abort();
}

async fn on(emulator: &Emulator, state: &Path) -> Arc<Core> {
    started(emulator, state).await.0
}

/// A configured provider, and the id of its process.
async fn started(emulator: &Emulator, state: &Path) -> (Arc<Core>, u32) {
    let mut core = Core::start()
        .env(STATE_DIRECTORY, &state.display().to_string())
        .await;
    configure(&core, emulator.url(), json!({})).await;
    let id = core.process().id();
    (Arc::new(core), id)
}
