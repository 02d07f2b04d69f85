//! All calls about one number, as Terraform makes them: one process plans and applies it, and the
//! next one refreshes it and plans again.

use std::collections::BTreeMap;
use std::process::Command;

use prost::Message;
use serde_json::{Value, json};

use protocol_client::tfplugin6::{
    ClientCapabilities, DynamicValue, RawState, ResourceIdentityData, apply_resource_change,
    configure_provider, get_metadata, get_provider_schema, get_resource_identity_schemas,
    plan_resource_change, read_resource, schema, upgrade_resource_state, validate_provider_config,
    validate_resource_config,
};
use tonic::transport::Channel;

use crate::provider::{Identity, Provider};
use crate::value::{decode, encode};
use crate::{Result, raw};

pub(crate) const SCHEMA: &str = "/tfplugin6.Provider/GetProviderSchema";
/// The number that all calls are about.
pub(crate) const NUMBER: &str = "13900000000";
const TYPE: &str = "cams_number_migration";

/// A call and its answer.
pub(crate) struct Call {
    /// The method, or `PlanNew` for a plan of a new number.
    pub(crate) name: &'static str,
    pub(crate) path: &'static str,
    pub(crate) request: Vec<u8>,
    answer: Vec<u8>,
}

/// Has the conversation with a provider, and writes its answers in the form that `canned` reads.
pub(crate) async fn record(program: &str, file: &str) -> Result<()> {
    let (identity, sockets) = (Identity::generate()?, tempfile::tempdir()?);
    let start = || Provider::start(Command::new(program), sockets.path(), &identity);
    let processes = [start().await?, start().await?];
    let mut bytes = Vec::new();
    for call in have(&processes, "cams-recorded").await? {
        bytes.extend((call.name.len() as u32).to_le_bytes());
        bytes.extend((call.answer.len() as u32).to_le_bytes());
        bytes.extend(call.name.as_bytes());
        bytes.extend(call.answer);
    }
    std::fs::write(file, bytes)?;
    Ok(())
}

/// Makes all calls about a number in a space that does not have it.
pub(crate) async fn have(processes: &[Provider; 2], space: &str) -> Result<Vec<Call>> {
    let mut calls = Calls {
        channel: &processes[0].channel,
        meta: None,
        made: Vec::new(),
    };
    let answer = calls.make("GetProviderSchema", SCHEMA, Vec::new()).await?;
    let schemas = get_provider_schema::Response::decode(answer)?;
    calls.meta = schemas.provider_meta.map(|_| encode(&Value::Null));
    let provider = schemas.provider.and_then(|it| it.block);
    let provider = object(
        &provider.ok_or("no schema")?,
        json!({ "cust_space_id": space }),
    );
    let resource = schemas.resource_schemas.get(TYPE);
    let resource = resource.and_then(|it| it.block.as_ref());
    let written = json!({ "country_code": "86", "mobile_number": NUMBER });
    let config = object(resource.ok_or("no resource")?, written);

    calls.configure(&provider).await?;
    calls.validate(&config).await?;
    let plan = calls.plan(&config, &Value::Null, &config, Vec::new(), None);
    let (planned, private, identity) = plan.await?;
    let apply = calls.apply(&config, planned, private, identity);
    let (state, private, identity) = apply.await?;

    calls.channel = &processes[1].channel;
    calls.configure(&provider).await?;
    let state = calls.upgrade(&state).await?;
    let (state, private, identity) = calls.read(&state, private, identity).await?;
    calls
        .plan(&config, &state, &state, private, identity)
        .await?;
    // Newer versions of Terraform ask for these. A framework without them answers that they are
    // not implemented.
    for (name, path) in [
        ("GetMetadata", "/tfplugin6.Provider/GetMetadata"),
        (
            "GetResourceIdentitySchemas",
            "/tfplugin6.Provider/GetResourceIdentitySchemas",
        ),
    ] {
        let _ = calls.make(name, path, Vec::new()).await;
    }
    Ok(calls.made)
}

/// The object of a block: all attributes and blocks are null, except for these.
fn object(block: &schema::Block, values: Value) -> Value {
    let attributes = block.attributes.iter().map(|it| it.name.clone());
    let blocks = block.block_types.iter().map(|it| it.type_name.clone());
    let mut object: BTreeMap<String, Value> = attributes
        .chain(blocks)
        .map(|name| (name, Value::Null))
        .collect();
    if let Value::Object(values) = values {
        object.extend(values);
    }
    object.into_iter().collect()
}

/// A value, the private data and the identity that belong to it.
type Instance = (DynamicValue, Vec<u8>, Option<ResourceIdentityData>);

struct Calls<'a> {
    channel: &'a Channel,
    /// The metadata of the module, which a provider with a schema for them expects.
    meta: Option<DynamicValue>,
    made: Vec<Call>,
}

impl Calls<'_> {
    async fn make(
        &mut self,
        name: &'static str,
        path: &'static str,
        request: Vec<u8>,
    ) -> Result<&[u8]> {
        let answer = raw::call(self.channel, path, request.clone()).await?;
        check(name, &answer)?;
        self.made.push(Call {
            name,
            path,
            request,
            answer,
        });
        Ok(self.made.last().map_or(&[], |call| call.answer.as_slice()))
    }

    async fn configure(&mut self, config: &Value) -> Result<()> {
        let request = validate_provider_config::Request {
            config: Some(encode(config)),
        };
        let path = "/tfplugin6.Provider/ValidateProviderConfig";
        self.make("ValidateProviderConfig", path, request.encode_to_vec())
            .await?;
        let request = configure_provider::Request {
            terraform_version: "1.11.4".to_owned(),
            config: Some(encode(config)),
            client_capabilities: Some(capabilities()),
        };
        let path = "/tfplugin6.Provider/ConfigureProvider";
        self.make("ConfigureProvider", path, request.encode_to_vec())
            .await
            .map(drop)
    }

    async fn validate(&mut self, config: &Value) -> Result<()> {
        let request = validate_resource_config::Request {
            type_name: TYPE.to_owned(),
            config: Some(encode(config)),
            client_capabilities: Some(capabilities()),
        };
        let path = "/tfplugin6.Provider/ValidateResourceConfig";
        self.make("ValidateResourceConfig", path, request.encode_to_vec())
            .await
            .map(drop)
    }

    async fn plan(
        &mut self,
        config: &Value,
        prior: &Value,
        proposed: &Value,
        prior_private: Vec<u8>,
        prior_identity: Option<ResourceIdentityData>,
    ) -> Result<Instance> {
        let name = match prior {
            Value::Null => "PlanNew",
            _ => "PlanResourceChange",
        };
        let request = plan_resource_change::Request {
            type_name: TYPE.to_owned(),
            prior_state: Some(encode(prior)),
            proposed_new_state: Some(encode(proposed)),
            config: Some(encode(config)),
            prior_private,
            provider_meta: self.meta.clone(),
            client_capabilities: Some(capabilities()),
            prior_identity,
            ..Default::default()
        };
        let path = "/tfplugin6.Provider/PlanResourceChange";
        let answer = self.make(name, path, request.encode_to_vec()).await?;
        let answer = plan_resource_change::Response::decode(answer)?;
        let planned = answer.planned_state.ok_or("no plan")?;
        Ok((planned, answer.planned_private, answer.planned_identity))
    }

    async fn apply(
        &mut self,
        config: &Value,
        planned: DynamicValue,
        planned_private: Vec<u8>,
        planned_identity: Option<ResourceIdentityData>,
    ) -> Result<(Value, Vec<u8>, Option<ResourceIdentityData>)> {
        let request = apply_resource_change::Request {
            type_name: TYPE.to_owned(),
            prior_state: Some(encode(&Value::Null)),
            planned_state: Some(planned),
            config: Some(encode(config)),
            planned_private,
            provider_meta: self.meta.clone(),
            planned_identity,
            ..Default::default()
        };
        let path = "/tfplugin6.Provider/ApplyResourceChange";
        let answer = self.make("ApplyResourceChange", path, request.encode_to_vec());
        let answer = apply_resource_change::Response::decode(answer.await?)?;
        let state = decode(&answer.new_state.ok_or("no state")?);
        Ok((state, answer.private, answer.new_identity))
    }

    async fn upgrade(&mut self, state: &Value) -> Result<Value> {
        let request = upgrade_resource_state::Request {
            type_name: TYPE.to_owned(),
            version: 0,
            raw_state: Some(RawState {
                json: state.to_string().into_bytes(),
                ..Default::default()
            }),
        };
        let path = "/tfplugin6.Provider/UpgradeResourceState";
        let answer = self.make("UpgradeResourceState", path, request.encode_to_vec());
        let answer = upgrade_resource_state::Response::decode(answer.await?)?;
        Ok(decode(&answer.upgraded_state.ok_or("no state")?))
    }

    async fn read(
        &mut self,
        state: &Value,
        private: Vec<u8>,
        current_identity: Option<ResourceIdentityData>,
    ) -> Result<(Value, Vec<u8>, Option<ResourceIdentityData>)> {
        let request = read_resource::Request {
            type_name: TYPE.to_owned(),
            current_state: Some(encode(state)),
            private,
            provider_meta: self.meta.clone(),
            client_capabilities: Some(capabilities()),
            current_identity,
            ..Default::default()
        };
        let path = "/tfplugin6.Provider/ReadResource";
        let answer = self.make("ReadResource", path, request.encode_to_vec());
        let answer = read_resource::Response::decode(answer.await?)?;
        let state = decode(&answer.new_state.ok_or("the number is gone")?);
        Ok((state, answer.private, answer.new_identity))
    }
}

fn capabilities() -> ClientCapabilities {
    ClientCapabilities {
        deferral_allowed: false,
        write_only_attributes_allowed: true,
        ..Default::default()
    }
}

/// Fails if an answer has a diagnostic, even a warning: the measured calls are those without.
pub(crate) fn check(name: &str, answer: &[u8]) -> Result<()> {
    let diagnostics = match name {
        "GetMetadata" => get_metadata::Response::decode(answer)?.diagnostics,
        "GetProviderSchema" => get_provider_schema::Response::decode(answer)?.diagnostics,
        "GetResourceIdentitySchemas" => {
            get_resource_identity_schemas::Response::decode(answer)?.diagnostics
        }
        "ValidateProviderConfig" => validate_provider_config::Response::decode(answer)?.diagnostics,
        "ConfigureProvider" => configure_provider::Response::decode(answer)?.diagnostics,
        "ValidateResourceConfig" => validate_resource_config::Response::decode(answer)?.diagnostics,
        "PlanNew" | "PlanResourceChange" => {
            plan_resource_change::Response::decode(answer)?.diagnostics
        }
        "ApplyResourceChange" => apply_resource_change::Response::decode(answer)?.diagnostics,
        "UpgradeResourceState" => upgrade_resource_state::Response::decode(answer)?.diagnostics,
        "ReadResource" => read_resource::Response::decode(answer)?.diagnostics,
        other => return Err(format!("{other} has an unknown answer").into()),
    };
    match diagnostics.first() {
        Some(first) => Err(format!("{}: {}", first.summary, first.detail).into()),
        None => Ok(()),
    }
}
