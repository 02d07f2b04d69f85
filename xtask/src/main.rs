//! The developer commands of this project: `cargo xtask COMMAND`.

#![forbid(unsafe_code)]
#![allow(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "this program prints to a terminal"
)]
#![allow(
    clippy::disallowed_methods,
    reason = "this program reads the environment and the clock of its user"
)]

mod bench;
mod cli;
mod demo;
mod dependencies;
mod dist;
mod docs;
mod emulator;
mod fuzz;
mod instructions;
mod sbom;
mod shell;
mod soak;
mod test;
mod tools;

use std::process::ExitCode;

const USAGE: &str = "\
Usage: cargo xtask COMMAND

  cargo xtask demo            Run the provider with the emulator, from init to destroy
  cargo xtask test            Run all checks that must pass before a change is merged. Uses
                              terraform and tofu from the PATH, and the CLIs in CAMS_TEST_CLIS
                              (paths separated by `:`)
  cargo xtask test --quick    Check format and lints; run the unit tests and one test with the CLI
  cargo xtask test --cli      Run only the tests that depend on the CLI
  cargo xtask dist VERSION    Build the archives, checksums and manifest of a release, for this platform.
                              --filesystem-mirror DIRECTORY and --network-mirror DIRECTORY add them to
                              a mirror, --sign KEY signs the checksums by GnuPG. --output DIRECTORY gets
                              the archives. In place of a build, --binaries DIRECTORY packages binaries,
                              and --archives DIRECTORY completes the archives of several platforms
  cargo xtask docs [--check]  Render docs/ from the provider's schema and examples/, or compare
                              docs/ with them
  cargo xtask audit           Check the dependencies, and list them in a CycloneDX SBOM in target/
  cargo xtask soak [--short]  Migrate thousands of numbers with a service that fails at random
  cargo xtask soak credentials [--short]
                              Run applies for 20 minutes with sessions of one minute
  cargo xtask fuzz [SECONDS] [TARGET...]
                              Run all fuzz targets, or the named ones, for 30 seconds each or for
                              SECONDS
  cargo xtask instructions    Count the instructions of what the provider does often, with valgrind, and
                              compare them with the recorded counts. --record records new ones
  cargo xtask bench [--quick] Compare the provider with the least that any provider costs and with
                              other frameworks: time, memory, calls per second. Writes
                              benches/results/; with --quick, takes fewer samples and writes nothing
  cargo xtask bench --before PROGRAM
                              Compare the provider with PROGRAM, another build of it
  cargo xtask bench memory    Measure the provider's peak memory with servers and clients that send
                              endless data
  cargo xtask bench throttle  Compare the throttle with other policies, in real processes with the
                              emulator. With --quick, run only some scenarios
";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let result = match arguments.as_slice() {
        ["demo"] => demo::run(),
        ["test"] => test::run(),
        ["test", "--quick"] => test::quick(),
        ["test", "--cli"] => test::with_clis(),
        ["audit"] => dependencies::audit(),
        ["dist", arguments @ ..] => dist::run(arguments),
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
        ["instructions"] => instructions::check(),
        ["instructions", "--record"] => instructions::record(),
        ["bench", rest @ ..] => bench::run(rest),
        [] | ["help" | "--help" | "-h"] => {
            print!("{USAGE}");
            Ok(())
        }
        other => Err(format!("unknown command: {}\n\n{USAGE}", other.join(" "))),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            eprintln!("\n{}", shell::red(&message));
            ExitCode::FAILURE
        }
    }
}
