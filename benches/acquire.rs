//! Measures the time of one acquisition: in memory, with the host's file, and with that file and
//! eight processes. *Paced* processes acquire a thousand times a second, a hundred times the rate of a
//! quota. Their pauses are random, because processes with equal pauses acquire all at once in some
//! runs, and never at once in others. *System calls alone* are those of one step on a file as large as
//! the host's: what any throttle costs that keeps its state in a file.
//!
//! Run it with `cargo bench --bench acquire`. The budgets are 1 µs in memory, and 25 µs on the host
//! with eight processes. `benches/README.md` has figures.

#![expect(clippy::print_stdout, reason = "this program prints its results")]
#![expect(
    clippy::disallowed_methods,
    reason = "tokio sleeps for whole milliseconds, and no test runs this program"
)]

use std::fs::File;
use std::num::NonZeroU32;
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::process::{Command, Stdio};
use std::thread;
use std::time::Duration;

use base::random::Random;
use call_quota::{Limit, Priority, QuotaKey, Throttle};
use tokio::time::Instant;

/// The number of processes that acquire from one file at the same time.
const PROCESSES: u32 = 8;
/// The mean pause of a paced process.
const PACE: Duration = Duration::from_millis(1);
/// The bytes of the host's file while this benchmark uses it.
const RECORD_BYTES: usize = 1654;

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if let [command, directory, pace] = arguments.as_slice()
        && command == "contend"
    {
        let throttle = Throttle::host(directory.into(), NonZeroU32::MIN);
        return println!("{}", acquire(&throttle, pause(pace)));
    }
    let directory = tempfile::tempdir().expect("a temporary directory");
    let path = |name: &str| directory.path().join(name);
    let host = |name| Throttle::host(path(name), NonZeroU32::MIN);
    for pace in ["back to back", "paced"] {
        let rows = [
            ("memory", acquire(&Throttle::in_memory(), pause(pace))),
            (
                "system calls alone",
                system_calls(&path("file"), pause(pace)),
            ),
            ("host, 1 process", acquire(&host(pace), pause(pace))),
            ("host, 8 processes", contended(&path(pace), pace)),
        ];
        for (name, micros) in rows {
            println!("{pace:14}{name:20}{micros:8.2} µs");
        }
    }
}

/// The mean pause at a pace.
fn pause(pace: &str) -> Duration {
    match pace {
        "paced" => PACE,
        _ => Duration::ZERO,
    }
}

/// The mean time of an acquisition in microseconds. After each acquisition the call is reported as
/// answered and a pause follows; neither counts.
fn acquire(throttle: &Throttle, pause: Duration) -> f64 {
    let key = QuotaKey {
        account: "1".into(),
        region: "ap-southeast-1".into(),
        action: "CreateChatappMigrationInitiate",
    };
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .build()
        .expect("a runtime");
    // The window is so short that slots never run out.
    let limit = Limit::new(
        NonZeroU32::new(64).expect("64 is not zero"),
        Duration::from_micros(1),
    );
    mean(pause, || {
        runtime.block_on(async {
            let started = Instant::now();
            let permit = throttle.acquire(&key, limit, Priority::Normal).await;
            let taken = started.elapsed();
            permit.answered();
            taken
        })
    })
}

/// The mean time of the system calls of one step in microseconds.
fn system_calls(path: &Path, pause: Duration) -> f64 {
    let mut file = File::options();
    let file = file.read(true).write(true).create(true).truncate(true);
    let file = file.open(path).expect("a file");
    let record = [b'x'; RECORD_BYTES];
    file.write_all_at(&record, 0).expect("a record");
    let mut buffer = [0; 2 * RECORD_BYTES];
    mean(pause, || {
        let started = Instant::now();
        file.lock().expect("a lock");
        // Whether the file is still at its path.
        let found = (path.symlink_metadata()).and_then(|_| file.metadata());
        found.expect("the file at its path");
        let length = file.read_at(&mut buffer, 0).expect("a record");
        assert_eq!(length, RECORD_BYTES);
        file.write_all_at(&record, 0).expect("a record");
        file.unlock().expect("no lock");
        started.elapsed()
    })
}

/// The mean of the times that `round` returns, in microseconds. The first round is not counted.
fn mean(pause: Duration, mut round: impl FnMut() -> Duration) -> f64 {
    let random = Random::from_system();
    let rounds = if pause.is_zero() { 20_000 } else { 2000 };
    round();
    let mut total = Duration::ZERO;
    for _ in 0..rounds {
        if !pause.is_zero() {
            thread::sleep(random.up_to(2 * pause));
        }
        total += round();
    }
    total.as_secs_f64() * 1e6 / f64::from(rounds)
}

/// The mean time of an acquisition in microseconds while several processes acquire at once: the
/// mean of their means.
fn contended(directory: &Path, pace: &str) -> f64 {
    let this = std::env::current_exe().expect("a path to this program");
    let processes: Vec<_> = (0..PROCESSES)
        .map(|_| {
            let mut process = Command::new(&this);
            process.arg("contend").arg(directory).arg(pace);
            let process = process.stdout(Stdio::piped()).spawn();
            process.expect("a process")
        })
        .collect();
    let means = processes.into_iter().map(|process| {
        let output = process.wait_with_output().expect("its output");
        let text = String::from_utf8_lossy(&output.stdout);
        text.trim().parse::<f64>().expect("a number")
    });
    means.sum::<f64>() / f64::from(PROCESSES)
}
