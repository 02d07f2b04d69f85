//! How Terraform starts a provider.

use std::future::{Future, IntoFuture};
use std::io;
use std::ops::Deref;
use std::path::Path;
use std::pin::Pin;

use base::clock::Clock;
use base::environment::Environment;
use base::random::Random;
use hyper_util::rt::TokioIo;
use tempfile::TempDir;
use terraform_plugin::wire::tfplugin6::provider_server::ProviderServer;
use terraform_provider_cams::LONG_WAIT;
use tokio::task::AbortHandle;
use tonic::transport::{Endpoint, Server};

use crate::support::{NO_METADATA, PROVIDER};

use super::{Calls, Client, Core, Handshake, Identity, Process, Stderr, tls};

/// The variable by which a plugin knows that Terraform has started it, and its value.
pub(crate) const COOKIE: (&str, &str) = (
    "TF_PLUGIN_MAGIC_COOKIE",
    "d602bf8f470bc67ca7faa0386276bbdd4330efaf76d1a219cb4d6991ca9872b2",
);

/// The variable for the directory in which processes of one host share state. Each provider in a
/// test has a directory of its own, unless the test says otherwise.
pub(crate) const STATE_DIRECTORY: &str = "CAMS_THROTTLE_STATE_DIRECTORY";

/// A provider about to be started. Awaiting it makes the handshake and connects.
#[derive(Debug)]
pub(crate) struct Start {
    environment: Vec<(String, String)>,
    stderr: Stderr,
    tls: bool,
    file_size_limit: bool,
}

impl Default for Start {
    fn default() -> Self {
        Self {
            environment: Vec::new(),
            stderr: Stderr::default(),
            tls: true,
            file_size_limit: false,
        }
        .env(COOKIE.0, COOKIE.1)
        .env(NO_METADATA.0, NO_METADATA.1)
        .env("PLUGIN_PROTOCOL_VERSIONS", "5,6")
        .env("PLUGIN_MIN_PORT", "10000")
        .env("PLUGIN_MAX_PORT", "25000")
    }
}

impl Start {
    /// Sets a variable of the provider's environment, which is otherwise empty.
    pub(crate) fn env(mut self, name: &str, value: &str) -> Self {
        self.environment.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Turns TLS off, as `TF_DISABLE_PLUGIN_TLS` does.
    pub(crate) fn without_tls(mut self) -> Self {
        self.tls = false;
        self
    }

    /// Lets no file that the provider writes grow beyond nothing, as `ulimit -f 0` does.
    pub(crate) fn with_file_size_limit(mut self) -> Self {
        self.file_size_limit = true;
        self
    }

    /// Sets what becomes of its stderr.
    pub(crate) fn stderr(mut self, stderr: Stderr) -> Self {
        self.stderr = stderr;
        self
    }

    /// Starts the process, without waiting for its handshake line.
    pub(crate) fn spawn(self, directory: &Path) -> Process {
        if self.file_size_limit {
            let command = ["sh", "-c", "ulimit -f 0; exec \"$0\"", PROVIDER];
            return Process::spawn_as(&command, &self.environment, directory, self.stderr);
        }
        Process::spawn(&[], &self.environment, directory, self.stderr)
    }

    /// Starts the process by a shell that ignores a signal, without waiting for its handshake line.
    pub(crate) fn spawn_ignoring(self, signal: &str, directory: &Path) -> Process {
        let script = format!("trap '' {signal}; exec \"$0\"");
        let command = ["sh", "-c", &script, PROVIDER];
        Process::spawn_as(&command, &self.environment, directory, self.stderr)
    }

    async fn connected(mut self) -> Core {
        let identity = Identity::generate();
        if self.tls {
            self = self.env("PLUGIN_CLIENT_CERT", &identity.pem());
        }
        let tls = self.tls;
        let directory = tempfile::tempdir().unwrap();
        if !self
            .environment
            .iter()
            .any(|(name, _)| name == STATE_DIRECTORY)
        {
            let state = directory.path().join("state").display().to_string();
            self = self.env(STATE_DIRECTORY, &state);
        }
        let mut process = self.spawn(directory.path());
        let handshake = Handshake::parse(&process.line().await);
        let client = if tls {
            Client::Tls(&identity)
        } else {
            Client::Plaintext
        };
        let channel = tls::connect(&handshake, client).await.unwrap();
        Core {
            process,
            handshake,
            identity,
            calls: Calls(channel),
            directory,
        }
    }

    /// Serves the provider in a task of this process, with the same environment and without
    /// go-plugin's handshake and TLS.
    pub(crate) async fn in_process(self) -> InProcess {
        let directory = tempfile::tempdir().unwrap();
        let state = directory.path().join("state").display().to_string();
        let environment: Environment = self
            .env(STATE_DIRECTORY, &state)
            .environment
            .into_iter()
            .collect();
        let (clock, random) = (Clock::system(), Random::from_system());
        let server = terraform_provider_cams::server(environment, clock, random, LONG_WAIT);
        let (ours, theirs) = tokio::io::duplex(1 << 16);
        let serving = Server::builder()
            .add_service(ProviderServer::new(server.unwrap()))
            .serve_with_incoming(tokio_stream::once(Ok::<_, io::Error>(theirs)));
        let task = tokio::spawn(serving);
        let mut ours = Some(TokioIo::new(ours));
        let connector = tower::service_fn(move |_| {
            let connection = ours
                .take()
                .ok_or(io::Error::from(io::ErrorKind::NotConnected));
            std::future::ready(connection)
        });
        let endpoint = Endpoint::from_static("http://in.process");
        let channel = endpoint.connect_with_connector(connector).await.unwrap();
        InProcess {
            calls: Calls(channel),
            task: task.abort_handle(),
            _directory: directory,
        }
    }
}

/// A provider that runs as a task. It ends when this value is dropped.
pub(crate) struct InProcess {
    calls: Calls,
    task: AbortHandle,
    _directory: TempDir,
}

impl Deref for InProcess {
    type Target = Calls;

    fn deref(&self) -> &Calls {
        &self.calls
    }
}

impl Drop for InProcess {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl IntoFuture for Start {
    type Output = Core;
    type IntoFuture = Pin<Box<dyn Future<Output = Core> + Send>>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(self.connected())
    }
}
