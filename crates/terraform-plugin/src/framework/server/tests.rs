//! The server called through its RPCs, with a provider small enough to see every rule.

use tonic::Request;

use crate::framework::identity;
use crate::framework::resource::Resource;
use crate::wire::convert as codec;
use crate::wire::diagnostic::{Diagnostic, Diagnostics};
use crate::wire::path::Path;
use crate::wire::value::Value;

use super::*;

mod apply;
mod boxes;
mod moves;
mod plan;
mod private;
mod read;
mod toy;
mod upgrade;

use toy::{Toy, ToyThing};

/// The private state that Terraform has stored of a thing.
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
    let response = server
        .configure_provider(Request::new(configure("good")))
        .await
        .expect("a response");
    assert_eq!(summaries(&response.get_ref().diagnostics), [""; 0]);
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
        .expect("a response")
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
        .expect("a response")
        .into_inner()
}

async fn read(name: &str, identity: Option<&str>) -> wire::read_resource::Response {
    let identity = identity.map(|name| {
        let identity = Value::Map([("name".to_owned(), name.into())].into_iter().collect());
        let ty = identity::ty(&ToyThing.schema());
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
        .expect("a response")
        .into_inner()
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
    let response = server
        .read_resource(Request::new(garbage))
        .await
        .expect("a response")
        .into_inner();
    assert_eq!(summaries(&response.diagnostics), ["Unreadable Value"]);
    let stranger = wire::read_resource::Request {
        type_name: "toy_stranger".into(),
        ..Default::default()
    };
    let response = server
        .read_resource(Request::new(stranger))
        .await
        .expect("a response")
        .into_inner();
    assert_eq!(summaries(&response.diagnostics), ["Unknown Resource Type"]);
}

#[tokio::test]
async fn configuring_can_fail_and_warn() {
    let server = new_server();
    let bad = server
        .configure_provider(Request::new(configure("bad")))
        .await
        .expect("a response");
    assert_eq!(summaries(&bad.get_ref().diagnostics), ["Bad Token"]);
    let old = server
        .configure_provider(Request::new(configure("old")))
        .await
        .expect("a response");
    assert_eq!(summaries(&old.get_ref().diagnostics), ["Old Token"]);
}

#[tokio::test]
async fn the_schema_is_whole_before_anyone_asked_for_it() {
    let server = new_server();
    let response = server
        .get_provider_schema(Request::new(wire::get_provider_schema::Request {}))
        .await
        .expect("a response")
        .into_inner();
    let capabilities = response.server_capabilities.expect("capabilities");
    assert!(capabilities.plan_destroy && capabilities.get_provider_schema_optional);
    assert!(capabilities.move_resource_state && capabilities.generate_resource_config);
    let thing = &response.resource_schemas["toy_thing"];
    let block = thing.block.as_ref().expect("a block");
    let hint = block
        .attributes
        .iter()
        .find(|attribute| attribute.name == "hint")
        .expect("the attribute");
    assert!(hint.write_only && hint.optional && !hint.computed);
    assert_eq!(hint.r#type, br#""string""#);
    assert!(response.provider.is_some());
}
