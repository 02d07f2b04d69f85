//! The slot algorithm: who may call when. No I/O and no clock: every step is told the time.
//!
//! A quota of N calls in any window W is N slots. A call takes one, and nobody knows when the server will count it; only that
//! it does so after the sending and before the answer, and at most [`FORWARD`] after the sending. So the slot is free again W
//! after the answer, or W + F after the sending when the answer takes longer than F. Calls that share a slot are then counted
//! at least W apart whatever the network does, and no window of W holds more than N.
//!
//! With nothing known but these bounds the rule cannot be tightened: a call is counted anywhere between its sending and
//! `min(answer, sending + F)`, so if one more call went out while N others may still be counted W or less before it, there
//! are delays that put all N + 1 in one window.
//!
//! Processes queue in a line of their own, one entry each: the k-th goes when k slots are free, so nobody can overtake, and
//! one who is slow to wake holds up no other. It is told when to look again. A slot cannot be free before `now + W` unless
//! its release is already known, so looking earlier is useless and looking then loses nothing.

use std::fmt;

use super::pace::{Pace, Terms};

/// A point in time or a span, in microseconds. Points count from an origin that the store chose.
pub(super) type Micros = u64;

/// F: the longest time a call is assumed to take to reach the server, from the grant to being counted.
pub(super) const FORWARD: Micros = 500_000;

/// How many slots a record holds. Greater limits are split by [`Terms::new`].
pub(super) const MAX_SLOTS: usize = 64;

/// How many processes can wait in line. More look again later.
pub(super) const MAX_LINE: usize = 64;

/// The longest pause that one throttled answer can ask for.
pub(super) const MAX_PAUSE: Micros = 120_000_000;

/// How long a process may oversleep before its place in line no longer counts. It keeps its rank if it comes back.
pub(super) const GRACE: Micros = 250_000;

/// What a caller wants of the shared state.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Command {
    /// The call with this ticket was answered.
    Answered { ticket: u64 },
    /// May a call go now?
    Ask {
        /// The place in line that the last [`Reply::Wait`] gave, or 0.
        ticket: u64,
        /// Rank before all who were not turned away.
        head: bool,
        /// The limit this caller is configured for.
        terms: Terms,
    },
    /// The process no longer waits.
    Leave { ticket: u64 },
    /// The server turned the call away, perhaps saying for how long.
    Throttled { ticket: u64, pause: Option<Micros> },
    /// The call with this ticket never left.
    Unsent { ticket: u64 },
}

/// What the shared state says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Reply {
    /// Noted.
    Done,
    /// Send now, and settle under this ticket.
    Go { ticket: u64 },
    /// Ask again after `wait`.
    Wait(Wait),
}

/// Why not yet, and until when.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Wait {
    /// The place in line, to be given with the next [`Command::Ask`].
    pub(super) ticket: u64,
    /// When to ask again. Asking earlier is useless.
    pub(super) wait: Micros,
    /// How many processes are before this one.
    pub(super) ahead: u32,
    /// The limit in force.
    pub(super) limit: u32,
    /// What is being waited for.
    pub(super) cause: Cause,
}

/// What a queue is waiting for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cause {
    /// The API turned calls away and asked for a pause.
    Paused,
    /// All calls that the quota allows are under way or too recent.
    Quota,
    /// What others have sent is not known, so one window must pass first.
    Recovering,
}

/// All that is known about one quota: small, of bounded size, and the same in every store.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct State {
    /// The time of the last step.
    pub(super) seen: Micros,
    /// The last ticket given. Tickets rise with time, so that none is ever given twice, even after a loss of state.
    pub(super) issued: u64,
    /// No call may go before, because earlier calls were forgotten.
    pub(super) quiet_until: Micros,
    /// No call may go before, because the API said so.
    pub(super) paused_until: Micros,
    /// How many calls may be under way.
    pub(super) pace: Pace,
    /// The slots in use.
    pub(super) slots: Vec<Slot>,
    /// The processes that wait, by rank.
    pub(super) line: Vec<Entry>,
}

/// A slot in use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Slot {
    pub(super) ticket: u64,
    pub(super) free: Micros,
}

/// A process in line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Entry {
    pub(super) ticket: u64,
    pub(super) head: bool,
    /// When it will ask again, if it lives.
    pub(super) due: Micros,
}

impl State {
    /// A state after earlier calls were forgotten: nothing goes before all of them have left every window.
    pub(super) fn lost(now: Micros, window: Micros) -> Self {
        Self {
            seen: now,
            quiet_until: now.saturating_add(window).saturating_add(FORWARD),
            ..Self::default()
        }
    }

    /// Carries out one command at the time `now`.
    pub(super) fn step(&mut self, now: Micros, command: Command) -> Reply {
        if now < self.seen {
            self.clock_went_back(now);
        }
        self.seen = now;
        match command {
            Command::Answered { ticket } => self.release(now, ticket),
            Command::Ask {
                ticket,
                head,
                terms,
            } => return self.ask(now, ticket, head, terms),
            Command::Leave { ticket } => self.line.retain(|entry| entry.ticket != ticket),
            Command::Throttled { ticket, pause } => self.throttled(now, ticket, pause),
            Command::Unsent { ticket } => self.slots.retain(|slot| slot.ticket != ticket),
        }
        Reply::Done
    }

    fn ask(&mut self, now: Micros, ticket: u64, head: bool, terms: Terms) -> Reply {
        self.pace.agree(now, terms);
        self.slots.retain(|slot| slot.free > now);
        self.line
            .retain(|entry| entry.ticket == ticket || entry.due.saturating_add(GRACE) > now);

        let (ticket, ahead) = self.join(now, ticket, head);
        let wanted = self.slots.len() + ahead + 1;
        let limit = self.pace.limit(now, wanted);
        let opens = self.quiet_until.max(self.paused_until);
        if now >= opens && wanted <= limit {
            return self.grant(now, ticket);
        }

        let free = match wanted.saturating_sub(limit) {
            0 => now,
            missing if missing <= self.slots.len() => self.release_of(now, missing),
            _ => self.overdue(ahead),
        };
        let until = free.max(opens).max(now + 1);
        if let Some(entry) = self.line.iter_mut().find(|entry| entry.ticket == ticket) {
            entry.due = until;
        }
        Reply::Wait(Wait {
            ticket,
            wait: until - now,
            ahead: ahead as u32,
            limit: limit as u32,
            cause: match () {
                () if now < self.quiet_until => Cause::Recovering,
                () if now < self.paused_until => Cause::Paused,
                () => Cause::Quota,
            },
        })
    }

    /// Puts the process in line, where it ranks by its ticket, and says how many are before it.
    fn join(&mut self, now: Micros, ticket: u64, head: bool) -> (u64, usize) {
        self.line.retain(|entry| entry.ticket != ticket);
        let ticket = if ticket == 0 || ticket > self.issued {
            self.issue(now)
        } else {
            ticket
        };
        let ahead = self
            .line
            .iter()
            .filter(|entry| (!entry.head, entry.ticket) < (!head, ticket))
            .count();
        if self.line.len() < MAX_LINE {
            let entry = Entry {
                ticket,
                head,
                due: now,
            };
            self.line.insert(ahead, entry);
        }
        (ticket, ahead)
    }

    fn grant(&mut self, now: Micros, place: u64) -> Reply {
        self.line.retain(|entry| entry.ticket != place);
        let ticket = self.issue(now);
        let free = now + FORWARD + self.pace.window;
        self.slots.push(Slot { ticket, free });
        Reply::Go { ticket }
    }

    fn issue(&mut self, now: Micros) -> u64 {
        self.issued = self.issued.saturating_add(1).max(now);
        self.issued
    }

    /// The earliest time at which `count` of the slots in use can be free.
    fn release_of(&self, now: Micros, count: usize) -> Micros {
        let mut releases: Vec<_> = self
            .slots
            .iter()
            .map(|slot| slot.free.min(now + self.pace.window))
            .collect();
        releases.sort_unstable();
        releases.get(count - 1).copied().unwrap_or(now)
    }

    /// When the first of those before us would have lost its place.
    fn overdue(&self, ahead: usize) -> Micros {
        let dues = self.line.iter().take(ahead).map(|entry| entry.due);
        dues.min().unwrap_or(self.seen).saturating_add(GRACE)
    }

    fn release(&mut self, now: Micros, ticket: u64) {
        let free = now.saturating_add(self.pace.window);
        if let Some(slot) = self.slots.iter_mut().find(|slot| slot.ticket == ticket) {
            slot.free = slot.free.min(free);
        }
    }

    fn throttled(&mut self, now: Micros, ticket: u64, pause: Option<Micros>) {
        self.release(now, ticket);
        let pause = pause.unwrap_or(self.pace.window).min(MAX_PAUSE);
        self.paused_until = self.paused_until.max(now.saturating_add(pause));
        self.pace.cut(now, ticket);
    }

    /// A clock that was set back makes every stamp worthless.
    fn clock_went_back(&mut self, now: Micros) {
        *self = Self {
            issued: self.issued,
            pace: self.pace.restarted(now),
            ..Self::lost(now, self.pace.window)
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
