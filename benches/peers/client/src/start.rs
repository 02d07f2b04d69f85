//! How a program starts and ends.

use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use crate::provider::{Identity, Provider};
use crate::{Program, Result, conversation, raw, sample};

/// The time after the first answer until the process is idle.
const SETTLED: Duration = Duration::from_millis(100);

/// Starts each program `runs` times, by turns. The one called `floor` only prints a line.
pub(crate) async fn measure(runs: usize, programs: &[Program]) -> Result<()> {
    let identity = Identity::generate()?;
    let sockets = tempfile::tempdir()?;
    for _ in 0..runs {
        for program in programs {
            let command = Command::new(&program.path);
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
    for program in programs.iter().filter(|it| it.name != "floor") {
        let command = Command::new(&program.path);
        let provider = Provider::start(command, sockets.path(), &identity).await?;
        raw::call(&provider.channel, conversation::SCHEMA, Vec::new()).await?;
        thread::sleep(SETTLED);
        sample("memory idle, MiB", program, resident(provider.id())?);
        provider.shut_down().await?;
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

/// The resident memory of a process in MiB.
fn resident(process: u32) -> Result<f64> {
    let status = std::fs::read_to_string(format!("/proc/{process}/status"))?;
    let line = status.lines().find(|line| line.starts_with("VmRSS:"));
    let kib = line.and_then(|line| line.split_whitespace().nth(1));
    let kib: f64 = kib.ok_or("no VmRSS")?.parse()?;
    Ok(kib / 1024.0)
}
