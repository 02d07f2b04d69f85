//! The three ways to run the work of an RPC: for one answer, for a stream of events, and for the
//! result of a function.
//!
//! In each of them the work is a task of its own, a panic in it becomes an error, and the log has
//! the RPC and what it is about.

use std::sync::{Arc, MutexGuard};

use tokio::sync::mpsc::{self, Sender};
use tokio::task::JoinHandle;
use tokio_stream::wrappers::ReceiverStream;
use tonic::codegen::BoxStream;
use tonic::{Response, Status};
use tracing::Instrument;

use crate::wire::diagnostic::{Diagnostic, Diagnostics};
use crate::wire::tfplugin6::{self as wire, call_function};

use super::super::context::Context;
use super::super::erased::ResourceOffer;
use super::super::function::FunctionError;
use super::super::operations::{crash, guard};
use super::super::provider::Provider;
use super::super::session::{RpcSession, SessionRecord, lock};
use super::response::{self, WithDiagnostics};
use super::{Server, Shared};

/// How many events of a stream may wait to be sent.
const EVENTS: usize = 16;

/// Which of the provider's offers an RPC is about: the key of its name in the log, and the name.
pub(crate) type OfferName = Option<(&'static str, String)>;

/// The events of a stream.
pub(crate) type EventSender<E> = Sender<Result<E, Status>>;

/// An RPC that is being answered.
pub(crate) struct RpcCall<P: Provider> {
    pub(crate) shared: Arc<Shared<P>>,
    session: RpcSession,
}

impl<P: Provider> RpcCall<P> {
    /// What is known of the operation so far, for a moment.
    pub(crate) fn record(&self) -> MutexGuard<'_, SessionRecord> {
        self.session.record()
    }

    /// What the author's code works with.
    pub(crate) fn context<'a>(&'a self, data: &'a P::Data) -> Context<'a, P::Data> {
        Context::new(data, &self.session)
    }

    /// The resource of this type, or the error for one that the provider does not have.
    pub(crate) fn resource(&self, type_name: &str) -> Result<&ResourceOffer<P::Data>, Diagnostics> {
        self.shared.offers.resources.find(type_name)
    }

    /// What the configuration became, or the error for a call before the provider is configured.
    pub(crate) fn data(&self) -> Result<Arc<P::Data>, Diagnostics> {
        self.configured().ok_or_else(|| {
            Diagnostic::error(
                "Provider Not Configured",
                "Terraform asked for an operation before it configured the provider.",
            )
            .into()
        })
    }

    fn configured(&self) -> Option<Arc<P::Data>> {
        lock(&self.shared.data).clone()
    }

    /// The diagnostics of the response: why the operation failed, its warnings, and the provider's
    /// notices if the operation was about one of its offers. `size` is that of the rest of the
    /// response.
    async fn finish(
        &self,
        mut said: Diagnostics,
        about_offer: bool,
        size: usize,
    ) -> Vec<wire::Diagnostic> {
        said.extend(std::mem::take(&mut self.record().diagnostics));
        if about_offer && let Some(data) = self.configured() {
            let notices = guard(async { Ok(self.shared.provider.notices(&data)) });
            said.extend(notices.await.unwrap_or_else(|crash: Diagnostics| crash));
        }
        response::finish(said, size)
    }
}

impl<P: Provider> Server<P> {
    /// Runs the work of an RPC, and makes its answer: the result, or nothing but the diagnostics of
    /// the failure.
    pub(crate) async fn answer<A, F>(
        &self,
        rpc: &'static str,
        offer: OfferName,
        work: impl FnOnce(Arc<RpcCall<P>>) -> F,
    ) -> Response<A>
    where
        A: WithDiagnostics,
        F: Future<Output = Result<A, Diagnostics>> + Send + 'static,
    {
        let about_offer = offer.is_some();
        let running = self.spawn(rpc, &offer, |call| {
            let work = work(call.clone());
            async move {
                let (mut answer, failure) = match guard(work).await {
                    Ok(answer) => (answer, Diagnostics::default()),
                    Err(failure) => (A::default(), failure),
                };
                let size = answer.encoded_len();
                *answer.diagnostics_mut() = call.finish(failure, about_offer, size).await;
                answer
            }
        });
        Response::new(running.await.unwrap_or_else(|_| {
            let mut answer = A::default();
            answer.diagnostics_mut().push(crash().into());
            answer
        }))
    }

    /// Runs the work of an RPC that answers with a stream of events. `last` makes the last one from
    /// the diagnostics of the work, where the stream needs one.
    pub(crate) fn stream<E: Send + 'static, F>(
        &self,
        rpc: &'static str,
        offer: &OfferName,
        last: fn(Vec<wire::Diagnostic>) -> Option<E>,
        work: impl FnOnce(Arc<RpcCall<P>>, EventSender<E>) -> F,
    ) -> Response<BoxStream<E>>
    where
        F: Future<Output = Result<(), Diagnostics>> + Send + 'static,
    {
        let (events, stream) = mpsc::channel(EVENTS);
        self.spawn(rpc, offer, |call| {
            let work = work(call.clone(), events.clone());
            async move {
                let failure = guard(work).await.err().unwrap_or_default();
                if let Some(last) = last(call.finish(failure, true, 0).await) {
                    // An error means that the caller has disconnected.
                    let _ = events.send(Ok(last)).await;
                }
            }
        });
        Response::new(Box::pin(ReceiverStream::new(stream)))
    }

    /// Calls a function, which has an error in the place of diagnostics.
    pub(crate) async fn call(
        &self,
        request: call_function::Request,
    ) -> Response<call_function::Response> {
        let name = Some(("tf_function_name", request.name.clone()));
        let running = self.spawn("CallFunction", &name, |call| async move {
            let result = guard(async { call.call_function(&request) }).await;
            result.map_or_else(response::function_failed, |result| {
                call_function::Response {
                    result: Some(result),
                    error: None,
                }
            })
        });
        let crashed = |_| response::function_failed(FunctionError::from(crash()));
        Response::new(running.await.unwrap_or_else(crashed))
    }

    /// Starts the work of an RPC in a task of its own.
    fn spawn<T: Send + 'static, F>(
        &self,
        rpc: &'static str,
        offer: &OfferName,
        work: impl FnOnce(Arc<RpcCall<P>>) -> F,
    ) -> JoinHandle<T>
    where
        F: Future<Output = T> + Send + 'static,
    {
        let shared = self.0.clone();
        let name = |key| match offer {
            Some((of, name)) if *of == key => Some(name.as_str()),
            _ => None,
        };
        let span = tracing::error_span!(
            "rpc",
            tf_rpc = rpc,
            tf_req_id = shared.random.nonce(),
            tf_proto_version = "6.11",
            tf_resource_type = name("tf_resource_type"),
            tf_data_source_type = name("tf_data_source_type"),
            tf_action_type = name("tf_action_type"),
            tf_list_resource_type = name("tf_list_resource_type"),
            tf_function_name = name("tf_function_name"),
        );
        let session = RpcSession::new(shared.operations.token(), shared.warned.clone());
        let work = work(Arc::new(RpcCall { shared, session }));
        let task = async move {
            tracing::trace!("received request");
            let output = work.await;
            tracing::trace!("served request");
            output
        };
        self.0.operations.tracker().spawn(task.instrument(span))
    }
}
