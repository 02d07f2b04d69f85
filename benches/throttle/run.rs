//! Runs a scenario: starts an emulator, lets all processes migrate their numbers, and measures the
//! result.

use serde_json::json;
use tempfile::TempDir;
use tokio::time::{Duration, sleep};

use crate::emulator::Emulator;
use crate::judge::Verdict;
use crate::peers;
use crate::provider::Fleet;
use crate::redis_server::RedisServer;
use crate::scenario::{Policy, Scenario};
use crate::workload::INITIATE;

/// Runs the scenario to its end, and measures the result from the journal of the emulator. The number
/// of the run fixes the random round trips.
pub(crate) async fn measure(scenario: &Scenario, run: usize) -> Verdict {
    let seed = run.to_string();
    let emulator = Emulator::start(&[scenario.flags, &["--seed", &seed]].concat());
    if scenario.slow {
        let slow =
            json!({ "kind": "slow_body", "over": "2s", "action": INITIATE, "times": "always" });
        emulator.control("POST", "faults", Some(slow));
    }
    let settings = match scenario.sessions {
        true => json!({
            "assume_role": {
                "role_arn": "acs:ram::1000000000000000:role/bench", "session_name": null,
                "policy": null, "session_expiration": null, "external_id": null,
            },
        }),
        false => json!({}),
    };
    let applied = match scenario.policy {
        Policy::Host => {
            let host = TempDir::new().unwrap();
            let fleet =
                Fleet::on_one_host(&emulator, host.path(), scenario.processes, &settings).await;
            fleet.migrate(scenario.numbers).await
        }
        Policy::Redis => {
            let redis = RedisServer::start();
            // A server that has just started may have lost earlier calls. The provider sends no
            // call until such calls have left every window. This time is not part of the
            // measurement.
            sleep(Duration::from_secs(4)).await;
            let fleet =
                Fleet::on_many_hosts(&emulator, &redis, scenario.processes, &settings).await;
            fleet.migrate(scenario.numbers).await
        }
        Policy::Peer(policy) => {
            peers::run(policy, &emulator, scenario.processes, scenario.numbers).await
        }
    };
    Verdict::new(&emulator, scenario, &applied)
}
