//! The settings that are judged: who calls, how many numbers there are, and how far away the
//! service is.

use crate::peers;

/// One setting, which is run and judged by itself.
#[derive(Debug)]
pub(crate) struct Scenario {
    /// The round trip to the service, and what else is particular to the setting.
    pub(crate) name: &'static str,
    /// How the processes hold their calls back.
    pub(crate) policy: Policy,
    /// How many processes call at the same time.
    pub(crate) processes: usize,
    /// How many numbers each process migrates.
    pub(crate) numbers: usize,
    /// The flags of the emulator.
    pub(crate) flags: &'static [&'static str],
    /// Whether the answer to each initiation takes two seconds to come.
    pub(crate) slow: bool,
    /// Whether each process signs with a session of its own, instead of the account's key.
    pub(crate) sessions: bool,
    /// Whether a run with `--quick` has this setting too.
    pub(crate) quick: bool,
}

/// How calls are held back so that the quota is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Policy {
    /// The provider, with all processes on one host, where they share a file.
    Host,
    /// The provider, with each process on a host of its own. They share a Redis server.
    Redis,
    /// A policy that others use, by the name that [`peers::play`] knows.
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

/// All settings, in the order of the table.
pub(crate) const SETTINGS: &[Scenario] = &[
    setting("20±5 ms", Policy::Host, 4, NEAR).quick(),
    setting("50±20 ms", Policy::Host, 4, USUAL),
    setting("200±100 ms", Policy::Host, 4, FAR),
    setting("2 s creates", Policy::Host, 4, USUAL).slow(),
    setting("50±20 ms", Policy::Host, 1, USUAL),
    setting("50±20 ms", Policy::Host, 16, USUAL),
    setting("50±20 ms", Policy::Redis, 4, USUAL).quick(),
    setting("200±100 ms", Policy::Redis, 4, FAR),
    setting("20 ms, 4 sessions", Policy::Host, 4, NEAR).sessions(),
    setting("20 ms, 4 sessions", Policy::Redis, 4, NEAR).sessions(),
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

/// A setting in which the processes migrate 160 numbers together. More than four processes migrate
/// 30 each, so that every one of them has numbers that must wait.
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
        sessions: false,
        quick: false,
    }
}

impl Scenario {
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
