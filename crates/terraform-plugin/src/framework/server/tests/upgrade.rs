//! Upgrades of state and identity, which may find that what is stored cannot be read any more.

use super::toy::{Identity, Thing};
use super::*;

crate::model! {
    /// What a thing, and the identity of one, was in the version before: a label for a name.
    pub(super) struct Old { label: String }
}

pub(super) fn ty() -> Type {
    Type::Object([("label".to_owned(), Type::String)].into_iter().collect())
}

pub(super) fn state(old: Old) -> Result<Thing, Diagnostics> {
    Ok(Thing {
        name: identity(old)?.name,
        ..Thing::default()
    })
}

pub(super) fn identity(old: Old) -> Result<Identity, Diagnostics> {
    if old.label.text() == Some("lost") {
        return Err(Diagnostic::error("Lost", "Import it anew.").into());
    }
    Ok(Identity { name: old.label })
}

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
async fn state_and_identity_of_an_earlier_version_are_brought_to_the_current_one() {
    let response = upgrade_state(1, r#"{"label":"a"}"#).await;
    assert_eq!(
        unwired(response.upgraded_state.as_ref()),
        thing("a", Value::Null, Value::Null)
    );
    for (version, json) in [(0, r#"{"label":"a"}"#), (1, r#"{"name":"a"}"#)] {
        let response = upgrade_identity(version, json).await;
        let identity = response
            .upgraded_identity
            .expect("an identity")
            .identity_data;
        let value = codec::decode_value(identity.as_ref(), &ToyThing.identity_schema().ty());
        let expected = [("name".to_owned(), "a".into())].into_iter().collect();
        assert_eq!(value, Ok(Value::Map(expected)), "version {version}");
    }
}

#[tokio::test]
async fn an_upgrade_may_fail_and_says_why() {
    let response = upgrade_state(1, r#"{"label":"lost"}"#).await;
    assert_eq!(summaries(&response.diagnostics), ["Lost"]);
    assert!(response.upgraded_state.is_none());
    let response = upgrade_identity(0, r#"{"label":"lost"}"#).await;
    assert_eq!(summaries(&response.diagnostics), ["Lost"]);
    let response = upgrade_identity(9, "{}").await;
    assert_eq!(
        summaries(&response.diagnostics),
        ["Unsupported Identity Version"]
    );
}

#[tokio::test]
async fn a_stored_write_only_value_is_not_kept() {
    let response = upgrade_state(2, r#"{"name":"a","id":"1","note":"n","hint":"s3cr3t"}"#).await;
    assert_eq!(
        unwired(response.upgraded_state.as_ref()),
        thing("a", "1".into(), "n".into())
    );
}
