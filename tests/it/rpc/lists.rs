//! List resources, whose numbers come as a stream.

use serde_json::{Value, json};
use tonic::Streaming;

use super::{TYPE, config_of, configured, count};
use crate::core::tfplugin6::list_resource::{Event, Request};
use crate::core::tfplugin6::stop_provider;
use crate::core::value::{decode, encode};
use crate::core::{Calls, Instance};
use crate::emulator::Emulator;

const LIST: &str = "QueryChatappPhoneNumbers";

/// A request for numbers, with the objects.
async fn request(core: &Calls, type_name: &str, changes: Value) -> Request {
    let schemas = core.schema().await.list_resource_schemas;
    Request {
        type_name: type_name.to_owned(),
        config: Some(encode(&config_of(&schemas[type_name], changes))),
        include_resource_object: true,
        limit: 100,
    }
}

async fn list(core: &Calls, request: Request) -> Streaming<Event> {
    let events = core.provider().list_resource(request).await;
    events.expect("a response").into_inner()
}

/// All events of a list. The last one has the diagnostics, if there are any.
async fn all(core: &Calls, request: Request) -> Vec<Event> {
    let mut stream = list(core, request).await;
    let mut events = Vec::new();
    while let Some(event) = stream.message().await.expect("no gRPC error") {
        count(&event.diagnostic);
        events.push(event);
    }
    events
}

fn names(events: &[Event]) -> Vec<&str> {
    events
        .iter()
        .map(|event| event.display_name.as_str())
        .collect()
}

fn identity(event: &Event) -> Value {
    let identity = event
        .identity
        .as_ref()
        .and_then(|it| it.identity_data.as_ref());
    decode(identity.expect("an identity"))
}

fn with_numbers(count: usize) -> Emulator {
    let emulator = Emulator::start(&[]);
    for number in 0..count {
        let mobile_number = format!("{}", 13_900_000_000_u64 + number as u64);
        emulator.place("cams-test", "86", &mobile_number, "CONNECTED");
    }
    emulator
}

#[tokio::test(flavor = "multi_thread")]
async fn a_number_comes_in_its_dialled_form_with_all_that_an_import_needs() {
    let emulator = Emulator::start(&[]);
    emulator.place("cams-test", "52", "15512345678", "PENDING");
    emulator.place("cams-test", "86", "13900001234", "CONNECTED");
    emulator.place("cams-test", "86", "13900001235", "DELETED");
    let core = configured(&emulator, json!({})).await;
    let events = all(&core, request(&core, TYPE, json!({})).await).await;
    assert_eq!(
        names(&events),
        [
            "+525512345678 (Emulated Business, PENDING)",
            "+8613900001234 (Emulated Business, CONNECTED)",
        ]
    );
    let expected = json!({
        "cust_space_id": "cams-test", "country_code": "52", "mobile_number": "5512345678",
    });
    assert_eq!(identity(&events[0]), expected);
    let object = decode(events[0].resource_object.as_ref().expect("an object"));
    assert_eq!(object["phone_number"], "525512345678");
    assert_eq!(
        (&object["status"], &object["id"]),
        (&json!("PENDING"), &Value::Null)
    );
    assert_eq!(emulator.requests().len(), 1);

    // An import by that identity finds the number, and a read completes it.
    let (imported, diagnostics) = core.import(TYPE, "", &identity(&events[0])).await;
    assert!(diagnostics.is_empty(), "{diagnostics:?}");
    let read = core
        .read(
            TYPE,
            &Instance {
                identity: expected,
                ..imported[0].clone()
            },
        )
        .await;
    assert!(read.diagnostics.is_empty(), "{:?}", read.diagnostics);
    assert_eq!(read.instance.state["status"], "PENDING");
    assert!(read.instance.state["id"].is_string());

    let without = Request {
        include_resource_object: false,
        ..request(&core, TYPE, json!({ "status": "connected" })).await
    };
    let events = all(&core, without).await;
    assert_eq!(
        names(&events),
        ["+8613900001234 (Emulated Business, CONNECTED)"]
    );
    assert_eq!(events[0].resource_object, None);
}

#[tokio::test(flavor = "multi_thread")]
async fn no_more_numbers_come_than_the_query_wants() {
    let emulator = with_numbers(120);
    let core = configured(&emulator, json!({})).await;
    for (limit, expected) in [(1, 1), (100, 100), (200, 120)] {
        let request = Request {
            limit,
            ..request(&core, TYPE, json!({})).await
        };
        assert_eq!(all(&core, request).await.len(), expected, "{limit}");
    }
    // A list that is given up costs nothing, and does not disturb the next one.
    let mut stream = list(&core, request(&core, TYPE, json!({})).await).await;
    assert!(stream.message().await.is_ok_and(|event| event.is_some()));
    drop(stream);
    let none = request(&core, TYPE, json!({ "quality_rating": "RED" })).await;
    assert_eq!(all(&core, none).await, []);
    assert_eq!(emulator.count(LIST), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_list_that_fails_or_is_stopped_ends_with_the_error() {
    let emulator = with_numbers(1);
    let core = configured(&emulator, json!({ "cust_space_id": null })).await;
    let events = all(&core, request(&core, TYPE, json!({})).await).await;
    assert_eq!(events.len(), 1);
    assert_eq!(events[0].diagnostic[0].summary, "Missing Space");

    let foreign = json!({ "cust_space_id": "foreign", "owned": false });
    emulator.control("PUT", "spaces", Some(foreign));
    let foreign = request(&core, TYPE, json!({ "cust_space_id": "foreign" })).await;
    let events = all(&core, foreign).await;
    assert_eq!(events.len(), 1);
    assert_eq!(events[0].diagnostic[0].summary, "Space of Another Account");

    let calls = emulator.count(LIST);
    let fault = json!({
        "kind": "never_answer", "when": "before_commit", "action": LIST, "times": "always",
    });
    emulator.control("POST", "faults", Some(fault));
    let request = request(&core, TYPE, json!({ "cust_space_id": "cams-test" })).await;
    let stop = async {
        super::stop::seen(&emulator, LIST, calls + 1).await;
        let request = stop_provider::Request::default();
        core.provider()
            .stop_provider(request)
            .await
            .expect("a response");
    };
    let (events, ()) = tokio::join!(all(&core, request), stop);
    assert_eq!(events.len(), 1);
    assert_eq!(events[0].diagnostic[0].summary, "Stopped");
}
