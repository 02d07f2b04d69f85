//! List resources, whose objects come as a stream.

use std::sync::atomic::Ordering;

use protocol_client::tfplugin6::list_resource::{Event, Request};
use protocol_client::tfplugin6::validate_list_resource_config;
use serde_json::{Value, json};
use tonic::Streaming;

use crate::core::{decode, encode};
use crate::{Core, titles};

fn request(mode: &str, many: u64) -> Request {
    Request {
        type_name: "toy_thing".to_owned(),
        config: encode(&json!({ "mode": mode, "many": many.to_string() })),
        include_resource_object: false,
        limit: 100,
    }
}

async fn list(core: &Core, request: Request) -> Streaming<Event> {
    let events = core.provider.clone().list_resource(request).await;
    events.expect("a response").into_inner()
}

/// All events of a list.
async fn all(core: &Core, request: Request) -> Vec<Event> {
    let mut stream = list(core, request).await;
    let mut events = Vec::new();
    while let Some(event) = stream.message().await.expect("no gRPC error") {
        events.push(event);
    }
    events
}

/// The names of the objects, and the titles of the diagnostics in the last event.
fn split(events: &[Event]) -> (Vec<&str>, Vec<&str>) {
    let names = events.iter().filter(|event| event.identity.is_some());
    let names = names.map(|event| event.display_name.as_str()).collect();
    let said = events.last().map(|event| titles(&event.diagnostic));
    (names, said.unwrap_or_default())
}

#[tokio::test]
async fn an_object_has_its_name_its_identity_and_itself_if_asked() {
    let core = Core::configured().await;
    let events = all(&core, request("plain", 2)).await;
    assert_eq!(split(&events), (vec!["Thing 0", "Thing 1"], vec![]));
    let identity = events[1].identity.as_ref().expect("an identity");
    let identity = decode(identity.identity_data.as_ref());
    assert_eq!(identity, json!({ "name": "thing 1" }));
    assert_eq!(events[1].resource_object, None);

    let events = all(
        &core,
        Request {
            include_resource_object: true,
            ..request("plain", 1)
        },
    )
    .await;
    // What is unknown or write-only is null.
    assert_eq!(
        decode(events[0].resource_object.as_ref()),
        json!({ "name": "thing 0", "id": null, "secret": null })
    );
}

#[tokio::test]
async fn no_more_objects_come_than_the_query_wants() {
    let core = Core::configured().await;
    for (limit, expected) in [(1, 1), (30, 30), (50, 40), (0, 40)] {
        core.seen.enough.store(false, Ordering::SeqCst);
        let request = Request {
            limit,
            ..request("plain", 40)
        };
        assert_eq!(all(&core, request).await.len(), expected, "{limit}");
        let enough = core.seen.enough.load(Ordering::SeqCst);
        assert_eq!(enough, expected < 40, "{limit}");
    }
}

#[tokio::test]
async fn a_list_ends_when_nobody_reads_it() {
    let core = Core::configured().await;
    let mut stream = list(
        &core,
        Request {
            limit: 0,
            ..request("plain", u64::MAX)
        },
    )
    .await;
    assert!(stream.message().await.is_ok_and(|event| event.is_some()));
    drop(stream);
    core.seen.ended.notified().await;
}

#[tokio::test]
async fn a_list_that_fails_or_panics_has_its_objects_and_then_the_error() {
    let core = Core::configured().await;
    for (mode, expected) in [
        ("fails", vec!["Failed", "Careful"]),
        ("panics", vec!["Provider Bug"]),
        ("warns once", vec!["Once"]),
    ] {
        let events = all(&core, request(mode, 1)).await;
        assert_eq!(split(&events), (vec!["Thing 0"], expected), "{mode}");
    }
    let nameless = all(&core, request("forgets", 1)).await;
    assert_eq!(split(&nameless), (vec![], vec!["Incomplete Identity"]));
    let stranger = Request {
        type_name: "toy_stranger".to_owned(),
        ..request("plain", 1)
    };
    let events = all(&core, stranger).await;
    assert_eq!(split(&events), (vec![], vec!["Unknown List Resource Type"]));
    let events = all(&Core::start().await, request("plain", 1)).await;
    assert_eq!(split(&events), (vec![], vec!["Provider Not Configured"]));
}

#[tokio::test]
async fn a_list_ends_when_the_user_stops_terraform() {
    let core = Core::configured().await;
    let (events, ()) = tokio::join!(all(&core, request("waits", 1)), async {
        core.seen.waits.notified().await;
        core.stop().await;
    });
    assert_eq!(split(&events), (vec!["Thing 0"], vec!["Stopped"]));
}

#[tokio::test]
async fn a_configuration_is_checked() {
    let mut core = Core::start().await;
    for (config, expected) in [
        (json!({ "mode": null, "many": "1" }), &[][..]),
        (
            json!({ "mode": null, "many": null }),
            &["Missing Attribute"],
        ),
    ] {
        let request = validate_list_resource_config::Request {
            type_name: "toy_thing".to_owned(),
            config: encode(&config),
            include_resource_object: encode(&Value::Bool(true)),
            limit: encode(&json!(100)),
        };
        let response = core.provider.validate_list_resource_config(request).await;
        let said = response.expect("a response").into_inner().diagnostics;
        assert_eq!(titles(&said), expected, "{config}");
    }
}
