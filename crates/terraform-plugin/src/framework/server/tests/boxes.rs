//! A resource whose identity is a bool that the service assigns, with labels under keys and a list of
//! parts.

use std::collections::BTreeMap;

use crate::framework::context::Context;
use crate::framework::model::{Field, FieldType};
use crate::framework::resource::{Desired, ImportTarget};
use crate::framework::schema::{Attribute, Schema};

use super::*;

crate::model! {
    pub(crate) struct Container {
        name: String,
        is_left: bool,
        labels: BTreeMap<String, Field<String>>,
        parts: Vec<Field<Part>>,
        timeouts: Timeouts,
    }
}

crate::model! {
    pub(crate) struct Part { made: String }
}

crate::model! {
    pub(crate) struct Timeouts { create: String }
}

pub(crate) struct ToyBox;

impl Resource for ToyBox {
    type Provider = ();
    type Model = Container;

    fn type_name(&self) -> &'static str {
        "toy_box"
    }

    fn schema(&self) -> Schema {
        Schema {
            attributes: vec![
                Attribute::string("name").required(),
                Attribute::bool("is_left").computed().identifies(""),
                Attribute::map("labels").optional(),
                Attribute::objects("parts", vec![Attribute::string("made").computed()]),
                Attribute::block("timeouts", vec![Attribute::string("create").optional()]),
            ],
            ..Schema::default()
        }
    }

    async fn create(
        &self,
        _: Context<'_, (), Container>,
        desired: Desired<Container>,
    ) -> Result<Container, Diagnostics> {
        Ok(desired.plan)
    }

    async fn read(
        &self,
        _: Context<'_, (), Container>,
        state: Container,
    ) -> Result<Option<Container>, Diagnostics> {
        Ok(Some(Container {
            is_left: true.into(),
            ..state
        }))
    }

    async fn update(
        &self,
        _: Context<'_, (), Container>,
        _: Container,
        desired: Desired<Container>,
    ) -> Result<Container, Diagnostics> {
        Ok(desired.plan)
    }

    async fn delete(&self, _: Context<'_, (), Container>, _: Container) -> Result<(), Diagnostics> {
        Ok(())
    }

    async fn import(
        &self,
        _: Context<'_, (), Container>,
        target: ImportTarget<Container>,
    ) -> Result<Container, Diagnostics> {
        Ok(match target {
            ImportTarget::Id(id) => Container {
                name: id.into(),
                ..Container::default()
            },
            ImportTarget::Identity(identity) => identity,
        })
    }
}

fn identity(is_left: Value) -> Option<wire::ResourceIdentityData> {
    let value = Value::Map([("is_left".to_owned(), is_left)].into_iter().collect());
    let packed = codec::encode_value(&value, &identity::ty(&ToyBox.schema()));
    Some(wire::ResourceIdentityData {
        identity_data: Some(packed.expect("an identity")),
    })
}

async fn import(
    request: wire::import_resource_state::Request,
) -> wire::import_resource_state::Response {
    configured()
        .await
        .import_resource_state(Request::new(request))
        .await
        .expect("a response")
        .into_inner()
}

#[tokio::test]
async fn an_identity_that_the_service_assigns_is_known_after_the_read_that_follows_an_import() {
    let by_id = import(wire::import_resource_state::Request {
        type_name: "toy_box".into(),
        id: "a".into(),
        ..Default::default()
    })
    .await;
    let imported = &by_id.imported_resources[0];
    assert_eq!(imported.identity, None, "it is not known yet");
    // What an earlier version of the provider has stored is no obstacle either.
    for before in [None, identity(Value::Null)] {
        let request = wire::read_resource::Request {
            type_name: "toy_box".into(),
            current_state: imported.state.clone(),
            current_identity: before,
            ..Default::default()
        };
        let read = configured()
            .await
            .read_resource(Request::new(request))
            .await;
        let read = read.expect("a response").into_inner();
        assert_eq!(summaries(&read.diagnostics), [""; 0]);
        assert_eq!(read.new_identity, identity(Value::Bool(true)));
    }
}

#[tokio::test]
async fn an_identity_may_be_a_bool() {
    let by_identity = import(wire::import_resource_state::Request {
        type_name: "toy_box".into(),
        identity: identity(Value::Bool(true)),
        ..Default::default()
    })
    .await;
    assert_eq!(
        by_identity.imported_resources[0].identity,
        identity(Value::Bool(true))
    );
    let request = wire::get_resource_identity_schemas::Request::default();
    let schemas = new_server()
        .get_resource_identity_schemas(Request::new(request))
        .await;
    let schemas = schemas.expect("a response").into_inner().identity_schemas;
    assert_eq!(
        schemas["toy_box"].identity_attributes[0].r#type,
        br#""bool""#
    );
}

#[tokio::test]
async fn generated_configuration_has_what_can_be_configured_and_is_not_empty() {
    let object = |values: &[(&str, Value)]| {
        let values = values.iter().cloned();
        Value::Map(
            values
                .map(|(name, value)| (name.to_owned(), value))
                .collect(),
        )
    };
    let container = |is_left: Value, parts: Value, create: Value| {
        object(&[
            ("name", "a".into()),
            ("is_left", is_left),
            // A key may be called as an attribute is.
            ("labels", object(&[("is_left", "l".into())])),
            ("parts", parts),
            ("timeouts", object(&[("create", create)])),
        ])
    };
    let ty = ToyBox.schema().ty();
    let parts = Value::List(vec![object(&[("made", "now".into())])]);
    let state = container(Value::Bool(true), parts, "".into());
    let request = wire::generate_resource_config::Request {
        type_name: "toy_box".into(),
        state: Some(codec::encode_value(&state, &ty).expect("a state")),
    };
    let response = new_server()
        .generate_resource_config(Request::new(request))
        .await;
    let config = response.expect("a response").into_inner().config;
    assert_eq!(
        codec::decode_value(config.as_ref(), &ty),
        Ok(container(Value::Null, Value::Null, Value::Null))
    );
}

#[tokio::test]
async fn a_list_of_objects_is_computed_and_unknown_until_apply() {
    let ty = ToyBox.schema().ty();
    let config = Container {
        name: "a".into(),
        ..Container::default()
    };
    let config = Some(codec::encode_value(&config.into_value(), &ty).expect("a configuration"));
    let request = wire::plan_resource_change::Request {
        type_name: "toy_box".into(),
        config: config.clone(),
        proposed_new_state: config,
        ..Default::default()
    };
    let planned = configured()
        .await
        .plan_resource_change(Request::new(request))
        .await;
    let planned = planned.expect("a response").into_inner();
    assert_eq!(summaries(&planned.diagnostics), [""; 0]);
    let planned = codec::decode_value(planned.planned_state.as_ref(), &ty).expect("a plan");
    let planned = planned.attributes().expect("an object");
    assert_eq!(planned["parts"], Value::Unknown);
    assert_eq!(planned["labels"], Value::Null);
}

#[test]
fn a_model_that_does_not_match_its_schema_is_found_before_the_first_call() {
    crate::model! {
        struct Sealed { sealed: bool }
    }

    #[derive(Debug)]
    struct Wrong;

    impl Provider for Wrong {
        type Config = Sealed;
        type Data = ();

        fn address(&self) -> &'static str {
            "registry.terraform.io/test/wrong"
        }

        fn schema(&self) -> Schema {
            Schema {
                attributes: vec![Attribute::string("sealed").optional()],
                ..Schema::default()
            }
        }

        fn offers(&self) -> Offers<()> {
            Offers::new().resource(ToyBox)
        }

        async fn configure(&self, _: Sealed, _: &str) -> Result<((), Diagnostics), Diagnostics> {
            Ok(((), Diagnostics::default()))
        }
    }

    let problem = Server::new(Wrong, Random::seeded(1))
        .map(drop)
        .expect_err("a mismatch");
    let text = problem.to_string();
    assert!(
        text.contains("the provider block: sealed: the model has bool"),
        "{text}"
    );
}
