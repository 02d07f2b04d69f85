//! How Terraform starts, authenticates, logs and stops a plugin process.
//!
//! A process goes through these steps: check the cookie, install the signal handlers, listen on a
//! socket, make a certificate, announce both in one line on stdout, serve, and end when asked to.
//! go-plugin, the library on Terraform's side, defines each step.
//!
//! Nothing here knows the provider that it serves. What differs from one provider to another is in
//! [`Plugin`].
//!
//! In reading order:
//!
//! - `plugin`, `error`: what differs between plugins; why one could not be served.
//! - `panic`, `log`: what becomes of panics and of events.
//! - `handshake`, `listener`, `tls`: the cookie and the line on stdout, the socket, the certificates.
//! - `acceptor`, `services`: the connections, and go-plugin's own three services.
//! - `lifecycle`: when the process ends.
//! - this file: the steps from the handshake to the end, in order.
//! - `command`: the plugin as a program.

use std::io::Write;
use std::pin::pin;
use std::time::Duration;

use tokio::time::timeout;
use tonic::transport;
use tonic::transport::server::Router;

use crate::framework::provider::Provider;
use crate::framework::server::{InvalidProvider, Server};
use crate::wire::MESSAGE_LIMIT;
use crate::wire::go_plugin::grpc_broker_server::GrpcBrokerServer;
use crate::wire::go_plugin::grpc_controller_server::GrpcControllerServer;
use crate::wire::go_plugin::grpc_stdio_server::GrpcStdioServer;
use crate::wire::tfplugin6::provider_server::ProviderServer;
use base::clock::Clock;
use base::environment::Environment;

mod acceptor;
mod command;
mod error;
mod handshake;
mod lifecycle;
mod listener;
pub mod log;
pub mod panic;
mod plugin;
mod services;
mod tls;

pub use command::main;
pub use error::ServeError;
pub use plugin::{Mode, Plugin, Subcommand};
use services::Services;

/// The largest message that is written, in bytes, which is the largest that every Terraform reads.
/// An object that was read may have grown when it is written, and must not be lost by that.
const WRITE_LIMIT: usize = 64 << 20;

/// How many calls a connection may have open. `terraform apply -parallelism=4000` still works, and
/// an interrupt still gets through beside it.
const STREAM_LIMIT: u32 = 4096;

/// How many bytes of all calls together a connection may send before they are read.
///
/// The HTTP/2 library ends a connection whose unread small frames cost more than half of this, each
/// counted as 256 bytes. So many are unread at once only if all calls of [`STREAM_LIMIT`] come
/// together, and then they must not end the connection.
const CONNECTION_WINDOW: u32 = 4 << 20;

/// How long connections may take to close once the server ends. It is enough for the response to
/// `Shutdown` to reach Terraform, which is on the same host.
const CLOSE_LIMIT: Duration = Duration::from_millis(100);

/// Serves a provider until Terraform, a signal or the loss of Terraform ends it. The server is made
/// after the handshake line is written, while Terraform connects.
///
/// It needs a tokio runtime with I/O and time. When it returns, the socket is removed. Tasks may
/// still run then, so end the runtime with `shutdown_background`, which does not wait for them.
///
/// # Errors
///
/// [`ServeError`] says why the plugin cannot be served. Once the handshake line is written, the failure
/// of a connection is not one of these: it ends that connection alone.
pub async fn serve<P: Provider>(
    plugin: &Plugin,
    mode: Mode,
    environment: &Environment,
    clock: &Clock,
    server: impl FnOnce() -> Result<Server<P>, InvalidProvider>,
) -> Result<(), ServeError> {
    if mode == Mode::Terraform {
        handshake::check_cookie(environment)?;
    }
    let host = lifecycle::parent();
    // The handlers are there before the handshake line, after which Ctrl-C can come at any time.
    let signals = lifecycle::Signals::install()?;
    let (listener, socket, _directory) = listener::open(plugin, environment)?;
    let (tls, announcement) = match (mode, environment.get("PLUGIN_CLIENT_CERT")) {
        (Mode::Debug, _) => {
            let line = handshake::reattach(plugin, &socket, std::process::id());
            (None, line)
        }
        (Mode::Terraform, None) => (None, handshake::line(environment, &socket, None)),
        (Mode::Terraform, Some(pem)) => {
            let (tls, certificate) = tls::acceptor(tls::client_certificate(pem)?, clock)?;
            let line = handshake::line(environment, &socket, Some(&certificate));
            (Some(tls), line)
        }
    };
    let authenticated = tls.is_some();
    let (incoming, peers) = acceptor::accept(listener, tls);
    announce(&announcement)?;
    tracing::debug!(version = plugin.version, authenticated, "the plugin serves");
    let (of_plugin, of_process) = (*plugin, environment.clone());
    // Terraform waits for the line above, and not for this.
    tokio::task::spawn_blocking(move || listener::clear_dead(&of_plugin, &of_process));
    if !handshake::is_offered(environment) {
        tracing::warn!("the host does not offer protocol {}", handshake::PROTOCOL);
    }

    let (server, services) = (server()?, Services::default());
    let operations = server.operations();
    let ended = lifecycle::ended(
        mode,
        &services.shutdown,
        signals.ended(mode),
        host,
        peers,
        &operations,
    );
    let server = router(server, &services)
        .serve_with_incoming_shutdown(incoming, services.end.clone().cancelled_owned());
    let mut server = pin!(server);
    tokio::select! {
        result = &mut server => return Ok(result?),
        () = ended => services.end.cancel(),
    }
    Ok(timeout(CLOSE_LIMIT, server).await.unwrap_or(Ok(()))?)
}

fn router<P: Provider>(server: Server<P>, services: &Services) -> Router {
    let provider = ProviderServer::new(server)
        .max_decoding_message_size(MESSAGE_LIMIT)
        .max_encoding_message_size(WRITE_LIMIT);
    transport::Server::builder()
        .max_concurrent_streams(Some(STREAM_LIMIT))
        .initial_connection_window_size(Some(CONNECTION_WINDOW))
        .add_service(provider)
        .add_service(GrpcControllerServer::new(services.clone()))
        .add_service(GrpcStdioServer::new(services.clone()))
        .add_service(GrpcBrokerServer::new(services.clone()))
}

/// Writes the line that announces the socket. Nothing else is ever written to stdout.
fn announce(line: &str) -> Result<(), ServeError> {
    let mut stdout = std::io::stdout().lock();
    writeln!(stdout, "{line}")
        .and_then(|()| stdout.flush())
        .map_err(ServeError::Stdout)
}
