//! What a provider says that it offers, and offers that are refused when it starts.

use base::random::Random;
use protocol_client::tfplugin6::{get_functions, get_metadata, get_provider_schema};
use terraform_plugin::framework::diagnostic::Diagnostics;
use terraform_plugin::framework::function::{Function, FunctionError, Signature};
use terraform_plugin::framework::provider::{Offers, Provider};
use terraform_plugin::framework::schema::{Attribute, Schema};
use terraform_plugin::framework::server::Server;

use crate::Core;
use crate::toy::{Config, Data, Join, Ring, Thing, ThingList, Things, schema};

#[tokio::test]
async fn all_kinds_are_in_the_schema_and_in_the_metadata() {
    let mut core = Core::start().await;
    let request = get_provider_schema::Request::default();
    let response = core.provider.get_provider_schema(request).await;
    let response = response.expect("a response").into_inner();
    assert_eq!(response.diagnostics, []);
    assert!(response.resource_schemas.contains_key("toy_thing"));
    assert!(response.list_resource_schemas.contains_key("toy_thing"));
    assert!(response.action_schemas["toy_ring"].schema.is_some());
    let things = response.data_source_schemas["toy_things"].block.as_ref();
    let things = &things.expect("a block").attributes;
    let rows = things.iter().find(|attribute| attribute.name == "things");
    let rows = rows.expect("the attribute");
    assert!(rows.computed && rows.r#type.is_empty());
    let rows = rows.nested_type.as_ref().expect("objects");
    assert_eq!(rows.nesting, 2, "a list");
    assert!(rows.attributes.iter().all(|attribute| attribute.computed));

    let join = &response.functions["join"];
    let parameters = join.parameters.iter().map(|it| it.name.as_str());
    assert_eq!(parameters.collect::<Vec<_>>(), ["first", "second"]);
    let output = join.r#return.as_ref().expect("a type");
    assert_eq!(
        output.r#type,
        br#"["object",{"joined":"string","length":"string"}]"#
    );
    let request = get_functions::Request::default();
    let functions = core.provider.get_functions(request).await;
    let functions = functions.expect("a response").into_inner().functions;
    assert_eq!(functions, response.functions);

    let request = get_metadata::Request::default();
    let metadata = core.provider.get_metadata(request).await;
    let metadata = metadata.expect("a response").into_inner();
    assert_eq!(metadata.resources[0].type_name, "toy_thing");
    assert_eq!(metadata.data_sources[0].type_name, "toy_things");
    assert_eq!(metadata.actions[0].type_name, "toy_ring");
    assert_eq!(metadata.list_resources[0].type_name, "toy_thing");
    assert_eq!(metadata.functions.len(), 2);
}

/// A provider with the given attributes and offers.
struct Made(fn() -> Vec<Attribute>, fn() -> Offers<Data>);

impl Provider for Made {
    type Config = Config;
    type Data = Data;

    fn address(&self) -> &'static str {
        "registry.terraform.io/test/made"
    }

    fn schema(&self) -> Schema {
        schema(self.0())
    }

    fn offers(&self) -> Offers<Data> {
        self.1()
    }

    async fn configure(&self, _: Config, _: &str) -> Result<(Data, Diagnostics), Diagnostics> {
        Err(Diagnostics::default())
    }
}

/// A function with these parameters.
struct Odd(&'static str, [(&'static str, &'static str); 2]);

impl Function<2> for Odd {
    type Output = String;

    fn name(&self) -> &'static str {
        self.0
    }

    fn signature(&self) -> Signature<2> {
        Signature {
            summary: "",
            description: "",
            parameters: self.1,
        }
    }

    fn call(&self, [first, _]: [String; 2]) -> Result<String, FunctionError> {
        Ok(first)
    }
}

#[test]
fn what_makes_no_sense_is_refused_when_the_provider_starts() {
    let good = || vec![Attribute::string("greeting").optional()];
    let none = || Offers::new().function(Join);
    let start = |made: Made| Server::new(made, Random::seeded(1)).map(drop);
    assert!(start(Made(good, none)).is_ok());
    for (made, expected) in [
        (
            Made(|| vec![Attribute::string("greeting").computed()], none),
            "the provider block: greeting is computed",
        ),
        (
            Made(|| vec![Attribute::bool("greeting").optional()], none),
            "the provider block: greeting: the model has string where the schema has bool",
        ),
        (
            Made(good, || Offers::new().resource(Thing).resource(Thing)),
            "resource toy_thing: it is there twice",
        ),
        (
            Made(good, || {
                Offers::new().data_source(Things).data_source(Things)
            }),
            "data source toy_things: it is there twice",
        ),
        (
            Made(good, || Offers::new().action(Ring).action(Ring)),
            "action toy_ring: it is there twice",
        ),
        (
            Made(good, || Offers::new().list(ThingList)),
            "list resource toy_thing: the provider has no such resource",
        ),
        (
            Made(good, || {
                Offers::new().function(Odd("odd", [("a", ""), ("a", "")]))
            }),
            "function odd: parameter a is there twice",
        ),
        (
            Made(good, || {
                Offers::new().function(Odd("Odd", [("a", ""), ("b", "")]))
            }),
            "function Odd: Odd is not a name",
        ),
    ] {
        let error = start(made).expect_err(expected).to_string();
        assert!(error.contains(expected), "{error}, not {expected}");
    }
}
