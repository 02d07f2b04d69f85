//! The scenarios: which processes call, how many numbers they migrate, and how long a round trip to
//! the service takes.

use crate::peers;

/// One scenario, which is run and measured separately.
#[derive(Debug)]
pub(crate) struct Scenario {
    /// The round trip to the service, and other characteristics of the scenario.
    pub(crate) name: &'static str,
    /// How the processes delay their calls.
    pub(crate) policy: Policy,
    /// How many processes call at the same time.
    pub(crate) processes: usize,
    /// How many numbers each process migrates.
    pub(crate) numbers: usize,
    /// The flags of the emulator.
    pub(crate) flags: &'static [&'static str],
    /// Whether the answer to each initiation takes two seconds.
    pub(crate) slow: bool,
    /// Whether each process signs with its own session instead of the account's key.
    pub(crate) sessions: bool,
    /// Whether a run with `--quick` includes this scenario.
    pub(crate) quick: bool,
}

/// How calls are delayed to keep the quota.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Policy {
    /// The provider, with all processes on one host. They share a file.
    Host,
    /// The provider, with each process on a separate host. They share a Redis server.
    Redis,
    /// A policy of other programs, by the name that [`peers::run_process`] accepts.
    Peer(&'static str),
}

impl Policy {
    /// The name of the policy in the table and in the plot.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Host => "provider",
            Self::Redis => "provider, Redis",
            Self::Peer(name) => name,
        }
    }
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

/// All scenarios, in the order of the table.
pub(crate) const SCENARIOS: &[Scenario] = &[
    scenario("20±5 ms", Policy::Host, 4, NEAR).quick(),
    scenario("50±20 ms", Policy::Host, 4, USUAL),
    scenario("200±100 ms", Policy::Host, 4, FAR),
    scenario("2 s creates", Policy::Host, 4, USUAL).slow(),
    scenario("50±20 ms", Policy::Host, 1, USUAL),
    scenario("50±20 ms", Policy::Host, 16, USUAL),
    scenario("50±20 ms", Policy::Redis, 4, USUAL).quick(),
    scenario("200±100 ms", Policy::Redis, 4, FAR),
    scenario("20 ms, 4 sessions", Policy::Host, 4, NEAR).sessions(),
    scenario("20 ms, 4 sessions", Policy::Redis, 4, NEAR).sessions(),
    scenario("fixed window", Policy::Host, 4, FIXED),
    scenario("token bucket", Policy::Host, 4, BUCKET),
    scenario("cold, +300 ms", Policy::Host, 16, COLD),
    scenario("50±20 ms", Policy::Peer(peers::BACKOFF), 4, USUAL).quick(),
    scenario("50±20 ms", Policy::Peer(peers::TOKEN_BUCKET), 4, USUAL),
    scenario("50±20 ms", Policy::Peer(peers::PACED), 4, USUAL),
    scenario("50±20 ms", Policy::Peer(peers::ADAPTIVE), 4, USUAL),
    scenario("200±100 ms", Policy::Peer(peers::TOKEN_BUCKET), 4, FAR),
    scenario("200±100 ms", Policy::Peer(peers::PACED), 4, FAR),
];

/// A scenario in which the processes migrate 160 numbers together. If there are more than four
/// processes, each migrates 30, so that each has numbers that must wait.
const fn scenario(
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
        sessions: false,
        quick: false,
    }
}

impl Scenario {
    /// The policy and the name, by which `--only` chooses it.
    pub(crate) fn title(&self) -> String {
        format!("{}, {}", self.policy.name(), self.name)
    }

    const fn quick(mut self) -> Self {
        self.quick = true;
        self
    }

    const fn sessions(mut self) -> Self {
        self.sessions = true;
        self
    }

    const fn slow(mut self) -> Self {
        self.slow = true;
        self
    }
}
