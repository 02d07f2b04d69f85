//! Actions, whose progress and end come as a stream.

use std::time::Duration;

use protocol_client::tfplugin6::invoke_action::{Request, event};
use protocol_client::tfplugin6::{plan_action, validate_action_config};
use serde_json::{Value, json};
use tonic::Streaming;

use crate::core::encode;
use crate::{Core, titles};

type Events = Streaming<protocol_client::tfplugin6::invoke_action::Event>;

fn config(mode: &str, times: u64) -> Value {
    json!({ "mode": mode, "times": times.to_string() })
}

async fn invoke(core: &Core, type_name: &str, config: &Value) -> Events {
    let request = Request {
        action_type: type_name.to_owned(),
        config: encode(config),
        ..Default::default()
    };
    let events = core.provider.clone().invoke_action(request).await;
    events.expect("a response").into_inner()
}

/// The next event of an action.
async fn next(events: &mut Events) -> Option<event::Type> {
    let event = events.message().await.expect("no gRPC error");
    event.map(|event| {
        event
            .r#type
            .expect("an event without a kind would crash Terraform")
    })
}

/// The messages of an action and the titles of the diagnostics at its end, which must come last.
async fn all(mut events: Events) -> (Vec<String>, Vec<String>) {
    let mut messages = Vec::new();
    loop {
        match next(&mut events)
            .await
            .expect("Completed is the last event")
        {
            event::Type::Progress(progress) => messages.push(progress.message),
            event::Type::Completed(completed) => {
                assert_eq!(next(&mut events).await, None);
                let titles = titles(&completed.diagnostics);
                return (messages, titles.into_iter().map(str::to_owned).collect());
            }
        }
    }
}

#[tokio::test]
async fn an_action_reports_its_progress_and_its_end() {
    let core = Core::configured().await;
    let (messages, said) = all(invoke(&core, "toy_ring", &config("plain", 40)).await).await;
    let expected: Vec<_> = (1..=40).map(|time| format!("ring {time}")).collect();
    assert_eq!((messages, said), (expected, Vec::new()));
}

/// More messages than connections and channels hold are shown to a caller that reads none.
#[tokio::test]
async fn a_stop_ends_an_action_whose_messages_are_not_read() {
    let core = Core::configured().await;
    let config = config("waits for the test", 200_000);
    let _unread = invoke(&core, "toy_ring", &config).await;
    core.seen.go_on.notify_one();
    core.stop().await;
    let ended = tokio::time::timeout(Duration::from_secs(60), core.seen.ended.notified());
    ended.await.expect("the action ends");
}

#[tokio::test]
async fn an_action_that_fails_or_panics_ends_with_the_error() {
    let core = Core::configured().await;
    for (mode, expected) in [
        ("fails", &["Failed", "Careful"][..]),
        ("panics", &["Provider Bug"]),
    ] {
        let (messages, said) = all(invoke(&core, "toy_ring", &config(mode, 1)).await).await;
        assert_eq!(messages, ["ring 1"], "{mode}");
        assert_eq!(said, expected, "{mode}");
    }
    for (core, type_name, config, expected) in [
        (
            &core,
            "toy_stranger",
            config("plain", 1),
            "Unknown Action Type",
        ),
        (&core, "toy_ring", json!([]), "Unreadable Value"),
        (
            &Core::start().await,
            "toy_ring",
            config("plain", 1),
            "Provider Not Configured",
        ),
    ] {
        let (messages, said) = all(invoke(core, type_name, &config).await).await;
        assert_eq!(messages, [""; 0]);
        assert_eq!(said, [expected]);
    }
}

#[tokio::test]
async fn an_action_ends_when_the_user_stops_terraform() {
    let core = Core::configured().await;
    let events = invoke(&core, "toy_ring", &config("waits", 0)).await;
    core.seen.waits.notified().await;
    core.stop().await;
    assert_eq!(all(events).await.1, ["Stopped"]);
}

#[tokio::test]
async fn an_action_goes_on_when_its_caller_leaves() {
    let core = Core::configured().await;
    let events = invoke(&core, "toy_ring", &config("waits for the test", 0)).await;
    core.seen.waits.notified().await;
    drop(events);
    core.seen.go_on.notify_one();
    core.seen.ended.notified().await;
}

#[tokio::test]
async fn a_warning_that_is_given_once_is_not_repeated() {
    let core = Core::configured().await;
    for expected in [&["Once"][..], &[]] {
        let events = invoke(&core, "toy_ring", &config("warns once", 0)).await;
        assert_eq!(all(events).await.1, expected);
    }
}

#[tokio::test]
async fn a_configuration_is_checked_and_planned() {
    let mut core = Core::start().await;
    for (config, checked, planned) in [
        (config("plain", 1), &[][..], &[][..]),
        (json!({ "mode": "unknown", "times": "unknown" }), &[], &[]),
        (
            json!({ "mode": null, "times": null }),
            &["Missing Attribute"],
            &[],
        ),
        (
            json!({ "mode": 1, "times": 1 }),
            &["Unreadable Value"],
            &["Unreadable Value"],
        ),
    ] {
        let request = validate_action_config::Request {
            type_name: "toy_ring".to_owned(),
            config: encode(&config),
        };
        let response = core.provider.validate_action_config(request).await;
        let said = response.expect("a response").into_inner().diagnostics;
        assert_eq!(titles(&said), checked, "{config}");
        let request = plan_action::Request {
            action_type: "toy_ring".to_owned(),
            config: encode(&config),
            ..Default::default()
        };
        let response = core.provider.plan_action(request).await;
        let response = response.expect("a response").into_inner();
        assert_eq!(titles(&response.diagnostics), planned, "{config}");
        assert_eq!(response.deferred, None);
    }
}
