//! How a program starts and ends.

use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use crate::provider::{Identity, Provider};
use crate::{Program, Result, conversation, raw, sample};

/// The time after the first answer until the process is idle.
const SETTLED: Duration = Duration::from_millis(100);
/// How often the memory of an idle process is read.
const IDLE: usize = 5;

/// Starts each program `runs` times, by turns. The one called `floor` only prints a line.
pub(crate) async fn measure(runs: usize, programs: &[Program]) -> Result<()> {
    let identity = Identity::generate()?;
    let sockets = tempfile::tempdir()?;
    for _ in 0..runs {
        for program in programs {
            let command = program.command(&[]);
            if program.name == "floor" {
                line(program, command)?;
                continue;
            }
            let provider = Provider::start(command, sockets.path(), &identity).await?;
            raw::call(&provider.channel, conversation::SCHEMA, Vec::new()).await?;
            let schema = provider.elapsed();
            let handshake = provider.handshake;
            let exit = provider.shut_down().await?;
            sample(
                "exec to handshake line, ms",
                program,
                milliseconds(handshake),
            );
            sample("exec to first schema, ms", program, milliseconds(schema));
            sample("exec to exit, ms", program, milliseconds(exit));
        }
    }
    for _ in 0..IDLE {
        for program in programs.iter().filter(|it| it.name != "floor") {
            let command = program.command(&[]);
            let provider = Provider::start(command, sockets.path(), &identity).await?;
            raw::call(&provider.channel, conversation::SCHEMA, Vec::new()).await?;
            thread::sleep(SETTLED);
            for (row, key) in [
                ("memory idle, MiB", "VmRSS:"),
                ("memory idle, not of a file, MiB", "RssAnon:"),
            ] {
                sample(row, program, memory(provider.id(), key)?);
            }
            provider.shut_down().await?;
        }
    }
    Ok(())
}

fn line(program: &Program, mut command: Command) -> Result<()> {
    let started = Instant::now();
    let mut child = command.stdout(Stdio::piped()).spawn()?;
    let mut line = String::new();
    let stdout = child.stdout.take().ok_or("no stdout")?;
    BufReader::new(stdout).read_line(&mut line)?;
    let printed = started.elapsed();
    child.wait()?;
    let exit = started.elapsed();
    sample("exec to handshake line, ms", program, milliseconds(printed));
    sample("exec to exit, ms", program, milliseconds(exit));
    Ok(())
}

fn milliseconds(time: Duration) -> f64 {
    time.as_secs_f64() * 1000.0
}

/// The memory of a process in MiB, by this key.
fn memory(process: u32, key: &str) -> Result<f64> {
    let status = std::fs::read_to_string(format!("/proc/{process}/status"))?;
    let line = status.lines().find(|line| line.starts_with(key));
    let kib = line.and_then(|line| line.split_whitespace().nth(1));
    let kib: f64 = kib.ok_or_else(|| format!("no {key}"))?.parse()?;
    Ok(kib / 1024.0)
}
