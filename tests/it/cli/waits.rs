//! The warning about a long wait for the quota, as a person reads it.
//!
//! A wait is long after a minute, which no test can wait for. So the provider runs in the process
//! of the test, with a shorter time, and the CLI attaches to it.

use std::time::Duration;

use base::clock::Clock;
use base::environment::Environment;
use base::random::Random;
use serde_json::json;
use terraform_plugin::wire::tfplugin6::provider_server::ProviderServer;
use tokio::net::UnixListener;
use tokio::runtime::Runtime;
use tokio_stream::wrappers::UnixListenerStream;
use tonic::transport::Server;

use super::Workspace;
use super::output::{assert_prints, numbers};
use crate::emulator::Emulator;

/// After this time a wait is a long one here.
const LONG_WAIT: Duration = Duration::from_millis(2900);

const BLOCK: &str = "provider \"cams\" {\n  throttle {\n    scope               = \"process\"\n    \
                     requests_per_second = 1\n  }\n}\n";

/// Lets the CLI attach to a provider in this process, which lives as long as the runtime.
fn attached(workspace: Workspace) -> (Workspace, Runtime) {
    let command = workspace.command(&[]);
    let text = |text: &std::ffi::OsStr| text.to_str().unwrap().to_owned();
    let environment: Environment = command
        .get_envs()
        .filter_map(|(name, value)| Some((text(name), text(value?))))
        .collect();
    let (clock, random) = (Clock::system(), Random::from_system());
    let server = terraform_provider_cams::server(environment, clock, random, LONG_WAIT).unwrap();
    let socket = workspace.path().join("provider.sock");
    let runtime = Runtime::new().unwrap();
    let _guard = runtime.enter();
    let connections = UnixListenerStream::new(UnixListener::bind(&socket).unwrap());
    let serving = Server::builder()
        .add_service(ProviderServer::new(server))
        .serve_with_incoming(connections);
    runtime.spawn(serving);
    let setting = json!({
        "terraform-provider-cams/cams": {
            "Protocol": "grpc", "ProtocolVersion": 6, "Pid": std::process::id(), "Test": true,
            "Addr": { "Network": "unix", "String": socket },
        }
    });
    workspace.write("cli.tfrc", "");
    let workspace = workspace.env("TF_REATTACH_PROVIDERS", &setting.to_string());
    drop(_guard);
    (workspace, runtime)
}

#[test]
fn a_long_wait_is_told_once_with_what_was_ahead() {
    let emulator = Emulator::start(&[]);
    let workspace = Workspace::on(&emulator, &format!("{BLOCK}{}", numbers(4)));
    let (workspace, _provider) = attached(workspace);
    workspace.ok(&["init", "-no-color"]);
    // Each number is looked up, one in a second: the last one waits for three seconds.
    let mut run = workspace.apply();
    // Which one comes last is up to chance, and a slow machine lets it wait for longer.
    for index in 0..4 {
        run.stdout = run.stdout.replace(&format!("[{index}]"), "[<index>]");
    }
    for seconds in 3..10 {
        let waited = format!("waited {seconds} s");
        run.stdout = run.stdout.replace(&waited, "waited <n> s");
    }
    assert_prints(&workspace, &run, "waited");
}
