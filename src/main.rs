//! The binary that Terraform starts.

#![forbid(unsafe_code)]

use std::process::ExitCode;

use base::clock::Clock;
use base::environment::Environment;
use base::random::Random;
use terraform_plugin::process::{self, Plugin, Subcommand};
use terraform_provider_cams::{ADDRESS, LONG_WAIT, doctor, server};

/// The command that reports what works with an account, in place of serving Terraform.
const DOCTOR: &str = "doctor";

const PLUGIN: Plugin = Plugin {
    name: "cams",
    address: ADDRESS,
    version: base::VERSION,
    crates: &[
        "alibaba_cloud",
        "base",
        "call_quota",
        "cams",
        "terraform_provider_cams",
    ],
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
        process::panic::install_hook(&PLUGIN);
        let _flush = process::log::install(&PLUGIN, &environment, &clock);
        return doctor::main(arguments, environment, clock, Random::from_system());
    }
    process::main(&PLUGIN, arguments, &environment, &clock, || {
        let random = Random::from_system();
        server(environment.clone(), clock.clone(), random, LONG_WAIT)
    })
}
