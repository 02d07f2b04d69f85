//! The dispatcher driven through its RPCs, with a provider small enough to see every rule.

use tonic::Request;

use crate::framework::resource::Resource;
use crate::protocol::path::Path;
use crate::protocol::value::Value;
use crate::protocol::wire as codec;

use super::*;

mod boxes;
mod moves;
mod private;
mod toy;
mod upgrade;

use toy::{Toy, ToyThing};

/// What Terraform has stored beside a thing.
const PRIVATE: &[u8] = br#"{"p":1}"#;

fn thing(name: &str, id: Value, note: Value) -> Value {
    let values = [
        ("name", name.into()),
        ("id", id),
        ("note", note),
        ("hint", Value::Null),
    ];
    Value::Map(
        values
            .into_iter()
            .map(|(name, value)| (name.to_owned(), value))
            .collect(),
    )
}

fn wired(value: &Value) -> Option<wire::DynamicValue> {
    Some(codec::encode_value(value, &ToyThing.schema().ty()).expect("a value of the schema"))
}

fn unwired(value: Option<&wire::DynamicValue>) -> Value {
    codec::decode_value(value, &ToyThing.schema().ty()).expect("a value of the schema")
}

fn summaries(diagnostics: &[wire::Diagnostic]) -> Vec<&str> {
    diagnostics
        .iter()
        .map(|diagnostic| diagnostic.summary.as_str())
        .collect()
}

fn new_server() -> Server<Toy> {
    Server::new(Toy, Random::seeded(1)).expect("models that match their schemas")
}

async fn configured() -> Server<Toy> {
    let server = new_server();
    let answer = server
        .configure_provider(Request::new(configure("good")))
        .await
        .expect("an answer");
    assert_eq!(summaries(&answer.get_ref().diagnostics), [""; 0]);
    server
}

fn configure(token: &str) -> wire::configure_provider::Request {
    let config = Value::Map([("token".to_owned(), token.into())].into_iter().collect());
    wire::configure_provider::Request {
        config: Some(
            codec::encode_value(&config, &Toy.schema().ty()).expect("a value of the schema"),
        ),
        ..Default::default()
    }
}

async fn apply(
    server: &Server<Toy>,
    prior: &Value,
    planned: &Value,
) -> wire::apply_resource_change::Response {
    let request = wire::apply_resource_change::Request {
        type_name: "toy_thing".into(),
        prior_state: wired(prior),
        planned_state: wired(planned),
        config: wired(planned),
        planned_private: PRIVATE.to_vec(),
        ..Default::default()
    };
    server
        .apply_resource_change(Request::new(request))
        .await
        .expect("an answer")
        .into_inner()
}

async fn create(name: &str) -> wire::apply_resource_change::Response {
    let server = configured().await;
    apply(
        &server,
        &Value::Null,
        &thing(name, Value::Unknown, "n".into()),
    )
    .await
}

#[tokio::test]
async fn a_created_object_is_stored_with_identity_and_private_data() {
    let answer = create("a").await;
    assert_eq!(
        unwired(answer.new_state.as_ref()),
        thing("a", "1".into(), "n".into())
    );
    assert!(answer.new_identity.is_some());
    assert_eq!(answer.private, br#"{"created":1,"p":1}"#);
    assert_eq!(summaries(&answer.diagnostics), [""; 0]);
}

#[tokio::test]
async fn a_failure_before_the_object_exists_stores_nothing() {
    let answer = create("fails").await;
    assert_eq!(unwired(answer.new_state.as_ref()), Value::Null);
    assert_eq!(summaries(&answer.diagnostics), ["Failed"]);
}

#[tokio::test]
async fn a_failure_after_the_object_exists_stores_what_is_known() {
    let answer = create("fails late").await;
    assert_eq!(
        unwired(answer.new_state.as_ref()),
        thing("fails late", "1".into(), Value::Null)
    );
    assert!(answer.new_identity.is_some());
    assert_eq!(summaries(&answer.diagnostics), ["Failed"]);
}

#[tokio::test]
async fn a_panic_after_the_object_exists_stores_what_is_known() {
    let answer = create("panics late").await;
    assert_eq!(
        unwired(answer.new_state.as_ref()),
        thing("panics late", "1".into(), "n".into())
    );
    assert_eq!(summaries(&answer.diagnostics), ["Provider Bug"]);
}

#[tokio::test]
async fn a_value_left_unknown_is_an_error_that_names_it_and_is_stored_as_null() {
    let answer = create("forgets").await;
    assert_eq!(
        unwired(answer.new_state.as_ref()),
        thing("forgets", Value::Null, "n".into())
    );
    assert_eq!(
        summaries(&answer.diagnostics),
        ["Unknown Value After Apply"]
    );
    assert!(answer.diagnostics[0].detail.contains("id"));
}

#[tokio::test]
async fn stop_ends_what_is_under_way_and_not_what_comes_after() {
    let server = configured().await;
    let planned = thing("waits", Value::Unknown, "n".into());
    let (answer, ()) = tokio::join!(apply(&server, &Value::Null, &planned), async {
        while server.operations().tracker().is_empty() {
            tokio::task::yield_now().await;
        }
        let _ = server
            .stop_provider(Request::new(wire::stop_provider::Request {}))
            .await;
    });
    assert_eq!(summaries(&answer.diagnostics), ["Stopped"]);
    assert_eq!(
        unwired(answer.new_state.as_ref()),
        thing("waits", "1".into(), "n".into())
    );
    let next = apply(
        &server,
        &Value::Null,
        &thing("a", Value::Unknown, "n".into()),
    )
    .await;
    assert_eq!(summaries(&next.diagnostics), [""; 0]);
}

#[tokio::test]
async fn work_goes_on_when_its_caller_leaves() {
    let server = configured().await;
    let planned = thing("waits", Value::Unknown, "n".into());
    let mut call = Box::pin(apply(&server, &Value::Null, &planned));
    assert!(futures_util::poll!(&mut call).is_pending());
    drop(call);
    assert_eq!(server.operations().tracker().len(), 1);
    server.operations().stop();
    server.operations().tracker().close();
    server.operations().tracker().wait().await;
}

#[tokio::test]
async fn a_deleted_object_is_gone_and_one_that_could_not_be_deleted_stays() {
    let server = configured().await;
    let answer = apply(&server, &thing("a", "1".into(), "n".into()), &Value::Null).await;
    assert_eq!(unwired(answer.new_state.as_ref()), Value::Null);
    assert_eq!(summaries(&answer.diagnostics), ["Deleted"]);
    let stays = thing("stays", "1".into(), "n".into());
    let answer = apply(&server, &stays, &Value::Null).await;
    assert_eq!(unwired(answer.new_state.as_ref()), stays);
    assert_eq!(summaries(&answer.diagnostics), ["Failed", "Deleted"]);
}

async fn plan(
    prior: &Value,
    config: &Value,
    proposed: &Value,
) -> wire::plan_resource_change::Response {
    let request = wire::plan_resource_change::Request {
        type_name: "toy_thing".into(),
        prior_state: wired(prior),
        config: wired(config),
        proposed_new_state: wired(proposed),
        prior_private: PRIVATE.to_vec(),
        ..Default::default()
    };
    configured()
        .await
        .plan_resource_change(Request::new(request))
        .await
        .expect("an answer")
        .into_inner()
}

#[tokio::test]
async fn a_plan_has_defaults_unknowns_identity_and_private_data() {
    let config = thing("a", Value::Null, Value::Null);
    let answer = plan(&Value::Null, &config, &config).await;
    assert_eq!(
        unwired(answer.planned_state.as_ref()),
        thing("a", Value::Unknown, "none".into())
    );
    assert_eq!(answer.planned_private, br#"{"planned":1,"replaces":1}"#);
    assert!(answer.planned_identity.is_some());
    assert_eq!(answer.requires_replace, []);
}

#[tokio::test]
async fn an_identity_is_planned_only_where_all_of_it_is_known() {
    let mut config = thing("a", Value::Null, Value::Null);
    if let Value::Map(values) = &mut config {
        values.insert("name".into(), Value::Unknown);
    }
    let answer = plan(&Value::Null, &config, &config).await;
    assert_eq!(answer.planned_identity, None);
}

#[tokio::test]
async fn a_change_that_replaces_says_so_and_a_plan_can_be_refused() {
    let prior = thing("a", "1".into(), "none".into());
    let answer = plan(
        &prior,
        &thing("b", Value::Null, Value::Null),
        &thing("b", "1".into(), Value::Null),
    )
    .await;
    assert_eq!(
        answer.requires_replace,
        [(&Path::root().attribute("name")).into()]
    );
    let config = thing("a", Value::Null, "forbidden".into());
    let answer = plan(&Value::Null, &config, &config).await;
    assert_eq!(summaries(&answer.diagnostics), ["Forbidden"]);
    assert!(answer.diagnostics[0].attribute.is_some());
}

#[tokio::test]
async fn the_plan_of_a_destruction_is_null_and_may_warn() {
    let answer = plan(
        &thing("a", "1".into(), "n".into()),
        &Value::Null,
        &Value::Null,
    )
    .await;
    assert_eq!(unwired(answer.planned_state.as_ref()), Value::Null);
    assert_eq!(summaries(&answer.diagnostics), ["Going"]);
}

async fn read(name: &str, identity: Option<&str>) -> wire::read_resource::Response {
    let identity = identity.map(|name| {
        let identity = Value::Map([("name".to_owned(), name.into())].into_iter().collect());
        let ty = ToyThing.identity_schema().ty();
        wire::ResourceIdentityData {
            identity_data: Some(codec::encode_value(&identity, &ty).expect("an identity")),
        }
    });
    let request = wire::read_resource::Request {
        type_name: "toy_thing".into(),
        current_state: wired(&thing(name, "1".into(), "n".into())),
        private: PRIVATE.to_vec(),
        current_identity: identity,
        ..Default::default()
    };
    configured()
        .await
        .read_resource(Request::new(request))
        .await
        .expect("an answer")
        .into_inner()
}

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
    let answer = server
        .upgrade_resource_state(Request::new(stored))
        .await
        .expect("an answer")
        .into_inner();
    assert_eq!(
        unwired(answer.upgraded_state.as_ref()),
        thing("a", "1".into(), "n".into())
    );
    let unknown = request(7, "{}");
    let answer = server
        .upgrade_resource_state(Request::new(unknown))
        .await
        .expect("an answer")
        .into_inner();
    assert_eq!(
        summaries(&answer.diagnostics),
        ["Unsupported State Version"]
    );
    let broken = request(2, "{");
    let answer = server
        .upgrade_resource_state(Request::new(broken))
        .await
        .expect("an answer")
        .into_inner();
    assert_eq!(summaries(&answer.diagnostics), ["Unreadable State"]);
}

#[tokio::test]
async fn an_import_takes_an_id_or_a_complete_identity() {
    let server = configured().await;
    let by_id = wire::import_resource_state::Request {
        type_name: "toy_thing".into(),
        id: "a".into(),
        ..Default::default()
    };
    let answer = server
        .import_resource_state(Request::new(by_id))
        .await
        .expect("an answer")
        .into_inner();
    assert_eq!(
        unwired(answer.imported_resources[0].state.as_ref()),
        thing("a", Value::Null, Value::Null)
    );
    let empty = Value::Map([("name".to_owned(), Value::Null)].into_iter().collect());
    let identity =
        codec::encode_value(&empty, &ToyThing.identity_schema().ty()).expect("an identity");
    let incomplete = wire::import_resource_state::Request {
        type_name: "toy_thing".into(),
        identity: Some(wire::ResourceIdentityData {
            identity_data: Some(identity),
        }),
        ..Default::default()
    };
    let answer = server
        .import_resource_state(Request::new(incomplete))
        .await
        .expect("an answer")
        .into_inner();
    assert_eq!(summaries(&answer.diagnostics), ["Incomplete Identity"]);
}

#[tokio::test]
async fn what_does_not_fit_is_a_diagnostic_never_a_failed_rpc() {
    let server = new_server();
    let unconfigured = apply(
        &server,
        &Value::Null,
        &thing("a", Value::Unknown, "n".into()),
    )
    .await;
    assert_eq!(
        summaries(&unconfigured.diagnostics),
        ["Provider Not Configured"]
    );
    let garbage = wire::read_resource::Request {
        type_name: "toy_thing".into(),
        current_state: Some(wire::DynamicValue {
            msgpack: vec![0xc1],
            json: Vec::new(),
        }),
        ..Default::default()
    };
    let answer = server
        .read_resource(Request::new(garbage))
        .await
        .expect("an answer")
        .into_inner();
    assert_eq!(summaries(&answer.diagnostics), ["Unreadable Value"]);
    let stranger = wire::read_resource::Request {
        type_name: "toy_stranger".into(),
        ..Default::default()
    };
    let answer = server
        .read_resource(Request::new(stranger))
        .await
        .expect("an answer")
        .into_inner();
    assert_eq!(summaries(&answer.diagnostics), ["Unknown Resource Type"]);
}

#[tokio::test]
async fn configuring_can_fail_and_warn() {
    let server = new_server();
    let bad = server
        .configure_provider(Request::new(configure("bad")))
        .await
        .expect("an answer");
    assert_eq!(summaries(&bad.get_ref().diagnostics), ["Bad Token"]);
    let old = server
        .configure_provider(Request::new(configure("old")))
        .await
        .expect("an answer");
    assert_eq!(summaries(&old.get_ref().diagnostics), ["Old Token"]);
}

#[tokio::test]
async fn the_schema_is_whole_before_anyone_asked_for_it() {
    let server = new_server();
    let answer = server
        .get_provider_schema(Request::new(wire::get_provider_schema::Request {}))
        .await
        .expect("an answer")
        .into_inner();
    let capabilities = answer.server_capabilities.expect("capabilities");
    assert!(capabilities.plan_destroy && capabilities.get_provider_schema_optional);
    assert!(capabilities.move_resource_state && capabilities.generate_resource_config);
    let thing = &answer.resource_schemas["toy_thing"];
    let block = thing.block.as_ref().expect("a block");
    let hint = block
        .attributes
        .iter()
        .find(|attribute| attribute.name == "hint")
        .expect("the attribute");
    assert!(hint.write_only && hint.optional && !hint.computed);
    assert_eq!(hint.r#type, br#""string""#);
    assert!(answer.provider.is_some());
}
