//! Every RPC as Terraform core calls it, including calls that no CLI can be made to make.

mod claims;
mod codes;
mod connecting;
mod data_sources;
mod errors;
mod faults;
mod fleet;
mod flow_faults;
mod flow_settings;
mod forms;
mod garbage;
mod hostile;
mod hostile_redis;
mod identity;
mod lists;
mod memory;
mod offer;
mod redis_servers;
mod refresh;
mod registration;
mod seen;
mod send_action;
mod sessions;
mod shells;
mod stop;
mod twice;
mod verification;
mod webhook;

use serde_json::{Value, json};

use crate::core::tfplugin6::diagnostic::Severity;
use crate::core::tfplugin6::{Diagnostic, Schema};
use crate::core::{Calls, Core, Instance, Outcome};
use crate::emulator::Emulator;

const TYPE: &str = "cams_number_migration";

/// Makes a call, and gives the number of diagnostics in its response, each of them checked.
macro_rules! diagnostics {
    ($core:ident.$rpc:ident($request:expr)) => {{
        let response = $core.provider().$rpc($request).await;
        let response = response
            .expect("a response, whatever was sent")
            .into_inner();
        count(&response.diagnostics)
    }};
}
use diagnostics;

/// The number of diagnostics. The test fails if one has no severity, summary or detail.
fn count(diagnostics: &[Diagnostic]) -> usize {
    for diagnostic in diagnostics {
        assert_ne!(diagnostic.severity(), Severity::Invalid, "{diagnostic:?}");
        assert!(
            !diagnostic.summary.is_empty() && !diagnostic.detail.is_empty(),
            "{diagnostic:?}"
        );
    }
    diagnostics.len()
}

/// A provider configured for `emulator`, with `changes` to its block.
async fn configured(emulator: &Emulator, changes: Value) -> Core {
    let core = Core::start().env("TF_LOG", "TRACE").await;
    configure(&core, emulator.url(), changes).await;
    core
}

/// Configures a provider for the emulator at `url`, with `changes` to its block.
async fn configure(core: &Calls, url: &str, changes: Value) {
    let mut config = provider_block();
    merge(
        &mut config,
        json!({
            "endpoint": url,
            "access_key": "emulator",
            "secret_key": "emulator-secret",
            "cust_space_id": "cams-test",
        }),
    );
    merge(&mut config, changes);
    let diagnostics = core.configure(&config).await;
    assert!(diagnostics.is_empty(), "{diagnostics:?}");
}

/// The provider block with nothing set.
fn provider_block() -> Value {
    json!({
        "access_key": null, "secret_key": null, "security_token": null, "region": null,
        "endpoint": null, "cust_space_id": null, "signature_method": null, "account_id": null,
        "throttle": null, "client_connect_timeout": null, "client_read_timeout": null,
        "profile": null, "shared_credentials_file": null, "ecs_role_name": null,
        "credentials_uri": null, "sts_endpoint": null, "assume_role": null,
        "assume_role_with_oidc": null,
    })
}

/// A configuration with this schema and these attributes, and all others null.
fn config_of(schema: &Schema, changes: Value) -> Value {
    let block = schema.block.as_ref().expect("a block");
    let names = block.attributes.iter().map(|attribute| &attribute.name);
    let names = names.chain(block.block_types.iter().map(|block| &block.type_name));
    let mut config: Value = names.map(|name| (name.clone(), Value::Null)).collect();
    merge(&mut config, changes);
    config
}

/// The configuration of a number, with `changes`. With the computed attributes among them, it is
/// the state.
fn number(mobile_number: &str, changes: Value) -> Value {
    let mut value = json!({
        "cust_space_id": null, "country_code": "86", "mobile_number": mobile_number,
        "id": null, "phone_number": null, "status": null, "request_id": null, "timeouts": null,
    });
    merge(&mut value, changes);
    value
}

fn merge(value: &mut Value, changes: Value) {
    let (Value::Object(value), Value::Object(changes)) = (value, changes) else {
        panic!("objects are merged");
    };
    value.extend(changes);
}

/// Plans and applies a new number, as Terraform core does.
async fn create(core: &Calls, config: &Value) -> Outcome {
    let nothing = Instance::default();
    let planned = core.plan(TYPE, &nothing, config, config).await;
    assert_silent(&planned);
    let applied = core.apply(TYPE, &nothing, &planned.instance, config).await;
    applied.expect("a response, whatever happens")
}

/// Plans and applies a change of the object `prior` to `config`, as Terraform core does: what the
/// configuration leaves out of a computed attribute stays as it is. Gives the plan and the apply.
async fn change(
    core: &Calls,
    type_name: &str,
    prior: &Instance,
    config: &Value,
) -> (Outcome, Outcome) {
    let schema = core.schema().await;
    let block = schema.resource_schemas[type_name].block.as_ref();
    let mut proposed = config.clone();
    for attribute in &block.expect("a block").attributes {
        let value = &mut proposed[&attribute.name];
        if attribute.write_only {
            *value = Value::Null;
        } else if attribute.computed && value.is_null() && !prior.state.is_null() {
            *value = prior.state[&attribute.name].clone();
        }
    }
    let planned = core.plan(type_name, prior, &proposed, config).await;
    let applied = core
        .apply(type_name, prior, &planned.instance, config)
        .await;
    (planned, applied.expect("a response, whatever happens"))
}

/// Destroys the object.
async fn destroy(core: &Calls, type_name: &str, prior: &Instance) -> Outcome {
    let nothing = Instance {
        private: prior.private.clone(),
        ..Instance::default()
    };
    let applied = core.apply(type_name, prior, &nothing, &Value::Null).await;
    applied.expect("a response, whatever happens")
}

/// The titles of the diagnostics, sorted.
fn titles(diagnostics: &[Diagnostic]) -> Vec<&str> {
    count(diagnostics);
    let titles = diagnostics.iter().map(|it| it.summary.as_str());
    let mut titles: Vec<_> = titles.collect();
    titles.sort_unstable();
    titles
}

/// Fails the test unless the number is in state and migrates.
#[track_caller]
fn assert_migrating(outcome: &Outcome) {
    let status = &outcome.instance.state["status"];
    assert_eq!(status, "MIGRATING", "{:?}", outcome.diagnostics);
}

/// Fails the test if the operation had errors or warnings.
#[track_caller]
fn assert_silent(outcome: &Outcome) {
    assert!(outcome.diagnostics.is_empty(), "{:?}", outcome.diagnostics);
}
