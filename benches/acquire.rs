//! Measures the time of one acquisition: in memory, and with the host's file, from one process and from
//! several. Beside it are the steps that it consists of: *the system calls alone* are those of one step
//! on a file as large as the host's, which any throttle makes that keeps its state in a file; *and the
//! record* are these and the conversion of the file's text to a record and back.
//!
//! *Paced* processes pause for a millisecond on average after each acquisition. Their pauses are random,
//! because processes with equal pauses acquire all at once in some runs, and never at once in others.
//!
//! Run it with `cargo bench --bench acquire`. It prints the median of some turns, in brackets the least
//! mean, and how many permits all processes together get in a second. The budgets are 1 µs in memory,
//! and 25 µs on the host with eight processes. `benches/README.md` has figures.

#![expect(clippy::print_stdout, reason = "this program prints its results")]
#![expect(
    clippy::disallowed_methods,
    reason = "tokio sleeps for whole milliseconds, and no test runs this program"
)]

use std::fs::{self, File, TryLockError};
use std::hint::black_box;
use std::num::NonZeroU32;
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::process::{Command, Stdio};
use std::thread;
use std::time::Duration;

use base::random::Random;
use call_quota::{Limit, Priority, QuotaKey, Throttle, rewrite_host_record};
use tokio::time::Instant;

/// The number of processes that acquire from one file at the same time.
const PROCESSES: usize = 8;
/// The mean pause of a paced process.
const PACE: Duration = Duration::from_millis(1);
/// How often each row is measured, by turns.
const TURNS: usize = 5;

/// The rows: what one process does in each round, and how many do it at once.
const ROWS: [(&str, usize); 7] = [
    ("memory", 1),
    ("system calls", 1),
    ("system calls", PROCESSES),
    ("and the record", 1),
    ("and the record", PROCESSES),
    ("host", 1),
    ("host", PROCESSES),
];

/// What a process measured, or several.
struct Figures {
    /// The mean time of a round in microseconds.
    micros: f64,
    /// The rounds of all processes in a second.
    rate: f64,
}

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if let [command, work, path, pace] = arguments.as_slice()
        && command == "work"
    {
        let Figures { micros, rate } = measure(work, Path::new(path), pause(pace));
        return println!("{micros} {rate}");
    }
    let directory = tempfile::tempdir().expect("a temporary directory");
    let (host, file) = (directory.path().join("host"), directory.path().join("file"));
    for pace in ["back to back", "paced"] {
        let mut turns: [Vec<Figures>; ROWS.len()] = Default::default();
        for _ in 0..TURNS {
            for ((work, count), figures) in ROWS.into_iter().zip(&mut turns) {
                let path = if work == "host" { &host } else { &file };
                figures.push(processes(count, work, path, pace));
            }
        }
        for ((work, count), mut figures) in ROWS.into_iter().zip(turns) {
            figures.sort_by(|a, b| a.micros.total_cmp(&b.micros));
            let Figures { micros, rate } = figures[TURNS / 2];
            let least = figures[0].micros;
            println!(
                "{pace:14}{work:16}{count} at once{micros:8.2} µs ({least:.2}){rate:9.0} a second"
            );
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

/// Measures one process.
fn measure(work: &str, path: &Path, pause: Duration) -> Figures {
    let round: Box<dyn FnMut() -> Duration> = match work {
        "memory" => Box::new(acquire(Throttle::in_memory())),
        "host" => Box::new(acquire(Throttle::host(path.into(), NonZeroU32::MIN))),
        _ => Box::new(system_calls(path, work == "and the record")),
    };
    rounds(pause, round)
}

/// Acquires, and reports the call as answered, which does not count.
fn acquire(throttle: Throttle) -> impl FnMut() -> Duration {
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
    move || {
        runtime.block_on(async {
            let started = Instant::now();
            let permit = throttle.acquire(&key, limit, Priority::Normal).await;
            let taken = started.elapsed();
            permit.answered();
            taken
        })
    }
}

/// Makes the system calls of a step. As after an acquisition, a second step follows that does not
/// count.
fn system_calls(path: &Path, converts: bool) -> impl FnMut() -> Duration {
    let mut file = File::options();
    let file = file.read(true).write(true).create(true).truncate(false);
    let file = file.open(path).expect("a file");
    let path = path.to_owned();
    let mut records = records();
    let longest = records.iter().map(Vec::len).max().expect("a record");
    // As the host does, with blanks over the rest of a longer record.
    records
        .iter_mut()
        .for_each(|text| text.resize(longest, b' '));
    let mut buffer = vec![0; 2 * longest];
    let mut turn = 0;
    let mut step = move || {
        while let Err(error) = file.try_lock() {
            assert!(matches!(error, TryLockError::WouldBlock), "{error}");
            thread::yield_now();
        }
        // Whether the file is still at its path.
        let found = (path.symlink_metadata()).and_then(|_| file.metadata());
        found.expect("the file at its path");
        let length = file.read_at(&mut buffer, 0).expect("a record");
        if converts {
            let lines = buffer[..length].trim_ascii_end().len() + 1;
            let text = rewrite_host_record(black_box(&buffer[..lines]));
            assert!(black_box(text).is_some() || turn == 0, "a record");
        }
        (file.write_all_at(&records[turn % records.len()], 0)).expect("a record");
        turn += 1;
        file.unlock().expect("no lock");
    };
    step();
    move || {
        let started = Instant::now();
        step();
        let taken = started.elapsed();
        step();
        taken
    }
}

/// The host's records after each of some acquisitions, without their checksums. They contain more slots
/// with each acquisition, until the free ones are dropped.
fn records() -> Vec<Vec<u8>> {
    let directory = tempfile::tempdir().expect("a temporary directory");
    let host = directory.path().join("host");
    let mut acquire = acquire(Throttle::host(host.clone(), NonZeroU32::MIN));
    let record = |_| {
        acquire();
        let mut files = fs::read_dir(&host).expect("the host's directory");
        let file = files.next().expect("the file of the account");
        let mut text = fs::read(file.expect("a file").path()).expect("a record");
        let end = text.windows(9).position(|word| word == b"checksum ");
        text.truncate(end.expect("a checksum"));
        text
    };
    (0..100).map(record).collect()
}

/// The mean of the times that `round` returns. The first round is not counted.
fn rounds(pause: Duration, mut round: impl FnMut() -> Duration) -> Figures {
    let random = Random::from_system();
    let rounds = if pause.is_zero() { 20_000 } else { 2000 };
    round();
    let started = Instant::now();
    let mut total = Duration::ZERO;
    for _ in 0..rounds {
        if !pause.is_zero() {
            thread::sleep(random.up_to(2 * pause));
        }
        total += round();
    }
    Figures {
        micros: total.as_secs_f64() * 1e6 / f64::from(rounds),
        rate: f64::from(rounds) / started.elapsed().as_secs_f64(),
    }
}

/// Measures several processes at once: the mean of their means, and the sum of their rates.
fn processes(count: usize, work: &str, path: &Path, pace: &str) -> Figures {
    let this = std::env::current_exe().expect("a path to this program");
    let running: Vec<_> = (0..count)
        .map(|_| {
            let mut process = Command::new(&this);
            process.args(["work", work]).arg(path).arg(pace);
            let process = process.stdout(Stdio::piped()).spawn();
            process.expect("a process")
        })
        .collect();
    let mut sum = Figures {
        micros: 0.0,
        rate: 0.0,
    };
    for process in running {
        let output = process.wait_with_output().expect("its output");
        let text = String::from_utf8_lossy(&output.stdout);
        let figures = text.trim().split_once(' ').expect("two numbers");
        sum.micros += figures.0.parse::<f64>().expect("a number") / count as f64;
        sum.rate += figures.1.parse::<f64>().expect("a number");
    }
    sum
}
