//! One quota kept by real processes on one host, some of which are killed.

#![expect(clippy::unwrap_used, reason = "the helpers of a test fail with it")]

use std::io::{BufRead, BufReader, Write};
use std::num::NonZeroU32;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use rustix::time::{ClockId, clock_gettime};
use terraform_provider_cams::environment::Environment;
use terraform_provider_cams::throttle::{Limit, Priority, QuotaKey, Throttle};

/// Set in the processes that the test starts: the directory they share, and how many calls each makes.
const DIRECTORY: &str = "CAMS_TEST_THROTTLE_DIRECTORY";
const CALLS: &str = "CAMS_TEST_THROTTLE_CALLS";

const LIMIT: Limit = Limit {
    calls: NonZeroU32::new(10).unwrap(),
    window: Duration::from_secs(1),
};

#[test]
fn processes_keep_one_quota_and_the_killed_cost_nothing_more() {
    let directory = tempfile::tempdir().unwrap();
    let shared = directory.path().join("state");
    let mut workers: Vec<_> = (0..6).map(|_| worker(&shared, 10)).collect();
    // Two die holding slots: after their third call was counted, with more under way and others waiting.
    let mut times = Vec::new();
    for worker in workers.drain(..2) {
        times.extend(arrivals(worker, 3));
    }
    let survivors: Vec<_> = workers
        .into_iter()
        .map(|worker| std::thread::spawn(|| arrivals(worker, usize::MAX)))
        .collect();
    for survivor in survivors {
        let of_one = survivor.join().unwrap();
        assert_eq!(of_one.len(), 10);
        times.extend(of_one);
    }
    times.sort_unstable();
    let densest = times
        .iter()
        .enumerate()
        .map(|(first, at)| times.partition_point(|time| *time < at + 1_000_000) - first);
    assert!(densest.max().unwrap() <= 10, "{times:?}");
    // Sixty calls, had none been killed, take five seconds at least and hardly more.
    let took = times.last().unwrap() - times[0];
    assert!((3_000_000..8_000_000).contains(&took), "{took} µs");
}

/// A file that cannot grow is what a full disk looks like, and can be had without one.
#[test]
fn on_a_full_disk_a_process_keeps_to_its_share() {
    let directory = tempfile::tempdir().unwrap();
    let mut shell = Command::new("sh");
    shell.args(["-c", "trap '' XFSZ; ulimit -f 0; exec \"$0\" \"$@\""]);
    shell.arg(std::env::current_exe().unwrap());
    let times = arrivals(start(shell, &directory.path().join("state"), 3), usize::MAX);
    // A share of one call a second, of which the first goes at once.
    let took = times.iter().max().unwrap() - times.iter().min().unwrap();
    assert_eq!(times.len(), 3);
    assert!((2_000_000..4_000_000).contains(&took), "{took} µs");
}

/// What a started process does; on its own, that a process which shares with nobody makes all its calls at once.
#[test]
fn a_process_of_its_own() {
    let environment = Environment::of_process();
    let temporary = tempfile::tempdir().unwrap();
    let directory = environment
        .get(DIRECTORY)
        .map_or(temporary.path().join("state"), Into::into);
    let calls = environment
        .get(CALLS)
        .map_or(5, |calls| calls.parse().unwrap());
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_time()
        .build()
        .unwrap();
    let throttle = Throttle::host(Some(directory), NonZeroU32::MIN);
    runtime.block_on(async {
        let calls: Vec<_> = (0..calls)
            .map(|number| tokio::spawn(call(throttle.clone(), number)))
            .collect();
        for call in calls {
            call.await.unwrap();
        }
    });
}

/// One call that is counted 5 to 25 ms after it was granted, and answered as much later.
async fn call(throttle: Throttle, number: u64) {
    let key = QuotaKey {
        account: "1".into(),
        region: "r".into(),
        action: "A",
    };
    let permit = throttle.acquire(&key, LIMIT, Priority::Normal).await;
    let delay = Duration::from_millis(5 + number * 7 % 20);
    tokio::time::sleep(delay).await;
    report();
    tokio::time::sleep(delay).await;
    permit.answered();
}

/// Prints the time, which all processes read from the same clock.
fn report() {
    let now = clock_gettime(ClockId::Monotonic);
    let mut out = std::io::stdout().lock();
    writeln!(
        out,
        "counted {}",
        now.tv_sec * 1_000_000 + now.tv_nsec / 1000
    )
    .unwrap();
    out.flush().unwrap();
}

fn worker(directory: &Path, calls: usize) -> Child {
    let this = Command::new(std::env::current_exe().unwrap());
    start(this, directory, calls)
}

fn start(mut program: Command, directory: &Path, calls: usize) -> Child {
    program
        .args(["--exact", "throttle::a_process_of_its_own", "--nocapture"])
        .env(DIRECTORY, directory)
        .env(CALLS, calls.to_string())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap()
}

/// When the worker's calls were counted. It is killed after `most` of them.
fn arrivals(mut worker: Child, most: usize) -> Vec<i64> {
    let out = worker.stdout.take().unwrap();
    let times = BufReader::new(out)
        .lines()
        .map_while(Result::ok)
        .filter_map(|line| line.split_once("counted ")?.1.parse().ok())
        .take(most)
        .collect();
    if most < usize::MAX {
        worker.kill().unwrap();
        worker.wait().unwrap();
    } else {
        assert!(worker.wait().unwrap().success());
    }
    times
}
