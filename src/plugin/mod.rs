//! How Terraform starts, authenticates, logs and stops a plugin process.
//!
//! The order of a life: check the cookie, take over the signals, listen, make a certificate, say so in one line on
//! stdout, serve, and leave when asked to. The facts are those of go-plugin, the library on Terraform's side.

use std::io::Write;
use std::pin::pin;
use std::time::Duration;

use tokio::time::timeout;
use tokio_util::sync::CancellationToken;
use tonic::transport::Server;
use tonic::transport::server::Router;

use crate::clock::Clock;
use crate::environment::Environment;
use crate::protocol::go_plugin::grpc_broker_server::GrpcBrokerServer;
use crate::protocol::go_plugin::grpc_controller_server::GrpcControllerServer;
use crate::protocol::go_plugin::grpc_stdio_server::GrpcStdioServer;
use crate::protocol::tfplugin6::provider_server::{Provider, ProviderServer};

mod acceptor;
mod command;
mod error;
mod handshake;
mod lifecycle;
mod listener;
pub mod log;
pub mod panic;
mod services;
mod tls;

pub use command::main;
pub use error::Error;
pub use lifecycle::Work;

/// The largest message either way. Terraform takes larger ones, and no object of a provider like
/// this one comes near: its schema, its largest message, takes some ten KiB. While it is read, a
/// message needs up to three times its size.
const MESSAGE_LIMIT: usize = 40 << 20;

/// How many calls a connection may have open. `terraform apply -parallelism=4000` still works, and
/// an interrupt still gets through beside it.
const STREAM_LIMIT: u32 = 4096;

/// How long connections may take to say goodbye: enough for the answer to `Shutdown`, on the same host.
const FAREWELL: Duration = Duration::from_millis(100);

/// Who the plugin is.
#[derive(Clone, Copy, Debug)]
pub struct Plugin {
    /// The provider's short name, which log settings use.
    pub name: &'static str,
    /// The registry address.
    pub address: &'static str,
    /// The release.
    pub version: &'static str,
}

/// Who started the process.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// A person, to attach a debugger or a test: no cookie, no TLS, stays until interrupted.
    Debug,
    /// Terraform.
    Terraform,
}

/// Serves `service` until Terraform, a signal or the loss of Terraform ends it.
///
/// Needs a tokio runtime with I/O and time. When it returns, the socket is gone; tasks may still run, so the runtime is
/// best left behind with `shutdown_background`.
///
/// # Errors
///
/// [`Error`] says why the plugin cannot be served. Once the handshake is made there are none: a connection that fails
/// fails alone.
pub async fn serve<S: Provider>(
    plugin: &Plugin,
    mode: Mode,
    environment: &Environment,
    clock: &Clock,
    service: S,
    work: &Work,
) -> Result<(), Error> {
    if mode == Mode::Terraform {
        handshake::check_cookie(environment)?;
    }
    let host = lifecycle::parent();
    // Before the handshake, after which Ctrl-C can come at any time.
    let signals = lifecycle::Signals::install()?;
    let (listener, endpoint, _cleanup) = listener::Listener::open(environment)?;
    let (tls, announcement) = match (mode, environment.get("PLUGIN_CLIENT_CERT")) {
        (Mode::Debug, _) => {
            let line = handshake::reattach(plugin, &endpoint, std::process::id());
            (None, line)
        }
        (Mode::Terraform, None) => (None, handshake::line(environment, &endpoint, None)),
        (Mode::Terraform, Some(pem)) => {
            let (tls, certificate) = tls::acceptor(tls::client_certificate(pem)?, clock)?;
            let line = handshake::line(environment, &endpoint, Some(&certificate));
            (Some(tls), line)
        }
    };
    let authenticated = tls.is_some();
    let (incoming, peers) = acceptor::accept(listener, tls);
    announce(&announcement)?;
    tracing::debug!(
        version = plugin.version,
        network = endpoint.network,
        authenticated,
        "the plugin serves"
    );
    let of_process = environment.clone();
    // Terraform waits for the line above, and not for this.
    tokio::task::spawn_blocking(move || listener::Listener::clear_dead(&of_process));
    if !handshake::is_offered(environment) {
        tracing::warn!("the host does not offer protocol {}", handshake::PROTOCOL);
    }

    let (shutdown, end) = (CancellationToken::new(), CancellationToken::new());
    let ended = lifecycle::ended(mode, &shutdown, signals.ended(mode), host, peers, work);
    let server = router(service, &shutdown, &end)
        .serve_with_incoming_shutdown(incoming, end.clone().cancelled_owned());
    let mut server = pin!(server);
    tokio::select! {
        result = &mut server => return Ok(result?),
        () = ended => end.cancel(),
    }
    match timeout(FAREWELL, server).await {
        Ok(result) => Ok(result?),
        Err(_) => Ok(()),
    }
}

fn router<S: Provider>(
    service: S,
    shutdown: &CancellationToken,
    end: &CancellationToken,
) -> Router {
    let silent = || services::Silent { end: end.clone() };
    let controller = services::Controller {
        shutdown: shutdown.clone(),
    };
    let provider = ProviderServer::new(service)
        .max_decoding_message_size(MESSAGE_LIMIT)
        .max_encoding_message_size(MESSAGE_LIMIT);
    Server::builder()
        .max_concurrent_streams(Some(STREAM_LIMIT))
        .add_service(provider)
        .add_service(GrpcControllerServer::new(controller))
        .add_service(GrpcStdioServer::new(silent()))
        .add_service(GrpcBrokerServer::new(silent()))
}

/// Writes the one line that stdout ever gets.
fn announce(line: &str) -> Result<(), Error> {
    let mut stdout = std::io::stdout().lock();
    writeln!(stdout, "{line}")
        .and_then(|()| stdout.flush())
        .map_err(Error::Stdout)
}
