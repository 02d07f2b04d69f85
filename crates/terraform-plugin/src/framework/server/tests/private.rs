//! Private state through every operation, however it ends.

use super::*;

fn text(private: &[u8]) -> &str {
    std::str::from_utf8(private).expect("JSON")
}

#[tokio::test]
async fn what_is_remembered_is_stored_when_a_create_fails_or_panics_after_the_object_exists() {
    for name in ["fails late", "panics late"] {
        let response = create(name).await;
        assert!(!unwired(response.new_state.as_ref()).is_null(), "{name}");
        assert_eq!(text(&response.private), r#"{"created":1,"p":1}"#, "{name}");
    }
    let nothing = create("fails").await;
    assert_eq!(text(&nothing.private), "", "there is no object to store");
}

#[tokio::test]
async fn a_stopped_create_stores_what_it_remembers() {
    let server = configured().await;
    let planned = thing("waits", Value::Unknown, "n".into());
    let (response, ()) = tokio::join!(apply(&server, &Value::Null, &planned), async {
        while server.operations().tracker().is_empty() {
            tokio::task::yield_now().await;
        }
        server.operations().stop();
    });
    assert_eq!(text(&response.private), r#"{"created":1,"p":1}"#);
}

#[tokio::test]
async fn an_update_adds_to_what_is_remembered_and_a_failed_delete_keeps_it() {
    let server = configured().await;
    let (before, after) = (
        thing("a", "1".into(), "n".into()),
        thing("a", "1".into(), "m".into()),
    );
    let response = apply(&server, &before, &after).await;
    assert_eq!(text(&response.private), r#"{"p":1,"updated":1}"#);
    let stays = thing("stays", "1".into(), "n".into());
    let response = apply(&server, &stays, &Value::Null).await;
    assert_eq!(text(&response.private), r#"{"deleted":1,"p":1}"#);
    let response = apply(&server, &before, &Value::Null).await;
    assert_eq!(text(&response.private), "");
}

#[tokio::test]
async fn a_read_remembers_also_when_it_panics_and_forgets_with_the_object() {
    assert_eq!(text(&read("a", None).await.private), r#"{"p":1,"read":1}"#);
    assert_eq!(
        text(&read("panics", None).await.private),
        r#"{"p":1,"read":1}"#
    );
    assert_eq!(text(&read("gone", None).await.private), "");
}

#[tokio::test]
async fn the_plan_of_an_update_remembers_and_that_of_a_new_object_begins_anew() {
    let prior = thing("a", "1".into(), "none".into());
    let config = thing("a", Value::Null, "more".into());
    let response = plan(&prior, &config, &thing("a", "1".into(), "more".into())).await;
    assert_eq!(text(&response.planned_private), r#"{"p":1,"planned":1}"#);
    // The second plan of a replacement has no prior state, but the private state of the object that
    // goes.
    let response = plan(&Value::Null, &config, &config).await;
    assert_eq!(
        text(&response.planned_private),
        r#"{"planned":1,"replaces":1}"#
    );
    let response = plan(&prior, &Value::Null, &Value::Null).await;
    assert_eq!(text(&response.planned_private), r#"{"p":1}"#);
}

#[tokio::test]
async fn an_import_begins_to_remember() {
    let request = wire::import_resource_state::Request {
        type_name: "toy_thing".into(),
        id: "a".into(),
        ..Default::default()
    };
    let response = configured()
        .await
        .import_resource_state(Request::new(request))
        .await
        .expect("a response")
        .into_inner();
    assert_eq!(
        text(&response.imported_resources[0].private),
        r#"{"imported":1}"#
    );
}

#[tokio::test]
async fn a_write_only_value_reaches_create_and_update() {
    let server = configured().await;
    let mut config = thing("a", Value::Null, "n".into());
    let Value::Map(values) = &mut config else {
        panic!("an object")
    };
    values.insert("hint".into(), "psst".into());
    let created = (Value::Null, thing("a", Value::Unknown, "n".into()));
    let updated = (
        thing("a", "1".into(), "o".into()),
        thing("a", "1".into(), "n".into()),
    );
    for (prior, planned) in [created, updated] {
        let request = wire::apply_resource_change::Request {
            type_name: "toy_thing".into(),
            prior_state: wired(&prior),
            planned_state: wired(&planned),
            config: wired(&config),
            ..Default::default()
        };
        let response = server
            .apply_resource_change(Request::new(request))
            .await
            .expect("a response")
            .into_inner();
        assert_eq!(response.diagnostics[0].summary, "Hinted");
        assert_eq!(response.diagnostics[0].detail, "psst");
    }
}
