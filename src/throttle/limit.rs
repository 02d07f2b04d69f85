//! How many calls may be under way: what the callers agree on, lowered when the API turns calls away, and climbing back.

use std::time::Duration;

use super::slots::{FORWARD, MAX_SLOTS, Micros};

/// How long the smallest configured limit counts after its last use.
const AGREEMENT: Micros = 60_000_000;

/// How many windows a lowered limit stays before it is tried one higher.
///
/// Trying costs one refused call each time, so this is a trade: at 5 calls a second one call in 45 is refused while a lowered
/// limit lasts, and after it is raised to 10 again the full rate is back within 9 + 2 × 1.5 seconds.
const PATIENCE: u64 = 9;

/// An operation's documented limit: at most `calls` in any `window`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limit {
    /// How many calls. Zero counts as one.
    pub calls: u32,
    /// In how long. At most an hour.
    pub window: Duration,
}

/// The limit a caller is configured for, in the core's units.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Terms {
    /// How many calls: 1 to [`MAX_SLOTS`].
    pub(super) calls: u32,
    /// In any window of this length.
    pub(super) window: Micros,
}

impl Terms {
    /// What keeps `limit`. A limit of more calls than there are slots is kept as a k-th of the calls in a k-th of the window.
    pub(super) fn new(limit: Limit) -> Self {
        let calls = limit.calls.max(1);
        let parts = calls.div_ceil(MAX_SLOTS as u32);
        let window = Micros::try_from(limit.window.as_micros()).unwrap_or(Micros::MAX);
        Self {
            calls: calls / parts,
            window: (window.div_ceil(u64::from(parts))).clamp(1, 3_600_000_000),
        }
    }
}

/// The limit in force, and how it got there.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Pace {
    /// The smallest limit configured among those who called in the last minute.
    pub(super) calls: u32,
    /// The longest window among them.
    pub(super) window: Micros,
    /// When that was last confirmed.
    pub(super) agreed_at: Micros,
    /// The limit in force: at most `calls`.
    pub(super) limit: u32,
    /// The last limit that stood the test.
    pub(super) proven: u32,
    /// How much to add at the next rise.
    pub(super) rise: u32,
    /// When the limit was last lowered.
    pub(super) cut_at: Micros,
    /// When it may rise next; until then, the last rise is a trial.
    pub(super) rise_at: Micros,
}

impl Pace {
    /// Takes a caller's configuration into account.
    pub(super) fn agree(&mut self, now: Micros, terms: Terms) {
        let before = self.calls;
        let forgotten = before == 0 || now.saturating_sub(self.agreed_at) > AGREEMENT;
        let stricter = terms.calls <= self.calls && terms.window >= self.window;
        if forgotten || stricter {
            (self.calls, self.window) = (terms.calls, terms.window);
            self.agreed_at = now;
        } else {
            self.calls = self.calls.min(terms.calls);
            self.window = self.window.max(terms.window);
        }
        if self.calls != before && (self.limit == before || self.limit > self.calls) {
            (self.limit, self.proven, self.rise) = (self.calls, self.calls, 1);
        }
    }

    /// The limit in force for one who needs it to be `wanted`. It rises only when that is needed.
    pub(super) fn limit(&mut self, now: Micros, wanted: usize) -> usize {
        if self.limit < self.calls && wanted > self.limit as usize && now >= self.rise_at {
            self.proven = self.limit;
            self.limit = self.limit.saturating_add(self.rise).min(self.calls);
            self.rise = self.rise.saturating_mul(2);
            self.rise_at = now.saturating_add(self.window).saturating_add(FORWARD);
        }
        self.limit as usize
    }

    /// Lowers the limit because a call sent at `sent` was turned away: once per window, and not for calls sent before that.
    /// A limit on trial falls back to the one before it.
    pub(super) fn cut(&mut self, now: Micros, sent: Micros) {
        let once = self.cut_at.saturating_add(self.window);
        if self.cut_at > 0 && (sent <= self.cut_at || now < once) {
            return;
        }
        let on_trial = self.limit > self.proven && sent < self.rise_at;
        if !on_trial {
            self.proven = (self.limit * 7 / 10).max(1);
        }
        self.limit = self.proven;
        self.rise = 1;
        self.cut_at = now;
        self.rise_at = now.saturating_add(self.window.saturating_mul(PATIENCE));
    }

    /// The same limit after its stamps became worthless.
    pub(super) fn restarted(self, now: Micros) -> Self {
        let lowered = self.limit < self.calls;
        Self {
            agreed_at: now,
            cut_at: if lowered { now } else { 0 },
            rise_at: if lowered {
                now + self.window.saturating_mul(PATIENCE)
            } else {
                0
            },
            ..self
        }
    }
}
