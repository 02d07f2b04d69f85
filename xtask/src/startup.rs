//! Measures the startup time and the idle memory of the provider. Terraform starts it several times
//! in each command.

use std::fmt;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use crate::shell::{self, Result, binary, root};

/// The number of starts.
const RUNS: usize = 20;
/// The time after the handshake line until the process is idle.
const SETTLED: Duration = Duration::from_millis(200);

/// The results: sorted times from exec to the handshake line, and the memory of the last process.
pub(crate) struct Figures {
    handshakes: Vec<Duration>,
    idle_kib: Option<u64>,
}

/// Starts the release binary as Terraform does, with a client certificate on P-521, and waits for
/// its handshake line.
pub(crate) fn measure() -> Result<Figures> {
    // The processes are killed and cannot remove their sockets.
    let sockets = shell::temporary_directory()?;
    let mut figures = Figures {
        handshakes: Vec::with_capacity(RUNS),
        idle_kib: None,
    };
    for run in 1..=RUNS {
        let started = Instant::now();
        let mut child = start(sockets.path())?;
        let mut line = String::new();
        let stdout = child.stdout.take();
        let read = stdout.map(|stdout| BufReader::new(stdout).read_line(&mut line));
        figures.handshakes.push(started.elapsed());
        if run == RUNS {
            thread::sleep(SETTLED);
            figures.idle_kib = resident(child.id());
        }
        let _ = child.kill();
        let _ = child.wait();
        if !matches!(read, Some(Ok(_))) || !line.starts_with("1|6|") {
            return Err(format!(
                "the provider printed {line:?} instead of its handshake"
            ));
        }
    }
    figures.handshakes.sort();
    Ok(figures)
}

fn start(sockets: &Path) -> Result<Child> {
    let path = binary("release", "terraform-provider-cams");
    let certificate = root().join("tests/fixtures/client-p521.pem");
    let certificate = shell::read(&certificate)?;
    Command::new(&path)
        .env_clear()
        .env(
            "TF_PLUGIN_MAGIC_COOKIE",
            "d602bf8f470bc67ca7faa0386276bbdd4330efaf76d1a219cb4d6991ca9872b2",
        )
        .env("PLUGIN_PROTOCOL_VERSIONS", "5,6")
        .env("PLUGIN_CLIENT_CERT", certificate)
        .env("PLUGIN_UNIX_SOCKET_DIR", sockets)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn()
        .map_err(|error| format!("cannot start {}: {error}", path.display()))
}

/// The resident memory of a process in KiB, if the system reports it.
pub(crate) fn resident(process: u32) -> Option<u64> {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).ok()?;
    let line = status.lines().find(|line| line.starts_with("VmRSS:"))?;
    line.split_whitespace().nth(1)?.parse().ok()
}

impl fmt::Display for Figures {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let milliseconds = |at: usize| {
            self.handshakes
                .get(at)
                .map_or(0.0, |time| time.as_secs_f64() * 1000.0)
        };
        let (minimum, median) = (milliseconds(0), milliseconds(RUNS / 2));
        write!(
            f,
            "From exec to handshake line: minimum {minimum:.2} ms, median {median:.2} ms of {RUNS} \
             runs (budget: 5 ms)"
        )?;
        match self.idle_kib {
            Some(kib) => write!(
                f,
                "\nIdle memory: {:.1} MiB resident (budget: 12 MiB)",
                kib as f64 / 1024.0
            ),
            None => write!(f, "\nIdle memory: not available on this system"),
        }
    }
}
