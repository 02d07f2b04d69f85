//! The binary that Terraform starts.

#![forbid(unsafe_code)]

use std::process::ExitCode;

use terraform_provider_cams::clock::Clock;
use terraform_provider_cams::environment::Environment;
use terraform_provider_cams::plugin::{self, Plugin, Subcommand, Work};
use terraform_provider_cams::provider::{self, Mismatch, doctor};
use terraform_provider_cams::random::Random;

/// The command that reports what works with an account, in place of serving Terraform.
const DOCTOR: &str = "doctor";

const PLUGIN: Plugin = Plugin {
    name: "cams",
    address: provider::ADDRESS,
    version: env!("CARGO_PKG_VERSION"),
    // The library of this package has the same name, with underscores.
    crate_name: env!("CARGO_CRATE_NAME"),
    secret_fields: &["redis_url", "verification_code"],
    commands: &[Subcommand {
        name: DOCTOR,
        arguments: "[--json] [--help]",
        about: "Report what works with the settings in the environment; it only reads",
    }],
};

fn main() -> ExitCode {
    let (environment, clock) = (Environment::of_process(), Clock::system());
    let mut arguments = std::env::args_os().skip(1).peekable();
    if arguments.next_if(|first| first == DOCTOR).is_some() {
        plugin::panic::install_hook(&PLUGIN);
        let _flush = plugin::log::install(&PLUGIN, &environment, &clock);
        return doctor::main(arguments, &environment, &clock, &Random::from_system());
    }
    plugin::main(&PLUGIN, arguments, &environment, &clock, || {
        let server = provider::server(environment.clone(), clock.clone(), Random::from_system())?;
        let operations = server.operations();
        let work = Work::new(operations.tracker().clone(), move || operations.end());
        Ok::<_, Mismatch>((server, work))
    })
}
