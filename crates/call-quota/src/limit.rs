//! How many permits a set of slots may have granted at the same time.
//!
//! Each caller is configured with a [`Limit`]. All callers that share the slots obey the strictest
//! one. When the API throttles a call, they lower it together, and raise it step by step afterwards.

use std::num::NonZeroU32;
use std::time::Duration;

use super::constants::{
    FORWARD_DELAY, LIMIT_MEMORY, MAX_CALLS, MAX_WINDOW, Micros, RAISE_AFTER_WINDOWS, micros,
};

/// The limit of an operation: a number of calls in any window of a given length.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limit {
    /// From one to [`MAX_CALLS`].
    pub(crate) calls: u64,
    /// From one microsecond to [`MAX_WINDOW`].
    pub(crate) window: Micros,
}

impl Limit {
    /// At most `calls` calls in any window of this length. More than an hour counts as one hour. More
    /// than 64 calls become a k-th of the calls in a k-th of the window, which implies the original
    /// limit.
    pub fn new(calls: NonZeroU32, window: Duration) -> Self {
        let calls = u64::from(calls.get());
        let parts = calls.div_ceil(MAX_CALLS);
        Self {
            calls: calls / parts,
            window: micros(window).div_ceil(parts).clamp(1, MAX_WINDOW),
        }
    }
}

/// The limit in force for all callers that share a set of slots, and the time from which the set may
/// be used. All fields are zero until the first request.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Pool {
    /// The end of the pause that the API asked for.
    pub(crate) paused_until: Micros,
    /// The smallest number of calls in the configuration of any caller of the last minute.
    pub(crate) calls: u64,
    /// The longest window in the configuration of any of them.
    pub(crate) window: Micros,
    /// The last request of a caller whose configuration has these values or stricter ones.
    pub(crate) confirmed_at: Micros,
    /// How many calls are allowed in a window now: at most `calls`.
    pub(crate) current: u64,
    /// The greatest limit that was in force until the next raise without a throttled call. If it is
    /// less than `current`, the difference is what the last raise added.
    pub(crate) proven: u64,
    /// When a throttled call last lowered the limit or put it into force. Zero if that never
    /// happened.
    pub(crate) lowered_at: Micros,
    /// When the limit may be raised next. Until then the last raise is on trial.
    pub(crate) raise_at: Micros,
}

impl Pool {
    /// Takes the configured limit of a caller into account.
    pub(crate) fn confirm(&mut self, now: Micros, configured: Limit) {
        let forgotten = self.calls == 0 || !self.is_in_use(now);
        let calls = configured.calls;
        let stricter = calls <= self.calls && configured.window >= self.window;
        if forgotten || stricter {
            self.confirmed_at = now;
            self.set(calls, configured.window);
        } else {
            let (calls, window) = (self.calls.min(calls), self.window.max(configured.window));
            self.set(calls, window);
        }
    }

    /// Changes the configured limit.
    ///
    /// A limit in force that was never lowered follows the configured one up and down. A lowered one
    /// follows it only down, because the API has shown that it allows less.
    pub(crate) fn set(&mut self, calls: u64, window: Micros) {
        let before = std::mem::replace(&mut self.calls, calls);
        self.window = window;
        if calls != before && (self.current == before || self.current > calls) {
            (self.current, self.proven) = (calls, calls);
        }
    }

    /// Whether a caller with this configuration asked in the last minute.
    pub(crate) fn is_in_use(&self, now: Micros) -> bool {
        now.saturating_sub(self.confirmed_at) <= LIMIT_MEMORY
    }

    /// The limit in force for a caller that could be granted a permit if the limit were `needed`.
    ///
    /// This raises a lowered limit if its time has come and the caller needs the raise: an unused
    /// raise would prove nothing. Each raise that is not refused doubles the next one.
    pub(crate) fn for_caller(&mut self, now: Micros, needed: usize) -> usize {
        let lowered = self.current < self.calls;
        if lowered && needed as u64 > self.current && now >= self.raise_at {
            let raise = (2 * self.current.saturating_sub(self.proven)).max(1);
            self.proven = self.current;
            self.current = (self.current + raise).min(self.calls);
            self.raise_at = now + self.window + FORWARD_DELAY;
        }
        self.current as usize
    }

    /// Lowers the limit because the API throttled a call that was permitted at `permitted_at`.
    ///
    /// One overload usually throttles several calls. So the limit is lowered at most once in a
    /// window, and not for calls that were permitted before it was last lowered. A limit on trial
    /// falls back to the previous one, any other limit to seven tenths.
    pub(crate) fn lower(&mut self, now: Micros, permitted_at: Micros) {
        let next = self.lowered_at.saturating_add(self.window);
        if self.lowered_at > 0 && (permitted_at <= self.lowered_at || now < next) {
            return;
        }
        let on_trial = self.current > self.proven && permitted_at < self.raise_at;
        if !on_trial {
            self.proven = (self.current * 7 / 10).max(1);
        }
        self.current = self.proven;
        self.lowered_at = now;
        self.raise_at = now.saturating_add(self.window.saturating_mul(RAISE_AFTER_WINDOWS));
    }
}
