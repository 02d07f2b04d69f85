//! Every RPC as Terraform core calls it, including what the CLI at hand cannot be made to do.

mod claims;
mod errors;
mod faults;
mod fleet;
mod garbage;
mod hostile;
mod identity;
mod memory;
mod stop;
mod twice;

use serde_json::{Value, json};

use crate::core::{Answer, Core, Instance};
use crate::emulator::Emulator;

const TYPE: &str = "cams_number_migration";

/// A provider configured for `emulator`, with `changes` to its block.
async fn configured(emulator: &Emulator, changes: Value) -> Core {
    let core = Core::start().env("TF_LOG", "TRACE").await;
    configure(&core, emulator, changes).await;
    core
}

async fn configure(core: &Core, emulator: &Emulator, changes: Value) {
    let mut config = provider_block();
    merge(
        &mut config,
        json!({
            "endpoint": emulator.url(),
            "access_key": "emulator",
            "secret_key": "emulator-secret",
            "cust_space_id": "cams-test",
        }),
    );
    merge(&mut config, changes);
    let said = core.configure(&config).await;
    assert!(said.is_empty(), "{said:?}");
}

/// The provider block with nothing set.
fn provider_block() -> Value {
    json!({
        "access_key": null, "secret_key": null, "security_token": null, "region": null, "endpoint": null,
        "cust_space_id": null, "signature_method": null, "account_id": null, "throttle": null,
        "client_connect_timeout": null, "client_read_timeout": null,
    })
}

/// A number's configuration, or its state with `changes`.
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

/// Plans and applies a new number, as core does.
async fn create(core: &Core, config: &Value) -> Answer {
    let nothing = Instance::default();
    let planned = core.plan(TYPE, &nothing, config, config).await;
    assert!(planned.diagnostics.is_empty(), "{:?}", planned.diagnostics);
    let applied = core.apply(TYPE, &nothing, &planned.instance, config).await;
    applied.expect("an answer, whatever happens")
}
