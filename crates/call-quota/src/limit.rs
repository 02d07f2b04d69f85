//! How many permits a set of slots may have granted at the same time.
//!
//! Callers are configured with a [`Limit`]. All callers that share the slots keep the strictest one.
//! They lower it together when the API throttles them, and raise it step by step afterwards.

use std::num::NonZeroU32;
use std::time::Duration;

use super::constants::{
    FORWARD_DELAY, LIMIT_MEMORY, MAX_CALLS, MAX_WINDOW, Micros, RAISE_AFTER_WINDOWS, micros,
};

/// An operation's limit: at most `calls` calls in any window of this length.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limit {
    /// How many calls are allowed.
    pub calls: NonZeroU32,
    /// The length of the window. More than an hour counts as an hour.
    pub window: Duration,
}

/// The limit that a caller is configured with, in the units of the slot algorithm.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct ConfiguredLimit {
    /// How many calls, at most [`MAX_CALLS`].
    pub(crate) calls: NonZeroU32,
    /// The length of the window, from one microsecond to [`MAX_WINDOW`].
    pub(crate) window: Micros,
}

impl ConfiguredLimit {
    /// Converts a limit. One of more than [`MAX_CALLS`] calls becomes a k-th of the calls in a k-th
    /// of the window, which implies the original.
    pub(crate) fn new(limit: Limit) -> Self {
        let parts = limit.calls.get().div_ceil(MAX_CALLS as u32);
        Self {
            calls: NonZeroU32::new(limit.calls.get() / parts).unwrap_or(NonZeroU32::MIN),
            window: micros(limit.window)
                .div_ceil(u64::from(parts))
                .clamp(1, MAX_WINDOW),
        }
    }
}

/// The limit in force for all callers that share a set of slots. All fields are zero until the first
/// of them asks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct AdaptiveLimit {
    /// The smallest number of calls that any caller in the last minute is configured with.
    pub(crate) calls: u32,
    /// The longest window that any of them is configured with.
    pub(crate) window: Micros,
    /// When a caller last asked that is configured with exactly these two, or with stricter ones.
    pub(crate) confirmed_at: Micros,
    /// How many calls are allowed in a window now: at most `calls`.
    pub(crate) current: u32,
    /// The greatest limit that lasted until the next raise without a throttled call. If it is less
    /// than `current`, the difference is what the last raise added.
    pub(crate) proven: u32,
    /// When the limit was last lowered, or came into force because a call was throttled. Zero if
    /// neither ever happened.
    pub(crate) lowered_at: Micros,
    /// When the limit may next be raised. Until then the last raise is a trial.
    pub(crate) raise_at: Micros,
}

impl AdaptiveLimit {
    /// Takes the limit into account that a caller is configured with.
    pub(crate) fn confirm(&mut self, now: Micros, configured: ConfiguredLimit) {
        let forgotten = self.calls == 0 || !self.is_in_use(now);
        let calls = configured.calls.get();
        let stricter = calls <= self.calls && configured.window >= self.window;
        if forgotten || stricter {
            self.confirmed_at = now;
            self.set(calls, configured.window);
        } else {
            let (calls, window) = (self.calls.min(calls), self.window.max(configured.window));
            self.set(calls, window);
        }
    }

    /// Changes the limit that the calls are configured with.
    ///
    /// A limit that was never lowered follows it up and down. A lowered one only follows it down,
    /// because the API has shown that it allows less.
    pub(crate) fn set(&mut self, calls: u32, window: Micros) {
        let before = std::mem::replace(&mut self.calls, calls);
        self.window = window;
        if calls != before && (self.current == before || self.current > calls) {
            (self.current, self.proven) = (calls, calls);
        }
    }

    /// Whether a caller that is configured with it asked in the last minute.
    pub(crate) fn is_in_use(&self, now: Micros) -> bool {
        now.saturating_sub(self.confirmed_at) <= LIMIT_MEMORY
    }

    /// The limit in force for a caller that could be granted a permit if the limit were `needed`.
    ///
    /// A lowered limit is raised here, when its time has come and the caller needs it: an unused
    /// raise would prove nothing. Each raise that lasts doubles the next one.
    pub(crate) fn for_caller(&mut self, now: Micros, needed: usize) -> usize {
        let lowered = self.current < self.calls;
        if lowered && needed > self.current as usize && now >= self.raise_at {
            let raise = (2 * self.current.saturating_sub(self.proven)).max(1);
            self.proven = self.current;
            self.current = (self.current + raise).min(self.calls);
            self.raise_at = now
                .saturating_add(self.window)
                .saturating_add(FORWARD_DELAY);
        }
        self.current as usize
    }

    /// Lowers the limit because the API throttled a call that was permitted at `permitted_at`.
    ///
    /// One overload usually throttles several calls. So the limit falls once in a window at most,
    /// and not for calls that were permitted before it last fell. A limit on trial falls back to
    /// the one before it, any other to seven tenths.
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
