//! Data sources.

use protocol_client::tfplugin6::{read_data_source, validate_data_resource_config};
use serde_json::{Value, json};

use crate::core::{decode, encode};
use crate::{Core, titles};

fn config(mode: Option<&str>) -> Value {
    json!({ "mode": mode, "greeting": null, "things": null })
}

async fn read(core: &Core, type_name: &str, mode: &str) -> read_data_source::Response {
    let request = read_data_source::Request {
        type_name: type_name.to_owned(),
        config: encode(&config(Some(mode))),
        ..Default::default()
    };
    let response = core.provider.clone().read_data_source(request).await;
    response.expect("a response").into_inner()
}

async fn validate(config: &Value) -> validate_data_resource_config::Response {
    let request = validate_data_resource_config::Request {
        type_name: "toy_things".to_owned(),
        config: encode(config),
    };
    let mut core = Core::start().await;
    let response = core.provider.validate_data_resource_config(request).await;
    response.expect("a response").into_inner()
}

#[tokio::test]
async fn a_data_source_has_the_data_of_the_provider_and_may_hold_objects() {
    let core = Core::configured().await;
    let response = read(&core, "toy_things", "plain").await;
    assert_eq!(titles(&response.diagnostics), [""; 0]);
    let things = json!([{ "name": "a", "sealed": true }, { "name": "b", "sealed": false }]);
    assert_eq!(
        decode(response.state.as_ref()),
        json!({ "mode": "plain", "greeting": "hello", "things": things })
    );
}

#[tokio::test]
async fn a_read_that_fails_or_panics_or_leaves_something_unknown_is_an_error_without_state() {
    let core = Core::configured().await;
    for (mode, expected) in [
        ("fails", &["Failed", "Careful"][..]),
        ("panics", &["Provider Bug"]),
        ("forgets", &["Unknown Value After Read"]),
    ] {
        let response = read(&core, "toy_things", mode).await;
        assert_eq!(titles(&response.diagnostics), expected, "{mode}");
        assert_eq!(response.state, None, "{mode}");
    }
    let response = read(&core, "toy_stranger", "plain").await;
    assert_eq!(titles(&response.diagnostics), ["Unknown Data Source Type"]);
    let response = read(&Core::start().await, "toy_things", "plain").await;
    assert_eq!(titles(&response.diagnostics), ["Provider Not Configured"]);
}

#[tokio::test]
async fn a_read_ends_when_the_user_stops_terraform() {
    let core = Core::configured().await;
    let (response, ()) = tokio::join!(read(&core, "toy_things", "waits"), async {
        core.seen.waits.notified().await;
        core.stop().await;
    });
    assert_eq!(titles(&response.diagnostics), ["Stopped"]);
    let response = read(&core, "toy_things", "plain").await;
    assert_eq!(titles(&response.diagnostics), [""; 0]);
}

#[tokio::test]
async fn a_configuration_is_checked_against_the_schema_and_by_the_author() {
    for (config, expected) in [
        (config(Some("plain")), &[][..]),
        (config(Some("unknown")), &[]),
        (config(Some("invalid")), &["Invalid"]),
        (config(None), &["Missing Attribute"]),
        (
            json!({ "mode": "plain", "greeting": "mine", "things": [] }),
            &["Read-Only Attribute"; 2],
        ),
        (json!({ "mode": 7 }), &["Unreadable Value"]),
    ] {
        let response = validate(&config).await;
        assert_eq!(titles(&response.diagnostics), expected, "{config}");
    }
}
