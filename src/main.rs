//! The provider binary.

use std::ffi::OsString;
use std::io::{self, Write};
use std::process::ExitCode;

use terraform_provider_cams::clock::Clock;
use terraform_provider_cams::environment::Environment;
use terraform_provider_cams::plugin::{self, Mode, Plugin, Work};
use terraform_provider_cams::provider::{self, server};
use terraform_provider_cams::random::Random;

const PLUGIN: Plugin = Plugin {
    name: "cams",
    address: provider::ADDRESS,
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
    let service = server(environment.clone(), clock.clone(), Random::from_system());
    let operations = service.operations();
    let work = Work::new(operations.tracker().clone(), move || operations.stop());
    let served = plugin::serve(&PLUGIN, mode, &environment, &clock, service, &work);
    let served = runtime.block_on(served);
    runtime.shutdown_background();
    Ok(served?)
}

fn say(mut to: impl Write, text: &str, code: ExitCode) -> ExitCode {
    // A reader that is gone changes nothing about the outcome.
    let _ = writeln!(to, "{text}");
    code
}
