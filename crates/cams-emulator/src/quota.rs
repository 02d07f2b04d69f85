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

use clap::ValueEnum;
use serde::{Deserialize, Serialize};

use crate::period::Period;

/// A number of calls in a length of time, written as in `10/1s`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub(crate) struct Quota {
    calls: NonZeroU32,
    window: Duration,
}

/// How arrivals are counted against a [`Quota`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize, ValueEnum)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Window {
    /// A token bucket: it holds the quota's calls and refills evenly over the window.
    Bucket,
    /// Windows that follow one another from the emulator's start, each counted on its own.
    Fixed,
    /// A log of arrivals: no half-open window has more calls than the quota, wherever it starts.
    #[default]
    Sliding,
}

/// Which calls of an account are counted together.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum QuotaPer {
    /// All calls of the account.
    Account,
    /// The calls of each action.
    #[default]
    Action,
}

/// One quota that holds for each action of each account, or for each account, with a counter for
/// each.
#[derive(Debug)]
pub(crate) struct Quotas {
    pub(crate) quota: Quota,
    pub(crate) window: Window,
    count_rejected: bool,
    per: QuotaPer,
    /// The counters by account, and by action if each has one.
    counters: HashMap<(String, String), Counter>,
}

impl Quotas {
    pub(crate) fn new(quota: Quota, window: Window, count_rejected: bool, per: QuotaPer) -> Self {
        Self {
            quota,
            window,
            count_rejected,
            per,
            counters: HashMap::new(),
        }
    }

    /// Counts a call of this account that arrives `at` after the emulator's start, which is never
    /// earlier than the one before. The error is the time that a call over the quota would have had
    /// to wait.
    pub(crate) fn admit(
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
    pub(crate) fn change(&mut self, quota: Quota, window: Window) {
        if window != self.window {
            self.counters.clear();
        }
        for counter in self.counters.values_mut() {
            counter.resize(self.quota, quota);
        }
        (self.quota, self.window) = (quota, window);
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

impl FromStr for Quota {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let parse = || {
            let (calls, window) = text.split_once('/')?;
            let calls = calls.parse().ok()?;
            let Period(window) = window.parse().ok()?;
            (!window.is_zero()).then_some(Self { calls, window })
        };
        let wrong = "is not a quota: write calls/duration, both above zero, as in 10/1s";
        parse().ok_or_else(|| format!("{text:?} {wrong}"))
    }
}

impl TryFrom<String> for Quota {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        text.parse()
    }
}

impl fmt::Display for Quota {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.calls, Period(self.window))
    }
}

fn nanos(nanos: u128) -> Duration {
    Duration::from_nanos(u64::try_from(nanos).unwrap_or(u64::MAX))
}

#[cfg(test)]
mod tests;
