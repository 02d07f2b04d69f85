//! Policies that other programs use to keep a limit. Each process of a peer is this program,
//! started again. It sends only the initiation, signed by the provider's own library, so that peers
//! differ only in how they delay calls.

mod adaptive;
mod paced;

use std::io::{BufRead, BufReader, Write};
use std::num::NonZeroU32;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use alibaba_cloud::openapi::{
    AccessKey, Http, MAX_ANSWER, Network, Request, Settings, SignatureMethod, SigningKey,
    read_answer,
};
use base::clock::Clock;
use base::random::Random;
use base::secret::Secret;
use governor::{DefaultDirectRateLimiter, Quota};
use tempfile::TempDir;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep};

use crate::emulator::Emulator;
use crate::workload::{Applied, COUNTRY_CODE, INITIATE, mobile_number};
use adaptive::Adaptive;
use paced::Paced;

/// No limiter: sends each call immediately, and repeats a throttled call after a random pause.
pub(crate) const BACKOFF: &str = "backoff only";
/// A token bucket in each process, with ten tokens and a refill of ten tokens a second.
pub(crate) const TOKEN_BUCKET: &str = "token bucket";
/// One call each tenth of a second, for all processes together.
pub(crate) const PACED: &str = "paced, shared";
/// The adaptive retry mode of AWS's SDKs in each process.
pub(crate) const ADAPTIVE: &str = "adaptive";

/// The number of concurrent calls of a process, which is Terraform's default parallelism.
const PARALLELISM: usize = 10;

/// The longest pause after a throttled call. The first pause is up to one second, and each pause
/// can be twice as long as the previous one.
const LONGEST_PAUSE: Duration = Duration::from_secs(20);

/// Runs `processes` processes of a peer at the same time, each of which migrates `numbers` numbers.
pub(crate) async fn run(
    policy: &str,
    emulator: &Emulator,
    processes: usize,
    numbers: usize,
) -> Vec<Applied> {
    let host = TempDir::new().unwrap();
    let mut processes: Vec<Child> = (0..processes)
        .map(|process| {
            Command::new(std::env::current_exe().unwrap())
                .args(["peer", policy, emulator.url()])
                .args([process.to_string(), numbers.to_string()])
                .arg(host.path())
                .stdin(Stdio::piped())
                .stdout(Stdio::piped())
                .spawn()
                .unwrap()
        })
        .collect();
    for process in &mut processes {
        let mut go = process.stdin.take().expect("stdin is piped");
        go.write_all(b"go\n").unwrap();
    }
    let reading = processes.into_iter().map(|mut process| {
        tokio::task::spawn_blocking(move || {
            let output = BufReader::new(process.stdout.take().expect("stdout is piped"));
            let applied: Vec<Applied> = output.lines().map(|line| parse(&line.unwrap())).collect();
            assert!(process.wait().unwrap().success());
            applied
        })
    });
    let mut applied = Vec::new();
    for process in reading.collect::<Vec<_>>() {
        applied.extend(process.await.expect("the process runs to its end"));
    }
    applied
}

/// Runs one process of a peer. Its arguments are the emulator's URL, the index of the process, how
/// many numbers it migrates, and the directory that all processes share. It starts when it reads a
/// line from standard input. For each number it prints the start time and the duration, in seconds.
pub(crate) async fn run_process(policy: &str, arguments: &[&str]) {
    let [url, process, numbers, directory] = arguments else {
        panic!("invalid arguments of a peer: {arguments:?}");
    };
    let peer = Arc::new(Peer {
        key: key(),
        http: http(url),
        limiter: Limiter::new(policy, Path::new(directory)),
        random: Random::from_system(),
    });
    let (process, numbers): (usize, usize) = (process.parse().unwrap(), numbers.parse().unwrap());
    std::io::stdin().read_line(&mut String::new()).unwrap();

    let start = Instant::now();
    let parallelism = Arc::new(Semaphore::new(PARALLELISM));
    let mut tasks = JoinSet::new();
    for index in 0..numbers {
        let (peer, parallelism) = (Arc::clone(&peer), Arc::clone(&parallelism));
        tasks.spawn(async move {
            let _turn = parallelism.acquire_owned().await.expect("never closed");
            let asked = start.elapsed();
            let number = mobile_number(process, index);
            peer.migrate(&number).await;
            let took = start.elapsed() - asked;
            println!(
                "{COUNTRY_CODE}{number} {} {}",
                asked.as_secs_f64(),
                took.as_secs_f64()
            );
        });
    }
    tasks.join_all().await;
}

/// Reads a line that [`run_process`] prints.
fn parse(line: &str) -> Applied {
    let mut words = line.split(' ');
    let mut word = || words.next().expect("a number and two times");
    Applied {
        number: word().to_owned(),
        asked: word().parse().unwrap(),
        took: word().parse().unwrap(),
    }
}

/// The state that all calls of one process share.
struct Peer {
    http: Http,
    key: SigningKey,
    limiter: Limiter,
    random: Random,
}

impl Peer {
    /// Repeats the call until it is not throttled.
    async fn migrate(&self, mobile_number: &str) {
        let parameters = [
            ("CountryCode", COUNTRY_CODE),
            ("CustSpaceId", "cams-bench"),
            ("MobileNumber", mobile_number),
        ]
        .into();
        let request = Request {
            action: INITIATE,
            version: "2020-06-06",
            parameters: &parameters,
            secrets: &[],
            max_answer: MAX_ANSWER,
        };
        let mut longest = Duration::from_secs(1);
        loop {
            self.limiter.wait().await;
            let response = self.http.attempt(&self.key, request, || {}).await;
            let throttled = match read_answer(response.expect("an answer")) {
                Ok(_) => false,
                Err(error) => {
                    let code = error.code.unwrap_or_default();
                    assert!(code.starts_with("Throttling"), "{code}: {}", error.message);
                    true
                }
            };
            self.limiter.answered(throttled);
            if !throttled {
                return;
            }
            sleep(self.random.up_to(longest)).await;
            longest = (2 * longest).min(LONGEST_PAUSE);
        }
    }
}

/// The policy of a process before it sends a call.
enum Limiter {
    None,
    TokenBucket(DefaultDirectRateLimiter),
    Paced(Paced),
    Adaptive(Mutex<Adaptive>),
}

impl Limiter {
    fn new(policy: &str, directory: &Path) -> Self {
        match policy {
            BACKOFF => Self::None,
            TOKEN_BUCKET => {
                let ten = NonZeroU32::new(10).expect("ten is not zero");
                Self::TokenBucket(DefaultDirectRateLimiter::direct(Quota::per_second(ten)))
            }
            PACED => Self::Paced(Paced::new(directory)),
            ADAPTIVE => Self::Adaptive(Mutex::new(Adaptive::new(Instant::now()))),
            other => panic!("unknown policy: {other}"),
        }
    }

    /// Waits until a call may be sent.
    async fn wait(&self) {
        match self {
            Self::None => {}
            Self::TokenBucket(bucket) => bucket.until_ready().await,
            Self::Paced(paced) => sleep(paced.next()).await,
            Self::Adaptive(adaptive) => {
                let pause = adaptive.lock().unwrap().take(Instant::now());
                sleep(pause).await;
            }
        }
    }

    /// Records an answer, and whether the call was throttled.
    fn answered(&self, throttled: bool) {
        if let Self::Adaptive(adaptive) = self {
            adaptive.lock().unwrap().answered(throttled, Instant::now());
        }
    }
}

fn key() -> SigningKey {
    SigningKey::new(AccessKey {
        id: "emulator".into(),
        secret: Secret::new("emulator-secret"),
        security_token: None,
    })
}

fn http(url: &str) -> Http {
    let settings = Settings {
        endpoint: url.parse().expect("an endpoint"),
        signature_method: SignatureMethod::default(),
        network: Network {
            connect_timeout: Duration::from_secs(10),
            read_timeout: Duration::from_secs(60),
            user_agent: "bench".into(),
            ..Network::default()
        },
    };
    Http::new(settings, Clock::system(), Random::from_system()).expect("a client")
}
