//! One quota kept by real processes, some of which are killed or cut off from their server. What
//! needs no process runs on the paused clock in `call-quota`.

#![expect(clippy::unwrap_used, reason = "the helpers of a test fail with it")]

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::num::NonZeroU32;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::thread::JoinHandle;
use std::time::Duration;

use base::environment::Environment;
use base::random::Random;
use call_quota::{Limit, Priority, QuotaKey, RedisTimeouts, Throttle};
use rustix::time::{ClockId, clock_gettime};
use tokio::net::{UnixListener, UnixStream};
use tokio::task::JoinSet;

use crate::redis_server::RedisServer;

/// Variables of the processes that the tests start: the directory of their host, how many calls
/// each makes, and the Redis server that they share, if they do not share their host.
const DIRECTORY: &str = "CAMS_TEST_THROTTLE_DIRECTORY";
const CALLS: &str = "CAMS_TEST_THROTTLE_CALLS";
const REDIS: &str = "CAMS_TEST_THROTTLE_REDIS";

/// Time limits for a nearby server.
const TIMEOUTS: RedisTimeouts = RedisTimeouts {
    connect: Duration::from_millis(200),
    command: Duration::from_millis(100),
};

const WINDOW: Duration = Duration::from_secs(1);

fn limit() -> Limit {
    Limit::new(NonZeroU32::new(10).unwrap(), WINDOW)
}

#[test]
fn processes_keep_one_quota_and_the_killed_cost_nothing_more() {
    let directory = tempfile::tempdir().unwrap();
    let shared = directory.path().join("state");
    let mut workers: Vec<_> = (0..6).map(|_| worker(&shared, 10)).collect();
    // Two die with permits: after their third call was counted, with more calls under way and
    // others waiting.
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
    assert!(densest_second(&times) <= 10, "{times:?}");
    // Sixty calls, had none been killed, take five seconds at least and hardly more.
    let took = times.last().unwrap() - times[0];
    assert!((3_000_000..8_000_000).contains(&took), "{took} µs");
}

/// A way to a Redis server that can be cut.
struct Link {
    server: PathBuf,
    socket: PathBuf,
    /// The listener and the connections.
    open: JoinSet<()>,
}

impl Link {
    fn to(redis: &RedisServer, socket: PathBuf) -> Self {
        let mut link = Self {
            server: redis.socket(),
            socket,
            open: JoinSet::new(),
        };
        link.mend();
        link
    }

    /// Ends all connections and lets none be made.
    fn cut(&mut self) {
        self.open = JoinSet::new();
        fs::remove_file(&self.socket).unwrap();
    }

    fn mend(&mut self) {
        let listener = UnixListener::bind(&self.socket).unwrap();
        let server = self.server.clone();
        self.open.spawn(async move {
            let mut connections = JoinSet::new();
            while let Ok((mut near, _)) = listener.accept().await {
                // The server may be restarting. The link remains.
                let Ok(mut far) = UnixStream::connect(&server).await else {
                    continue;
                };
                connections.spawn(async move {
                    let _ = tokio::io::copy_bidirectional(&mut near, &mut far).await;
                });
            }
        });
    }
}

/// The one run in real time: hosts that are cut off from a server, which loses its state.
#[tokio::test(flavor = "multi_thread")]
async fn hosts_that_lose_redis_and_whose_redis_loses_its_state_keep_the_quota() {
    let directory = tempfile::tempdir().unwrap();
    let mut redis = RedisServer::start();
    let (mut links, mut workers) = (Vec::new(), Vec::new());
    for host in 0..4 {
        let socket = directory.path().join(format!("{host}.socket"));
        let mut this = Command::new(std::env::current_exe().unwrap());
        this.env(REDIS, RedisServer::url_of(&socket));
        links.push(Link::to(&redis, socket));
        let state = directory.path().join(host.to_string());
        workers.push(Continuous::start(start(this, &state, ENDLESS)));
    }
    let moments = Random::seeded(4);
    let pause = |seconds| {
        let random = moments.up_to(WINDOW);
        tokio::time::sleep(Duration::from_secs(seconds) + random)
    };
    for moment in 0..3 {
        pause(4).await;
        redis.save();
        pause(1).await;
        match moment {
            0 => redis.flush(),
            1 => redis.restart(),
            _ => redis.restart_with_snapshot(),
        }
    }
    for cut_off in [1, 3] {
        pause(6).await;
        links[..cut_off].iter_mut().for_each(Link::cut);
        pause(6).await;
        links[..cut_off].iter_mut().for_each(Link::mend);
    }
    pause(6).await;
    keeps_the_quota(workers);
}

/// More calls than any test waits for.
const ENDLESS: usize = 3000;

/// Ends the workers, and checks that they made many calls, but never more than ten in a second.
fn keeps_the_quota(workers: Vec<Continuous>) {
    let mut times: Vec<_> = workers.into_iter().flat_map(Continuous::end).collect();
    times.sort_unstable();
    assert!(times.len() > 10, "{} calls", times.len());
    assert!(densest_second(&times) <= 10, "{times:?}");
}

/// The most calls in any half-open second. The times are in order.
fn densest_second(times: &[i64]) -> usize {
    let from =
        |(first, at): (usize, &i64)| times.partition_point(|time| *time < at + 1_000_000) - first;
    times.iter().enumerate().map(from).max().unwrap_or(0)
}

/// A worker that is read while it runs, and killed in the end.
struct Continuous {
    worker: Child,
    reader: JoinHandle<Vec<i64>>,
}

impl Continuous {
    fn start(mut worker: Child) -> Self {
        let out = worker.stdout.take().unwrap();
        let reader = std::thread::spawn(|| times(out).collect());
        Self { worker, reader }
    }

    fn end(mut self) -> Vec<i64> {
        self.worker.kill().unwrap();
        self.worker.wait().unwrap();
        self.reader.join().unwrap()
    }
}

/// A file that cannot grow behaves like one on a full disk, and needs no full disk.
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

/// How long after its start a worker makes its first call. It is killed then.
fn first_call(mut worker: Child) -> i64 {
    let began = now();
    let first = times(worker.stdout.take().unwrap()).next().unwrap();
    worker.kill().unwrap();
    worker.wait().unwrap();
    first - began
}

/// A window, and the time that a call may take to be counted.
const WAIT: i64 = 1_500_000;

#[test]
fn a_process_without_state_waits_unless_none_can_have_called() {
    let parent = tempfile::tempdir().unwrap();
    let shared = parent.path().join("state");
    let lose = || fs::remove_dir_all(&shared).unwrap();
    assert!(first_call(worker(&shared, 1)) < WAIT, "a fresh machine");
    assert!(first_call(worker(&shared, 1)) < WAIT, "the state is there");
    lose();
    let waited = first_call(worker(&shared, 1));
    assert!(
        waited >= WAIT,
        "shortly after a killed process: {waited} µs"
    );

    let running = Continuous::start(worker(&shared, ENDLESS));
    assert!(first_call(worker(&shared, 1)) < WAIT);
    lose();
    // The process that runs may notice first, and then waits already.
    let waited = first_call(worker(&shared, 1));
    assert!(
        waited >= WAIT - 300_000,
        "beside a process that runs: {waited} µs"
    );
    running.end();

    // A slot is occupied for a window and a half at most, and the note of it a second longer.
    std::thread::sleep(Duration::from_millis(2600));
    lose();
    assert!(first_call(worker(&shared, 1)) < WAIT, "some time after");
}

/// This is what the started processes run. Run as a test, it shows that a process that
/// does not share its quota makes all its calls.
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
        .enable_all()
        .build()
        .unwrap();
    let throttle = match environment.get(REDIS) {
        Some(url) => Throttle::redis(url.parse().unwrap(), TIMEOUTS, directory, NonZeroU32::MIN),
        None => Throttle::host(directory, NonZeroU32::MIN),
    };
    runtime.block_on(async {
        let calls: Vec<_> = (0..calls)
            .map(|number| tokio::spawn(call(throttle.clone(), number)))
            .collect();
        for call in calls {
            call.await.unwrap();
        }
    });
}

/// One call that is counted at once and answered up to 50 ms later.
async fn call(throttle: Throttle, number: u64) {
    let permit = throttle.acquire(&key(), limit(), Priority::Normal).await;
    report();
    tokio::time::sleep(Duration::from_millis(10 + number * 7 % 40)).await;
    permit.answered();
}

fn key() -> QuotaKey {
    QuotaKey {
        account: "1".into(),
        region: "r".into(),
        action: "A",
    }
}

/// The time in microseconds, which all processes read from the same clock.
fn now() -> i64 {
    let now = clock_gettime(ClockId::Monotonic);
    now.tv_sec * 1_000_000 + now.tv_nsec / 1000
}

fn report() {
    let mut out = std::io::stdout().lock();
    writeln!(out, "counted {}", now()).unwrap();
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

/// The times that a worker prints.
fn times(out: ChildStdout) -> impl Iterator<Item = i64> {
    let lines = BufReader::new(out).lines().map_while(Result::ok);
    lines.filter_map(|line| line.split_once("counted ")?.1.parse().ok())
}

/// When the worker's calls were counted. It is killed after `most` of them.
fn arrivals(mut worker: Child, most: usize) -> Vec<i64> {
    let out = worker.stdout.take().unwrap();
    let times = times(out).take(most).collect();
    if most < usize::MAX {
        worker.kill().unwrap();
        worker.wait().unwrap();
    } else {
        assert!(worker.wait().unwrap().success());
    }
    times
}
