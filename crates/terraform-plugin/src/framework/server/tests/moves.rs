//! Moves between addresses of the provider, and from what is not this provider's.

use super::*;

async fn moved(
    address: &str,
    type_name: &str,
    version: i64,
    json: &str,
) -> wire::move_resource_state::Response {
    let raw = |json: &str| {
        Some(wire::RawState {
            json: json.as_bytes().to_vec(),
            ..Default::default()
        })
    };
    let request = wire::move_resource_state::Request {
        source_provider_address: address.into(),
        source_type_name: type_name.into(),
        source_schema_version: version,
        source_state: raw(json),
        target_type_name: "toy_thing".into(),
        source_private: PRIVATE.to_vec(),
        source_identity: raw(r#"{"name":"a"}"#),
        source_identity_schema_version: 1,
    };
    new_server()
        .move_resource_state(Request::new(request))
        .await
        .expect("a response")
        .into_inner()
}

#[tokio::test]
async fn a_thing_moves_between_registries_with_all_that_is_stored_of_it() {
    let json = r#"{"name":"a","id":"1","note":"n"}"#;
    for address in [
        "registry.opentofu.org/test/toy",
        "mirror.example.com/other/toy",
    ] {
        let response = moved(address, "toy_thing", 2, json).await;
        assert_eq!(summaries(&response.diagnostics), [""; 0]);
        assert_eq!(
            unwired(response.target_state.as_ref()),
            thing("a", "1".into(), "n".into())
        );
        assert_eq!(response.target_private, PRIVATE);
        let identity = response.target_identity.expect("an identity").identity_data;
        let value = codec::decode_value(identity.as_ref(), &identity::ty(&ToyThing.schema()));
        let expected = [("name".to_owned(), "a".into())].into_iter().collect();
        assert_eq!(value, Ok(Value::Map(expected)));
    }
}

#[tokio::test]
async fn what_is_of_another_type_or_provider_does_not_move() {
    for (address, type_name) in [
        ("registry.terraform.io/test/other", "toy_thing"),
        ("registry.terraform.io/test/toy", "toy_other"),
        ("", "toy_thing"),
    ] {
        let response = moved(address, type_name, 2, r#"{"name":"a"}"#).await;
        assert_eq!(summaries(&response.diagnostics), ["Move Not Supported"]);
    }
    let address = "registry.terraform.io/test/toy";
    let response = moved(address, "toy_thing", 7, "{}").await;
    assert_eq!(
        summaries(&response.diagnostics),
        ["Unsupported State Version"]
    );
}
