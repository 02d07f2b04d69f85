//! go-plugin's own three services, as far as Terraform uses them.

use futures_util::{FutureExt, StreamExt};
use tokio_util::sync::CancellationToken;
use tonic::codegen::BoxStream;
use tonic::{Request, Response, Status, Streaming};

use crate::protocol::go_plugin::grpc_broker_server::GrpcBroker;
use crate::protocol::go_plugin::grpc_controller_server::GrpcController;
use crate::protocol::go_plugin::grpc_stdio_server::GrpcStdio;
use crate::protocol::go_plugin::{ConnInfo, Empty, StdioData};

/// Ends the process when Terraform asks.
#[derive(Debug)]
pub(super) struct Controller {
    /// Cancelled by the request.
    pub(super) shutdown: CancellationToken,
}

#[tonic::async_trait]
impl GrpcController for Controller {
    async fn shutdown(&self, _: Request<Empty>) -> Result<Response<Empty>, Status> {
        self.shutdown.cancel();
        Ok(Response::new(Empty {}))
    }
}

/// Streams that say nothing until the server ends. Terraform subscribes to stdio, and warns of whatever comes.
#[derive(Debug)]
pub(super) struct Silent {
    /// Cancelled when the server ends.
    pub(super) end: CancellationToken,
}

impl Silent {
    fn stream<T: Send + 'static>(&self) -> Response<BoxStream<T>> {
        let end = self.end.clone().cancelled_owned();
        let nothing = end.into_stream().filter_map(|()| async { None });
        Response::new(Box::pin(nothing))
    }
}

#[tonic::async_trait]
impl GrpcStdio for Silent {
    async fn stream_stdio(&self, _: Request<()>) -> Result<Response<BoxStream<StdioData>>, Status> {
        Ok(self.stream())
    }
}

#[tonic::async_trait]
impl GrpcBroker for Silent {
    async fn start_stream(
        &self,
        _: Request<Streaming<ConnInfo>>,
    ) -> Result<Response<BoxStream<ConnInfo>>, Status> {
        Ok(self.stream())
    }
}
