//! StopProvider, SIGTERM and Shutdown with work under way.

use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::io::AsyncReadExt;
use tokio::net::unix::pipe;
use tonic::Status;
use tonic::transport::Channel;

use super::{TYPE, assert_migrating, configure, configured, create, number};
use crate::core::tfplugin6::provider_client::ProviderClient;
use crate::core::tfplugin6::{apply_resource_change, stop_provider};
use crate::core::value::encode;
use crate::core::{Core, Instance, Outcome, Stderr, throttle};
use crate::emulator::Emulator;
use crate::support::{PATIENCE, PAUSE, signal, soon};

/// The call that starts a migration.
const INITIATE: &str = "CreateChatappMigrationInitiate";

#[tokio::test(flavor = "multi_thread")]
async fn a_stop_ends_an_unanswered_create_soon_and_finds_out_what_it_did() {
    let emulator = Emulator::start(&[]);
    emulator.control("POST", "faults", Some(never_answers("after_commit")));
    let core = configured(&emulator, json!({})).await;
    let (outcome, took) = create_and_stop(&emulator, &core).await;
    assert!(took < Duration::from_secs(3), "{took:?}");
    // The migration had started, which a lookup shows: so it is stored.
    assert_migrating(&outcome);

    // An operation that begins after the stop is not stopped.
    emulator.control("DELETE", "faults", None);
    assert_migrating(&create(&core, &number("13900001235", json!({}))).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stop_that_cuts_the_look_short_says_so() {
    let emulator = Emulator::start(&[]);
    let lookups = json!({
        "kind": "never_answer", "when": "before_commit",
        "action": "GetPhoneNumberVerificationStatus", "nth": 2, "times": "always",
    });
    let faults = json!([never_answers("before_commit"), lookups]);
    emulator.control("POST", "faults", Some(faults));
    let core = configured(&emulator, json!({})).await;
    let (outcome, took) = create_and_stop(&emulator, &core).await;
    assert!(took < Duration::from_secs(3), "{took:?}");
    assert_eq!(outcome.instance.state, Value::Null);
    let detail = &outcome.diagnostics[0].detail;
    assert!(detail.contains("asked to stop before"), "{detail}");
    assert!(detail.contains("Applying again is safe"), "{detail}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stop_ends_a_wait_for_the_quota_at_once_with_nothing_sent() {
    let emulator = Emulator::start(&[]);
    let fault = json!({
        "kind": "throttle", "action": INITIATE, "times": "always", "retry_after": "60s",
    });
    emulator.control("POST", "faults", Some(fault));
    let core = configured(&emulator, json!({})).await;
    let (outcome, took) = create_and_stop(&emulator, &core).await;
    assert!(took < Duration::from_secs(1), "{took:?}");
    assert_eq!(outcome.instance.state, Value::Null);
    assert_eq!(outcome.diagnostics[0].summary, "Stopped");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stop_ends_the_program_that_gives_credentials() {
    let (emulator, home) = (Emulator::start(&[]), TempDir::new().unwrap());
    let path = |name: &str| home.path().join(name).display().to_string();
    // The program has the pipe open until it ends.
    let mkfifo = std::process::Command::new("mkfifo")
        .arg(path("pipe"))
        .status();
    assert!(mkfifo.unwrap().success());
    let mut pipe = pipe::OpenOptions::new()
        .open_receiver(path("pipe"))
        .unwrap();
    let command = format!("sh -c 'exec 3>{}; echo >&3; exec sleep 1000'", path("pipe"));
    let profile = json!({ "name": "x", "mode": "External", "process_command": command });
    let file = json!({ "current": "x", "profiles": [profile] });
    std::fs::write(path("config.json"), file.to_string()).unwrap();
    let block = json!({
        "access_key": null, "secret_key": null, "shared_credentials_file": path("config.json"),
    });
    let core = configured(&emulator, block).await;
    let config = number("13900001234", json!({}));
    let stop = async {
        soon("the program runs", pipe.read_exact(&mut [0]))
            .await
            .unwrap();
        let request = stop_provider::Request::default();
        core.provider().stop_provider(request).await.unwrap();
    };
    let (outcome, ()) = tokio::join!(create(&core, &config), stop);
    assert_eq!(outcome.diagnostics[0].summary, "Stopped");
    let end = soon("the program ends", pipe.read(&mut [0])).await.unwrap();
    assert_eq!(end, 0);
    assert_eq!(core.shutdown().await.code(), Some(0));
}

#[tokio::test(flavor = "multi_thread")]
async fn sigterm_lets_a_create_come_back() {
    let emulator = Emulator::start(&["--service-time", "500ms"]);
    let mut core = configured(&emulator, json!({})).await;
    let mut provider = core.provider();
    let config = number("13900001234", json!({}));
    let process = core.process().id();
    let terminate = async {
        seen(&emulator, INITIATE, 1).await;
        signal("TERM", process);
    };
    let (outcome, ()) = tokio::join!(create(&core, &config), terminate);
    assert_migrating(&outcome);
    assert_eq!(core.process().ended().await.code(), Some(0));
    let request = stop_provider::Request::default();
    assert!(
        provider.stop_provider(request).await.is_err(),
        "the process is gone"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn what_arrives_after_sigterm_is_stopped_too() {
    let emulator = Emulator::start(&[]);
    emulator.control("POST", "faults", Some(never_answers("after_commit")));
    let mut core = configured(&emulator, json!({})).await;
    let provider = core.provider();
    let (first, second) = (
        number("13900001234", json!({})),
        number("13900001235", json!({})),
    );
    let planned = core
        .plan(TYPE, &Instance::default(), &second, &second)
        .await;
    let under_way = tokio::spawn(apply(provider.clone(), first));
    seen(&emulator, INITIATE, 1).await;
    core.process().signal("TERM");
    core.process().stderr_with("a signal ends the plugin").await;
    let late = apply(provider, planned.instance.state).await;
    let late = late.expect("a response, not the end of the connection");
    assert!(late.diagnostics.len() == 1, "{late:?}");
    let started = tokio::task::block_in_place(|| emulator.count(INITIATE));
    assert_eq!(started, 1, "nothing is started any more");
    assert!(under_way.await.unwrap().is_ok());
    assert_eq!(core.process().ended().await.code(), Some(0));
}

#[tokio::test(flavor = "multi_thread")]
async fn shutdown_ends_the_process_whatever_is_under_way() {
    let emulator = Emulator::start(&[]);
    emulator.control("POST", "faults", Some(never_answers("before_commit")));
    let core = configured(&emulator, json!({})).await;
    let create = tokio::spawn(apply(core.provider(), number("13900001234", json!({}))));
    seen(&emulator, INITIATE, 1).await;
    let started = Instant::now();
    assert_eq!(core.shutdown().await.code(), Some(0));
    let took = started.elapsed();
    assert!(took < Duration::from_secs(2), "{took:?}");
    assert!(create.await.unwrap().is_err(), "the connection is gone");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stderr_that_is_closed_or_never_read_costs_no_number() {
    for stderr in [Stderr::Closed, Stderr::Unread] {
        let emulator = Emulator::start(&["--quota", "1000/1s"]);
        let core = Core::start().env("TF_LOG", "TRACE").stderr(stderr).await;
        let throttle = throttle(&json!({ "requests_per_second": 250 }));
        configure(&core, emulator.url(), json!({ "throttle": throttle })).await;
        // Together they log several times what a pipe holds.
        let numbers = (0..200).map(|index| number(&format!("139{index:08}"), json!({})));
        let numbers: Vec<Value> = numbers.collect();
        let creates = numbers.iter().map(|config| create(&core, config));
        for outcome in futures_util::future::join_all(creates).await {
            assert_migrating(&outcome);
        }
        assert_eq!(core.shutdown().await.code(), Some(0), "{stderr:?}");
    }
}

/// Creates a number, and calls StopProvider once the API has received the call that starts its
/// migration. Returns the outcome and how long after the stop it came.
async fn create_and_stop(emulator: &Emulator, core: &Core) -> (Outcome, Duration) {
    let config = number("13900001234", json!({}));
    let stop = async {
        seen(emulator, INITIATE, 1).await;
        let stopped = Instant::now();
        let request = stop_provider::Request::default();
        core.provider().stop_provider(request).await.unwrap();
        stopped
    };
    let (outcome, stopped) = tokio::join!(create(core, &config), stop);
    (outcome, stopped.elapsed())
}

/// A fault by which the call that starts a migration is never answered. `when` says whether it has
/// its effect all the same.
fn never_answers(when: &str) -> Value {
    json!({ "kind": "never_answer", "when": when, "action": INITIATE, "times": "always" })
}

/// Returns when the emulator has seen `count` calls of `action`.
pub(crate) async fn seen(emulator: &Emulator, action: &str, count: usize) {
    let started = Instant::now();
    loop {
        let arrived = tokio::task::block_in_place(|| emulator.count(action));
        if arrived >= count {
            return;
        }
        assert!(
            started.elapsed() < PATIENCE,
            "{arrived} calls of {action} arrived"
        );
        tokio::time::sleep(PAUSE).await;
    }
}

/// Creates a number without a plan, over a connection that outlives the borrow of the process.
async fn apply(
    mut provider: ProviderClient<Channel>,
    mut planned: Value,
) -> Result<apply_resource_change::Response, Status> {
    planned["cust_space_id"] = "cams-test".into();
    let request = apply_resource_change::Request {
        type_name: TYPE.to_owned(),
        prior_state: Some(encode(&Value::Null)),
        planned_state: Some(encode(&planned)),
        config: Some(encode(&planned)),
        ..Default::default()
    };
    let response = provider.apply_resource_change(request).await?;
    Ok(response.into_inner())
}
