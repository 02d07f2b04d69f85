//! The RPCs of the plugin protocol, one module for each group of them.
//!
//! Every RPC runs in a task of its own, which goes on when the caller disconnects. Every RPC
//! succeeds: errors are in the diagnostics of the response, never in a gRPC status, because
//! Terraform forgets an object whose RPC failed, and its response can still hold the state to
//! store.

mod apply;
mod configure;
mod import;
mod plan;
mod read;
mod response;
mod schema;
mod upgrade;
mod validate;
mod values;

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::sync::{Arc, PoisonError, RwLock};

use tonic::{Request, Response, Status};
use tracing::Instrument;

use crate::wire::diagnostic::{Diagnostic, Diagnostics};
use crate::wire::tfplugin6 as wire;
use crate::wire::tfplugin6::provider_server::Provider as Rpc;
use crate::wire::ty::Type;
use base::random::Random;

use super::erased::ErasedResource;
use super::model::FieldType;
use super::operations::{self, Operations};
use super::provider::Provider;
use super::schema::Schema;
use super::session::Session;

use response::WithDiagnostics;

/// A model does not match its schema, which is a bug in the provider. The text says where.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the provider's model does not match its schema: {0}")]
pub struct Mismatch(String);

/// The gRPC service of a provider.
#[derive(Debug)]
pub struct Server<P: Provider>(Arc<Shared<P>>);

/// What all RPCs of the server share.
pub(super) struct Shared<P: Provider> {
    provider: P,
    schema: Schema,
    ty: Type,
    resources: BTreeMap<&'static str, Box<dyn ErasedResource<P::Data>>>,
    /// What ConfigureProvider made of the configuration; `None` until it has been called.
    data: RwLock<Option<Arc<P::Data>>>,
    operations: Operations,
    random: Random,
}

impl<P: Provider> Server<P> {
    /// A server for `provider`. `random` makes the id that each request has in the log.
    ///
    /// # Errors
    ///
    /// If a model of the provider or of a resource does not match its schema. Every call for that
    /// resource would fail otherwise.
    pub fn new(provider: P, random: Random) -> Result<Self, Mismatch> {
        let schema = provider.schema();
        let resources = provider.resources().0;
        let ty = schema.ty();
        let of_provider = P::Config::mismatch(&ty).map(|problem| ("the provider block", problem));
        let of_resource = resources
            .iter()
            .find_map(|resource| Some((resource.definition().type_name, resource.mismatch()?)));
        if let Some((of, problem)) = of_provider.or(of_resource) {
            return Err(Mismatch(format!("{of}: {problem}")));
        }
        Ok(Self(Arc::new(Shared {
            ty,
            schema,
            resources: resources
                .into_iter()
                .map(|resource| (resource.definition().type_name, resource))
                .collect(),
            provider,
            data: RwLock::default(),
            operations: Operations::default(),
            random,
        })))
    }

    /// The operations under way, for whoever ends the process.
    pub fn operations(&self) -> Operations {
        self.0.operations.clone()
    }

    /// Runs the work of one RPC in a task of its own, and makes the response.
    ///
    /// `rpc` and `type_name` go into the log. A panic in the work becomes a diagnostic, and so does
    /// one in the making of the response.
    async fn run<R, F>(
        &self,
        rpc: &'static str,
        type_name: &str,
        work: impl FnOnce(Arc<Shared<P>>, Arc<Session>) -> F,
    ) -> Result<Response<R>, Status>
    where
        R: WithDiagnostics,
        F: Future<Output = Result<R, Diagnostics>> + Send + 'static,
    {
        let span = tracing::error_span!(
            "rpc",
            tf_rpc = rpc,
            tf_req_id = self.0.random.nonce(),
            tf_provider_addr = self.0.provider.address(),
            tf_proto_version = "6.11",
            tf_resource_type = (!type_name.is_empty()).then_some(type_name),
        );
        let session = Arc::new(Session::new(self.0.operations.token()));
        let work = work(self.0.clone(), session.clone());
        let concerned = (!type_name.is_empty()).then(|| self.0.clone());
        let task = async move {
            tracing::trace!("received request");
            let result = operations::guard(work).await;
            if let Some(shared) = concerned {
                let notices = operations::guard(async { Ok(shared.notices()) }).await;
                let notices = notices.unwrap_or_else(|crash| crash);
                notices
                    .into_iter()
                    .for_each(|notice| session.push_diagnostic(notice));
            }
            let mut response = response::compose(result, &session);
            response::log(&response);
            response::fit(&mut response);
            tracing::trace!("served request");
            response
        };
        let running = self.0.operations.tracker().spawn(task.instrument(span));
        Ok(Response::new(running.await.unwrap_or_else(|_| {
            response::of(operations::crash().into())
        })))
    }
}

impl<P: Provider> Shared<P> {
    /// The resource of a type, or the error for a type that the provider does not have.
    fn resource(&self, type_name: &str) -> Result<&dyn ErasedResource<P::Data>, Diagnostics> {
        let resource = self.resources.get(type_name).ok_or_else(|| {
            Diagnostic::error(
                "Unknown Resource Type",
                format!(
                    "This version of the provider has no resource {type_name}. Upgrade the \
                     provider, or remove the resource."
                ),
            )
        })?;
        Ok(resource.as_ref())
    }

    /// What has to be told with the operation that has just ended.
    fn notices(&self) -> Diagnostics {
        let data = self
            .data
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .clone();
        data.map(|data| self.provider.notices(&data))
            .unwrap_or_default()
    }

    /// What the configuration became, or the error for a call before the provider is configured.
    fn data(&self) -> Result<Arc<P::Data>, Diagnostics> {
        let data = self.data.read().unwrap_or_else(PoisonError::into_inner);
        data.clone().ok_or_else(|| {
            Diagnostic::error(
                "Provider Not Configured",
                "Terraform asked for an operation before it configured the provider.",
            )
            .into()
        })
    }
}

impl<P: Provider> std::fmt::Debug for Shared<P> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Shared")
            .field("address", &self.provider.address())
            .finish_non_exhaustive()
    }
}

/// Implements the service. Each RPC is listed with the name that it has in the log, the field of
/// its request that names the resource's type, if there is one, and the function that does the
/// work. StopProvider is apart: it must be answered at once, and has no diagnostics.
macro_rules! rpcs {
    ($( $rpc:ident($name:literal $(, $type_name:ident)?) => $work:path; )*) => {
        #[tonic::async_trait]
        impl<P: Provider> Rpc for Server<P> {
            $(
                async fn $rpc(
                    &self,
                    request: Request<wire::$rpc::Request>,
                ) -> Result<Response<wire::$rpc::Response>, Status> {
                    let request = request.into_inner();
                    let type_name = String::new() $( + &request.$type_name )?;
                    self.run($name, &type_name, |shared, session| async move {
                        $work(&shared, &session, request).await
                    })
                    .await
                }
            )*

            async fn stop_provider(
                &self,
                _request: Request<wire::stop_provider::Request>,
            ) -> Result<Response<wire::stop_provider::Response>, Status> {
                self.0.operations.stop();
                Ok(Response::new(wire::stop_provider::Response::default()))
            }
        }
    };
}

rpcs! {
    get_metadata("GetMetadata") => schema::metadata;
    get_provider_schema("GetProviderSchema") => schema::provider;
    get_resource_identity_schemas("GetResourceIdentitySchemas") => schema::identities;
    get_functions("GetFunctions") => schema::functions;
    validate_provider_config("ValidateProviderConfig") => validate::provider;
    validate_resource_config("ValidateResourceConfig", type_name) => validate::resource;
    configure_provider("ConfigureProvider") => configure::configure;
    upgrade_resource_state("UpgradeResourceState", type_name) => upgrade::state;
    upgrade_resource_identity("UpgradeResourceIdentity", type_name) => upgrade::identity;
    move_resource_state("MoveResourceState", target_type_name) => upgrade::moved;
    read_resource("ReadResource", type_name) => read::read;
    plan_resource_change("PlanResourceChange", type_name) => plan::plan;
    apply_resource_change("ApplyResourceChange", type_name) => apply::apply;
    import_resource_state("ImportResourceState", type_name) => import::import;
    generate_resource_config("GenerateResourceConfig", type_name) => import::generate_config;
}
