//! Plays Terraform core: connects to a server over a socket, and calls it with the messages that
//! Terraform has.

use protocol_client::tfplugin6::provider_client::ProviderClient;
use protocol_client::tfplugin6::{DynamicValue, configure_provider, stop_provider};
use rmpv::Value as Packed;
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::net::UnixListener;
use tokio_stream::wrappers::UnixListenerStream;
use tonic::transport::{Channel, Endpoint, Server};

use base::random::Random;
use terraform_plugin::framework::server;
use terraform_plugin::wire::tfplugin6::provider_server::ProviderServer;

use crate::toy::{Seen, Toy};

/// A server with one connection. It ends with the runtime of the test.
pub(crate) struct Core {
    pub(crate) provider: ProviderClient<Channel>,
    /// What the toy provider has noticed.
    pub(crate) seen: Seen,
    _directory: TempDir,
}

impl Core {
    /// Starts a server, which is not configured.
    pub(crate) async fn start() -> Self {
        let directory = tempfile::tempdir().expect("a directory");
        let socket = directory.path().join("socket");
        let listener = UnixListener::bind(&socket).expect("a socket");
        let seen = Seen::default();
        let toy = Toy { seen: seen.clone() };
        let server = server::Server::new(toy, Random::seeded(1)).expect("a good provider");
        let router = Server::builder().add_service(ProviderServer::new(server));
        tokio::spawn(router.serve_with_incoming(UnixListenerStream::new(listener)));
        let endpoint = Endpoint::try_from(format!("unix://{}", socket.display()));
        let channel = endpoint.expect("an address").connect().await;
        Self {
            provider: ProviderClient::new(channel.expect("a connection")),
            seen,
            _directory: directory,
        }
    }

    /// Starts a server and configures it.
    pub(crate) async fn configured() -> Self {
        let mut core = Self::start().await;
        let request = configure_provider::Request {
            terraform_version: "1.16.0".to_owned(),
            config: encode(&json!({ "greeting": "hello" })),
            ..Default::default()
        };
        let configured = core.provider.configure_provider(request).await;
        let said = configured.expect("a response").into_inner().diagnostics;
        assert_eq!(said, []);
        core
    }

    /// Does what Terraform does when the user presses Ctrl-C.
    pub(crate) async fn stop(&self) {
        let request = stop_provider::Request::default();
        let stopped = self.provider.clone().stop_provider(request).await;
        assert_eq!(stopped.expect("a response").into_inner().error, "");
    }
}

/// A value as Terraform sends it.
pub(crate) fn encode(value: &Value) -> Option<DynamicValue> {
    let mut msgpack = Vec::new();
    rmpv::encode::write_value(&mut msgpack, &pack(value)).expect("memory");
    Some(DynamicValue {
        msgpack,
        json: Vec::new(),
    })
}

/// A value of a response.
pub(crate) fn decode(value: Option<&DynamicValue>) -> Value {
    let bytes = &value.expect("a value").msgpack;
    unpack(rmpv::decode::read_value(&mut bytes.as_slice()).expect("MessagePack"))
}

fn pack(value: &Value) -> Packed {
    match value {
        Value::Null => Packed::Nil,
        Value::Bool(value) => (*value).into(),
        Value::Number(number) => number.as_i64().expect("an integer").into(),
        // What stands for an unknown value in the tests.
        Value::String(text) if text == "unknown" => Packed::Ext(0, vec![0]),
        Value::String(text) => text.as_str().into(),
        Value::Array(elements) => Packed::Array(elements.iter().map(pack).collect()),
        Value::Object(entries) => {
            let entries = entries.iter();
            Packed::Map(
                entries
                    .map(|(key, it)| (key.as_str().into(), pack(it)))
                    .collect(),
            )
        }
    }
}

fn unpack(value: Packed) -> Value {
    match value {
        Packed::Nil => Value::Null,
        Packed::Boolean(value) => value.into(),
        Packed::String(text) => text.into_str().into(),
        Packed::Array(elements) => elements.into_iter().map(unpack).collect(),
        Packed::Map(entries) => entries
            .into_iter()
            .map(|(key, value)| (key.as_str().expect("a text").to_owned(), unpack(value)))
            .collect(),
        other => panic!("a response has no {other}"),
    }
}
