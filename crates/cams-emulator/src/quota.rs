//! The account's quota: how many calls of one action, or of all, are let through in a window of
//! time.
//!
//! It is not known which kind of window the real service uses, so all three common kinds are here.
//! Each depends on the times of the arrivals alone, which are counted from the emulator's start.

use std::collections::{HashMap, VecDeque};
use std::fmt;
use std::num::NonZeroU32;
use std::str::FromStr;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::period::Period;

/// A number of calls in a length of time, written as in `10/1s`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(try_from = "String", into = "String")]
pub struct Quota {
    calls: NonZeroU32,
    window: Duration,
}

/// How arrivals are counted against a [`Quota`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize, clap::ValueEnum)]
#[serde(rename_all = "snake_case")]
pub enum Window {
    /// A token bucket: it holds the quota's calls and refills evenly over the window.
    Bucket,
    /// Windows that follow one another from the emulator's start, each of which counts for itself.
    Fixed,
    /// A log of arrivals: no half-open window has more calls than the quota, wherever it starts.
    #[default]
    Sliding,
}

/// Which calls of an account are counted together.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum QuotaPer {
    /// All calls of the account.
    Account,
    /// The calls of each action.
    #[default]
    Action,
}

/// The error for a text that is not a quota.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is not a quota: write calls/duration, both above zero, as in 10/1s")]
pub struct NotAQuota(String);

/// One quota that holds for each action of each account, or for each account, with a counter for
/// each.
#[derive(Debug)]
pub(super) struct Quotas {
    quota: Quota,
    window: Window,
    count_rejected: bool,
    per: QuotaPer,
    /// The counters by account, and by action if each has one.
    counters: HashMap<(String, String), Counter>,
}

impl Quotas {
    pub(super) fn new(quota: Quota, window: Window, count_rejected: bool) -> Self {
        Self {
            quota,
            window,
            count_rejected,
            per: QuotaPer::default(),
            counters: HashMap::new(),
        }
    }

    pub(super) fn counted_per(self, per: QuotaPer) -> Self {
        Self { per, ..self }
    }

    /// Counts a call of this account that arrives `at` after the emulator's start, which is never
    /// earlier than the one before. The error says how long a call over the quota would have had
    /// to wait.
    pub(super) fn admit(
        &mut self,
        account_id: &str,
        action: &str,
        at: Duration,
    ) -> Result<(), Duration> {
        let action = match self.per {
            QuotaPer::Account => "",
            QuotaPer::Action => action,
        };
        let counter = self
            .counters
            .entry((account_id.to_owned(), action.to_owned()))
            .or_insert_with(|| Counter::new(self.quota, self.window));
        counter.admit(self.quota, at, self.count_rejected)
    }

    /// Changes the quota for arrivals from now on. What was counted stays counted, unless the kind
    /// of window changes.
    pub(super) fn change(&mut self, quota: Quota, window: Window) {
        if window != self.window {
            self.counters.clear();
        }
        for counter in self.counters.values_mut() {
            counter.resize(self.quota, quota);
        }
        (self.quota, self.window) = (quota, window);
    }

    /// The quota in force.
    pub(super) fn current(&self) -> (Quota, Window) {
        (self.quota, self.window)
    }
}

/// What is counted of the calls of one action.
#[derive(Debug)]
enum Counter {
    /// The level of the bucket is counted in nanoseconds times calls, so that it is a whole number:
    /// a call takes the nanoseconds of the window, and a nanosecond brings the calls of the quota.
    Bucket {
        level: u128,
        updated: Duration,
    },
    Fixed {
        index: u128,
        count: u32,
    },
    Sliding {
        log: VecDeque<Duration>,
    },
}

impl Counter {
    fn new(quota: Quota, window: Window) -> Self {
        match window {
            Window::Bucket => Self::Bucket {
                level: quota.capacity(),
                updated: Duration::ZERO,
            },
            Window::Fixed => Self::Fixed { index: 0, count: 0 },
            Window::Sliding => Self::Sliding {
                log: VecDeque::new(),
            },
        }
    }

    fn admit(&mut self, quota: Quota, at: Duration, count_rejected: bool) -> Result<(), Duration> {
        let calls = quota.calls.get();
        match self {
            Self::Bucket { level, updated } => {
                let cost = quota.window.as_nanos();
                let gained = at.saturating_sub(*updated).as_nanos() * u128::from(calls);
                *level = level.saturating_add(gained).min(quota.capacity());
                *updated = at;
                if let Some(left) = level.checked_sub(cost) {
                    *level = left;
                    return Ok(());
                }
                let wait = nanos((cost - *level).div_ceil(u128::from(calls)));
                if count_rejected {
                    *level = 0;
                }
                Err(wait)
            }
            Self::Fixed { index, count } => {
                let now = at.as_nanos() / quota.window.as_nanos();
                if now != *index {
                    (*index, *count) = (now, 0);
                }
                if *count < calls {
                    *count += 1;
                    return Ok(());
                }
                // A fixed window begins anew at its end, so that it makes no difference whether
                // rejected calls are counted.
                Err(nanos((now + 1) * quota.window.as_nanos()).saturating_sub(at))
            }
            Self::Sliding { log } => {
                while log.front().is_some_and(|first| *first + quota.window <= at) {
                    log.pop_front();
                }
                let counted = log.len();
                let admitted = counted < calls as usize;
                if admitted || count_rejected {
                    log.push_back(at);
                }
                if admitted {
                    return Ok(());
                }
                let blocking = log.get(counted - calls as usize).copied().unwrap_or(at);
                Err((blocking + quota.window).saturating_sub(at))
            }
        }
    }

    /// Changes the quota, and keeps what was counted.
    fn resize(&mut self, from: Quota, to: Quota) {
        match self {
            Self::Bucket { level, .. } => {
                let scaled = level.saturating_mul(to.window.as_nanos());
                *level = scaled / from.window.as_nanos();
            }
            Self::Fixed { index, .. } => {
                *index = *index * from.window.as_nanos() / to.window.as_nanos();
            }
            Self::Sliding { .. } => {}
        }
    }
}

impl Quota {
    /// The level of a full bucket.
    fn capacity(self) -> u128 {
        self.window.as_nanos() * u128::from(self.calls.get())
    }
}

impl Quota {
    /// A hundred calls a second, which is what STS allows an account.
    pub(super) fn of_sts() -> Self {
        Self {
            calls: NonZeroU32::new(100).expect("a hundred is not zero"),
            window: Duration::from_secs(1),
        }
    }
}

/// Ten calls a second, which Alibaba Cloud documents for every operation here.
impl Default for Quota {
    fn default() -> Self {
        Self {
            calls: NonZeroU32::new(10).expect("ten is not zero"),
            window: Duration::from_secs(1),
        }
    }
}

impl FromStr for Quota {
    type Err = NotAQuota;

    fn from_str(text: &str) -> Result<Self, NotAQuota> {
        parse(text).ok_or_else(|| NotAQuota(text.into()))
    }
}

impl TryFrom<String> for Quota {
    type Error = NotAQuota;

    fn try_from(text: String) -> Result<Self, NotAQuota> {
        text.parse()
    }
}

impl From<Quota> for String {
    fn from(quota: Quota) -> Self {
        quota.to_string()
    }
}

impl fmt::Display for Quota {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.calls, Period(self.window))
    }
}

fn parse(text: &str) -> Option<Quota> {
    let (calls, window) = text.split_once('/')?;
    let calls = calls.parse().ok()?;
    let Period(window) = window.parse().ok()?;
    (!window.is_zero()).then_some(Quota { calls, window })
}

fn nanos(nanos: u128) -> Duration {
    Duration::from_nanos(u64::try_from(nanos).unwrap_or(u64::MAX))
}

#[cfg(test)]
mod tests;
