//! StopProvider, SIGTERM and Shutdown with work under way.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::{configure, configured, create, number};
use crate::core::tfplugin6::stop_provider;
use crate::core::{Core, Stderr};
use crate::emulator::Emulator;

/// Returns when the emulator has seen `count` calls of `action`.
async fn seen(emulator: &Emulator, action: &str, count: usize) {
    let started = Instant::now();
    loop {
        let arrived = tokio::task::block_in_place(|| emulator.count(action));
        if arrived >= count {
            return;
        }
        assert!(
            started.elapsed() < Duration::from_secs(20),
            "{arrived} calls of {action} arrived"
        );
        tokio::task::yield_now().await;
    }
}

fn never_answers(when: &str) -> Value {
    json!({ "kind": "never_answer", "when": when, "action": "CreateChatappMigrationInitiate", "times": "always" })
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stop_ends_an_unanswered_create_soon_and_finds_out_what_it_did() {
    let emulator = Emulator::start(&[]);
    emulator.control("POST", "faults", Some(never_answers("after_commit")));
    let core = configured(&emulator, json!({})).await;
    let config = number("13900001234", json!({}));
    let stop = async {
        seen(&emulator, "CreateChatappMigrationInitiate", 1).await;
        let started = Instant::now();
        core.provider()
            .stop_provider(stop_provider::Request::default())
            .await
            .unwrap();
        started
    };
    let (answer, stopped) = tokio::join!(create(&core, &config), stop);
    assert!(
        stopped.elapsed() < Duration::from_secs(3),
        "{:?}",
        stopped.elapsed()
    );
    // It had started, which a lookup shows: so it is stored.
    assert_eq!(
        answer.instance.state["status"], "MIGRATING",
        "{:?}",
        answer.diagnostics
    );

    // What comes after the stop is answered.
    emulator.control("DELETE", "faults", None);
    let next = create(&core, &number("13900001235", json!({}))).await;
    assert_eq!(
        next.instance.state["status"], "MIGRATING",
        "{:?}",
        next.diagnostics
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stop_that_cuts_the_look_short_says_so() {
    let emulator = Emulator::start(&[]);
    let lookups = json!({
        "kind": "never_answer", "when": "before_commit", "action": "GetPhoneNumberVerificationStatus",
        "nth": 2, "times": "always",
    });
    emulator.control(
        "POST",
        "faults",
        Some(json!([never_answers("before_commit"), lookups])),
    );
    let core = configured(&emulator, json!({})).await;
    let config = number("13900001234", json!({}));
    let stop = async {
        seen(&emulator, "CreateChatappMigrationInitiate", 1).await;
        core.provider()
            .stop_provider(stop_provider::Request::default())
            .await
            .unwrap();
        Instant::now()
    };
    let (answer, stopped) = tokio::join!(create(&core, &config), stop);
    assert!(
        stopped.elapsed() < Duration::from_secs(3),
        "{:?}",
        stopped.elapsed()
    );
    assert_eq!(answer.instance.state, Value::Null);
    let detail = &answer.diagnostics[0].detail;
    assert!(detail.contains("asked to stop before"), "{detail}");
    assert!(detail.contains("Applying again is safe"), "{detail}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stop_ends_a_wait_for_the_quota_at_once_with_nothing_sent() {
    let emulator = Emulator::start(&[]);
    let fault = json!({
        "kind": "throttle", "action": "CreateChatappMigrationInitiate", "times": "always", "retry_after": "60s",
    });
    emulator.control("POST", "faults", Some(fault));
    let core = configured(&emulator, json!({})).await;
    let config = number("13900001234", json!({}));
    let stop = async {
        seen(&emulator, "CreateChatappMigrationInitiate", 1).await;
        core.provider()
            .stop_provider(stop_provider::Request::default())
            .await
            .unwrap();
        Instant::now()
    };
    let (answer, stopped) = tokio::join!(create(&core, &config), stop);
    assert!(
        stopped.elapsed() < Duration::from_secs(1),
        "{:?}",
        stopped.elapsed()
    );
    assert_eq!(answer.instance.state, Value::Null);
    assert_eq!(answer.diagnostics[0].summary, "Stopped");
}

#[tokio::test(flavor = "multi_thread")]
async fn sigterm_lets_a_create_come_back() {
    let emulator = Emulator::start(&["--service-time", "500ms"]);
    let mut core = configured(&emulator, json!({})).await;
    let mut provider = core.provider();
    let config = number("13900001234", json!({}));
    let process = core.process().id();
    let answer = {
        let create = create(&core, &config);
        let signal = async {
            seen(&emulator, "CreateChatappMigrationInitiate", 1).await;
            crate::support::signal("TERM", process);
        };
        tokio::join!(create, signal).0
    };
    assert_eq!(
        answer.instance.state["status"], "MIGRATING",
        "{:?}",
        answer.diagnostics
    );
    assert_eq!(core.process().ended().await.code(), Some(0));
    assert!(
        provider
            .stop_provider(stop_provider::Request::default())
            .await
            .is_err(),
        "it is gone"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn shutdown_ends_the_process_whatever_is_under_way() {
    let emulator = Emulator::start(&[]);
    emulator.control("POST", "faults", Some(never_answers("before_commit")));
    let core = configured(&emulator, json!({})).await;
    let mut provider = core.provider();
    let create = tokio::spawn(async move {
        let planned = number("13900001234", json!({ "cust_space_id": "cams-test" }));
        let planned = crate::core::value::encode(&planned);
        let request = crate::core::tfplugin6::apply_resource_change::Request {
            type_name: super::TYPE.to_owned(),
            prior_state: Some(crate::core::value::encode(&Value::Null)),
            planned_state: Some(planned.clone()),
            config: Some(planned),
            ..Default::default()
        };
        provider.apply_resource_change(request).await
    });
    seen(&emulator, "CreateChatappMigrationInitiate", 1).await;
    let started = Instant::now();
    assert_eq!(core.shutdown().await.code(), Some(0));
    assert!(
        started.elapsed() < Duration::from_secs(2),
        "{:?}",
        started.elapsed()
    );
    assert!(create.await.unwrap().is_err(), "the connection is gone");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stderr_that_is_closed_or_never_read_costs_no_number() {
    for stderr in [Stderr::Closed, Stderr::Unread] {
        let emulator = Emulator::start(&["--quota", "1000/1s"]);
        let core = Core::start().env("TF_LOG", "TRACE").stderr(stderr).await;
        let throttle = json!({
            "scope": null, "redis_url": null, "requests_per_second": 250, "fallback_requests_per_second": null,
        });
        configure(&core, &emulator, json!({ "throttle": throttle })).await;
        // Several times what a pipe holds.
        let numbers = (0..200).map(|index| number(&format!("139{index:08}"), json!({})));
        let numbers: Vec<Value> = numbers.collect();
        let creates = numbers.iter().map(|config| create(&core, config));
        for answer in futures_util::future::join_all(creates).await {
            assert_eq!(
                answer.instance.state["status"], "MIGRATING",
                "{stderr:?}: {:?}",
                answer.diagnostics
            );
        }
        assert_eq!(core.shutdown().await.code(), Some(0), "{stderr:?}");
    }
}
