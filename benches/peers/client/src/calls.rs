//! Many calls at once.

use std::ops::Range;
use std::path::Path;
use std::time::{Duration, Instant};

use futures_util::{StreamExt, TryStreamExt, stream};
use tonic::transport::Channel;

use crate::conversation::{self, Call, NUMBER};
use crate::provider::{Identity, Provider};
use crate::{Program, Result, raw, sample};

/// For how long calls of a method are made.
const TIME: Duration = Duration::from_millis(500);
/// How many calls are in flight.
const IN_FLIGHT: [usize; 3] = [1, 10, 100];
/// The methods, in the order of Terraform's calls, their rows, and which of the two processes of a
/// conversation is called.
const METHODS: [(&str, &str, usize); 11] = [
    ("GetMetadata", "GetMetadata", 1),
    ("GetProviderSchema", "GetProviderSchema", 0),
    (
        "GetResourceIdentitySchemas",
        "GetResourceIdentitySchemas",
        1,
    ),
    ("ValidateProviderConfig", "ValidateProviderConfig", 0),
    ("ConfigureProvider", "ConfigureProvider", 0),
    ("ValidateResourceConfig", "ValidateResourceConfig", 0),
    ("PlanNew", "PlanResourceChange, new", 0),
    ("ApplyResourceChange", "ApplyResourceChange", 0),
    ("UpgradeResourceState", "UpgradeResourceState", 1),
    ("ReadResource", "ReadResource", 1),
    ("PlanResourceChange", "PlanResourceChange, unchanged", 1),
];

/// Measures the calls per second of each program and method, with new processes in each round.
pub(crate) async fn measure(rounds: usize, calls: usize, programs: &[Program]) -> Result<()> {
    let (identity, sockets) = (Identity::generate()?, tempfile::tempdir()?);
    for round in 0..rounds {
        for program in programs {
            let start = || Provider::start(program.command(&[]), sockets.path(), &identity);
            let processes = [start().await?, start().await?];
            // A number can be migrated into a space once.
            let space = format!("cams-calls-{round}-{}", program.name.replace(' ', "-"));
            let made = conversation::have(&processes, &space).await?;
            for phase in phases(&made, calls) {
                let process = &processes[phase.process];
                let started = Instant::now();
                let count = phase.run(&process.channel, TIME).await? as f64;
                let seconds = started.elapsed().as_secs_f64();
                let row = format!("{}, calls/s", phase.row());
                sample(&row, program, count / seconds);
            }
        }
    }
    Ok(())
}

/// Counts the instructions of each program and method: how many more valgrind counts in a process that
/// answers these calls too.
pub(crate) async fn count(calls: usize, programs: &[Program]) -> Result<()> {
    let identity = Identity::generate()?;
    for program in programs {
        let count = |space, process, phase| {
            let space = format!("cams-{}-{space}", program.name);
            instructions(program, &identity, space, process, phase, calls)
        };
        // The first process looks up the account, and stores it for all later ones.
        count("first".to_owned(), 0, None).await?;
        let (first, phases) = count("other".to_owned(), 0, None).await?;
        let (second, _) = count("another".to_owned(), 1, None).await?;
        for (at, (row, process)) in phases.into_iter().enumerate() {
            let (with, _) = count(format!("at-{at:02}"), process, Some(at)).await?;
            let more = (with - [first, second][process]) / calls as f64;
            let row = format!("{row}, 1,000 instructions/call");
            sample(&row, program, more / 1000.0);
        }
    }
    Ok(())
}

/// Has a conversation with a program in a space of its own, and makes the calls of one more phase.
/// Returns what valgrind counted in one of its two processes, and the rows and processes of all phases.
async fn instructions(
    program: &Program,
    identity: &Identity,
    space: String,
    process: usize,
    phase: Option<usize>,
    calls: usize,
) -> Result<(f64, Vec<(String, usize)>)> {
    let directory = tempfile::tempdir()?;
    let file = directory.path().join("counts");
    let out = format!("--callgrind-out-file={}", file.display());
    let valgrind = ["valgrind", "--quiet", "--tool=callgrind", &out];
    let start = |at| {
        let other: &[&str] = if at == process { &valgrind } else { &[] };
        Provider::start(program.command(other), directory.path(), identity)
    };
    let processes = [start(0).await?, start(1).await?];
    let made = conversation::have(&processes, &space).await?;
    let phases = phases(&made, calls);
    let all = phases.iter().map(|it| (it.row(), it.process)).collect();
    if let Some(at) = phase {
        let phase = phases.get(at).ok_or("a method was not called")?;
        phase
            .run(&processes[process].channel, Duration::MAX)
            .await?;
    }
    for process in processes {
        process.shut_down().await?;
    }
    Ok((total(&file)?, all))
}

/// The instructions in a file of callgrind.
fn total(file: &Path) -> Result<f64> {
    let text = std::fs::read_to_string(file)?;
    let total = text
        .lines()
        .rev()
        .find_map(|line| line.strip_prefix("totals: "));
    Ok(total.ok_or("a file without its total")?.trim().parse()?)
}

/// Calls of one method, each about a number of its own.
struct Phase<'a> {
    method: &'static str,
    process: usize,
    /// A call about another number.
    like: &'a Call,
    in_flight: usize,
    numbers: Range<usize>,
}

/// The phases of all methods. Each new number is planned and applied once.
fn phases(made: &[Call], calls: usize) -> Vec<Phase<'_>> {
    let mut phases = Vec::new();
    for (name, method, process) in METHODS {
        // A framework does not offer all methods.
        let Some(like) = made.iter().find(|call| call.name == name) else {
            continue;
        };
        for (at, in_flight) in IN_FLIGHT.into_iter().enumerate() {
            let first = at * calls + 1;
            phases.push(Phase {
                method,
                process,
                like,
                in_flight,
                numbers: first..first + calls,
            });
        }
    }
    phases
}

/// The request with another number.
fn with_number(request: &[u8], number: &str) -> Vec<u8> {
    let mut request = request.to_vec();
    let places = 0..request.len().saturating_sub(NUMBER.len() - 1);
    for at in places {
        let place = &mut request[at..at + NUMBER.len()];
        if place == NUMBER.as_bytes() {
            place.copy_from_slice(number.as_bytes());
        }
    }
    request
}

impl Phase<'_> {
    fn row(&self) -> String {
        format!("{}, {} in flight", self.method, self.in_flight)
    }

    /// Begins calls for this time, and returns how many were answered.
    async fn run(&self, channel: &Channel, time: Duration) -> Result<usize> {
        let started = Instant::now();
        let numbers = self.numbers.clone();
        let calls = stream::iter(numbers.take_while(|_| started.elapsed() < time)).map(|number| {
            let request = with_number(&self.like.request, &format!("139{number:08}"));
            raw::call(channel, self.like.path, request)
        });
        let answers = calls.buffer_unordered(self.in_flight);
        let all = (0, Vec::new());
        let (count, last) = answers
            .try_fold(all, async |(count, _), answer| Ok((count + 1, answer)))
            .await?;
        conversation::check(self.like.name, &last)?;
        Ok(count)
    }
}
