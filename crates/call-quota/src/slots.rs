//! The slot algorithm: which process may call when. It does no I/O and reads no clock: the time is
//! an argument of every step.
//!
//! A quota of N calls in any window W is a semaphore with N slots. A permit to call occupies a
//! slot. The moment at which the server counts the call is unknown. It is after the permit was
//! granted and before the answer arrives, and at most F ([`FORWARD_DELAY`]) after the call left on
//! a connection that is in use. A connection that has to be made first can take much longer, so
//! every permit is granted with the time L after which its call has left at the latest. The slot is
//! free again W after the answer, or F + W after it is known that the call has left, or L + F + W
//! after the grant, whichever is first. Two calls that used the same slot are then counted at least
//! W apart whatever the network does, and no window of W contains more than N calls.
//!
//! With only these bounds known, no rule can free a slot earlier. A call is counted anywhere
//! between the grant and the earliest of its answer, F after its departure, and L + F after the
//! grant. If one more call were permitted while each of N others may still be counted W or less
//! before it, then there are delays that put all N + 1 into one window.
//!
//! Processes wait in a fair queue, with one entry each. The k-th waiter is granted a permit when
//! k slots are free, so no process can overtake another, and one that is slow to wake delays no
//! other. Every reply to a waiter says when to ask again. No slot becomes free before `now + W`
//! unless its time is known already, so asking earlier is useless, and asking at that time misses
//! nothing.
//!
//! One state holds all operations of an account. Each operation has a lane, which is a set of slots
//! of its own: the waiters of one lane never wait for those of another. While the operations share one set of slots
//! (`sharing.rs`), a permit needs a free slot of its lane and one of that set, for which the
//! processes of all lanes wait in one fair queue.
//!
//! `slots.lua` is the same algorithm for Redis. A property test in `redis/tests` compares the two.
//!
//! This file is longer than 300 lines because the argument for the algorithm stands beside it.

use std::fmt;

use super::constants::{
    ASK_AGAIN, FORWARD_DELAY, LOOK, MAX_LANES, MAX_REMEMBERED, MAX_SLOTS, MAX_WAITERS, Micros,
    REMEMBERED_AFTER, WAITER_GRACE,
};
use super::limit::{AdaptiveLimit, ConfiguredLimit};

/// Names an operation in the state of an account.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct LaneId(pub(crate) u64);

/// Names a granted permit.
///
/// Ids of permits and waiters come from one sequence that rises with the store's clock, so that
/// none is given twice even after the state was lost. An id is never smaller than the time it was
/// given at, and not much greater.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct PermitId(pub(crate) u64);

/// Names a process that waits in the fair queue. Smaller ids came earlier.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct WaiterId(pub(crate) u64);

/// Which waiters go first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Priority {
    /// Before all others: the call was sent once already, and the API throttled it.
    Retry,
    /// In the order of arrival.
    Normal,
}

/// What a process asks of the shared state, or reports to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Command {
    /// Asks for a permit.
    Acquire(PermitRequest),
    /// The API answered the call that was sent with this permit.
    Answered(PermitId),
    /// The process no longer waits.
    Cancel(WaiterId),
    /// The call that was sent with this permit leaves now, on a connection that is in use.
    Departed(PermitId),
    /// The API throttled the call that was sent with this permit, and may have asked for a pause.
    Throttled {
        lane: LaneId,
        permit: PermitId,
        pause: Option<Micros>,
    },
    /// The call that was sent with this permit will not be answered. If it left, it did so before
    /// now.
    Unanswered(PermitId),
    /// The call was never sent, so the permit is returned unused.
    Unsent(PermitId),
}

/// What a process asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct PermitRequest {
    /// The operation that is called.
    pub(crate) lane: LaneId,
    /// The id from the last [`Reply::Wait`]. `None` if the process is not waiting yet.
    pub(crate) waiter: Option<WaiterId>,
    /// Its rank among the waiters.
    pub(crate) priority: Priority,
    /// The limit that the caller is configured with.
    pub(crate) limit: ConfiguredLimit,
    /// How long after the grant its call leaves at the latest, at most ten minutes.
    pub(crate) leave: Micros,
}

/// How the shared state replies to a [`Command`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reply {
    /// The command was carried out. Only [`Command::Acquire`] is replied to with more.
    Done,
    /// The call may be sent now.
    Granted { permit: PermitId },
    /// There is no permit yet.
    Wait(Wait),
}

/// When to ask for a permit again, and why there is none yet.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Wait {
    /// What to pass with the next [`Command::Acquire`]. `None` if no queue remembers the process.
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

/// All that is known about the calls of one account. It is of bounded size and means the same in
/// every store.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct State {
    /// The time of the last step.
    pub(crate) seen: Micros,
    /// The last id that was given to a permit or a waiter.
    pub(crate) last_id: u64,
    /// Calls that were permitted up to then may have been forgotten. Zero if none can have been.
    pub(crate) forgotten_at: Micros,
    /// Whether all lanes share one set of slots, and that set.
    pub(crate) sharing: Sharing,
    /// Each operation that was called.
    pub(crate) lanes: Vec<Lane>,
    /// The occupied slots, in the order in which their permits were granted, and those that have
    /// not been free for long.
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

/// How many slots there are in a set, and since when they may be used.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Pool {
    /// How many of them may be occupied.
    pub(crate) limit: AdaptiveLimit,
    /// Until then none may be taken, because the API asked for a pause.
    pub(crate) paused_until: Micros,
}

/// Until when all operations share one set of slots, and that set.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Sharing {
    /// Zero if they never did.
    pub(crate) until: Micros,
    /// For how long they do, or did when it was last found necessary.
    pub(crate) span: Micros,
    pub(crate) pool: Pool,
}

impl Sharing {
    pub(crate) fn lasts(&self, now: Micros) -> bool {
        now < self.until
    }
}

/// A set of slots: those of one operation, or, with `None`, those that all operations share.
pub(crate) type SlotSet = Option<LaneId>;

/// A slot that is occupied, or was.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Slot {
    /// The permit that occupies it.
    pub(crate) permit: PermitId,
    pub(crate) lane: LaneId,
    /// When it is free again, at the latest.
    pub(crate) free_at: Micros,
}

/// A process in the fair queue.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Waiter {
    pub(crate) id: WaiterId,
    pub(crate) lane: LaneId,
    pub(crate) priority: Priority,
    /// When the process will ask again, if it still lives.
    pub(crate) asks_at: Micros,
}

impl State {
    /// The state to begin with when calls that were permitted up to a time may have been forgotten.
    /// No permit is granted until all of them have left every window.
    pub(crate) fn forgetting(forgotten_at: Micros, now: Micros) -> Self {
        Self {
            seen: now,
            forgotten_at,
            ..Self::default()
        }
    }

    /// Carries out one command at the time `now`.
    pub(crate) fn step(&mut self, now: Micros, command: Command) -> Reply {
        if now < self.seen {
            // A clock that was set back makes every time in the state worthless.
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
            Command::Throttled {
                lane,
                permit,
                pause,
            } => {
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
        let waiter = self.enqueue(now, request);
        let rank = (priority, waiter);
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
            return self.grant(now, waiter, request);
        }
        let asks_at = at.min(now + ASK_AGAIN);
        if let Some(entry) = self.waiters.iter_mut().find(|other| other.id == waiter) {
            entry.asks_at = asks_at;
        }
        wait.delay = asks_at - now;
        Reply::Wait(wait)
    }

    /// When a caller of this rank can have a slot of the set, and why not now.
    fn turn(&mut self, now: Micros, set: SlotSet, rank: (Priority, WaiterId)) -> (Micros, Wait) {
        let occupied = self.occupied(now, set).count();
        let ahead = self.ahead(set, rank).count();
        let forgotten_at = self.forgotten_at;
        let pool = self.pool(set);
        // A slot for each process before this one stays reserved for that process.
        let needed = occupied + ahead + 1;
        let limit = pool.limit.for_caller(now, needed);
        let Pool {
            limit: AdaptiveLimit { window, .. },
            paused_until,
        } = *pool;
        let recovering_until = match forgotten_at {
            0 => 0,
            forgotten_at => forgotten_at + window + FORWARD_DELAY,
        };
        let free_at = match needed.saturating_sub(limit) {
            0 => now,
            missing if missing <= occupied => self.release_time(now, set, window, missing),
            // Even when every slot is free there are too many before this process. One of them has
            // to be served, or to be dropped from the queue.
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

    /// Drops slots that have been free for some time, and processes that no longer ask.
    fn forget_the_past(&mut self, now: Micros, waiter: Option<WaiterId>) {
        let crowded = self.slots.len() > MAX_REMEMBERED;
        let since = if crowded { 0 } else { REMEMBERED_AFTER };
        self.slots.retain(|slot| slot.free_at + since > now);
        self.waiters.retain(|other| {
            Some(other.id) == waiter || other.asks_at.saturating_add(WAITER_GRACE) > now
        });
    }

    /// Takes into account how a caller of this operation is configured.
    fn make_lane(&mut self, id: LaneId, now: Micros, configured: ConfiguredLimit) {
        if !self.lanes.iter().any(|lane| lane.id == id) {
            if self.lanes.len() >= MAX_LANES {
                let confirmed_at = |index: &usize| self.lanes[*index].pool.limit.confirmed_at;
                let oldest = (0..self.lanes.len()).min_by_key(confirmed_at);
                oldest.map(|index| self.lanes.remove(index));
            }
            self.lanes.push(Lane {
                id,
                ..Lane::default()
            });
        }
        self.pool(Some(id)).limit.confirm(now, configured);
        if self.sharing.lasts(now) {
            let (calls, window) = self.account_limit(now);
            self.sharing.pool.limit.set(calls, window);
        }
    }

    /// The limit of a set, and since when it may be used.
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
    fn ahead(&self, set: SlotSet, rank: (Priority, WaiterId)) -> impl Iterator<Item = &Waiter> {
        let waiters = self.waiters.iter();
        let before = move |other: &Waiter| (other.priority, other.id) < rank;
        waiters.filter(move |other| set.is_none_or(|lane| lane == other.lane) && before(other))
    }

    /// Puts a process into the fair queue, and returns its id.
    fn enqueue(&mut self, now: Micros, request: PermitRequest) -> WaiterId {
        // An id that was never given belongs to a state that was lost.
        let known = request.waiter.filter(|waiter| waiter.0 <= self.last_id);
        let id = known.unwrap_or_else(|| WaiterId(self.next_id(now)));
        self.waiters.retain(|other| other.id != id);
        if self.waiters.len() < MAX_WAITERS {
            self.waiters.push(Waiter {
                id,
                lane: request.lane,
                priority: request.priority,
                asks_at: now,
            });
        }
        id
    }

    fn grant(&mut self, now: Micros, waiter: WaiterId, request: PermitRequest) -> Reply {
        let lane = request.lane;
        self.waiters.retain(|other| other.id != waiter);
        let permit = PermitId(self.next_id(now));
        let window = self.pool(Some(lane)).limit.window;
        let free_at = now + request.leave + FORWARD_DELAY + window;
        self.slots.push(Slot {
            permit,
            lane,
            free_at,
        });
        Reply::Granted { permit }
    }

    fn next_id(&mut self, now: Micros) -> u64 {
        self.last_id = self.last_id.saturating_add(1).max(now);
        self.last_id
    }

    /// The earliest time at which `count` of the occupied slots of the set can be free.
    fn release_time(&self, now: Micros, set: SlotSet, window: Micros, count: usize) -> Micros {
        let mut times: Vec<_> = self
            .occupied(now, set)
            // The answer may arrive right now, which frees the slot one window later.
            .map(|slot| slot.free_at.min(now + window))
            .collect();
        times.sort_unstable();
        times.get(count - 1).copied().unwrap_or(now)
    }

    /// When the first of those ahead is dropped from the queue if it does not ask again.
    fn next_overdue(&self, set: SlotSet, rank: (Priority, WaiterId)) -> Micros {
        let times = self.ahead(set, rank).map(|other| other.asks_at);
        times
            .min()
            .unwrap_or(self.seen)
            .saturating_add(WAITER_GRACE)
    }

    /// Frees a slot one window after its call was counted: at the time `counted` at the latest.
    fn release(&mut self, permit: PermitId, counted: Micros) {
        let Some(slot) = self.slots.iter_mut().find(|slot| slot.permit == permit) else {
            return;
        };
        // Without a lane, the window is not known any more, and the slot stays occupied.
        if let Some(lane) = self.lanes.iter().find(|lane| lane.id == slot.lane) {
            let free_at = counted.saturating_add(lane.pool.limit.window);
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
