//! The slot algorithm: who may call when. It does no I/O and reads no clock: every step is told the
//! time.
//!
//! A quota of N calls in any window W is a semaphore with N slots. A permit to call occupies a
//! slot. Nobody knows when exactly the server will count the call; only that it does so after the
//! permit was granted and before the answer arrives, and at most F ([`FORWARD_DELAY`]) after the
//! call left on a connection that is in use. A connection that has to be made first can take much
//! longer, so every permit is granted with the time L after which its call has left at the latest.
//! The slot is free again W after the answer, or F + W after it is known that the call has left, or
//! L + F + W after the grant, whichever is first. Two calls that used the same slot are then
//! counted at least W apart whatever the network does, and no window of W contains more than N
//! calls.
//!
//! With only these bounds known, no rule can free a slot earlier. A call is counted anywhere
//! between the grant and the earliest of its answer, F after its departure, and L + F after the
//! grant. If one more call were permitted while each of N others may still be counted W or less
//! before it, then there are delays that put all N + 1 into one window.
//!
//! Processes wait in a fair queue, with one entry each. The k-th waiter is granted a permit when
//! k slots are free, so nobody can overtake, and a process that is slow to wake delays no other.
//! Every waiter is told when to ask again. No slot becomes free before `now + W` unless its time
//! is known already, so asking earlier is useless, and asking at that time misses nothing.
//!
//! `slots.lua` is the same algorithm for Redis. A property test in `redis/tests.rs` compares the
//! two.
//!
//! This file is longer than 300 lines because the argument for the algorithm stands beside it.

use std::fmt;

use super::constants::{FORWARD_DELAY, MAX_PAUSE, MAX_WAITERS, Micros, WAITER_GRACE};
use super::limit::{AdaptiveLimit, ConfiguredLimit};

/// Names a granted permit.
///
/// Ids of permits and waiters come from one sequence that rises with the store's clock, so that
/// none is given twice even after the state was lost. An id is never smaller than the time it was
/// given at, and not much greater.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct PermitId(pub(super) u64);

/// Names a process that waits in the fair queue. Smaller ids came earlier.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct WaiterId(pub(super) u64);

/// Which waiters go first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Priority {
    /// Before all others: the call was sent once already, and the API throttled it.
    Retry,
    /// In the order of arrival.
    Normal,
}

/// What a process tells or asks the shared state.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Command {
    /// Asks for a permit.
    Acquire {
        /// The id from the last [`Reply::Wait`]. `None` if the process is not waiting yet.
        waiter: Option<WaiterId>,
        /// Its rank among the waiters.
        priority: Priority,
        /// The limit that the caller is configured with.
        limit: ConfiguredLimit,
        /// How long after the grant its call leaves at the latest, at most [`MAX_LEAVE`].
        leave: Micros,
    },
    /// The API answered the call that was sent with this permit.
    Answered { permit: PermitId },
    /// The process no longer waits.
    Cancel { waiter: WaiterId },
    /// The call that was sent with this permit leaves now, on a connection that is in use.
    Departed { permit: PermitId },
    /// The API throttled the call that was sent with this permit, and may have asked for a pause.
    Throttled {
        permit: PermitId,
        pause: Option<Micros>,
    },
    /// The call that was sent with this permit will not be answered. If it left, it did so before
    /// now.
    Unanswered { permit: PermitId },
    /// The call was never sent, so the permit is returned unused.
    Unsent { permit: PermitId },
}

/// How the shared state replies to a [`Command`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Reply {
    /// The command was carried out. Only [`Command::Acquire`] is replied to with more.
    Done,
    /// The call may be sent now.
    Granted { permit: PermitId },
    /// There is no permit yet.
    Wait(Wait),
}

/// When to ask for a permit again, and why there is none yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Wait {
    /// What to pass with the next [`Command::Acquire`]. `None` if no queue remembers the process.
    pub(super) waiter: Option<WaiterId>,
    /// How long to wait before the next [`Command::Acquire`].
    pub(super) delay: Micros,
    /// How many processes are before this one.
    pub(super) ahead: u32,
    /// How many calls the limit in force allows in a window.
    pub(super) limit: u32,
    /// What the process waits for.
    pub(super) cause: Cause,
}

/// What the callers of a quota wait for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cause {
    /// The API throttled a call and asked for a pause.
    Paused,
    /// Every slot of the quota is occupied.
    Quota,
    /// Earlier calls may have been forgotten, so that a window must pass without any.
    Recovering,
}

/// All that is known about one quota. It is of bounded size and means the same in every store.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct State {
    /// The time of the last step.
    pub(super) seen: Micros,
    /// The last id that was given to a permit or a waiter.
    pub(super) last_id: u64,
    /// Until then no call may go, because earlier calls may have been forgotten.
    pub(super) recovering_until: Micros,
    /// Until then no call may go, because the API asked for a pause.
    pub(super) paused_until: Micros,
    /// How many slots there are.
    pub(super) limit: AdaptiveLimit,
    /// The occupied slots, in the order in which their permits were granted.
    pub(super) slots: Vec<Slot>,
    /// The fair queue, first come first.
    pub(super) waiters: Vec<Waiter>,
}

/// A slot that is occupied.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Slot {
    /// The permit that occupies it.
    pub(super) permit: PermitId,
    /// When it is free again, at the latest.
    pub(super) free_at: Micros,
}

/// A process in the fair queue.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Waiter {
    pub(super) id: WaiterId,
    pub(super) priority: Priority,
    /// When the process will ask again, if it still lives.
    pub(super) asks_at: Micros,
}

impl State {
    /// The state to begin with when earlier calls may have been forgotten. No permit is granted
    /// until all of them have left every window.
    pub(super) fn recovering(now: Micros, window: Micros) -> Self {
        Self {
            seen: now,
            recovering_until: now.saturating_add(window).saturating_add(FORWARD_DELAY),
            ..Self::default()
        }
    }

    /// Carries out one command at the time `now`.
    pub(super) fn step(&mut self, now: Micros, command: Command) -> Reply {
        if now < self.seen {
            self.restart_clock(now);
        }
        self.seen = now;
        match command {
            Command::Acquire {
                waiter,
                priority,
                limit,
                leave,
            } => return self.acquire(now, (waiter, priority), limit, leave),
            Command::Answered { permit } => self.release(permit, now),
            Command::Cancel { waiter } => self.waiters.retain(|other| other.id != waiter),
            Command::Departed { permit } | Command::Unanswered { permit } => {
                self.release(permit, now.saturating_add(FORWARD_DELAY));
            }
            Command::Throttled { permit, pause } => self.throttled(now, permit, pause),
            Command::Unsent { permit } => self.slots.retain(|slot| slot.permit != permit),
        }
        Reply::Done
    }

    fn acquire(
        &mut self,
        now: Micros,
        (waiter, priority): (Option<WaiterId>, Priority),
        configured: ConfiguredLimit,
        leave: Micros,
    ) -> Reply {
        self.limit.confirm(now, configured);
        self.slots.retain(|slot| slot.free_at > now);
        self.waiters.retain(|other| {
            Some(other.id) == waiter || other.asks_at.saturating_add(WAITER_GRACE) > now
        });

        let (waiter, ahead) = self.enqueue(now, waiter, priority);
        // A slot for each process before this one stays reserved for that process.
        let needed = self.slots.len() + ahead + 1;
        let limit = self.limit.for_caller(now, needed);
        let opens_at = self.recovering_until.max(self.paused_until);
        if now >= opens_at && needed <= limit {
            return self.grant(now, waiter, leave);
        }

        let free_at = match needed.saturating_sub(limit) {
            0 => now,
            missing if missing <= self.slots.len() => self.release_time(now, missing),
            // Even when every slot is free there are too many before this process. One of them has
            // to be served, or to be dropped from the queue.
            _ => self.next_overdue(ahead),
        };
        let asks_at = free_at.max(opens_at).max(now + 1);
        if let Some(entry) = self.waiters.iter_mut().find(|other| other.id == waiter) {
            entry.asks_at = asks_at;
        }
        Reply::Wait(Wait {
            waiter: Some(waiter),
            delay: asks_at - now,
            ahead: ahead as u32,
            limit: limit as u32,
            cause: match () {
                () if now < self.recovering_until => Cause::Recovering,
                () if now < self.paused_until => Cause::Paused,
                () => Cause::Quota,
            },
        })
    }

    /// Puts a process into the fair queue by its priority and id. Returns its id and how many are
    /// before it.
    fn enqueue(
        &mut self,
        now: Micros,
        waiter: Option<WaiterId>,
        priority: Priority,
    ) -> (WaiterId, usize) {
        // An id that was never given belongs to a state that was lost.
        let known = waiter.filter(|waiter| waiter.0 <= self.last_id);
        let id = known.unwrap_or_else(|| WaiterId(self.next_id(now)));
        self.waiters.retain(|other| other.id != id);
        let before = |other: &&Waiter| (other.priority, other.id) < (priority, id);
        let ahead = self.waiters.iter().filter(before).count();
        if self.waiters.len() < MAX_WAITERS {
            let entry = Waiter {
                id,
                priority,
                asks_at: now,
            };
            self.waiters.insert(ahead, entry);
        }
        (id, ahead)
    }

    fn grant(&mut self, now: Micros, waiter: WaiterId, leave: Micros) -> Reply {
        self.waiters.retain(|other| other.id != waiter);
        let permit = PermitId(self.next_id(now));
        let free_at = now + leave + FORWARD_DELAY + self.limit.window;
        self.slots.push(Slot { permit, free_at });
        Reply::Granted { permit }
    }

    fn next_id(&mut self, now: Micros) -> u64 {
        self.last_id = self.last_id.saturating_add(1).max(now);
        self.last_id
    }

    /// The earliest time at which `count` of the occupied slots can be free.
    fn release_time(&self, now: Micros, count: usize) -> Micros {
        let mut times: Vec<_> = self
            .slots
            .iter()
            // The answer may arrive right now, which frees the slot one window later.
            .map(|slot| slot.free_at.min(now + self.limit.window))
            .collect();
        times.sort_unstable();
        times.get(count - 1).copied().unwrap_or(now)
    }

    /// When the first of those ahead is dropped from the queue if it does not ask again.
    fn next_overdue(&self, ahead: usize) -> Micros {
        let times = self.waiters.iter().take(ahead).map(|other| other.asks_at);
        times
            .min()
            .unwrap_or(self.seen)
            .saturating_add(WAITER_GRACE)
    }

    /// Frees a slot one window after its call was counted: at the time `counted` at the latest.
    fn release(&mut self, permit: PermitId, counted: Micros) {
        let free_at = counted.saturating_add(self.limit.window);
        if let Some(slot) = self.slots.iter_mut().find(|slot| slot.permit == permit) {
            slot.free_at = slot.free_at.min(free_at);
        }
    }

    fn throttled(&mut self, now: Micros, permit: PermitId, pause: Option<Micros>) {
        self.release(permit, now);
        let pause = pause.unwrap_or(self.limit.window).min(MAX_PAUSE);
        self.paused_until = self.paused_until.max(now.saturating_add(pause));
        // A permit's id is the time at which it was granted, as far as that matters here.
        self.limit.lower(now, permit.0);
    }

    /// Begins anew because the clock was set back, which makes every time in the state worthless.
    fn restart_clock(&mut self, now: Micros) {
        *self = Self {
            last_id: self.last_id,
            limit: self.limit.restarted(now),
            ..Self::recovering(now, self.limit.window)
        };
    }
}

impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Paused => "the API asked for a pause",
            Self::Quota => "the quota is in use",
            Self::Recovering => "earlier calls are unknown, so one window must pass",
        })
    }
}

#[cfg(test)]
mod simulation;
