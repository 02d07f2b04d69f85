//! The commands that people type to work on this project: `cargo xtask COMMAND`.

#![forbid(unsafe_code)]
#![allow(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a program for people at a terminal"
)]
#![allow(
    clippy::disallowed_methods,
    reason = "it reads the environment and the clock of whoever runs it"
)]

mod bench;
mod cli;
mod demo;
mod dependencies;
mod docs;
mod emulator;
mod examples;
mod fuzz;
mod shell;
mod soak;
mod startup;
mod test;
mod tools;

use std::process::ExitCode;

const USAGE: &str = "\
The commands of this project:

  cargo xtask demo            Try the provider on the emulator, from init to destroy
  cargo xtask test            Everything that must pass before a change lands. Uses terraform and
                              tofu from the PATH, and the CLIs that CAMS_TEST_CLIS names (paths
                              joined by `:`)
  cargo xtask test --quick    Format, lints, unit tests and one story with the CLI
  cargo xtask test --cli      Only what depends on the CLI
  cargo xtask docs [--check]  Render docs/ from the provider's schema and examples/, or compare
  cargo xtask soak [--short]  Thousands of numbers through a service that fails at random
  cargo xtask soak credentials [--short]
                              Applies for 20 minutes with sessions that live a minute
  cargo xtask fuzz [SECONDS] [TARGET...]
                              Fuzz targets, all unless named, each for 30 seconds unless told
                              otherwise
  cargo xtask bench memory    Peak memory of the provider under neighbours that send without end
  cargo xtask bench startup   Time from exec to handshake, and idle memory, of the release binary
  cargo xtask bench throttle  Real processes before a service that counts, beside other policies.
                              With --quick only some settings
";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let result = match arguments.as_slice() {
        ["demo"] => demo::run(),
        ["test"] => test::run(),
        ["test", "--quick"] => test::quick(),
        ["test", "--cli"] => test::with_clis(),
        ["docs"] => docs::write(),
        ["docs", "--check"] => docs::check(),
        ["fuzz"] => fuzz::run("30", &[]),
        ["fuzz", seconds, targets @ ..] => fuzz::run(seconds, targets),
        ["soak"] => soak::run(&soak::Plan::LONG),
        ["soak", "--short"] => soak::run(&soak::Plan::SHORT),
        ["soak", "credentials"] => soak::credentials::run(&soak::credentials::Plan::LONG),
        ["soak", "credentials", "--short"] => {
            soak::credentials::run(&soak::credentials::Plan::SHORT)
        }
        ["bench", rest @ ..] => bench::run(rest),
        [] | ["help" | "--help" | "-h"] => {
            print!("{USAGE}");
            Ok(())
        }
        other => Err(format!("no such command: {}\n\n{USAGE}", other.join(" "))),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            eprintln!("\n{}", shell::red(&message));
            ExitCode::FAILURE
        }
    }
}
