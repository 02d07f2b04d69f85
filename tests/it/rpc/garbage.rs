//! Whatever arrives, the answer is a diagnostic, and the process goes on.

use serde_json::json;

use super::{TYPE, configured, number, provider_block};
use crate::core::tfplugin6::{
    Diagnostic, DynamicValue, RawState, ResourceIdentityData, apply_resource_change,
    configure_provider, diagnostic, generate_resource_config, get_functions, get_metadata,
    import_resource_state, move_resource_state, plan_resource_change, read_resource, stop_provider,
    upgrade_resource_state, validate_provider_config, validate_resource_config,
};
use crate::core::value::{decode, encode, unknown};
use crate::core::{Core, Instance};
use crate::emulator::Emulator;

/// Bytes that are no value of the schema, each for another reason.
fn values() -> Vec<Option<DynamicValue>> {
    let packed = |msgpack: Vec<u8>| {
        Some(DynamicValue {
            msgpack,
            json: Vec::new(),
        })
    };
    let mut undeclared = number("13900001234", json!({}));
    undeclared["colour"] = json!("red");
    let mut missing = number("13900001234", json!({}));
    missing.as_object_mut().unwrap().remove("status");
    let mut deep = json!("x");
    for _ in 0..200 {
        deep = json!([deep]);
    }
    vec![
        packed(vec![0xc1]),
        packed(vec![0xdf, 0xff, 0xff, 0xff, 0xff]),
        packed(vec![0x81, 0xa2, 0xff, 0xfe, 0xc0]),
        packed(encode(&number("13900001234", json!({}))).msgpack[..20].to_vec()),
        Some(encode(&undeclared)),
        Some(encode(&missing)),
        Some(encode(&number("13900001234", json!({ "id": 7 })))),
        Some(encode(&number("13900001234", json!({ "timeouts": deep })))),
        Some(encode(&json!([]))),
        Some(DynamicValue {
            msgpack: Vec::new(),
            json: b"{".to_vec(),
        }),
    ]
}

/// What was said, all of it with a severity and a title.
fn said(diagnostics: &[Diagnostic]) -> usize {
    for said in diagnostics {
        assert_ne!(said.severity(), diagnostic::Severity::Invalid, "{said:?}");
        assert!(
            !said.summary.is_empty() && !said.detail.is_empty(),
            "{said:?}"
        );
    }
    diagnostics.len()
}

#[tokio::test]
async fn undecodable_values_are_refused_by_every_call_that_takes_one() {
    let emulator = Emulator::start(&[]);
    let core = configured(&emulator, json!({})).await;
    for value in values() {
        let type_name = TYPE.to_owned();
        let mut provider = core.provider();

        let request = validate_resource_config::Request {
            type_name: type_name.clone(),
            config: value.clone(),
            ..Default::default()
        };
        assert!(
            said(
                &provider
                    .validate_resource_config(request)
                    .await
                    .unwrap()
                    .into_inner()
                    .diagnostics
            ) > 0
        );

        let request = validate_provider_config::Request {
            config: value.clone(),
        };
        assert!(
            said(
                &provider
                    .validate_provider_config(request)
                    .await
                    .unwrap()
                    .into_inner()
                    .diagnostics
            ) > 0
        );

        let request = configure_provider::Request {
            config: value.clone(),
            ..Default::default()
        };
        assert!(
            said(
                &provider
                    .configure_provider(request)
                    .await
                    .unwrap()
                    .into_inner()
                    .diagnostics
            ) > 0
        );

        let request = read_resource::Request {
            type_name: type_name.clone(),
            current_state: value.clone(),
            ..Default::default()
        };
        assert!(
            said(
                &provider
                    .read_resource(request)
                    .await
                    .unwrap()
                    .into_inner()
                    .diagnostics
            ) > 0
        );

        let request = plan_resource_change::Request {
            type_name: type_name.clone(),
            proposed_new_state: value.clone(),
            config: value.clone(),
            ..Default::default()
        };
        assert!(
            said(
                &provider
                    .plan_resource_change(request)
                    .await
                    .unwrap()
                    .into_inner()
                    .diagnostics
            ) > 0
        );

        let request = apply_resource_change::Request {
            type_name: type_name.clone(),
            planned_state: value.clone(),
            ..Default::default()
        };
        assert!(
            said(
                &provider
                    .apply_resource_change(request)
                    .await
                    .unwrap()
                    .into_inner()
                    .diagnostics
            ) > 0
        );

        let request = generate_resource_config::Request {
            type_name: type_name.clone(),
            state: value.clone(),
        };
        assert!(
            said(
                &provider
                    .generate_resource_config(request)
                    .await
                    .unwrap()
                    .into_inner()
                    .diagnostics
            ) > 0
        );

        let identity = Some(ResourceIdentityData {
            identity_data: value,
        });
        let request = import_resource_state::Request {
            type_name,
            identity,
            ..Default::default()
        };
        assert!(
            said(
                &provider
                    .import_resource_state(request)
                    .await
                    .unwrap()
                    .into_inner()
                    .diagnostics
            ) > 0
        );
    }
    assert_eq!(emulator.requests().len(), 0, "nothing was asked of the API");
    core.shutdown().await;
}

#[tokio::test]
async fn empty_requests_and_strange_types_are_answered() {
    let core = Core::start().await;
    let mut provider = core.provider();
    for type_name in ["", "cams_stranger", "aws_instance"] {
        let type_name = type_name.to_owned();
        let request = validate_resource_config::Request {
            type_name: type_name.clone(),
            ..Default::default()
        };
        assert_eq!(
            said(
                &provider
                    .validate_resource_config(request)
                    .await
                    .unwrap()
                    .into_inner()
                    .diagnostics
            ),
            1
        );
        let request = read_resource::Request {
            type_name: type_name.clone(),
            ..Default::default()
        };
        assert_eq!(
            said(
                &provider
                    .read_resource(request)
                    .await
                    .unwrap()
                    .into_inner()
                    .diagnostics
            ),
            1
        );
        let request = plan_resource_change::Request {
            type_name: type_name.clone(),
            ..Default::default()
        };
        assert_eq!(
            said(
                &provider
                    .plan_resource_change(request)
                    .await
                    .unwrap()
                    .into_inner()
                    .diagnostics
            ),
            1
        );
        let request = apply_resource_change::Request {
            type_name: type_name.clone(),
            ..Default::default()
        };
        assert_eq!(
            said(
                &provider
                    .apply_resource_change(request)
                    .await
                    .unwrap()
                    .into_inner()
                    .diagnostics
            ),
            1
        );
        let request = upgrade_resource_state::Request {
            type_name,
            ..Default::default()
        };
        assert_eq!(
            said(
                &provider
                    .upgrade_resource_state(request)
                    .await
                    .unwrap()
                    .into_inner()
                    .diagnostics
            ),
            1
        );
    }
    let request = move_resource_state::Request {
        source_type_name: "x".into(),
        ..Default::default()
    };
    assert_eq!(
        said(
            &provider
                .move_resource_state(request)
                .await
                .unwrap()
                .into_inner()
                .diagnostics
        ),
        1
    );
}

#[tokio::test]
async fn operations_before_configuration_are_refused() {
    let core = Core::start().await;
    let config = number("13900001234", json!({}));
    let planned = core
        .plan(TYPE, &Instance::default(), &config, &config)
        .await;
    assert_eq!(said(&planned.diagnostics), 1);
    let object = Instance {
        state: config.clone(),
        ..Instance::default()
    };
    assert_eq!(said(&core.read(TYPE, &object).await.diagnostics), 1);
    let applied = core
        .apply(TYPE, &Instance::default(), &object, &config)
        .await
        .unwrap();
    assert_eq!(said(&applied.diagnostics), 1);
}

#[tokio::test]
async fn stored_state_is_upgraded_or_refused() {
    let core = Core::start().await;
    let upgrade = async |version, raw_state| {
        let request = upgrade_resource_state::Request {
            type_name: TYPE.to_owned(),
            version,
            raw_state,
        };
        core.provider()
            .upgrade_resource_state(request)
            .await
            .unwrap()
            .into_inner()
    };
    let json = |text: &str| {
        Some(RawState {
            json: text.as_bytes().to_vec(),
            ..RawState::default()
        })
    };

    let kept = upgrade(0, json(r#"{"id":"1","retired":true}"#)).await;
    assert_eq!(said(&kept.diagnostics), 0);
    assert_eq!(decode(&kept.upgraded_state.unwrap())["id"], "1");

    let flatmap = Some(RawState {
        flatmap: [("id".to_owned(), "1".to_owned())].into(),
        ..RawState::default()
    });
    for (version, raw_state) in [
        (1, json("{}")),
        (-1, json("{}")),
        (0, json("{")),
        (0, json(r#"{"id":{}}"#)),
        (0, flatmap),
        (0, None),
    ] {
        assert_eq!(
            said(&upgrade(version, raw_state).await.diagnostics),
            1,
            "version {version}"
        );
    }
}

#[tokio::test]
async fn a_configuration_is_generated_from_state() {
    let core = Core::start().await;
    let state = number(
        "13900001234",
        json!({ "cust_space_id": "s", "id": "1", "phone_number": "8613900001234", "status": "MIGRATING" }),
    );
    let request = generate_resource_config::Request {
        type_name: TYPE.to_owned(),
        state: Some(encode(&state)),
    };
    let answer = core
        .provider()
        .generate_resource_config(request)
        .await
        .unwrap()
        .into_inner();
    let expected = number("13900001234", json!({ "cust_space_id": "s" }));
    assert_eq!(decode(&answer.config.unwrap()), expected);
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
    assert_eq!(metadata.resources.len(), 1);
    let schema = core.schema().await;
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
    assert!(functions.functions.is_empty() && functions.diagnostics.is_empty());
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
        assert_eq!(said(&core.validate(TYPE, &config).await), 0, "{attribute}");
    }
    let wrong = number(
        "139-0000-1234",
        json!({
            "cust_space_id": " ", "country_code": "+86", "id": "mine", "status": "CONNECTED",
            "timeouts": { "create": "soon", "read": "0s" },
        }),
    );
    let told = core.validate(TYPE, &wrong).await;
    let mut paths: Vec<String> = told
        .iter()
        .map(|told| format!("{:?}", told.attribute.as_ref().unwrap().steps))
        .collect();
    paths.sort();
    paths.dedup();
    assert_eq!(paths.len(), 7, "one for each attribute: {told:#?}");
    let mut provider = provider_block();
    provider["region"] = unknown();
    provider["throttle"] = unknown();
    let request = validate_provider_config::Request {
        config: Some(encode(&provider)),
    };
    let answer = core
        .provider()
        .validate_provider_config(request)
        .await
        .unwrap()
        .into_inner();
    assert_eq!(said(&answer.diagnostics), 0);
}
