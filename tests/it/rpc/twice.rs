//! One number, wanted by two processes at once.

use serde_json::json;
use tempfile::TempDir;

use super::{configure, create, number};
use crate::core::Core;
use crate::emulator::Emulator;

#[tokio::test(flavor = "multi_thread")]
async fn two_processes_start_a_number_once() {
    // So far away that both would have looked before either had started it.
    let emulator = Emulator::start(&["--latency", "200ms"]);
    let host = TempDir::new().unwrap();
    let runtime = host.path().join("runtime").display().to_string();
    let mut processes = Vec::new();
    // Whose number it is does not depend on the account that each process was told.
    for account_id in ["1", "2"] {
        let core = Core::start().env("XDG_RUNTIME_DIR", &runtime).await;
        configure(&core, &emulator, json!({ "account_id": account_id })).await;
        processes.push(core);
    }
    let config = number("13900001234", json!({}));
    let creates = processes.iter().map(|core| create(core, &config));
    let answers = futures_util::future::join_all(creates).await;
    let adopted = answers.iter().filter(|answer| {
        answer
            .diagnostics
            .iter()
            .any(|said| said.summary == "Number Already in the Space")
    });
    assert_eq!(adopted.count(), 1, "{answers:?}");
    for answer in &answers {
        assert_eq!(answer.instance.state["status"], "MIGRATING", "{answer:?}");
    }
    assert_eq!(emulator.started().into_values().collect::<Vec<_>>(), [1]);
}
