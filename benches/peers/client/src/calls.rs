//! Many calls at once.

use std::path::Path;
use std::process::Command;
use std::time::Instant;

use futures_util::{StreamExt, TryStreamExt, stream};
use tonic::transport::Channel;

use crate::conversation::{self, Call, NUMBER};
use crate::provider::{Identity, Provider};
use crate::{Program, Result, raw, sample};

/// How many calls are in flight.
const IN_FLIGHT: [usize; 3] = [1, 10, 100];
/// The methods, in the order of Terraform's calls, their rows, and which of the two processes of a
/// conversation is called.
const METHODS: [(&str, &str, usize); 7] = [
    ("GetProviderSchema", "GetProviderSchema", 0),
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
            let command = || Command::new(&program.path);
            let start = || Provider::start(command(), sockets.path(), &identity);
            let processes = [start().await?, start().await?];
            // A number can be migrated into a space once.
            let space = format!("cams-calls-{round}-{}", program.name.replace(' ', "-"));
            let made = conversation::have(&processes, &space).await?;
            for phase in phases(&made, calls) {
                let (row, count) = (phase.row(), phase.requests.len() as f64);
                let process = &processes[phase.process];
                let started = Instant::now();
                phase.run(&process.channel).await?;
                let seconds = started.elapsed().as_secs_f64();
                sample(&format!("{row}, calls/s"), program, count / seconds);
            }
        }
    }
    Ok(())
}

/// Counts the instructions of each program and method: how many more valgrind counts in a process that
/// answers these calls too.
pub(crate) async fn count(calls: usize, programs: &[Program]) -> Result<()> {
    let identity = Identity::generate()?;
    let phases = METHODS.len() * IN_FLIGHT.len();
    for program in programs {
        // The first process looks up the account, and stores it for all later ones.
        instructions(program, &identity, "first", None).await?;
        let without = instructions(program, &identity, "other", None).await?;
        for at in 0..phases {
            let space = format!("at-{at:02}");
            let with = instructions(program, &identity, &space, Some((at, calls))).await?;
            let process = METHODS[at / IN_FLIGHT.len()].2;
            let more = with.counts[process] - without.counts[process];
            let row = format!("{}, 1,000 instructions/call", with.row);
            sample(&row, program, more / calls as f64 / 1000.0);
        }
    }
    Ok(())
}

/// What valgrind counted in the two processes of a conversation.
struct Counted {
    counts: [f64; 2],
    /// The row of the calls that were made besides.
    row: String,
}

/// Has a conversation with a program in a space of its own, and makes the calls of one more phase.
async fn instructions(
    program: &Program,
    identity: &Identity,
    space: &str,
    phase: Option<(usize, usize)>,
) -> Result<Counted> {
    let directory = tempfile::tempdir()?;
    let files = ["first", "second"].map(|name| directory.path().join(name));
    let start = |file: &Path| {
        let mut command = Command::new("valgrind");
        let out = format!("--callgrind-out-file={}", file.display());
        command.args(["--quiet", "--tool=callgrind", &out, &program.path]);
        Provider::start(command, directory.path(), identity)
    };
    let processes = [start(&files[0]).await?, start(&files[1]).await?];
    let space = format!("cams-{}-{space}", program.name);
    let made = conversation::have(&processes, &space).await?;
    let mut row = String::new();
    if let Some((at, calls)) = phase {
        let phase = phases(&made, calls).into_iter().nth(at);
        let phase = phase.ok_or("a method was not called")?;
        row = phase.row();
        let process = phase.process;
        phase.run(&processes[process].channel).await?;
    }
    for process in processes {
        process.shut_down().await?;
    }
    let counts = [total(&files[0])?, total(&files[1])?];
    Ok(Counted { counts, row })
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

/// Calls of one method.
struct Phase {
    method: &'static str,
    process: usize,
    path: &'static str,
    in_flight: usize,
    requests: Vec<Vec<u8>>,
}

/// The phases of all methods. Each new number is planned once, and later calls are about numbers
/// that were applied.
fn phases(made: &[Call], calls: usize) -> Vec<Phase> {
    let mut phases = Vec::new();
    for (name, method, process) in METHODS {
        let Some(call) = made.iter().find(|call| call.name == name) else {
            continue;
        };
        for (at, in_flight) in IN_FLIGHT.into_iter().enumerate() {
            let numbers = (at * calls + 1..).take(calls);
            let request = |number| with_number(&call.request, &format!("139{number:08}"));
            phases.push(Phase {
                method,
                process,
                path: call.path,
                in_flight,
                requests: numbers.map(request).collect(),
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

impl Phase {
    fn row(&self) -> String {
        format!("{}, {} in flight", self.method, self.in_flight)
    }

    async fn run(self, channel: &Channel) -> Result<()> {
        let calls =
            stream::iter(self.requests).map(|request| raw::call(channel, self.path, request));
        let answers = calls.buffer_unordered(self.in_flight);
        answers.try_for_each(|_| async { Ok(()) }).await
    }
}
