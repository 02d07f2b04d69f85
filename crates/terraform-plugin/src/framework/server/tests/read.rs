//! Objects that are read, whose stored state is upgraded, and that are imported.

use super::*;

#[tokio::test]
async fn a_read_keeps_drops_or_refuses() {
    let kept = read("a", Some("a")).await;
    assert_eq!(
        unwired(kept.new_state.as_ref()),
        thing("a", "1".into(), "n".into())
    );
    assert_eq!(
        (kept.private.as_slice(), kept.new_identity.is_some()),
        (&br#"{"p":1,"read":1}"#[..], true)
    );
    assert_eq!(
        unwired(read("gone", None).await.new_state.as_ref()),
        Value::Null
    );
    let renamed = read("renamed", Some("renamed")).await;
    assert_eq!(
        summaries(&renamed.diagnostics),
        ["Unexpected Identity Change"]
    );
    // Terraform shows where in the configuration the resource is only if the diagnostic has no path
    // of its own.
    assert_eq!(renamed.diagnostics[0].attribute, None);
    let panicked = read("panics", None).await;
    assert_eq!(summaries(&panicked.diagnostics), ["Provider Bug"]);
    assert_eq!(
        unwired(panicked.new_state.as_ref()),
        thing("panics", "1".into(), "n".into())
    );
}

#[tokio::test]
async fn stored_state_of_this_version_drops_what_the_schema_no_longer_has() {
    let request = |version, json: &str| wire::upgrade_resource_state::Request {
        type_name: "toy_thing".into(),
        version,
        raw_state: Some(wire::RawState {
            json: json.as_bytes().to_vec(),
            ..Default::default()
        }),
    };
    let server = new_server();
    let stored = request(2, r#"{"name":"a","id":"1","note":"n","retired":true}"#);
    let response = server
        .upgrade_resource_state(Request::new(stored))
        .await
        .expect("a response")
        .into_inner();
    assert_eq!(
        unwired(response.upgraded_state.as_ref()),
        thing("a", "1".into(), "n".into())
    );
    let unknown = request(7, "{}");
    let response = server
        .upgrade_resource_state(Request::new(unknown))
        .await
        .expect("a response")
        .into_inner();
    assert_eq!(
        summaries(&response.diagnostics),
        ["Unsupported State Version"]
    );
    let broken = request(2, "{");
    let response = server
        .upgrade_resource_state(Request::new(broken))
        .await
        .expect("a response")
        .into_inner();
    assert_eq!(summaries(&response.diagnostics), ["Unreadable State"]);
}

#[tokio::test]
async fn an_import_takes_an_id_or_a_complete_identity() {
    let server = configured().await;
    let by_id = wire::import_resource_state::Request {
        type_name: "toy_thing".into(),
        id: "a".into(),
        ..Default::default()
    };
    let response = server
        .import_resource_state(Request::new(by_id))
        .await
        .expect("a response")
        .into_inner();
    assert_eq!(
        unwired(response.imported_resources[0].state.as_ref()),
        thing("a", Value::Null, Value::Null)
    );
    let empty = Value::Map([("name".to_owned(), Value::Null)].into_iter().collect());
    let identity =
        codec::encode_value(&empty, &identity::ty(&ToyThing.schema())).expect("an identity");
    let incomplete = wire::import_resource_state::Request {
        type_name: "toy_thing".into(),
        identity: Some(wire::ResourceIdentityData {
            identity_data: Some(identity),
        }),
        ..Default::default()
    };
    let response = server
        .import_resource_state(Request::new(incomplete))
        .await
        .expect("a response")
        .into_inner();
    assert_eq!(summaries(&response.diagnostics), ["Incomplete Identity"]);
}

#[tokio::test]
async fn an_answer_that_would_not_fit_keeps_its_object() {
    let response = read("warns without end", None).await;
    assert_eq!(
        unwired(response.new_state.as_ref()),
        thing("warns without end", "1".into(), "n".into())
    );
    assert_eq!(summaries(&response.diagnostics), ["Diagnostics Left Out"]);
}
