//! Two processes that create the same number at once.

use serde_json::json;
use tempfile::TempDir;

use super::{assert_migrating, configure, create, number};
use crate::core::{Core, STATE_DIRECTORY};
use crate::emulator::Emulator;

#[tokio::test(flavor = "multi_thread")]
async fn two_processes_start_a_number_once() {
    // The calls take so long that, without taking turns, both processes would look for the number
    // before either had started it.
    let emulator = Emulator::start(&["--latency", "200ms"]);
    let host = TempDir::new().unwrap();
    let state = host.path().join("state").display().to_string();
    let mut processes = Vec::new();
    // The processes take turns even if each was given another account.
    for account_id in ["1", "2"] {
        let core = Core::start().env(STATE_DIRECTORY, &state).await;
        configure(&core, emulator.url(), json!({ "account_id": account_id })).await;
        processes.push(core);
    }
    let config = number("13900001234", json!({}));
    let creates = processes.iter().map(|core| create(core, &config));
    let outcomes = futures_util::future::join_all(creates).await;
    let adopted = outcomes.iter().filter(|outcome| {
        outcome
            .diagnostics
            .iter()
            .any(|diagnostic| diagnostic.summary == "Number Already in the Space")
    });
    assert_eq!(adopted.count(), 1, "{outcomes:?}");
    for outcome in &outcomes {
        assert_migrating(outcome);
    }
    assert_eq!(emulator.started().into_values().collect::<Vec<_>>(), [1]);
}

/// Two processes have the list of a space in their hands, and then both want the same numbers, one
/// process after the other. What the first one starts is in no list that the second one has.
#[tokio::test(flavor = "multi_thread")]
async fn a_list_from_before_the_start_by_another_process_is_not_trusted() {
    let emulator = Emulator::start(&["--migrating-listed-as", "PENDING"]);
    // The lookup says nothing of any number.
    let silent = json!({
        "kind": "business_error", "code": "InvalidParameter.Odd", "status": 400,
        "action": "GetPhoneNumberVerificationStatus", "times": "always",
    });
    emulator.control("POST", "faults", Some(silent));
    let host = TempDir::new().unwrap();
    let state = host.path().join("state").display().to_string();
    let mut processes = Vec::new();
    for _ in 0..2 {
        let core = Core::start().env(STATE_DIRECTORY, &state).await;
        configure(&core, emulator.url(), json!({})).await;
        processes.push(core);
    }
    let [first, second] = &processes[..] else {
        panic!("two processes")
    };
    create(second, &number("13900000000", json!({}))).await;
    create(first, &number("13900000001", json!({}))).await;
    create(second, &number("13900000001", json!({}))).await;
    let started = emulator.started();
    assert_eq!(started.len(), 2);
    assert!(started.values().all(|times| *times == 1), "{started:?}");
}
