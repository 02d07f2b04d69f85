//! The RPCs of the plugin protocol. Each is a method of `RpcCall` with the name that it has in the
//! protocol:
//!
//! - `schema`: what the provider offers.
//! - `configuration`: checking configurations, and configuring the provider.
//! - `plan`, `apply`, `read`, `import`, `upgrade`: resources.
//! - `data_source`, `action`, `list_resource`, `function`: the other kinds.
//! - `values`, `response`: what goes in and out.
//! - `run`: the three ways to run the work of an RPC.
//!
//! Every RPC runs in a task of its own, which goes on when the caller disconnects. Every RPC
//! succeeds: errors are in the diagnostics of the response, never in a gRPC status, because
//! Terraform forgets an object whose RPC failed, and its response can still hold the state to
//! store.
//!
//! Other RPCs of protocol 6.11 answer "unimplemented", and are never called; the documentation of
//! the crate lists them.

mod action;
mod apply;
mod configuration;
mod data_source;
mod function;
mod import;
mod list_resource;
mod plan;
mod read;
mod response;
mod run;
mod schema;
mod upgrade;
mod values;

#[cfg(test)]
mod tests;

use std::sync::{Arc, Mutex};

use tonic::codegen::BoxStream;
use tonic::{Request, Response, Status};

use crate::wire::diagnostic::Diagnostics;
use crate::wire::tfplugin6 as wire;
use crate::wire::tfplugin6::provider_server::Provider as Rpc;
use base::random::Random;

use super::erased::Definition;
use super::operations::Operations;
use super::provider::{Offers, Provider};
use super::schema::SchemaRole;
use super::session::Warned;

use response::WithDiagnostics;

/// What is wrong with how a provider is defined, such as a model that does not match its schema.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the provider has a bug: {0}")]
pub struct InvalidProvider(String);

/// The gRPC service of a provider.
pub struct Server<P: Provider>(Arc<Shared<P>>);

/// What all RPCs of the server share.
pub(crate) struct Shared<P: Provider> {
    provider: Arc<P>,
    /// The provider block.
    block: Definition,
    offers: Offers<P::Data>,
    /// What ConfigureProvider made of the configuration; `None` until it has been called.
    data: Mutex<Option<Arc<P::Data>>>,
    operations: Operations,
    warned: Warned,
    random: Random,
}

impl<P: Provider> Server<P> {
    /// A server for `provider`. `random` makes the id that each request has in the log.
    ///
    /// # Errors
    ///
    /// If a schema makes no sense for its kind, or a model does not match its schema. Every call
    /// would fail otherwise.
    pub fn new(provider: P, random: Random) -> Result<Self, InvalidProvider> {
        let (offers, provider) = (provider.offers(), Arc::new(provider));
        let validate = |_: &P, _: &P::Config| Diagnostics::default();
        let block = Definition::new(&provider, provider.schema(), SchemaRole::Input, validate)
            .map_err(|problem| InvalidProvider(format!("the provider block: {problem}")))?;
        offers.checked.clone().map_err(InvalidProvider)?;
        Ok(Self(Arc::new(Shared {
            provider,
            block,
            offers,
            data: Mutex::default(),
            operations: Operations::default(),
            warned: Warned::default(),
            random,
        })))
    }

    /// The operations under way, to stop them when the process ends.
    pub fn operations(&self) -> Operations {
        self.0.operations.clone()
    }
}

/// Implements the service. Each RPC is listed with the name that it has in the log; the method of
/// [`RpcCall`](run::RpcCall) that does its work has the same name. Where the request is about one of the
/// provider's offers, its field with the name of the offer follows, and the key of that name in
/// the log.
macro_rules! rpcs {
    ($( $rpc:ident($name:literal $(, $key:ident = $field:ident)?); )*) => {
        #[tonic::async_trait]
        impl<P: Provider> Rpc for Server<P> {
            $(
                async fn $rpc(
                    &self,
                    request: Request<wire::$rpc::Request>,
                ) -> Result<Response<wire::$rpc::Response>, Status> {
                    let request = request.into_inner();
                    let offer = None $( .or(Some((stringify!($key), request.$field.clone()))) )?;
                    let answer = self.answer($name, offer, |call| async move {
                        call.$rpc(request).await
                    });
                    Ok(answer.await)
                }
            )*

            async fn list_resource(
                &self,
                request: Request<wire::list_resource::Request>,
            ) -> Result<Response<BoxStream<wire::list_resource::Event>>, Status> {
                Ok(self.list(request.into_inner()))
            }

            async fn invoke_action(
                &self,
                request: Request<wire::invoke_action::Request>,
            ) -> Result<Response<BoxStream<wire::invoke_action::Event>>, Status> {
                Ok(self.invoke(request.into_inner()))
            }

            async fn call_function(
                &self,
                request: Request<wire::call_function::Request>,
            ) -> Result<Response<wire::call_function::Response>, Status> {
                Ok(self.call(request.into_inner()).await)
            }

            /// Answers at once.
            async fn stop_provider(
                &self,
                _request: Request<wire::stop_provider::Request>,
            ) -> Result<Response<wire::stop_provider::Response>, Status> {
                self.0.operations.stop();
                Ok(Response::new(wire::stop_provider::Response::default()))
            }
        }

        $(
            impl WithDiagnostics for wire::$rpc::Response {
                fn diagnostics_mut(&mut self) -> &mut Vec<wire::Diagnostic> {
                    &mut self.diagnostics
                }
            }
        )*
    };
}

rpcs! {
    get_metadata("GetMetadata");
    get_provider_schema("GetProviderSchema");
    get_resource_identity_schemas("GetResourceIdentitySchemas");
    get_functions("GetFunctions");
    validate_provider_config("ValidateProviderConfig");
    configure_provider("ConfigureProvider");
    validate_resource_config("ValidateResourceConfig", tf_resource_type = type_name);
    upgrade_resource_state("UpgradeResourceState", tf_resource_type = type_name);
    upgrade_resource_identity("UpgradeResourceIdentity", tf_resource_type = type_name);
    move_resource_state("MoveResourceState", tf_resource_type = target_type_name);
    read_resource("ReadResource", tf_resource_type = type_name);
    plan_resource_change("PlanResourceChange", tf_resource_type = type_name);
    apply_resource_change("ApplyResourceChange", tf_resource_type = type_name);
    import_resource_state("ImportResourceState", tf_resource_type = type_name);
    generate_resource_config("GenerateResourceConfig", tf_resource_type = type_name);
    validate_data_resource_config("ValidateDataResourceConfig", tf_data_source_type = type_name);
    read_data_source("ReadDataSource", tf_data_source_type = type_name);
    validate_action_config("ValidateActionConfig", tf_action_type = type_name);
    plan_action("PlanAction", tf_action_type = action_type);
    validate_list_resource_config("ValidateListResourceConfig", tf_list_resource_type = type_name);
}
