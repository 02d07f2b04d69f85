//! Sessions of one account, each with a key of its own, share the account's quota.

use futures_util::future::join_all;
use serde_json::{Value, json};
use tempfile::TempDir;

use super::{assert_migrating, configure, create, number};
use crate::core::{Core, STATE_DIRECTORY, throttle};
use crate::emulator::Emulator;
use crate::redis_server::RedisServer;

const PROCESSES: usize = 4;
/// How many numbers each process moves.
const NUMBERS: usize = 10;

#[tokio::test(flavor = "multi_thread")]
async fn sessions_on_one_host_share_the_quota_of_their_account() {
    let emulator = Emulator::start(&["--latency", "20ms", "--jitter", "5ms"]);
    let host = TempDir::new().unwrap();
    let state = host.path().join("state").display().to_string();
    let start = |_| Core::start().env(STATE_DIRECTORY, &state);
    let mut processes = Vec::new();
    for process in 0..PROCESSES {
        let core = start(process).await;
        configure(&core, emulator.url(), session(json!({}))).await;
        processes.push(core);
    }
    move_all(&emulator, &processes).await;
    // Later processes know the account of a key without asking. These keys are new ones.
    assert_eq!(emulator.count("AssumeRole"), PROCESSES);
    assert_eq!(emulator.count("GetCallerIdentity"), PROCESSES);
}

#[tokio::test(flavor = "multi_thread")]
async fn sessions_on_several_hosts_share_the_quota_of_their_account() {
    let emulator = Emulator::start(&["--latency", "20ms", "--jitter", "5ms"]);
    let redis = RedisServer::start();
    let mut processes = Vec::new();
    for _ in 0..PROCESSES {
        let core = Core::start().await;
        let throttle = throttle(&json!({ "scope": "redis", "redis_url": redis.url() }));
        configure(
            &core,
            emulator.url(),
            session(json!({ "throttle": throttle })),
        )
        .await;
        processes.push(core);
    }
    move_all(&emulator, &processes).await;
}

/// A permanent key is asked about once on a host, by whichever process comes first.
#[tokio::test(flavor = "multi_thread")]
async fn the_account_of_a_key_is_remembered_on_the_host() {
    let emulator = Emulator::start(&[]);
    let host = TempDir::new().unwrap();
    let state = host.path().join("state").display().to_string();
    for process in 0..2 {
        let core = Core::start().env(STATE_DIRECTORY, &state).await;
        configure(&core, emulator.url(), json!({})).await;
        let config = number(&format!("1390000000{process}"), json!({}));
        assert_migrating(&create(&core, &config).await);
        assert_eq!(emulator.count("GetCallerIdentity"), 1);
    }
}

/// One process cannot ask STS, and the next one could. They have to count their calls by the same
/// name, or each would use the whole quota.
#[tokio::test(flavor = "multi_thread")]
async fn processes_agree_on_the_account_although_sts_fails_for_one() {
    let emulator = Emulator::start(&["--latency", "20ms"]);
    let failure = json!({
        "kind": "business_error", "code": "ServiceUnavailable", "status": 503,
        "action": "GetCallerIdentity", "times": 3,
    });
    emulator.control("POST", "faults", Some(failure));
    let host = TempDir::new().unwrap();
    let state = host.path().join("state").display().to_string();
    let mut processes = Vec::new();
    for process in 0..2 {
        let core = Core::start().env(STATE_DIRECTORY, &state).await;
        configure(&core, emulator.url(), json!({})).await;
        let config = number(&format!("1380000100{process}"), json!({}));
        assert_migrating(&create(&core, &config).await);
        processes.push(core);
    }
    let creates = processes.iter().enumerate().flat_map(|(process, core)| {
        (0..15).map(move |index| {
            let config = number(&format!("139000{process:02}{index:03}"), json!({}));
            async move { create(core, &config).await }
        })
    });
    for outcome in join_all(creates).await {
        assert_migrating(&outcome);
    }
    // It is asked again only after a while.
    assert_eq!(emulator.count("GetCallerIdentity"), 3);
    let summary = emulator.control("GET", "summary", None);
    assert_eq!(summary["throttled"], 0, "{summary}");
}

/// Credentials that are exchanged for a session of a role.
fn session(changes: Value) -> Value {
    let mut block = json!({
        "assume_role": {
            "role_arn": "acs:ram::1000000000000000:role/terraform",
            "session_name": null, "policy": null, "session_expiration": null,
            "external_id": null,
        },
    });
    super::merge(&mut block, changes);
    block
}

/// Moves different numbers in all processes at once, and fails the test unless the quota was kept.
async fn move_all(emulator: &Emulator, processes: &[Core]) {
    let configs: Vec<Vec<Value>> = (0..processes.len())
        .map(|process| {
            let numbers = (0..NUMBERS).map(|index| format!("139000{process:02}{index:03}"));
            numbers.map(|text| number(&text, json!({}))).collect()
        })
        .collect();
    let creates = processes
        .iter()
        .zip(&configs)
        .flat_map(|(core, configs)| configs.iter().map(|config| create(core, config)));
    for outcome in join_all(creates).await {
        assert_migrating(&outcome);
    }
    let summary = emulator.control("GET", "summary", None);
    assert_eq!(summary["throttled"], 0, "{summary}");
    let initiations = &summary["actions"]["CreateChatappMigrationInitiate"];
    let most = initiations["max_arrived_in_window"].as_u64().unwrap();
    assert!(most <= 10, "{summary}");
    assert_eq!(initiations["arrived"], PROCESSES * NUMBERS, "{summary}");
    // Each process signed with a key of its own.
    let requests = emulator.requests().into_iter();
    let keys = requests.map(|request| request["access_key_id"].to_string());
    let keys: std::collections::BTreeSet<String> = keys.collect();
    assert_eq!(keys.len(), PROCESSES, "{keys:?}");
}

/// A session may be revoked at any time. The gateway refuses its key before it looks at anything
/// else, so that the call is made again with another one, also where it writes.
#[tokio::test(flavor = "multi_thread")]
async fn a_session_that_is_revoked_is_replaced_and_no_call_fails() {
    for revoked_as in ["expired", "not-found"] {
        let emulator = Emulator::start(&["--revoked-as", revoked_as]);
        let core = Core::start().await;
        configure(&core, emulator.url(), session(json!({}))).await;
        for round in 0..3 {
            let configs: Vec<Value> = (0..4)
                .map(|index| number(&format!("1390000{round}{index}00"), json!({})))
                .collect();
            let creates = configs.iter().map(|config| create(&core, config));
            for outcome in join_all(creates).await {
                assert_migrating(&outcome);
            }
            emulator.revoke_sessions();
        }
        // One for all who were refused, each time.
        assert_eq!(emulator.count("AssumeRole"), 3, "{revoked_as}");
        let started = emulator.started();
        assert_eq!(started.len(), 12);
        assert!(started.values().all(|times| *times == 1), "{started:?}");
    }
}

/// A permanent key that is refused is not asked for again: there is no other.
#[tokio::test(flavor = "multi_thread")]
async fn a_permanent_key_that_is_refused_is_refused_once() {
    let emulator = Emulator::start(&[]);
    let core = Core::start().await;
    configure(
        &core,
        emulator.url(),
        json!({ "secret_key": "of-another-key", "account_id": "1" }),
    )
    .await;
    let outcome = create(&core, &number("13900001234", json!({}))).await;
    let said = &outcome.diagnostics[0].summary;
    assert_eq!(said, "CAMS Refused the Credentials");
    assert_eq!(emulator.requests().len(), 1, "{:?}", emulator.requests());
}
