//! The slot algorithm: which process may call when. It does no I/O and reads no clock: the time is an
//! argument of every step.
//!
//! A quota of N calls in any window W is a semaphore with N slots. A permit to call occupies a slot.
//! The moment at which the server counts the call is unknown. It is after the grant of the permit
//! and before the answer, and at most F ([`FORWARD_DELAY`]) after the call left on an existing
//! connection. A new connection can take much longer, so every permit is granted with a time L
//! within which its call leaves. The slot becomes free W after the answer, F + W after the reported
//! departure of the call, or L + F + W after the grant, whichever is first. Two calls that used the
//! same slot are then counted at least W apart whatever the network does, and no window of W contains
//! more than N calls.
//!
//! No rule that knows only these bounds can free a slot earlier. A call is counted at any time
//! between the grant and the earliest of its answer, F after its departure, and L + F after the
//! grant. If one more call were permitted while each of N others may still be counted W or less
//! before it, there are delays that put all N + 1 into one window.
//!
//! Processes wait in a fair queue, with one entry each. The k-th waiter is granted a permit when k
//! slots are free, so no process can overtake another, and a process that wakes late does not delay
//! others. Every reply to a waiter contains the time at which to ask again. No slot becomes free
//! before `now + W` unless its time is already known, so an earlier request is useless, and a request
//! at that time misses nothing.
//!
//! One state contains all operations of an account. Each operation has a lane with its own slots: the
//! waiters of one lane never wait for those of another. While the operations share one set of slots
//! (`sharing.rs`), a permit needs a free slot of its lane and one of that set, for which the
//! processes of all lanes wait in one fair queue.
//!
//! `slots.lua` is the same algorithm for Redis. A property test in `redis/tests` compares the two.
//!
//! This file is longer than 300 lines because it contains the algorithm with its proof.

use std::fmt;

use super::constants::{
    ASK_AGAIN, FORWARD_DELAY, LOOK, MAX_LANES, MAX_REMEMBERED, MAX_SLOTS, MAX_WAITERS, Micros,
    REMEMBERED_AFTER, WAITER_GRACE,
};
use super::limit::{Limit, Pool};

/// Names an operation in the state of an account.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct LaneId(pub(crate) u64);

/// Names a granted permit.
///
/// Ids of permits and waiters come from one sequence that increases with the store's clock, so that
/// no id is used twice even after a loss of the state. An id is never smaller than the time at which
/// it was created, and not much greater.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct PermitId(pub(crate) u64);

/// Names a process that waits in the fair queue. Smaller ids arrived earlier.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct WaiterId(pub(crate) u64);

/// Which waiters go first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Priority {
    /// Before all others: the API throttled an earlier attempt of this call.
    Retry,
    /// In the order of arrival.
    Normal,
}

/// A request to the shared state, or a report.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Command {
    /// Asks for a permit.
    Acquire(PermitRequest),
    /// The API answered the call of this permit.
    Answered(PermitId),
    /// The process no longer waits.
    Cancel(WaiterId),
    /// The call of this permit leaves now, on an existing connection.
    Departed(PermitId),
    /// The API throttled the call of this operation and permit, and may have asked for a pause.
    Throttled(LaneId, PermitId, Option<Micros>),
    /// The call of this permit will not be answered. If it left, it has left by now.
    Unanswered(PermitId),
    /// The call was never sent, so the permit is returned unused.
    Unsent(PermitId),
}

/// A request for a permit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct PermitRequest {
    /// The operation that is called.
    pub(crate) lane: LaneId,
    /// The id from the last [`Reply::Wait`]. `None` if the process does not wait yet.
    pub(crate) waiter: Option<WaiterId>,
    /// Its rank among the waiters.
    pub(crate) priority: Priority,
    /// The limit that the caller is configured with.
    pub(crate) limit: Limit,
    /// The time after the grant within which its call leaves, at most ten minutes.
    pub(crate) leave: Micros,
}

/// The reply of the shared state to a [`Command`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reply {
    /// The command was executed. Only [`Command::Acquire`] has another reply.
    Done,
    /// The call may be sent now.
    Granted(PermitId),
    /// There is no permit yet.
    Wait(Wait),
}

/// When to ask for a permit again, and why there is none yet.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Wait {
    /// The id for the next [`Command::Acquire`]. `None` if no queue contains the process.
    pub(crate) waiter: Option<WaiterId>,
    /// How long to wait before the next [`Command::Acquire`].
    pub(crate) delay: Micros,
    /// How many processes are before this one.
    pub(crate) ahead: u32,
    /// How many calls the limit in force allows in a window.
    pub(crate) limit: u32,
    /// What the process waits for.
    pub(crate) reason: WaitReason,
}

/// What the callers of a quota wait for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum WaitReason {
    /// The API throttled a call and asked for a pause.
    Paused,
    /// Every slot of the quota is occupied.
    #[default]
    Quota,
    /// Earlier calls may have been forgotten, so that a window must pass without any.
    Recovering,
}

/// All that is known about the calls of one account. It has a bounded size, and the same meaning in
/// every store.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct QuotaState {
    /// The time of the last step.
    pub(crate) seen: Micros,
    /// The last id of a permit or a waiter.
    pub(crate) last_id: u64,
    /// Calls that were permitted up to this time may have been forgotten. Zero if none were.
    pub(crate) forgotten_at: Micros,
    /// Whether all lanes share one set of slots, and that set.
    pub(crate) sharing: Sharing,
    /// Each operation that was called.
    pub(crate) lanes: Vec<Lane>,
    /// The occupied slots, in the order in which their permits were granted, and those that became
    /// free a short time ago.
    pub(crate) slots: Vec<Slot>,
    /// The processes that wait, in no order.
    pub(crate) waiters: Vec<Waiter>,
}

/// What is known about the calls of one operation.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Lane {
    pub(crate) id: LaneId,
    pub(crate) pool: Pool,
}

/// Until when all operations share one set of slots, and that set.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Sharing {
    /// Zero if they never did.
    pub(crate) until: Micros,
    /// How long they share it, or shared it the last time.
    pub(crate) span: Micros,
    pub(crate) pool: Pool,
}

impl Sharing {
    pub(crate) fn lasts(&self, now: Micros) -> bool {
        now < self.until
    }
}

/// A set of slots: that of one operation, or, with `None`, the one that all operations share.
pub(crate) type SlotSet = Option<LaneId>;

/// A slot that is occupied, or was occupied.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Slot {
    /// The permit that occupies it.
    pub(crate) permit: PermitId,
    pub(crate) lane: LaneId,
    /// The latest time at which it becomes free.
    pub(crate) free_at: Micros,
}

/// The order of the fair queue: the number of a priority, then the order of arrival.
type Rank = (u64, WaiterId);

/// A process in the fair queue.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Waiter {
    pub(crate) id: WaiterId,
    pub(crate) lane: LaneId,
    /// The number of its [`Priority`]: smaller ones go first.
    pub(crate) priority: u64,
    /// When the process will ask again, if it is still alive.
    pub(crate) asks_at: Micros,
}

impl QuotaState {
    /// The initial state if calls that were permitted up to a time may have been forgotten. It grants
    /// no permit until all of them have left every window.
    pub(crate) fn forgetting(forgotten_at: Micros, now: Micros) -> Self {
        Self {
            seen: now,
            forgotten_at,
            ..Self::default()
        }
    }

    /// Executes one command at the time `now`.
    pub(crate) fn step(&mut self, now: Micros, command: Command) -> Reply {
        if now < self.seen {
            // If the clock was set back, every time in the state is meaningless.
            *self = Self {
                last_id: self.last_id,
                ..Self::forgetting(now, now)
            };
        }
        self.seen = now;
        match command {
            Command::Acquire(request) => return self.acquire(now, request),
            Command::Answered(permit) => self.release(permit, now),
            Command::Cancel(waiter) => self.waiters.retain(|other| other.id != waiter),
            Command::Departed(permit) | Command::Unanswered(permit) => {
                self.release(permit, now.saturating_add(FORWARD_DELAY));
            }
            Command::Throttled(lane, permit, pause) => {
                self.release(permit, now);
                self.throttled(now, lane, permit, pause);
            }
            Command::Unsent(permit) => self.slots.retain(|slot| slot.permit != permit),
        }
        Reply::Done
    }

    fn acquire(&mut self, now: Micros, request: PermitRequest) -> Reply {
        let PermitRequest { lane, priority, .. } = request;
        self.make_lane(lane, now, request.limit);
        self.forget_the_past(now, request.waiter);
        // An unknown id belongs to a state that was lost.
        let known = request.waiter.filter(|waiter| waiter.0 <= self.last_id);
        let id = known.unwrap_or_else(|| WaiterId(self.next_id(now)));
        let rank = (priority as u64, id);
        let (mut at, mut wait) = self.turn(now, Some(lane), rank);
        if self.sharing.lasts(now) {
            let shared = self.turn(now, None, rank);
            if shared.0 > at {
                (at, wait) = shared;
            }
        }
        if self.slots.len() >= MAX_SLOTS {
            at = at.max(now + LOOK);
        }
        if at <= now {
            return self.grant(now, request);
        }
        let asks_at = at.min(now + ASK_AGAIN);
        if self.waiters.len() < MAX_WAITERS {
            self.waiters.push(Waiter {
                id,
                lane,
                priority: rank.0,
                asks_at,
            });
        }
        wait.delay = asks_at - now;
        Reply::Wait(wait)
    }

    /// When a caller of this rank can have a slot of the set, and the reason for the wait.
    fn turn(&mut self, now: Micros, set: SlotSet, rank: Rank) -> (Micros, Wait) {
        let occupied = self.occupied(now, set).count();
        let ahead = self.ahead(set, rank).count();
        let pool = self.pool(set);
        // Each process before this one keeps a reserved slot.
        let needed = occupied + ahead + 1;
        let limit = pool.for_caller(now, needed);
        let (window, paused_until) = (pool.window, pool.paused_until);
        let recovering_until = match self.forgotten_at {
            0 => 0,
            forgotten_at => forgotten_at + window + FORWARD_DELAY,
        };
        let free_at = match needed.saturating_sub(limit) {
            0 => now,
            missing if missing <= occupied => self.release_time(now, set, window, missing),
            // There are more processes before this one than slots. One of them has to be served or to
            // be dropped from the queue first.
            _ => self.next_overdue(set, rank),
        };
        let wait = Wait {
            waiter: Some(rank.1),
            delay: 0,
            ahead: ahead as u32,
            limit: limit as u32,
            reason: match () {
                () if now < recovering_until => WaitReason::Recovering,
                () if now < paused_until => WaitReason::Paused,
                () => WaitReason::Quota,
            },
        };
        (free_at.max(recovering_until).max(paused_until), wait)
    }

    /// Drops slots that became free some time ago, processes that no longer ask, and the waiter that
    /// asks now: it joins the queue again, with its rank, if there is no permit for it.
    fn forget_the_past(&mut self, now: Micros, waiter: Option<WaiterId>) {
        let crowded = self.slots.len() > MAX_REMEMBERED;
        let since = if crowded { 0 } else { REMEMBERED_AFTER };
        self.slots.retain(|slot| slot.free_at + since > now);
        self.waiters.retain(|other| {
            Some(other.id) != waiter && other.asks_at.saturating_add(WAITER_GRACE) > now
        });
    }

    /// Adds the operation if it is new, and takes the configured limit of its caller into account.
    fn make_lane(&mut self, id: LaneId, now: Micros, configured: Limit) {
        if !self.lanes.iter().any(|lane| lane.id == id) {
            if self.lanes.len() >= MAX_LANES {
                let confirmed_at = |index: &usize| self.lanes[*index].pool.confirmed_at;
                let oldest = (0..self.lanes.len()).min_by_key(confirmed_at);
                oldest.map(|index| self.lanes.remove(index));
            }
            let pool = Pool::default();
            self.lanes.push(Lane { id, pool });
        }
        self.pool(Some(id)).confirm(now, configured);
        if self.sharing.lasts(now) {
            let (calls, window) = self.account_limit(now);
            self.sharing.pool.set(calls, window);
        }
    }

    /// The pool of a set.
    pub(crate) fn pool(&mut self, set: SlotSet) -> &mut Pool {
        let own = |lane: &&mut Lane| set == Some(lane.id);
        let lane = self.lanes.iter_mut().find(own);
        lane.map_or(&mut self.sharing.pool, |lane| &mut lane.pool)
    }

    /// The occupied slots of a set.
    pub(crate) fn occupied(&self, now: Micros, set: SlotSet) -> impl Iterator<Item = &Slot> {
        let slots = self.slots.iter();
        slots.filter(move |slot| set.is_none_or(|lane| lane == slot.lane) && slot.free_at > now)
    }

    /// The processes that wait for a slot of the set before one of this rank.
    fn ahead(&self, set: SlotSet, rank: Rank) -> impl Iterator<Item = &Waiter> {
        let waiters = self.waiters.iter();
        let before = move |other: &Waiter| (other.priority, other.id) < rank;
        waiters.filter(move |other| set.is_none_or(|lane| lane == other.lane) && before(other))
    }

    fn grant(&mut self, now: Micros, request: PermitRequest) -> Reply {
        let lane = request.lane;
        let permit = PermitId(self.next_id(now));
        let window = self.pool(Some(lane)).window;
        let free_at = now + request.leave + FORWARD_DELAY + window;
        self.slots.push(Slot {
            permit,
            lane,
            free_at,
        });
        Reply::Granted(permit)
    }

    fn next_id(&mut self, now: Micros) -> u64 {
        self.last_id = self.last_id.saturating_add(1).max(now);
        self.last_id
    }

    /// The earliest time at which `count` of the occupied slots of the set can be free.
    fn release_time(&self, now: Micros, set: SlotSet, window: Micros, count: usize) -> Micros {
        let mut times: Vec<_> = self
            .occupied(now, set)
            // If the answer arrives now, the slot becomes free one window later.
            .map(|slot| slot.free_at.min(now + window))
            .collect();
        times.sort_unstable();
        times.get(count - 1).copied().unwrap_or(now)
    }

    /// When the first waiter ahead is dropped from the queue if it does not ask again.
    fn next_overdue(&self, set: SlotSet, rank: Rank) -> Micros {
        let times = self.ahead(set, rank).map(|other| other.asks_at);
        times.min().unwrap_or(self.seen) + WAITER_GRACE
    }

    /// Frees a slot one window after its call was counted, which was at the time `counted` at the
    /// latest.
    fn release(&mut self, permit: PermitId, counted: Micros) {
        let Some(slot) = self.slots.iter_mut().find(|slot| slot.permit == permit) else {
            return;
        };
        // Without a lane the window is unknown, and the slot remains occupied.
        if let Some(lane) = self.lanes.iter().find(|lane| lane.id == slot.lane) {
            let free_at = counted.saturating_add(lane.pool.window);
            slot.free_at = slot.free_at.min(free_at);
        }
    }
}

impl fmt::Display for WaitReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Paused => "the API asked for a pause",
            Self::Quota => "the quota is in use",
            Self::Recovering => "earlier calls are unknown, so one window must pass",
        })
    }
}

#[cfg(test)]
mod tests;
