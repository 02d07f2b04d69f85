//! The calls that Terraform makes for a plan and an apply, with values as JSON.

use serde_json::Value;
use tonic::Status;
use tonic::transport::Channel;

use super::tfplugin6::provider_client::ProviderClient;
use super::tfplugin6::{
    AttributePath, ClientCapabilities, Diagnostic, DynamicValue, ResourceIdentityData,
    apply_resource_change, configure_provider, get_provider_schema, import_resource_state,
    plan_resource_change, read_resource, validate_resource_config,
};
use super::value::{decode, encode};

/// The capabilities that Terraform 1.16 announces.
const CAPABILITIES: ClientCapabilities = ClientCapabilities {
    deferral_allowed: false,
    write_only_attributes_allowed: true,
    store_planned_private: true,
    computed_blocks_allowed: true,
};

/// An object as Terraform stores it, or plans it.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Instance {
    /// The state, which is null when the object does not exist.
    pub(crate) state: Value,
    /// The private state of the object.
    pub(crate) private: Vec<u8>,
    /// The identity, which is null when the provider gave none.
    pub(crate) identity: Value,
}

/// What a provider made of a plan, an apply or a read of one object.
#[derive(Clone, Debug)]
pub(crate) struct Outcome {
    /// The object as it was planned, applied or read.
    pub(crate) instance: Instance,
    /// The attributes whose change replaces the object. Only a plan has them.
    pub(crate) requires_replace: Vec<AttributePath>,
    /// The errors and warnings of the operation.
    pub(crate) diagnostics: Vec<Diagnostic>,
}

/// The calls of one connection to a provider.
pub(crate) struct Calls(pub(crate) Channel);

impl Calls {
    /// The provider's RPCs. Clones share the connection, as Terraform's concurrent calls do.
    pub(crate) fn provider(&self) -> ProviderClient<Channel> {
        super::provider(self.0.clone())
    }

    /// The schemas of everything that the provider offers.
    pub(crate) async fn schema(&self) -> get_provider_schema::Response {
        let request = get_provider_schema::Request::default();
        let response = self.provider().get_provider_schema(request).await;
        response.unwrap().into_inner()
    }

    /// Configures the provider, as at the start of a plan.
    pub(crate) async fn configure(&self, config: &Value) -> Vec<Diagnostic> {
        let request = configure_provider::Request {
            terraform_version: "1.16.0".to_owned(),
            config: Some(encode(&as_texts(config))),
            client_capabilities: Some(CAPABILITIES),
        };
        let response = self.provider().configure_provider(request).await;
        response.unwrap().into_inner().diagnostics
    }

    /// Checks the configuration of a resource.
    pub(crate) async fn validate(&self, type_name: &str, config: &Value) -> Vec<Diagnostic> {
        let request = validate_resource_config::Request {
            type_name: type_name.to_owned(),
            config: Some(encode(config)),
            client_capabilities: Some(CAPABILITIES),
        };
        let response = self.provider().validate_resource_config(request).await;
        response.unwrap().into_inner().diagnostics
    }

    /// Plans a change of the object `prior` to `config`. `proposed` is the configuration merged
    /// with the prior state.
    pub(crate) async fn plan(
        &self,
        type_name: &str,
        prior: &Instance,
        proposed: &Value,
        config: &Value,
    ) -> Outcome {
        let request = plan_resource_change::Request {
            type_name: type_name.to_owned(),
            prior_state: Some(encode(&prior.state)),
            proposed_new_state: Some(encode(proposed)),
            config: Some(encode(config)),
            prior_private: prior.private.clone(),
            client_capabilities: Some(CAPABILITIES),
            prior_identity: identity(&prior.identity),
            ..Default::default()
        };
        let response = self.provider().plan_resource_change(request).await;
        let response = response.unwrap().into_inner();
        Outcome {
            instance: instance(
                response.planned_state,
                response.planned_private,
                response.planned_identity,
            ),
            requires_replace: response.requires_replace,
            diagnostics: response.diagnostics,
        }
    }

    /// Applies a plan. It fails only if the call itself does, after which Terraform would know
    /// nothing of a new object.
    pub(crate) async fn apply(
        &self,
        type_name: &str,
        prior: &Instance,
        planned: &Instance,
        config: &Value,
    ) -> Result<Outcome, Status> {
        let request = apply_resource_change::Request {
            type_name: type_name.to_owned(),
            prior_state: Some(encode(&prior.state)),
            planned_state: Some(encode(&planned.state)),
            config: Some(encode(config)),
            planned_private: planned.private.clone(),
            planned_identity: identity(&planned.identity),
            ..Default::default()
        };
        let response = self.provider().apply_resource_change(request).await?;
        let response = response.into_inner();
        Ok(Outcome {
            instance: instance(response.new_state, response.private, response.new_identity),
            requires_replace: Vec::new(),
            diagnostics: response.diagnostics,
        })
    }

    /// Reads an object again, as a refresh does.
    pub(crate) async fn read(&self, type_name: &str, current: &Instance) -> Outcome {
        let request = read_resource::Request {
            type_name: type_name.to_owned(),
            current_state: Some(encode(&current.state)),
            private: current.private.clone(),
            client_capabilities: Some(CAPABILITIES),
            current_identity: identity(&current.identity),
            ..Default::default()
        };
        let response = self.provider().read_resource(request).await;
        let response = response.unwrap().into_inner();
        Outcome {
            instance: instance(response.new_state, response.private, response.new_identity),
            requires_replace: Vec::new(),
            diagnostics: response.diagnostics,
        }
    }

    /// Imports by id, or by identity when `id` is empty.
    pub(crate) async fn import(
        &self,
        type_name: &str,
        id: &str,
        by_identity: &Value,
    ) -> (Vec<Instance>, Vec<Diagnostic>) {
        let request = import_resource_state::Request {
            type_name: type_name.to_owned(),
            id: id.to_owned(),
            client_capabilities: Some(CAPABILITIES),
            identity: identity(by_identity),
        };
        let response = self.provider().import_resource_state(request).await;
        let response = response.unwrap().into_inner();
        let imported = response
            .imported_resources
            .into_iter()
            .map(|resource| instance(resource.state, resource.private, resource.identity))
            .collect();
        (imported, response.diagnostics)
    }
}

/// The provider block with numbers as texts: all its attributes are texts, to which Terraform
/// converts a number.
fn as_texts(block: &Value) -> Value {
    match block {
        Value::Number(number) => number.to_string().into(),
        Value::Object(attributes) => attributes
            .iter()
            .map(|(name, value)| (name.clone(), as_texts(value)))
            .collect(),
        other => other.clone(),
    }
}

fn instance(
    state: Option<DynamicValue>,
    private: Vec<u8>,
    identity: Option<ResourceIdentityData>,
) -> Instance {
    let value = |packed: Option<DynamicValue>| packed.map_or(Value::Null, |packed| decode(&packed));
    Instance {
        state: value(state),
        private,
        identity: value(identity.and_then(|identity| identity.identity_data)),
    }
}

fn identity(value: &Value) -> Option<ResourceIdentityData> {
    (!value.is_null()).then(|| ResourceIdentityData {
        identity_data: Some(encode(value)),
    })
}
