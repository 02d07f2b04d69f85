//! How machines that use one directory take turns at the quota of an account.
//!
//! The times in a record are of one machine's clock, and tell another machine nothing about the
//! present. So a record belongs to the boot that wrote it last, and only processes of that boot may
//! call. Another machine takes the record over when the turn of its owner is over: when the owner
//! has had it for [`TURN`] by the owner's own clock, or when nobody has changed it for [`TURN`]
//! while this machine looked. The same rule serves the machine itself after it was started anew.
//!
//! Whoever takes a record over counts all its times from the moment at which it first saw the
//! record in this form. The record was written before that. So no call is taken to be older than it
//! is, no slot becomes free too early, and however many machines use the directory, no window
//! contains more calls than the quota allows. The price is the time between the writing and the
//! looking, which nobody can tell: at most [`LOOK`] for each turn while somebody waits. Because it
//! is small against a turn, the slots do become free, and every machine gets its turns.

use super::constants::{LOOK, Micros};
use super::sharing::Sharing;
use super::slots::{Lane, Pool, State};

/// After what time another machine may take a record over. It is long enough for ten calls of an
/// ordinary window, and short enough that nobody notices the wait.
pub(super) const TURN: Micros = 1_000_000;

/// Whose turn it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Turn {
    /// The boot whose clock the record's times are of.
    pub(super) boot: u64,
    /// When its turn began, by that clock.
    pub(super) since: Micros,
}

impl Turn {
    /// How long another machine has to wait, if it is not its turn yet. The record has not changed
    /// for `unchanged`, as far as that machine has seen. `None` means that it may take it over.
    pub(super) fn wait(&self, state: &State, unchanged: Micros) -> Option<Micros> {
        let held = state.seen.saturating_sub(self.since);
        let left = TURN.saturating_sub(held.max(unchanged));
        (left > 0).then_some(left.min(LOOK))
    }
}

/// What somebody else wrote, for as long as it stays the same.
#[derive(Debug)]
pub(super) struct Watched {
    bytes: Vec<u8>,
    since: Micros,
}

impl Watched {
    /// Since when this process has seen exactly these bytes: `now`, if they are new to it.
    pub(super) fn since(watched: &mut Option<Self>, bytes: &[u8], now: Micros) -> Micros {
        match watched {
            Some(known) if known.bytes == bytes => known.since,
            _ => {
                *watched = Some(Self {
                    bytes: bytes.to_vec(),
                    since: now,
                });
                now
            }
        }
    }
}

impl State {
    /// The state by the clock of another machine, which first saw it at the time `seen` and reads
    /// `now`.
    pub(super) fn carried_over(mut self, seen: Micros, now: Micros) -> Self {
        let written = self.seen;
        let shifted = |time: Micros| match time.checked_sub(written) {
            Some(later) => seen.saturating_add(later),
            None => seen.saturating_sub(written - time),
        };
        self.slots
            .iter_mut()
            .for_each(|slot| slot.free_at = shifted(slot.free_at));
        self.slots.retain(|slot| slot.free_at > now);
        // Ids rise with the clock. Those of another one are kept only while a permit has one.
        if self.slots.is_empty() {
            self.last_id = now;
        }
        // Zero would mean that it never was.
        let shifted_if_ever = |time: Micros| match time {
            0 => 0,
            time => shifted(time).max(1),
        };
        let carried = |Pool {
                           mut limit,
                           paused_until,
                       }| {
            limit.confirmed_at = shifted(limit.confirmed_at);
            limit.raise_at = shifted(limit.raise_at);
            limit.lowered_at = shifted_if_ever(limit.lowered_at);
            Pool {
                limit,
                paused_until: shifted(paused_until),
            }
        };
        let lanes = self.lanes.iter().map(|lane| Lane {
            pool: carried(lane.pool),
            ..*lane
        });
        Self {
            seen,
            forgotten_at: shifted_if_ever(self.forgotten_at),
            sharing: Sharing {
                until: shifted_if_ever(self.sharing.until),
                pool: carried(self.sharing.pool),
                ..self.sharing
            },
            lanes: lanes.collect(),
            // They come back with their old rank when it is their turn.
            waiters: Vec::new(),
            ..self
        }
    }
}
