//! What the provider offers, and how it checks and generates configurations.

use serde_json::json;

use super::{TYPE, count, diagnostics, number, provider_block};
use crate::core::Core;
use crate::core::tfplugin6::{
    generate_resource_config, get_functions, get_metadata, stop_provider, validate_provider_config,
};
use crate::core::value::{decode, encode, unknown};

#[tokio::test]
async fn a_configuration_is_generated_from_state() {
    let core = Core::start().await;
    let state = number(
        "13900001234",
        json!({
            "cust_space_id": "s", "id": "1", "phone_number": "8613900001234",
            "status": "MIGRATING",
        }),
    );
    let request = generate_resource_config::Request {
        type_name: TYPE.to_owned(),
        state: Some(encode(&state)),
    };
    let response = core
        .provider()
        .generate_resource_config(request)
        .await
        .unwrap()
        .into_inner();
    let expected = number("13900001234", json!({ "cust_space_id": "s" }));
    assert_eq!(decode(&response.config.unwrap()), expected);
}

#[tokio::test]
async fn what_is_offered_is_said_in_every_way_it_can_be_asked() {
    let core = Core::start().await;
    let metadata = core
        .provider()
        .get_metadata(get_metadata::Request::default())
        .await
        .unwrap()
        .into_inner();
    let schema = core.schema().await;
    let mut resources: Vec<_> = schema.resource_schemas.keys().cloned().collect();
    resources.sort();
    let mut named: Vec<_> = metadata
        .resources
        .into_iter()
        .map(|it| it.type_name)
        .collect();
    named.sort();
    assert_eq!(named, resources);
    assert_eq!(metadata.server_capabilities, schema.server_capabilities);
    assert!(
        schema
            .provider
            .is_some_and(|provider| provider.block.is_some())
    );
    let functions = core
        .provider()
        .get_functions(get_functions::Request::default())
        .await
        .unwrap()
        .into_inner();
    assert_eq!(functions.functions, schema.functions);
    assert!(functions.diagnostics.is_empty());
    assert!(
        core.provider()
            .stop_provider(stop_provider::Request::default())
            .await
            .is_ok()
    );
}

#[tokio::test]
async fn every_attribute_may_be_unknown_and_every_mistake_is_told_at_once() {
    let core = Core::start().await;
    for attribute in ["cust_space_id", "country_code", "mobile_number", "timeouts"] {
        let config = number("13900001234", json!({ attribute: unknown() }));
        let diagnostics = core.validate(TYPE, &config).await;
        assert_eq!(count(&diagnostics), 0, "{attribute}");
    }
    let wrong = number(
        "139-0000-1234",
        json!({
            "cust_space_id": " ", "country_code": "+86", "id": "mine", "status": "CONNECTED",
            "timeouts": { "create": "soon", "read": "0s" },
        }),
    );
    let diagnostics = core.validate(TYPE, &wrong).await;
    let mut paths: Vec<String> = diagnostics
        .iter()
        .map(|diagnostic| format!("{:?}", diagnostic.attribute.as_ref().unwrap().steps))
        .collect();
    paths.sort();
    paths.dedup();
    assert_eq!(paths.len(), 7, "one for each attribute: {diagnostics:#?}");
    let mut provider = provider_block();
    provider["region"] = unknown();
    provider["throttle"] = unknown();
    let request = validate_provider_config::Request {
        config: Some(encode(&provider)),
    };
    assert_eq!(diagnostics!(core.validate_provider_config(request)), 0);
}
