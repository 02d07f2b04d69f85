//! `terraform-provider-cams doctor`: tells whoever has an account what works, and how CAMS behaves.
//!
//! It takes its settings from the same environment variables as the provider, asks the service a
//! few questions, and reports what the answers show. It only reads: the client's methods that it
//! calls are those of `cams::inspection`, every one of which is a reading operation, and each call
//! passes the throttle as all others do.
//!
//! - `arguments`: what was asked for on the command line.
//! - `observe`: the only part with I/O besides this file. It makes the calls.
//! - `observations`: what was seen, without any judgement.
//! - `findings`, `account`, `permissions`: what works and what does not, from the observations.
//! - `names`: which words of the service a report may show that holds nothing personal.
//! - `behaviour`: how the service behaves where its documentation leaves a choice, also from them,
//!   in the words of the emulator's flags.
//! - `text`, `json`: the two forms of the report.

mod account;
mod arguments;
mod behaviour;
mod finding;
mod findings;
mod json;
mod names;
mod observations;
mod observe;
mod permissions;
#[cfg(test)]
mod testing;
mod text;

use std::ffi::OsString;
use std::process::ExitCode;

use base::clock::Clock;
use base::environment::Environment;
use base::random::Random;
use base::terminal;

use arguments::Request;
use behaviour::Behaviour;
use finding::{Finding, State};
use observations::Observations;

/// The exit code for a report that could not be written.
const UNWRITTEN: u8 = 3;

/// The version that the report names.
const VERSION: &str = env!("CARGO_PKG_VERSION");

/// All that the report says, in either form.
struct Report {
    observations: Observations,
    findings: Vec<Finding>,
    behaviours: Vec<Behaviour>,
    /// The arguments for `cams-emulator` that make it behave as the service does.
    flags: Vec<String>,
}

/// Runs the command with the arguments behind `doctor`.
///
/// Returns 0 if everything that the provider needs works, 1 if something does not, 2 if the
/// arguments cannot be understood, and 3 if the report cannot be written.
pub fn main(
    arguments: impl Iterator<Item = OsString>,
    environment: &Environment,
    clock: &Clock,
    random: &Random,
) -> ExitCode {
    let options = match arguments::parse(arguments) {
        Ok(Request::Examine(options)) => options,
        Ok(Request::Help) => return print(arguments::HELP, ExitCode::SUCCESS),
        Err(wrong) => {
            terminal::complain(&format!(
                "{wrong}; see terraform-provider-cams doctor --help"
            ));
            return ExitCode::from(2);
        }
    };
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build();
    let runtime = match runtime {
        Ok(runtime) => runtime,
        Err(error) => {
            terminal::complain(&format!(
                "the system gives no way to wait for answers: {error}"
            ));
            return ExitCode::FAILURE;
        }
    };
    let observing = observe::observe(&options, environment, clock, random);
    let report = Report::of(runtime.block_on(observing));
    let code = match report.works() {
        true => ExitCode::SUCCESS,
        false => ExitCode::FAILURE,
    };
    let text = match options.json {
        true => json::render(&report),
        false => text::render(&report),
    };
    print(&text, code)
}

impl Report {
    /// Judges what was seen. Every sentence may quote something from outside, so all of them are
    /// cleaned here.
    fn of(observations: Observations) -> Self {
        let cleaner = &observations.names.secrets;
        let mut findings = findings::findings(&observations);
        for finding in &mut findings {
            finding.text = cleaner.lines(&finding.text);
        }
        let mut behaviours = behaviour::behaviours(&observations);
        for behaviour in &mut behaviours {
            behaviour.text = cleaner.lines(&behaviour.text);
        }
        Self {
            findings,
            flags: behaviour::flags(&behaviours, &observations),
            behaviours,
            observations,
        }
    }

    /// Whether everything that the provider needs works, as far as reading can tell.
    fn works(&self) -> bool {
        let mut findings = self.findings.iter();
        findings.all(|finding| finding.state != State::Problem)
    }
}

/// Prints a text and gives this exit code, or that of a report that cannot be written.
fn print(text: &str, code: ExitCode) -> ExitCode {
    let Err(error) = terminal::print(text) else {
        return code;
    };
    terminal::complain(&format!("the report cannot be written to stdout: {error}"));
    ExitCode::from(UNWRITTEN)
}
