//! Plays Terraform's core for the benchmark.
//!
//! ```text
//! client record PROVIDER FILE               records the answers that `canned` gives
//! client start RUNS NAME=PROGRAM...         measures how programs start, by turns
//! client calls ROUNDS CALLS NAME=PROGRAM... measures calls per second, by turns, of at most CALLS calls
//! client instructions CALLS NAME=PROGRAM... counts instructions of each call, with valgrind
//! ```
//!
//! Each sample is a line: the row of the table, the name of the program and the value, separated by
//! tabs. The programs inherit the environment, but each has a directory of its own for the state of its
//! quotas, in `CAMS_THROTTLE_STATE_DIRECTORY`.

mod calls;
mod conversation;
mod provider;
mod raw;
mod start;
/// How Terraform writes values.
#[path = "../../../../tests/it/core/value.rs"]
mod value;

use std::error::Error;
use std::path::Path;
use std::process::{Command, ExitCode};

/// What `value` takes from its parent.
pub(crate) use protocol_client::tfplugin6;

/// The directory in which the provider keeps the state of its quotas.
const STATES: &str = "CAMS_THROTTLE_STATE_DIRECTORY";

pub(crate) type Result<T> = std::result::Result<T, Box<dyn Error + Send + Sync>>;

/// A program to measure, and its name in the table.
pub(crate) struct Program {
    pub(crate) name: String,
    path: String,
}

impl Program {
    /// A command that runs the program, or that runs it under `other`: a program such as valgrind, and
    /// its arguments.
    pub(crate) fn command(&self, other: &[&str]) -> Command {
        let words = [other, &[&self.path]].concat();
        let mut command = Command::new(words[0]);
        command.args(&words[1..]);
        if let Some(states) = std::env::var_os(STATES) {
            command.env(STATES, Path::new(&states).join(&self.name));
        }
        command
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match run(&arguments).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("client: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn run(arguments: &[&str]) -> Result<()> {
    match arguments {
        ["record", provider, file] => conversation::record(provider, file).await,
        ["start", runs, names @ ..] => start::measure(runs.parse()?, &programs(names)?).await,
        ["calls", rounds, calls, names @ ..] => {
            calls::measure(rounds.parse()?, calls.parse()?, &programs(names)?).await
        }
        ["instructions", calls, names @ ..] => {
            calls::count(calls.parse()?, &programs(names)?).await
        }
        _ => Err("see the documentation of this program".into()),
    }
}

fn programs(arguments: &[&str]) -> Result<Vec<Program>> {
    let program = |argument: &&str| {
        let (name, path) = argument.split_once('=')?;
        Some(Program {
            name: name.to_owned(),
            path: path.to_owned(),
        })
    };
    let programs: Option<Vec<_>> = arguments.iter().map(program).collect();
    programs.ok_or_else(|| "expected NAME=PROGRAM".into())
}

/// Prints a sample of a row.
pub(crate) fn sample(row: &str, program: &Program, value: f64) {
    println!("{row}\t{}\t{value}", program.name);
}
