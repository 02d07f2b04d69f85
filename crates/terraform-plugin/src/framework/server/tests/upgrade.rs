//! What is stored in the current version is read, and what is stored in another is refused.

use super::*;

fn raw(json: &str) -> Option<wire::RawState> {
    Some(wire::RawState {
        json: json.as_bytes().to_vec(),
        ..Default::default()
    })
}

async fn upgrade_state(version: i64, json: &str) -> wire::upgrade_resource_state::Response {
    let request = wire::upgrade_resource_state::Request {
        type_name: "toy_thing".into(),
        version,
        raw_state: raw(json),
    };
    new_server()
        .upgrade_resource_state(Request::new(request))
        .await
        .expect("a response")
        .into_inner()
}

async fn upgrade_identity(version: i64, json: &str) -> wire::upgrade_resource_identity::Response {
    let request = wire::upgrade_resource_identity::Request {
        type_name: "toy_thing".into(),
        version,
        raw_identity: raw(json),
    };
    new_server()
        .upgrade_resource_identity(Request::new(request))
        .await
        .expect("a response")
        .into_inner()
}

#[tokio::test]
async fn an_identity_of_the_current_version_is_read_and_of_another_refused() {
    let response = upgrade_identity(1, r#"{"name":"a"}"#).await;
    let identity = response.upgraded_identity.expect("an identity");
    let ty = identity::ty(&ToyThing.schema());
    let value = codec::decode_value(identity.identity_data.as_ref(), &ty);
    let expected = [("name".to_owned(), "a".into())].into();
    assert_eq!(value, Ok(Value::Map(expected)));
    for version in [0, 9] {
        let response = upgrade_identity(version, "{}").await;
        let title = "Unsupported Identity Version";
        assert_eq!(summaries(&response.diagnostics), [title]);
    }
    for version in [1, 3] {
        let response = upgrade_state(version, "{}").await;
        assert_eq!(
            summaries(&response.diagnostics),
            ["Unsupported State Version"]
        );
        assert!(response.upgraded_state.is_none());
    }
}

#[tokio::test]
async fn a_stored_write_only_value_is_not_kept() {
    let response = upgrade_state(2, r#"{"name":"a","id":"1","note":"n","hint":"s3cr3t"}"#).await;
    assert_eq!(
        unwired(response.upgraded_state.as_ref()),
        thing("a", "1".into(), "n".into())
    );
}
