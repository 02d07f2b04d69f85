//! Processes of one user whose shells were started in different ways.

use std::sync::Arc;

use serde_json::json;
use tempfile::TempDir;
use tokio::task::JoinSet;

use super::{assert_migrating, configure, create, number};
use crate::core::{Core, STATE_DIRECTORY};
use crate::emulator::Emulator;

const START: &str = "CreateChatappMigrationInitiate";
/// How many numbers each process wants, of which all want the first [`SHARED`].
const NUMBERS: usize = 14;
const SHARED: usize = 3;

/// A shell with a login session, and one of cron or of a CI job, in the default directory.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_login_shell_and_a_job_share_the_quota_and_start_no_number_twice() {
    let emulator = Emulator::start(&["--latency", "150ms", "--on-repeat", "new-id"]);
    let (login, job) = (TempDir::new().unwrap(), TempDir::new().unwrap());
    let path = |of: &TempDir, name: &str| of.path().join(name).display().to_string();
    let login_shell = [
        ("HOME", path(&login, "")),
        ("XDG_RUNTIME_DIR", path(&login, "runtime")),
        ("XDG_CACHE_HOME", path(&login, "cache")),
    ];
    let job_shell = [("HOME", path(&job, ""))];
    let processes = [
        process(&emulator, &login_shell).await,
        process(&emulator, &job_shell).await,
    ];

    let mut creates = JoinSet::new();
    for (of, core) in processes.iter().enumerate() {
        for at in 0..NUMBERS {
            let number_of = if at < SHARED { 9 } else { of };
            let config = number(&format!("139000{number_of}{at:04}"), json!({}));
            let core = Arc::clone(core);
            creates.spawn(async move { create(&core, &config).await });
        }
    }
    for answer in creates.join_all().await {
        assert_migrating(&answer);
    }
    let started = emulator.started();
    assert_eq!(started.len(), 2 * NUMBERS - SHARED);
    assert!(started.values().all(|times| *times == 1), "{started:?}");
    let actions = &emulator.control("GET", "summary", None)["actions"];
    for (action, calls) in actions.as_object().unwrap() {
        let most = calls["max_arrived_in_window"].as_u64();
        assert!(most <= Some(10), "{action}: {actions}");
    }
    assert!(emulator.count(START) >= 2 * NUMBERS - SHARED);
    // A runtime directory that is missing stays so.
    assert!(!login.path().join("runtime").exists());
}

/// A provider without a setting for the state directory.
async fn process(emulator: &Emulator, variables: &[(&str, String)]) -> Arc<Core> {
    let mut start = Core::start().env(STATE_DIRECTORY, "");
    for (name, value) in variables {
        start = start.env(name, value);
    }
    let core = start.await;
    // An account of this test's own, whose quota no other test uses.
    configure(&core, emulator.url(), json!({ "account_id": "1234567890" })).await;
    Arc::new(core)
}
