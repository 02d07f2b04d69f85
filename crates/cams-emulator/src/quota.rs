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

use clap::{Args, ValueEnum};
use serde::Deserialize;

use crate::period::Period;

/// A number of calls in a length of time, written as in `10/1s`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub(crate) struct Rate {
    calls: NonZeroU32,
    window: Duration,
}

/// How arrivals are counted against a [`Rate`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
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

/// The quota of the calls of CAMS, and how it counts them.
#[derive(Clone, Copy, Debug, Args)]
#[command(next_help_heading = "Quota")]
pub(crate) struct Limits {
    /// The quota, as calls/duration
    #[arg(long, default_value = "10/1s")]
    pub(crate) quota: Rate,
    /// Whether each action has the quota, or all actions of an account share it
    #[arg(long, value_enum, default_value_t)]
    quota_per: QuotaPer,
    /// How the quota counts
    #[arg(long, value_enum, default_value_t)]
    window: Window,
    /// Count calls over the quota against it too
    #[arg(long)]
    count_rejected: bool,
}

/// The quota of each action of each account, or of each account, with a counter for each.
pub(crate) struct Quotas {
    pub(crate) limits: Limits,
    /// The counters by account, and by action if each has one.
    counters: HashMap<(String, String), Counter>,
}

impl Quotas {
    pub(crate) fn new(limits: Limits) -> Self {
        Self {
            limits,
            counters: HashMap::new(),
        }
    }

    /// Counts a call of this account that arrives `at` after the emulator's start, which is never
    /// earlier than the one before. Returns whether it is within the quota.
    pub(crate) fn admit(&mut self, account_id: &str, action: &str, at: Duration) -> bool {
        let action = match self.limits.quota_per {
            QuotaPer::Account => "",
            QuotaPer::Action => action,
        };
        let key = (account_id.to_owned(), action.to_owned());
        let counter = self.counters.entry(key).or_default();
        let window = self.limits.quota.window;
        let number = |at: Duration| at.as_nanos() / window.as_nanos();
        match self.limits.window {
            Window::Bucket => counter.take(self.limits, at),
            Window::Fixed => counter.log(self.limits, at, |arrival| number(arrival) == number(at)),
            Window::Sliding => counter.log(self.limits, at, |arrival| {
                at.saturating_sub(arrival) < window
            }),
        }
    }

    /// Changes the quota for arrivals from now on. What was counted stays counted.
    pub(crate) fn change(&mut self, quota: Rate) {
        let (from, to) = (self.limits.quota.window.as_nanos(), quota.window.as_nanos());
        for counter in self.counters.values_mut() {
            counter.level = counter.level.map(|level| level.saturating_mul(to) / from);
        }
        self.limits.quota = quota;
    }
}

/// What is counted of the calls of one action.
#[derive(Default)]
struct Counter {
    /// The arrivals that may still count, for a fixed or a sliding window.
    log: VecDeque<Duration>,
    /// The level of the bucket, which is full without one. It is counted in nanoseconds times calls,
    /// so that it is a whole number: a call takes the nanoseconds of the window, and a nanosecond
    /// brings the calls of the quota.
    level: Option<u128>,
    /// When the level was computed.
    updated: Duration,
}

impl Counter {
    /// Counts a call in the log, of which only the arrivals that `counts` accepts are kept.
    fn log(&mut self, limits: Limits, at: Duration, counts: impl Fn(Duration) -> bool) -> bool {
        while self.log.pop_front_if(|first| !counts(*first)).is_some() {}
        let admitted = self.log.len() < limits.quota.calls.get() as usize;
        if admitted || limits.count_rejected {
            self.log.push_back(at);
        }
        admitted
    }

    /// Takes a call out of the bucket.
    fn take(&mut self, limits: Limits, at: Duration) -> bool {
        let quota = limits.quota;
        let (calls, cost) = (u128::from(quota.calls.get()), quota.window.as_nanos());
        let gained = at.saturating_sub(self.updated).as_nanos() * calls;
        let full = cost * calls;
        let level = self.level.unwrap_or(full).saturating_add(gained).min(full);
        let left = level.checked_sub(cost);
        let rejected = if limits.count_rejected { 0 } else { level };
        (self.level, self.updated) = (Some(left.unwrap_or(rejected)), at);
        left.is_some()
    }
}

impl FromStr for Rate {
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

impl TryFrom<String> for Rate {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        text.parse()
    }
}

impl fmt::Display for Rate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.calls, Period(self.window))
    }
}

#[cfg(test)]
mod tests;
