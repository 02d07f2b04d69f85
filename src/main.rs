//! The provider binary.

use std::ffi::OsString;
use std::io::{self, Write};
use std::process::ExitCode;

use terraform_provider_cams::clock::Clock;
use terraform_provider_cams::environment::Environment;
use terraform_provider_cams::plugin::{self, Mode, Plugin, Work};
use terraform_provider_cams::protocol::tfplugin6::provider_server::Provider;
use terraform_provider_cams::protocol::tfplugin6::{Schema, get_provider_schema, schema};
use tokio_util::task::TaskTracker;

const PLUGIN: Plugin = Plugin {
    name: "cams",
    address: "registry.terraform.io/terraform-provider-cams/cams",
    version: env!("CARGO_PKG_VERSION"),
};

const HELP: &str = "\
Terraform starts this program by itself; see the documentation of the provider.

Usage: terraform-provider-cams [--debug | --help | --version]

  --debug    Serve until interrupted, and print the setting that makes Terraform attach.";

fn main() -> ExitCode {
    plugin::panic::install_hook();
    let arguments: Vec<OsString> = std::env::args_os().skip(1).collect();
    let arguments: Vec<_> = arguments
        .iter()
        .filter_map(|argument| argument.to_str())
        .collect();
    let mode = match arguments.as_slice() {
        [] => Mode::Terraform,
        ["--debug" | "-debug"] => Mode::Debug,
        ["--help" | "-h"] => return say(io::stdout(), HELP, ExitCode::SUCCESS),
        ["--version"] => return say(io::stdout(), PLUGIN.version, ExitCode::SUCCESS),
        _ => return say(io::stderr(), HELP, ExitCode::from(2)),
    };
    match run(mode) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => say(io::stderr(), &error.to_string(), ExitCode::FAILURE),
    }
}

fn run(mode: Mode) -> Result<(), Box<dyn std::error::Error>> {
    let (environment, clock) = (Environment::of_process(), Clock::system());
    let _flush = plugin::log::install(&PLUGIN, &environment, &clock);
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()?;
    let work = Work::new(TaskTracker::new(), || ());
    let served = runtime.block_on(plugin::serve(
        &PLUGIN,
        mode,
        &environment,
        &clock,
        Nothing,
        &work,
    ));
    runtime.shutdown_background();
    Ok(served?)
}

fn say(mut to: impl Write, text: &str, code: ExitCode) -> ExitCode {
    // A reader that is gone changes nothing about the outcome.
    let _ = writeln!(to, "{text}");
    code
}

/// A provider without resources.
struct Nothing;

#[tonic::async_trait]
impl Provider for Nothing {
    async fn get_provider_schema(
        &self,
        _: tonic::Request<get_provider_schema::Request>,
    ) -> Result<tonic::Response<get_provider_schema::Response>, tonic::Status> {
        // Terraform 1.11 crashes on a schema without a block.
        let provider = Schema {
            block: Some(schema::Block::default()),
            ..Schema::default()
        };
        Ok(tonic::Response::new(get_provider_schema::Response {
            provider: Some(provider),
            ..get_provider_schema::Response::default()
        }))
    }
}
