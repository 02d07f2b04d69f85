//! Requests that no Terraform would send. Whatever arrives, the response holds a diagnostic, and
//! the process goes on.

use serde_json::json;

use super::{TYPE, configured, count, diagnostics, number};
use crate::core::tfplugin6::{
    DynamicValue, RawState, ResourceIdentityData, apply_resource_change, configure_provider,
    generate_resource_config, import_resource_state, move_resource_state, plan_resource_change,
    read_resource, upgrade_resource_state, validate_provider_config, validate_resource_config,
};
use crate::core::value::{decode, encode};
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

#[tokio::test]
async fn undecodable_values_are_refused_by_every_call_that_takes_one() {
    let emulator = Emulator::start(&[]);
    let core = configured(&emulator, json!({})).await;
    for value in values() {
        let type_name = TYPE.to_owned();
        let validate_resource = validate_resource_config::Request {
            type_name: type_name.clone(),
            config: value.clone(),
            ..Default::default()
        };
        let validate_provider = validate_provider_config::Request {
            config: value.clone(),
        };
        let configure = configure_provider::Request {
            config: value.clone(),
            ..Default::default()
        };
        let read = read_resource::Request {
            type_name: type_name.clone(),
            current_state: value.clone(),
            ..Default::default()
        };
        let plan = plan_resource_change::Request {
            type_name: type_name.clone(),
            proposed_new_state: value.clone(),
            config: value.clone(),
            ..Default::default()
        };
        let apply = apply_resource_change::Request {
            type_name: type_name.clone(),
            planned_state: value.clone(),
            ..Default::default()
        };
        let generate = generate_resource_config::Request {
            type_name: type_name.clone(),
            state: value.clone(),
        };
        let import = import_resource_state::Request {
            type_name,
            identity: Some(ResourceIdentityData {
                identity_data: value.clone(),
            }),
            ..Default::default()
        };
        let counts = [
            diagnostics!(core.validate_resource_config(validate_resource)),
            diagnostics!(core.validate_provider_config(validate_provider)),
            diagnostics!(core.configure_provider(configure)),
            diagnostics!(core.read_resource(read)),
            diagnostics!(core.plan_resource_change(plan)),
            diagnostics!(core.apply_resource_change(apply)),
            diagnostics!(core.generate_resource_config(generate)),
            diagnostics!(core.import_resource_state(import)),
        ];
        assert!(!counts.contains(&0), "{counts:?} for {value:?}");
    }
    assert_eq!(emulator.requests().len(), 0, "nothing was asked of the API");
    core.shutdown().await;
}

#[tokio::test]
async fn empty_requests_and_strange_types_are_answered() {
    let core = Core::start().await;
    for type_name in ["", "cams_stranger", "aws_instance"] {
        let type_name = type_name.to_owned();
        let validate = validate_resource_config::Request {
            type_name: type_name.clone(),
            ..Default::default()
        };
        let read = read_resource::Request {
            type_name: type_name.clone(),
            ..Default::default()
        };
        let plan = plan_resource_change::Request {
            type_name: type_name.clone(),
            ..Default::default()
        };
        let apply = apply_resource_change::Request {
            type_name: type_name.clone(),
            ..Default::default()
        };
        let upgrade = upgrade_resource_state::Request {
            type_name: type_name.clone(),
            ..Default::default()
        };
        let counts = [
            diagnostics!(core.validate_resource_config(validate)),
            diagnostics!(core.read_resource(read)),
            diagnostics!(core.plan_resource_change(plan)),
            diagnostics!(core.apply_resource_change(apply)),
            diagnostics!(core.upgrade_resource_state(upgrade)),
        ];
        assert_eq!(counts, [1; 5], "{type_name:?}");
    }
    let request = move_resource_state::Request {
        source_type_name: "x".into(),
        ..Default::default()
    };
    assert_eq!(diagnostics!(core.move_resource_state(request)), 1);
}

#[tokio::test]
async fn operations_before_configuration_are_refused() {
    let core = Core::start().await;
    let config = number("13900001234", json!({}));
    let planned = core
        .plan(TYPE, &Instance::default(), &config, &config)
        .await;
    assert_eq!(count(&planned.diagnostics), 1);
    let object = Instance {
        state: config.clone(),
        ..Instance::default()
    };
    assert_eq!(count(&core.read(TYPE, &object).await.diagnostics), 1);
    let applied = core
        .apply(TYPE, &Instance::default(), &object, &config)
        .await
        .unwrap();
    assert_eq!(count(&applied.diagnostics), 1);
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
    assert_eq!(count(&kept.diagnostics), 0);
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
        let refused = upgrade(version, raw_state).await;
        assert_eq!(count(&refused.diagnostics), 1, "version {version}");
    }
}
