//! `terraform-provider-cams doctor`: reports what works for an account, and how CAMS behaves.
//!
//! It takes its settings from the same environment variables as the provider, asks the service a
//! few questions, and reports what the answers show. It only reads: `answers` names the operations,
//! and each call passes the throttle like all others.
//!
//! - `arguments`: the command line.
//! - `answers`: the questions to the service, and what the answers mean.
//! - `names`: which words of the service the report may show.
//! - `observe`: the only part with I/O besides this file. It makes the calls.
//! - `operations`: the operations that RAM has to allow, and what calls them.
//! - `finding`: one finding. `findings`, `account`: what works and what does not, from the observations.
//! - `questions`: what the documentation leaves open, as far as it was observed.
//! - `report`: the two forms of the report.

mod account;
mod answers;
mod arguments;
mod finding;
mod findings;
mod names;
mod observe;
mod operations;
mod questions;
mod report;

use std::ffi::OsString;
use std::process::ExitCode;

use base::clock::Clock;
use base::environment::Environment;
use base::random::Random;
use base::terminal;
use cams::LONG_WAIT;

use super::config::CamsProvider;
use report::Report;

/// The exit code for a report that could not be written.
const UNWRITTEN: u8 = 3;

/// Runs the command with the arguments behind `doctor`.
///
/// Returns 0 if everything that the provider needs works, 1 if something does not, 2 if the
/// arguments cannot be understood, and 3 if the report cannot be written.
pub fn main(
    arguments: impl Iterator<Item = OsString>,
    environment: Environment,
    clock: Clock,
    random: Random,
) -> ExitCode {
    let options = match arguments::parse(arguments) {
        Ok(Some(options)) => options,
        Ok(None) => return print(arguments::HELP, ExitCode::SUCCESS),
        Err(wrong) => {
            let help = "see terraform-provider-cams doctor --help";
            return fail(2, &format!("{wrong}; {help}"));
        }
    };
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build();
    let runtime = match runtime {
        Ok(runtime) => runtime,
        Err(error) => return fail(1, &format!("the async runtime cannot be started: {error}")),
    };
    let provider = CamsProvider {
        environment,
        clock,
        random,
        long_wait: LONG_WAIT,
    };
    let report = Report::new(&runtime.block_on(observe::observe(&options, &provider)));
    let text = match options.json {
        true => report.json(),
        false => report.text(),
    };
    print(&text, ExitCode::from(u8::from(!report.works())))
}

/// Prints a text and gives this exit code, or that of a report that cannot be written.
fn print(text: &str, code: ExitCode) -> ExitCode {
    match terminal::print(text) {
        Ok(()) => code,
        Err(error) => {
            let text = format!("the report cannot be written to stdout: {error}");
            fail(UNWRITTEN, &text)
        }
    }
}

fn fail(code: u8, text: &str) -> ExitCode {
    terminal::complain(text);
    ExitCode::from(code)
}
