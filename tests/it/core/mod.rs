//! Plays Terraform core: starts the provider as Terraform does, proves who it is, and calls it.
//!
//! ```ignore
//! let core = Core::start().env("TF_LOG", "TRACE").await;
//! let wrong = core.configure(&json!({ "region": "mars" })).await;
//! core.shutdown().await;
//! ```
#![allow(
    dead_code,
    unused_imports,
    reason = "a toolbox for tests and benchmarks: not every tool is in use everywhere"
)]

mod calls;
mod handshake;
mod process;
mod start;
mod tls;
pub(crate) mod value;

use std::ops::Deref;
use std::path::{Path, PathBuf};
use std::process::ExitStatus;

use serde_json::{Value, json};
use tempfile::TempDir;
use tonic::transport::Channel;

pub(crate) use calls::{Calls, Instance, Outcome};
pub(crate) use handshake::Handshake;
pub(crate) use process::{Process, Stderr};
pub(crate) use protocol_client::{go_plugin as plugin, tfplugin6};
pub(crate) use start::{COOKIE, STATE_DIRECTORY, Start};
pub(crate) use tls::{Client, Identity, connect};

use plugin::grpc_controller_client::GrpcControllerClient;
use plugin::grpc_stdio_client::GrpcStdioClient;
use tfplugin6::provider_client::ProviderClient;

use crate::support::soon;

/// The largest message that Terraform accepts, in bytes.
const MESSAGE_LIMIT: usize = 256 << 20;

/// A running provider with one authenticated connection. Killed when dropped.
pub(crate) struct Core {
    process: Process,
    handshake: Handshake,
    identity: Identity,
    calls: Calls,
    directory: TempDir,
}

impl Deref for Core {
    type Target = Calls;

    fn deref(&self) -> &Calls {
        &self.calls
    }
}

impl Core {
    /// A provider with nothing in its environment but what Terraform sets. Awaiting it starts it;
    /// before that, its environment can be changed.
    pub(crate) fn start() -> Start {
        Start::default()
    }

    /// The service by which go-plugin ends the process.
    pub(crate) fn controller(&self) -> GrpcControllerClient<Channel> {
        GrpcControllerClient::new(self.calls.0.clone())
    }

    /// The service by which go-plugin reads what the plugin prints.
    pub(crate) fn stdio(&self) -> GrpcStdioClient<Channel> {
        GrpcStdioClient::new(self.calls.0.clone())
    }

    /// The handshake line that the provider printed.
    pub(crate) fn handshake(&self) -> &Handshake {
        &self.handshake
    }

    /// The certificate and key of this Terraform.
    pub(crate) fn identity(&self) -> &Identity {
        &self.identity
    }

    /// The process itself: its id, its stderr, its end.
    pub(crate) fn process(&mut self) -> &mut Process {
        &mut self.process
    }

    /// The directory that holds the provider's temporary files, and nothing else.
    pub(crate) fn directory(&self) -> &Path {
        self.directory.path()
    }

    /// The path of the provider's socket.
    pub(crate) fn socket(&self) -> PathBuf {
        PathBuf::from(&self.handshake.address)
    }

    /// The log so far. Fails the test when a line is not what Terraform parses.
    pub(crate) fn logs(&self) -> Vec<Value> {
        self.process.logs()
    }

    /// Opens another connection, as `client`, and makes a call. Only the first call may show that a
    /// connection is refused.
    pub(crate) async fn connect(
        &self,
        client: Client<'_>,
    ) -> Result<ProviderClient<Channel>, Box<dyn std::error::Error>> {
        let channel = tls::connect(&self.handshake, client).await?;
        let mut provider = provider(channel);
        provider
            .get_provider_schema(tfplugin6::get_provider_schema::Request::default())
            .await?;
        Ok(provider)
    }

    /// Gives up the connection, as a Terraform that dies does, and keeps the process.
    pub(crate) fn disconnect(self) -> (Process, TempDir) {
        (self.process, self.directory)
    }

    /// Ends the provider as Terraform does, and returns its whole log. A line may be read later than
    /// the answer that follows it.
    pub(crate) async fn whole_log(mut self) -> Vec<Value> {
        self.end().await;
        self.logs()
    }

    /// Ends the provider as Terraform does, and returns how it ended.
    pub(crate) async fn shutdown(mut self) -> ExitStatus {
        self.end().await
    }

    async fn end(&mut self) -> ExitStatus {
        let mut controller = self.controller();
        // Terraform ignores the response, because the process may end before it is sent.
        let _ = soon(
            "a response to Shutdown",
            controller.shutdown(plugin::Empty {}),
        )
        .await;
        self.process.ended().await
    }
}

/// The block `throttle` of the provider with these attributes, and all others null.
pub(crate) fn throttle(settings: &Value) -> Value {
    let mut block = json!({
        "fallback_requests_per_second": null, "redis_url": null, "requests_per_second": null,
        "redis_command_timeout": null, "redis_connect_timeout": null, "scope": null,
        "state_directory": null,
    });
    for (name, value) in settings.as_object().expect("an object") {
        assert!(block.get(name).is_some(), "{name}");
        block[name] = value.clone();
    }
    block
}

/// The provider's RPCs over a connection made by hand.
pub(crate) fn provider(channel: Channel) -> ProviderClient<Channel> {
    ProviderClient::new(channel)
        .max_decoding_message_size(MESSAGE_LIMIT)
        .max_encoding_message_size(MESSAGE_LIMIT)
}
