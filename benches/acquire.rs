//! Measures the time of one acquisition: in memory, with the host's file, and with that file and
//! eight processes. Each of the eight processes acquires a thousand times a second, a hundred times
//! the rate of a quota, or without a pause.
//!
//! Run it with `cargo bench --bench acquire`. The budgets are 1 µs in memory, and 25 µs on the host
//! with eight processes.

#![expect(clippy::print_stdout, reason = "this program prints its results")]

use std::num::NonZeroU32;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use call_quota::{Limit, Priority, QuotaKey, Throttle};
use tokio::time::Instant;

/// The number of processes that acquire from one file at the same time.
const PROCESSES: u32 = 8;

fn main() {
    let mut arguments = std::env::args().skip(1);
    if let (Some("contend"), Some(directory)) = (arguments.next().as_deref(), arguments.next()) {
        let pause = arguments
            .next()
            .map(|millis| millis.parse().expect("milliseconds"));
        let pause = Duration::from_millis(pause.unwrap_or(0));
        let rounds = if pause.is_zero() { 20_000 } else { 2000 };
        let throttle = Throttle::host(directory.into(), NonZeroU32::MIN);
        return println!("{}", micros(&throttle, rounds, pause));
    }
    println!(
        "memory              {:8.3} µs",
        micros(&Throttle::in_memory(), 1_000_000, Duration::ZERO)
    );
    let directory = tempfile::tempdir().expect("a temporary directory");
    let host = |name: &str| -> PathBuf { directory.path().join(name) };
    println!(
        "host, 1 process     {:8.3} µs",
        micros(
            &Throttle::host(host("one"), NonZeroU32::MIN),
            100_000,
            Duration::ZERO
        )
    );
    println!(
        "host, {PROCESSES} processes   {:8.3} µs, a thousand times a second each",
        contended(&host("paced"), 1)
    );
    println!(
        "host, {PROCESSES} processes   {:8.3} µs, back to back",
        contended(&host("eight"), 0)
    );
}

/// The mean time of an acquisition in microseconds. After each acquisition the call is reported as
/// answered and a pause follows; neither counts.
fn micros(throttle: &Throttle, rounds: u32, pause: Duration) -> f64 {
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
    runtime.block_on(async {
        let mut total = Duration::ZERO;
        for _ in 0..rounds {
            let start = Instant::now();
            let permit = throttle.acquire(&key, limit, Priority::Normal).await;
            total += start.elapsed();
            permit.answered();
            if !pause.is_zero() {
                tokio::time::sleep(pause).await;
            }
        }
        total.as_secs_f64() * 1e6 / f64::from(rounds)
    })
}

/// The mean time of an acquisition in microseconds while several processes acquire at once: the
/// mean of their means.
fn contended(directory: &Path, pause_millis: u32) -> f64 {
    let this = std::env::current_exe().expect("a path to this program");
    let processes: Vec<_> = (0..PROCESSES)
        .map(|_| {
            let mut process = Command::new(&this);
            process.arg("contend").arg(directory);
            process.arg(pause_millis.to_string()).stdout(Stdio::piped());
            process.spawn().expect("a process")
        })
        .collect();
    let means = processes.into_iter().map(|process| {
        let output = process.wait_with_output().expect("its output");
        let text = String::from_utf8_lossy(&output.stdout);
        text.trim().parse::<f64>().expect("a number")
    });
    means.sum::<f64>() / f64::from(PROCESSES)
}
