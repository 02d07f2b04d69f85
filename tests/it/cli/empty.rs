//! Arguments of the provider block that are empty texts, as modules pass them on.

use super::{ADDRESS, ONE, Workspace};
use crate::emulator::Emulator;

/// All arguments, by block.
const ARGUMENTS: [(&str, &[&str]); 4] = [
    (
        "",
        &[
            "access_key",
            "account_id",
            "client_connect_timeout",
            "client_read_timeout",
            "credentials_uri",
            "cust_space_id",
            "ecs_role_name",
            "endpoint",
            "profile",
            "region",
            "secret_key",
            "security_token",
            "shared_credentials_file",
            "signature_method",
            "sts_endpoint",
        ],
    ),
    (
        "assume_role",
        &[
            "external_id",
            "policy",
            "role_arn",
            "session_expiration",
            "session_name",
        ],
    ),
    (
        "assume_role_with_oidc",
        &[
            "oidc_provider_arn",
            "oidc_token",
            "oidc_token_file",
            "policy",
            "role_arn",
            "role_session_name",
            "session_expiration",
        ],
    ),
    (
        "throttle",
        &[
            "fallback_requests_per_second",
            "redis_command_timeout",
            "redis_connect_timeout",
            "redis_url",
            "requests_per_second",
            "scope",
            "state_directory",
        ],
    ),
];

fn block(name: &str, arguments: &[&str]) -> String {
    let set = arguments
        .iter()
        .map(|argument| format!("  {argument} = \"\"\n"));
    let set: String = set.collect();
    match name {
        "" => set,
        _ => format!("  {name} {{\n{set}  }}\n"),
    }
}

#[test]
fn an_empty_text_means_not_set_for_every_argument() {
    let emulator = Emulator::start(&[]);
    let all: String = ARGUMENTS
        .iter()
        // An exchange of a token needs one. That its arguments may be empty is shown below.
        .filter(|(name, _)| *name != "assume_role_with_oidc")
        .map(|(name, arguments)| block(name, arguments))
        .collect();
    let workspace = Workspace::on(&emulator, &format!("provider \"cams\" {{\n{all}}}\n{ONE}"));
    workspace.ok(&["validate", "-no-color"]);
    workspace.apply();
    assert_eq!(workspace.state()[ADDRESS]["cust_space_id"], "cams-test");
    workspace.assert_no_changes();
}

#[test]
fn an_exchange_of_a_token_may_have_empty_arguments() {
    let (name, arguments) = ARGUMENTS[2];
    let provider = format!("provider \"cams\" {{\n{}}}\n{ONE}", block(name, arguments));
    Workspace::new(&provider).ok(&["validate", "-no-color"]);
}

/// The list above is complete: it has every argument of the schema.
#[test]
fn every_argument_of_the_schema_is_tried() {
    let workspace = Workspace::new(ONE);
    let shown = workspace.ok(&["providers", "schema", "-json"]);
    let shown: serde_json::Value = serde_json::from_str(&shown.stdout).expect("JSON");
    let schemas = shown["provider_schemas"].as_object().expect("schemas");
    let block = &schemas.values().next().expect("a schema")["provider"]["block"];
    let names = |value: &serde_json::Value| -> Vec<String> {
        let attributes = value["attributes"].as_object().expect("attributes");
        attributes.keys().cloned().collect()
    };
    for (name, arguments) in ARGUMENTS {
        let found = match name {
            "" => names(block),
            _ => names(&block["block_types"][name]["block"]),
        };
        assert_eq!(found, arguments, "{name}");
    }
}
