//! A resource whose identity is a number that the service assigns, with parts under keys.

use std::collections::BTreeMap;

use crate::framework::model::Field;
use crate::framework::resource::{Context, Desired, ImportTarget};
use crate::framework::schema::{Attribute, IdentityAttribute, IdentitySchema, Kind, Nesting};
use crate::wire::number::Number;

use super::*;

crate::model! {
    pub(super) struct Container {
        name: String,
        serial: Number,
        parts: BTreeMap<String, Field<Part>>,
    }
}

crate::model! {
    pub(super) struct Part { label: String, made: String }
}

crate::model! {
    pub(super) struct Serial { serial: Number }
}

pub(super) struct ToyBox;

impl Resource for ToyBox {
    type Provider = ();
    type Model = Container;
    type Identity = Serial;

    fn type_name(&self) -> &'static str {
        "toy_box"
    }

    fn schema(&self) -> Schema {
        let parts = vec![
            Attribute::string("label").required(),
            Attribute::string("made").computed(),
        ];
        Schema {
            attributes: vec![
                Attribute::string("name").required(),
                Attribute::number("serial").computed(),
                Attribute::new("parts", Kind::Nested(Nesting::Map, parts)).optional(),
            ],
            ..Schema::default()
        }
    }

    fn identity_schema(&self) -> IdentitySchema {
        IdentitySchema {
            version: 0,
            attributes: vec![IdentityAttribute {
                name: "serial",
                ty: Type::Number,
                description: "",
                required_for_import: true,
            }],
        }
    }

    fn identity(&self, state: &Container) -> Serial {
        Serial {
            serial: state.serial.clone(),
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
            serial: Number::from(7_i64).into(),
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
        target: ImportTarget<Serial>,
    ) -> Result<Container, Diagnostics> {
        Ok(match target {
            ImportTarget::Id(id) => Container {
                name: id.into(),
                ..Container::default()
            },
            ImportTarget::Identity(Serial { serial }) => Container {
                serial,
                ..Container::default()
            },
        })
    }
}

fn identity(serial: Value) -> Option<wire::ResourceIdentityData> {
    let value = Value::Map([("serial".to_owned(), serial)].into_iter().collect());
    let packed = codec::encode_value(&value, &ToyBox.identity_schema().ty());
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
        assert_eq!(read.new_identity, identity(7.into()));
    }
}

#[tokio::test]
async fn an_identity_may_be_a_number() {
    let by_identity = import(wire::import_resource_state::Request {
        type_name: "toy_box".into(),
        identity: identity(7.into()),
        ..Default::default()
    })
    .await;
    assert_eq!(
        by_identity.imported_resources[0].identity,
        identity(7.into())
    );
    let request = wire::get_resource_identity_schemas::Request::default();
    let schemas = new_server()
        .get_resource_identity_schemas(Request::new(request))
        .await;
    let schemas = schemas.expect("a response").into_inner().identity_schemas;
    assert_eq!(
        schemas["toy_box"].identity_attributes[0].r#type,
        br#""number""#
    );
}

#[tokio::test]
async fn generated_configuration_keeps_what_is_under_keys_and_leaves_out_what_is_computed() {
    let part = |made: Value| {
        let values = [("label".to_owned(), "l".into()), ("made".to_owned(), made)];
        let part = Value::Map(values.into_iter().collect());
        // A key may be called as an attribute is.
        Value::Map([("label".to_owned(), part)].into_iter().collect())
    };
    let container = |serial: Value, parts: Value| {
        let values = [("name", "a".into()), ("serial", serial), ("parts", parts)];
        let values = values.into_iter();
        Value::Map(
            values
                .map(|(name, value)| (name.to_owned(), value))
                .collect(),
        )
    };
    let ty = ToyBox.schema().ty();
    let state = container(7.into(), part("now".into()));
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
        Ok(container(Value::Null, part(Value::Null)))
    );
}

#[test]
fn a_model_that_does_not_match_its_schema_is_found_before_the_first_call() {
    #[derive(Debug)]
    struct Wrong;

    impl Provider for Wrong {
        type Config = Serial;
        type Data = ();

        fn address(&self) -> &'static str {
            "registry.terraform.io/test/wrong"
        }

        fn schema(&self) -> Schema {
            Schema {
                attributes: vec![Attribute::string("serial").optional()],
                ..Schema::default()
            }
        }

        fn resources(&self) -> crate::framework::provider::Resources<()> {
            crate::framework::provider::Resources::none().and(ToyBox)
        }

        async fn configure(&self, _: Serial, _: &str) -> Result<((), Diagnostics), Diagnostics> {
            Ok(((), Diagnostics::default()))
        }
    }

    let problem = Server::new(Wrong, Random::seeded(1)).expect_err("a mismatch");
    let text = problem.to_string();
    assert!(
        text.contains("the provider block: serial: the model has a number"),
        "{text}"
    );
}
