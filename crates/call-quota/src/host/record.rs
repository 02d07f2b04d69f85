//! The state of an account as the text of a file, and how far such a text can be trusted.
//!
//! A record is a header, `call-quota VERSION LENGTH CHECKSUM`, and lines that have together this
//! length and checksum. What follows a record means nothing. Times are microseconds of the monotonic
//! clock of this boot; POOL stands for `PAUSED_UNTIL CALLS WINDOW CONFIRMED_AT CURRENT PROVEN
//! LOWERED_AT RAISE_AT`:
//!
//! ```text
//! boot ID
//! state SEEN LAST_ID FORGOTTEN_AT
//! shared UNTIL SPAN POOL
//! operation ID POOL
//! slot PERMIT OPERATION FREE_AT
//! waiter ID OPERATION IS_RETRY ASKS_AT
//! ```
//!
//! JSON by serde is 130 lines shorter, and takes half as long again for a step.

use crate::constants::{
    ASK_AGAIN, LONGEST_SHARING, MAX_CALLS, MAX_LANES, MAX_LEAVE, MAX_PAUSE, MAX_SLOTS, MAX_TIME,
    MAX_WAITERS, MAX_WINDOW, Micros, RAISE_AFTER_WINDOWS, STATE_VERSION,
};
use crate::limit::AdaptiveLimit;
use crate::slots::{
    Lane, LaneId, PermitId, Pool, Priority, Sharing, Slot, State, Waiter, WaiterId,
};

/// More bytes than any record has.
pub(crate) const MAX_BYTES: usize = 64 << 10;

/// A state, and the boot whose clock its times are of.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Record {
    pub(crate) boot: u64,
    pub(crate) state: State,
}

/// Why a text is not a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Unusable {
    /// Torn, foreign, or of an older version: no process relies on it any more.
    Broken,
    /// There is no text.
    Empty,
    /// Written by a later version of this provider, which may rely on it.
    Newer,
}

impl Record {
    /// The text of the record.
    pub(crate) fn encode(&self) -> Vec<u8> {
        let body = self.body();
        [header(&body).as_bytes(), &body].concat()
    }

    /// Reads a text, if it begins with a whole record of this version.
    ///
    /// # Errors
    ///
    /// With the reason why the text is not a record that can be used.
    pub(crate) fn decode(text: &[u8]) -> Result<Self, Unusable> {
        if text.is_empty() {
            return Err(Unusable::Empty);
        }
        let end = text.iter().position(|byte| *byte == b'\n');
        let (line, rest) = text.split_at(end.map_or(text.len(), |end| end + 1));
        let line = str::from_utf8(line).map_err(|_| Unusable::Broken)?;
        let mut words = line.split_whitespace().skip(1);
        let mut number = || words.next()?.parse::<u64>().ok();
        // The version comes first: the rest of a later version may be anything.
        if line.starts_with("call-quota ") && number() > Some(STATE_VERSION) {
            return Err(Unusable::Newer);
        }
        let length = number().and_then(|length| usize::try_from(length).ok());
        let body = length.and_then(|length| rest.get(..length));
        let body = body.filter(|body| header(body) == line);
        let record = body.and_then(Self::parse);
        let plausible = record.filter(|record| is_plausible(&record.state));
        plausible.ok_or(Unusable::Broken)
    }

    fn body(&self) -> Vec<u8> {
        let (state, sharing) = (&self.state, &self.state.sharing);
        // Most records are shorter.
        let mut body = Vec::with_capacity(2048);
        let mut line = |name: &str, numbers: &[u64]| {
            body.extend_from_slice(name.as_bytes());
            for number in numbers {
                body.push(b' ');
                body.extend_from_slice(itoa::Buffer::new().format(*number).as_bytes());
            }
            body.push(b'\n');
        };
        line("boot", &[self.boot]);
        line("state", &[state.seen, state.last_id, state.forgotten_at]);
        let shared = [sharing.until, sharing.span];
        line("shared", &[&shared[..], &numbers(&sharing.pool)].concat());
        for Lane { id, pool } in &state.lanes {
            line("operation", &[&[id.0][..], &numbers(pool)].concat());
        }
        for slot in &state.slots {
            line("slot", &[slot.permit.0, slot.lane.0, slot.free_at]);
        }
        for waiter in &state.waiters {
            let is_retry = u64::from(waiter.priority == Priority::Retry);
            let rank = [waiter.id.0, waiter.lane.0, is_retry, waiter.asks_at];
            line("waiter", &rank);
        }
        body
    }

    fn parse(body: &[u8]) -> Option<Self> {
        let mut lines = Lines(body);
        let [boot] = lines.numbers("boot")?;
        let [seen, last_id, forgotten_at] = lines.numbers("state")?;
        let [until, span, pool @ ..] = lines.numbers::<10>("shared")?;
        let mut state = State {
            seen,
            last_id,
            forgotten_at,
            sharing: Sharing {
                until,
                span,
                pool: parse_pool(pool)?,
            },
            ..State::default()
        };
        while let Some([id, pool @ ..]) = lines.numbers::<9>("operation") {
            state.lanes.push(Lane {
                id: LaneId(id),
                pool: parse_pool(pool)?,
            });
        }
        while let Some([permit, lane, free_at]) = lines.numbers("slot") {
            state.slots.push(Slot {
                permit: PermitId(permit),
                lane: LaneId(lane),
                free_at,
            });
        }
        while let Some([id, lane, is_retry, asks_at]) = lines.numbers("waiter") {
            state.waiters.push(Waiter {
                id: WaiterId(id),
                lane: LaneId(lane),
                priority: match is_retry {
                    1 => Priority::Retry,
                    _ => Priority::Normal,
                },
                asks_at,
            });
        }
        lines.0.is_empty().then_some(Self { boot, state })
    }
}

/// Reads what follows the header of a record as if the header were right, and writes it again. A
/// fuzz target uses it to reach what the checksum protects.
pub(crate) fn rewrite(body: &[u8]) -> Option<Vec<u8>> {
    let record = Record::decode(&[header(body).as_bytes(), body].concat());
    record.ok().map(|record| record.body())
}

fn numbers(pool: &Pool) -> [u64; 8] {
    let limit = pool.limit;
    [
        pool.paused_until,
        u64::from(limit.calls),
        limit.window,
        limit.confirmed_at,
        u64::from(limit.current),
        u64::from(limit.proven),
        limit.lowered_at,
        limit.raise_at,
    ]
}

fn parse_pool(numbers: [u64; 8]) -> Option<Pool> {
    let [
        paused_until,
        calls,
        window,
        confirmed_at,
        current,
        proven,
        lowered_at,
        raise_at,
    ] = numbers;
    Some(Pool {
        paused_until,
        limit: AdaptiveLimit {
            calls: u32::try_from(calls).ok()?,
            window,
            confirmed_at,
            current: u32::try_from(current).ok()?,
            proven: u32::try_from(proven).ok()?,
            lowered_at,
            raise_at,
        },
    })
}

/// Lines of names and numbers.
struct Lines<'a>(&'a [u8]);

impl Lines<'_> {
    /// Takes the next line, if it has this name and so many numbers.
    fn numbers<const N: usize>(&mut self, name: &str) -> Option<[u64; N]> {
        let mut rest = self.0.strip_prefix(name.as_bytes())?;
        let mut numbers = [0_u64; N];
        for number in &mut numbers {
            rest = rest.strip_prefix(b" ")?;
            while let [digit @ b'0'..=b'9', behind @ ..] = rest {
                *number = number
                    .checked_mul(10)?
                    .checked_add(u64::from(digit - b'0'))?;
                rest = behind;
            }
        }
        self.0 = rest.strip_prefix(b"\n")?;
        Some(numbers)
    }
}

fn header(body: &[u8]) -> String {
    let (length, checksum) = (body.len(), checksum(body));
    format!("call-quota {STATE_VERSION} {length} {checksum:016x}\n")
}

/// Detects torn records and changed ones. It does not protect against forgery, which is what the
/// file's owner and mode are for.
fn checksum(bytes: &[u8]) -> u64 {
    bytes.chunks(8).fold(0xcbf2_9ce4_8422_2325, |sum, chunk| {
        let mut eight = [0; 8];
        eight[..chunk.len()].copy_from_slice(chunk);
        (sum ^ u64::from_le_bytes(eight))
            .wrapping_mul(0x0000_0100_0000_01b3)
            .rotate_left(23)
    })
}

/// Whether every field has a value that some sequence of steps could have left there. A checksum
/// does not prove that: a program that writes a record can compute it too.
fn is_plausible(state: &State) -> bool {
    let (seen, sharing) = (state.seen, &state.sharing);
    let mut pools = state.lanes.iter().map(|lane| &lane.pool);
    seen < MAX_TIME
        && state.last_id <= MAX_TIME
        && state.forgotten_at <= seen
        && sharing.until <= seen + LONGEST_SHARING
        && sharing.span <= LONGEST_SHARING
        && state.lanes.len() <= MAX_LANES
        && state.slots.len() <= MAX_SLOTS
        && state.waiters.len() <= MAX_WAITERS
        && state.slots.iter().all(|slot| slot.free_at <= latest(seen))
        && (state.waiters.iter()).all(|waiter| waiter.asks_at <= seen + ASK_AGAIN)
        && pools.all(|pool| is_plausible_pool(seen, pool))
        && is_plausible_pool(seen, &sharing.pool)
}

fn is_plausible_pool(seen: Micros, pool: &Pool) -> bool {
    let limit = pool.limit;
    pool.paused_until <= seen + MAX_PAUSE
        && limit.window <= MAX_WINDOW
        && limit.calls as usize <= MAX_CALLS
        && limit.current <= limit.calls
        && limit.proven <= limit.calls
        && limit.confirmed_at <= seen
        && limit.lowered_at <= seen
        && limit.raise_at <= latest(seen)
}

/// The latest time that a state can hold which was last changed at the time `seen`.
fn latest(seen: Micros) -> Micros {
    seen + MAX_LEAVE + MAX_PAUSE + MAX_WINDOW * RAISE_AFTER_WINDOWS
}

#[cfg(test)]
mod tests;
