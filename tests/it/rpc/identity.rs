//! Identities, which CLIs before Terraform 1.12 do not ask for.

use serde_json::{Value, json};

use super::{TYPE, configured, create, number};
use crate::core::tfplugin6::{RawState, get_resource_identity_schemas, upgrade_resource_identity};
use crate::core::value::{decode, unknown};
use crate::core::{Core, Instance};
use crate::emulator::Emulator;

fn identity(mobile_number: &str) -> Value {
    json!({ "cust_space_id": "cams-test", "country_code": "86", "mobile_number": mobile_number })
}

#[tokio::test]
async fn the_identity_is_declared_and_all_of_it_is_needed_for_import() {
    let core = Core::start().await;
    let request = get_resource_identity_schemas::Request::default();
    let response = core
        .provider()
        .get_resource_identity_schemas(request)
        .await
        .unwrap()
        .into_inner();
    let attributes = &response.identity_schemas[TYPE].identity_attributes;
    let names: Vec<_> = attributes
        .iter()
        .map(|attribute| attribute.name.as_str())
        .collect();
    assert_eq!(names, ["cust_space_id", "country_code", "mobile_number"]);
    assert!(
        attributes
            .iter()
            .all(|attribute| attribute.required_for_import && attribute.r#type == b"\"string\"")
    );
}

#[tokio::test]
async fn an_identity_is_planned_stored_and_read_again() {
    let emulator = Emulator::start(&[]);
    let core = configured(&emulator, json!({})).await;
    let other = number("13900001235", json!({}));
    let planned = core
        .plan(TYPE, &Instance::default(), &other, &other)
        .await
        .instance;
    assert_eq!(planned.identity, identity("13900001235"));
    let config = number("13900001234", json!({}));
    let created = create(&core, &config).await;
    assert_eq!(created.instance.identity, identity("13900001234"));
    let read = core.read(TYPE, &created.instance).await;
    assert!(read.diagnostics.is_empty(), "{:?}", read.diagnostics);
    assert_eq!(read.instance, created.instance);
    // The state of an older CLI has no identity.
    let without = Instance {
        identity: Value::Null,
        ..created.instance
    };
    assert_eq!(
        core.read(TYPE, &without).await.instance.identity,
        identity("13900001234")
    );
}

#[tokio::test]
async fn an_identity_that_is_partly_unknown_is_not_planned_but_stored() {
    let emulator = Emulator::start(&[]);
    let core = configured(&emulator, json!({})).await;
    let config = number("13900001234", json!({ "mobile_number": unknown() }));
    let planned = core
        .plan(TYPE, &Instance::default(), &config, &config)
        .await
        .instance;
    // OpenTofu stores a planned identity even if parts of it are unknown, and then fails to write
    // the plan.
    assert_eq!(planned.identity, Value::Null);
    let known = number("13900001234", json!({}));
    let planned = Instance {
        state: number(
            "13900001234",
            json!({
                "cust_space_id": "cams-test", "id": unknown(), "phone_number": unknown(),
                "status": unknown(), "request_id": unknown(),
            }),
        ),
        ..planned
    };
    let applied = core
        .apply(TYPE, &Instance::default(), &planned, &known)
        .await
        .unwrap();
    assert_eq!(applied.instance.identity, identity("13900001234"));
}

#[tokio::test]
async fn a_number_is_imported_by_its_identity() {
    let emulator = Emulator::start(&[]);
    emulator.place("cams-test", "86", "13900001234", "CONNECTED");
    let core = configured(&emulator, json!({})).await;
    let (imported, diagnostics) = core.import(TYPE, "", &identity("13900001234")).await;
    assert!(diagnostics.is_empty(), "{diagnostics:?}");
    assert_eq!(imported.len(), 1);
    assert_eq!(imported[0].identity, identity("13900001234"));
    let read = core.read(TYPE, &imported[0]).await.instance;
    assert_eq!(read.state["status"], "CONNECTED");
    assert_eq!(read.state["phone_number"], "8613900001234");
    assert!(read.state["id"].is_string());
    assert_eq!(read.identity, identity("13900001234"));
}

#[tokio::test]
async fn an_incomplete_or_malformed_identity_says_what_is_wrong() {
    let emulator = Emulator::start(&[]);
    let core = configured(&emulator, json!({})).await;
    let mut incomplete = identity("13900001234");
    incomplete["cust_space_id"] = Value::Null;
    let (imported, diagnostics) = core.import(TYPE, "", &incomplete).await;
    assert!(
        imported.is_empty() && diagnostics[0].detail.contains("cust_space_id"),
        "{diagnostics:?}"
    );
    let (imported, diagnostics) = core.import(TYPE, "", &identity("139 0000 1234")).await;
    assert!(
        imported.is_empty() && diagnostics[0].detail.contains("\"13900001234\""),
        "{diagnostics:?}"
    );
}

#[tokio::test]
async fn a_stored_identity_is_upgraded_or_refused() {
    let core = Core::start().await;
    let request = |version, json: &str| upgrade_resource_identity::Request {
        type_name: TYPE.to_owned(),
        version,
        raw_identity: Some(RawState {
            json: json.as_bytes().to_vec(),
            ..RawState::default()
        }),
    };
    let stored = identity("13900001234").to_string();
    let response = core
        .provider()
        .upgrade_resource_identity(request(0, &stored))
        .await
        .unwrap()
        .into_inner();
    let upgraded = response
        .upgraded_identity
        .and_then(|identity| identity.identity_data)
        .unwrap();
    assert_eq!(decode(&upgraded), identity("13900001234"));
    for (version, json) in [(9, stored.as_str()), (0, "{"), (0, "7")] {
        let response = core
            .provider()
            .upgrade_resource_identity(request(version, json))
            .await
            .unwrap()
            .into_inner();
        assert_eq!(response.diagnostics.len(), 1, "{version} {json}");
    }
}
