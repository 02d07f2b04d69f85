//! The three gRPC services that go-plugin itself defines, as far as Terraform uses them.

use futures_util::{StreamExt, stream};
use tokio_util::sync::CancellationToken;
use tonic::codegen::BoxStream;
use tonic::{Request, Response, Status, Streaming};

use crate::wire::go_plugin::grpc_broker_server::GrpcBroker;
use crate::wire::go_plugin::grpc_controller_server::GrpcController;
use crate::wire::go_plugin::grpc_stdio_server::GrpcStdio;
use crate::wire::go_plugin::{ConnInfo, Empty, StdioData};

/// The services of go-plugin.
#[derive(Clone, Debug, Default)]
pub(crate) struct Services {
    /// Is cancelled when Terraform calls `Shutdown` to end the process.
    pub(crate) shutdown: CancellationToken,
    /// Is cancelled when the server ends.
    pub(crate) end: CancellationToken,
}

impl Services {
    /// A stream that sends nothing and ends with the server.
    ///
    /// Terraform subscribes to the stream of stdio and logs a warning for everything that comes,
    /// so nothing may come. It opens none to the broker.
    fn silence<T: Send + 'static>(&self) -> Response<BoxStream<T>> {
        let end = self.end.clone().cancelled_owned();
        Response::new(Box::pin(stream::pending().take_until(end)))
    }
}

#[tonic::async_trait]
impl GrpcController for Services {
    async fn shutdown(&self, _: Request<Empty>) -> Result<Response<Empty>, Status> {
        self.shutdown.cancel();
        Ok(Response::new(Empty {}))
    }
}

#[tonic::async_trait]
impl GrpcStdio for Services {
    async fn stream_stdio(&self, _: Request<()>) -> Result<Response<BoxStream<StdioData>>, Status> {
        Ok(self.silence())
    }
}

#[tonic::async_trait]
impl GrpcBroker for Services {
    async fn start_stream(
        &self,
        _: Request<Streaming<ConnInfo>>,
    ) -> Result<Response<BoxStream<ConnInfo>>, Status> {
        Ok(self.silence())
    }
}
