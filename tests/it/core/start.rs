//! How Terraform starts a provider.

use std::future::{Future, IntoFuture};
use std::path::Path;
use std::pin::Pin;

use crate::support::{NO_METADATA, PROVIDER};

use super::{Client, Core, Handshake, Identity, Process, Stderr, tls};

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
            channel,
            directory,
        }
    }
}

impl IntoFuture for Start {
    type Output = Core;
    type IntoFuture = Pin<Box<dyn Future<Output = Core> + Send>>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(self.connected())
    }
}
