//! The settings: who calls, how many, and how far away the service is.

use serde_json::json;
use tempfile::TempDir;

use crate::emulator::Emulator;
use crate::judge::{INITIATE, Verdict};
use crate::peers;
use crate::provider::Fleet;
use crate::redis_server::RedisServer;

/// One setting.
#[derive(Debug)]
pub(crate) struct Scenario {
    /// Round trip and what else is particular.
    pub(crate) name: &'static str,
    pub(crate) policy: Policy,
    pub(crate) processes: usize,
    /// How many numbers each process migrates.
    pub(crate) numbers: usize,
    /// Of the emulator.
    flags: &'static [&'static str],
    /// Whether an answer to the migration's call takes two seconds to come.
    slow: bool,
    /// Whether a short run has it too.
    pub(crate) quick: bool,
}

/// How the calls are held back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Policy {
    /// The provider as it is, its processes on one host.
    Host,
    /// The provider, each process on a host of its own, with a Redis between them.
    Redis,
    /// What others do; by the name that [`peers::play`] knows.
    Peer(&'static str),
}

impl Policy {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Host => "provider",
            Self::Redis => "provider, Redis",
            Self::Peer(name) => name,
        }
    }
}

/// A number that was migrated.
#[derive(Clone, Debug)]
pub(crate) struct Applied {
    /// Calling code and number.
    pub(crate) number: String,
    /// Seconds from the common start until Terraform, or a peer, asked for it.
    pub(crate) asked: f64,
    /// Seconds until it was done.
    pub(crate) took: f64,
}

const NEAR: &[&str] = &["--latency", "20ms", "--jitter", "5ms"];
const USUAL: &[&str] = &["--latency", "50ms", "--jitter", "20ms"];
const FAR: &[&str] = &["--latency", "200ms", "--jitter", "100ms"];
const COLD: &[&str] = &[
    "--latency",
    "50ms",
    "--jitter",
    "20ms",
    "--connect-latency",
    "300ms",
];
const FIXED: &[&str] = &["--latency", "50ms", "--jitter", "20ms", "--window", "fixed"];
const BUCKET: &[&str] = &[
    "--latency",
    "50ms",
    "--jitter",
    "20ms",
    "--window",
    "bucket",
];

/// All that are judged.
pub(crate) const SETTINGS: &[Scenario] = &[
    setting("20±5 ms", Policy::Host, 4, NEAR).quick(),
    setting("50±20 ms", Policy::Host, 4, USUAL),
    setting("200±100 ms", Policy::Host, 4, FAR),
    setting("2 s creates", Policy::Host, 4, USUAL).slow(),
    setting("50±20 ms", Policy::Host, 1, USUAL),
    setting("50±20 ms", Policy::Host, 16, USUAL),
    setting("50±20 ms", Policy::Redis, 4, USUAL).quick(),
    setting("200±100 ms", Policy::Redis, 4, FAR),
    setting("fixed window", Policy::Host, 4, FIXED),
    setting("token bucket", Policy::Host, 4, BUCKET),
    setting("cold, +300 ms", Policy::Host, 16, COLD),
    setting("50±20 ms", Policy::Peer(peers::BACKOFF), 4, USUAL).quick(),
    setting("50±20 ms", Policy::Peer(peers::TOKEN_BUCKET), 4, USUAL),
    setting("50±20 ms", Policy::Peer(peers::PACED), 4, USUAL),
    setting("50±20 ms", Policy::Peer(peers::ADAPTIVE), 4, USUAL),
    setting("200±100 ms", Policy::Peer(peers::TOKEN_BUCKET), 4, FAR),
    setting("200±100 ms", Policy::Peer(peers::PACED), 4, FAR),
];

/// 160 numbers, or for many processes so many that each has some to wait for.
const fn setting(
    name: &'static str,
    policy: Policy,
    processes: usize,
    flags: &'static [&'static str],
) -> Scenario {
    Scenario {
        name,
        policy,
        processes,
        numbers: if processes > 4 { 30 } else { 160 / processes },
        flags,
        slow: false,
        quick: false,
    }
}

impl Scenario {
    const fn quick(mut self) -> Self {
        self.quick = true;
        self
    }

    const fn slow(mut self) -> Self {
        self.slow = true;
        self
    }

    /// Runs it and judges it.
    pub(crate) async fn run(&self) -> Verdict {
        let emulator = Emulator::start(self.flags);
        if self.slow {
            let slow =
                json!({ "kind": "slow_body", "over": "2s", "action": INITIATE, "times": "always" });
            emulator.control("POST", "faults", Some(slow));
        }
        let applied = match self.policy {
            Policy::Host => {
                let host = TempDir::new().unwrap();
                let fleet = Fleet::on_one_host(&emulator, host.path(), self.processes).await;
                fleet.migrate(self.numbers).await
            }
            Policy::Redis => {
                let redis = RedisServer::start();
                let fleet = Fleet::on_many_hosts(&emulator, &redis, self.processes).await;
                fleet.migrate(self.numbers).await
            }
            Policy::Peer(policy) => peers::run(policy, &emulator, self).await,
        };
        Verdict::new(&emulator, self, &applied)
    }
}

/// The calling code of all numbers.
pub(crate) const COUNTRY_CODE: &str = "86";

/// The national number of a process's `index`-th number, from which the process can be told.
pub(crate) fn mobile_number(process: usize, index: usize) -> String {
    format!("13{process:02}{index:07}")
}

/// The process that asked for a number, whose calling code is part of it.
pub(crate) fn process_of(phone_number: &str) -> usize {
    phone_number[4..6].parse().expect("one of ours")
}
