//! `cams_send_verification_code`: its progress, and how it ends.

use serde_json::{Value, json};
use tonic::Streaming;

use super::codes::{NUMBER, SEND, place};
use super::{configured, merge, titles};
use crate::core::tfplugin6::invoke_action::{self, Event, event};
use crate::core::tfplugin6::{Diagnostic, plan_action, stop_provider, validate_action_config};
use crate::core::value::{encode, unknown};
use crate::core::{Calls, Core};
use crate::emulator::Emulator;
use crate::support::{PAUSE, soon};

const TYPE: &str = "cams_send_verification_code";

#[tokio::test(flavor = "multi_thread")]
async fn every_invocation_sends_one_code_and_says_how_it_ended() {
    let lost = json!({ "kind": "reset_after_commit", "action": SEND });
    let asks = "Asking CAMS whether 8613900001234 in space cams-test needs a code.";
    let sends = "Sending a code to 8613900001234 in space cams-test by an SMS (en_US).";
    for (flags, status, faults, says, messages, requests) in [
        (
            &[][..],
            "MIGRATING",
            json!([]),
            &[][..],
            &[asks, sends, "CAMS has sent a code to"][..],
            2,
        ),
        (
            &[],
            "CONNECTED",
            json!([]),
            &["Number Needs No Code"],
            &[asks, "8613900001234 in space cams-test needs no code."],
            0,
        ),
        (
            &["--max-codes=0"],
            "MIGRATING",
            json!([]),
            &["Code Refused"],
            &[asks, sends],
            2,
        ),
        (
            &[],
            "MIGRATING",
            json!([lost, lost]),
            &["Code May Have Been Sent"],
            &[asks, sends, "CAMS has not confirmed a code to"],
            2,
        ),
        (
            &["--deny=QueryChatappPhoneNumbers"],
            "MIGRATING",
            json!([]),
            &["CAMS Denied Access"],
            &[asks],
            0,
        ),
    ] {
        let emulator = Emulator::start(flags);
        place(&emulator, status, "NOT_VERIFIED");
        emulator.control("POST", "faults", Some(faults));
        // Each invocation sends: unlike a resource, an action is asked to.
        for _ in 0..2 {
            let core = configured(&emulator, json!({})).await;
            let (shown, diagnostics) = all(invoke(&core, &config(json!({}))).await).await;
            assert_eq!(titles(&diagnostics), says, "{flags:?} {status}");
            assert_eq!(shown.len(), messages.len(), "{shown:?}");
            for (shown, expected) in shown.iter().zip(messages) {
                assert!(shown.starts_with(expected), "{shown}");
            }
        }
        assert_eq!(emulator.count(SEND), requests, "{flags:?} {status}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stop_ends_an_action_that_waits_with_nothing_sent() {
    let emulator = Emulator::start(&[]);
    place(&emulator, "MIGRATING", "NOT_VERIFIED");
    let fault = json!({
        "kind": "throttle", "action": SEND, "times": "always", "retry_after": "60s",
    });
    emulator.control("POST", "faults", Some(fault));
    let core = configured(&emulator, json!({})).await;
    let events = invoke(&core, &config(json!({}))).await;
    while emulator.count(SEND) == 0 {
        tokio::time::sleep(PAUSE).await;
    }
    let request = stop_provider::Request::default();
    core.provider().stop_provider(request).await.unwrap();
    let (_, diagnostics) = soon("an end of the action", all(events)).await;
    assert_eq!(titles(&diagnostics), ["Stopped"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_configuration_is_checked_before_it_is_invoked() {
    let emulator = Emulator::start(&[]);
    let core = configured(&emulator, json!({ "cust_space_id": null })).await;
    for (changes, says) in [
        (json!({}), &[][..]),
        (json!({ "phone_number": unknown() }), &[]),
        (json!({ "phone_number": "1" }), &["Invalid Phone Number"]),
        (
            json!({ "phone_number": "8675512345678" }),
            &["SMS to a Fixed Line"],
        ),
        (
            json!({ "phone_number": "8675512345678", "method": "voice" }),
            &[],
        ),
        (
            json!({ "method": "SMS", "locale": "xx", "cust_space_id": " " }),
            &["Invalid Method", "Invalid Space", "Unknown Locale"],
        ),
    ] {
        let request = validate_action_config::Request {
            type_name: TYPE.to_owned(),
            config: Some(encode(&config(changes.clone()))),
        };
        let response = core.provider().validate_action_config(request).await;
        let diagnostics = response.unwrap().into_inner().diagnostics;
        assert_eq!(titles(&diagnostics), says, "{changes}");
    }
    let request = plan_action::Request {
        action_type: TYPE.to_owned(),
        config: Some(encode(&config(json!({})))),
        ..Default::default()
    };
    let planned = core.provider().plan_action(request).await.unwrap();
    assert_eq!(titles(&planned.into_inner().diagnostics), [""; 0]);
    let (shown, diagnostics) = all(invoke(&core, &config(json!({}))).await).await;
    assert_eq!(titles(&diagnostics), ["Missing Space"]);
    assert_eq!(shown, [""; 0]);
    let unconfigured = Core::start().await;
    let (_, diagnostics) = all(invoke(&unconfigured, &config(json!({}))).await).await;
    assert_eq!(titles(&diagnostics), ["Provider Not Configured"]);
    assert_eq!(emulator.requests().len(), 0);
}

/// The configuration of the action, with `changes`.
fn config(changes: Value) -> Value {
    let mut value = json!({
        "cust_space_id": null, "phone_number": NUMBER, "method": null, "locale": null,
        "timeouts": null,
    });
    merge(&mut value, changes);
    value
}

async fn invoke(core: &Calls, config: &Value) -> Streaming<Event> {
    let request = invoke_action::Request {
        action_type: TYPE.to_owned(),
        config: Some(encode(config)),
        ..Default::default()
    };
    let events = core.provider().invoke_action(request).await;
    events.expect("a response").into_inner()
}

/// The messages of an action, and the diagnostics at its end, which must come last.
async fn all(mut events: Streaming<Event>) -> (Vec<String>, Vec<Diagnostic>) {
    let (mut shown, mut end) = (Vec::new(), None);
    while let Some(event) = events.message().await.expect("no gRPC error") {
        assert!(end.is_none(), "Completed is the last event");
        match event.r#type.expect("an event of a kind") {
            event::Type::Progress(progress) => shown.push(progress.message),
            event::Type::Completed(completed) => end = Some(completed.diagnostics),
        }
    }
    (shown, end.expect("Completed"))
}
