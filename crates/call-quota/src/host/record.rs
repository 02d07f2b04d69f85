//! The state of an account as the text of a file, and how far such a text can be trusted.
//!
//! A record consists of lines, each of which is a name and numbers. Text after its last line is
//! ignored. Times are microseconds of the monotonic clock of this boot. POOL stands for
//! `PAUSED_UNTIL CALLS WINDOW CONFIRMED_AT CURRENT PROVEN LOWERED_AT RAISE_AT`:
//!
//! ```text
//! call-quota VERSION BOOT
//! state SEEN LAST_ID FORGOTTEN_AT SHARING_SPAN
//! shared UNTIL POOL
//! operation ID POOL
//! slot PERMIT OPERATION FREE_AT
//! waiter ID OPERATION PRIORITY ASKS_AT
//! checksum SUM_OF_THE_LINES_ABOVE
//! ```
//!
//! Every step reads and writes a record under the lock, so that other processes wait for it. Both
//! work on the bytes, without `format!` and `parse`, which take several times as long.

use crate::constants::{
    ASK_AGAIN, FORWARD_DELAY, LONGEST_SHARING, MAX_CALLS, MAX_LEAVE, MAX_PAUSE, MAX_TIME,
    MAX_WINDOW, RAISE_AFTER_WINDOWS, STATE_VERSION,
};
use crate::limit::Pool;
use crate::slots::{Lane, QuotaState, Slot, Waiter};

/// More bytes than any record has.
pub(crate) const MAX_BYTES: usize = 64 << 10;

/// The name of the first line.
const HEADER: &str = "call-quota";

/// A state, and the boot whose clock its times are of.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Record {
    pub(crate) boot: u64,
    pub(crate) state: QuotaState,
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
    pub(crate) fn encode(self) -> Vec<u8> {
        with_checksum(self.body())
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
        let version = text.strip_prefix(HEADER.as_bytes()).and_then(number);
        match version {
            Some((STATE_VERSION, _)) => Self::parse(text).ok_or(Unusable::Broken),
            // What follows a later version may be anything.
            Some((version, [b' ' | b'\n', ..])) if version > STATE_VERSION => Err(Unusable::Newer),
            _ => Err(Unusable::Broken),
        }
    }

    /// The lines above the checksum.
    fn body(mut self) -> Vec<u8> {
        // Most records are shorter.
        let mut text = Vec::with_capacity(2048);
        let state = &mut self.state;
        write(&mut text, HEADER, [&mut { STATE_VERSION }, &mut self.boot]);
        write(&mut text, "state", state_line(state));
        let sharing = &mut state.sharing;
        let shared = pool_line(&mut sharing.until, &mut sharing.pool);
        write(&mut text, "shared", shared);
        for Lane { id, pool } in &mut state.lanes {
            write(&mut text, "operation", pool_line(&mut id.0, pool));
        }
        for slot in &mut state.slots {
            write(&mut text, "slot", slot_line(slot));
        }
        for waiter in &mut state.waiters {
            write(&mut text, "waiter", waiter_line(waiter));
        }
        text
    }

    fn parse(text: &[u8]) -> Option<Self> {
        let (mut lines, mut record) = (Lines(text), Self::default());
        let state = &mut record.state;
        lines.read(HEADER, [&mut 0, &mut record.boot])?;
        lines.read("state", state_line(state))?;
        let sharing = &mut state.sharing;
        lines.read("shared", pool_line(&mut sharing.until, &mut sharing.pool))?;
        let Lane { mut id, mut pool } = Lane::default();
        while (lines.read("operation", pool_line(&mut id.0, &mut pool))).is_some() {
            state.lanes.push(Lane { id, pool });
        }
        let mut slot = Slot::default();
        while lines.read("slot", slot_line(&mut slot)).is_some() {
            state.slots.push(slot);
        }
        let mut waiter = Waiter::default();
        while lines.read("waiter", waiter_line(&mut waiter)).is_some() {
            state.waiters.push(waiter);
        }
        let (body, mut sum) = (&text[..text.len() - lines.0.len()], 0);
        lines.read("checksum", [&mut sum])?;
        (sum == checksum(body) && is_plausible(&record.state)).then_some(record)
    }
}

/// Whether no time is later than a step at the time `seen` sets it, and no limit greater. A program that
/// writes a wrong state computes a right checksum, and a wrong time could stop all calls for ever.
fn is_plausible(state: &QuotaState) -> bool {
    let sharing = &state.sharing;
    let pools = state.lanes.iter().map(|lane| &lane.pool);
    let in_time = |time, span| time <= state.seen + span;
    in_time(state.forgotten_at, 0)
        && in_time(sharing.until, LONGEST_SHARING)
        && sharing.span <= LONGEST_SHARING
        && pools.chain([&sharing.pool]).all(|pool| {
            in_time(pool.paused_until, MAX_PAUSE)
                && pool.calls <= MAX_CALLS
                && pool.current.max(pool.proven) <= pool.calls
                && pool.window <= MAX_WINDOW
                && in_time(pool.confirmed_at.max(pool.lowered_at), 0)
                && in_time(pool.raise_at, RAISE_AFTER_WINDOWS * MAX_WINDOW)
        })
        && (state.slots.iter())
            .all(|slot| in_time(slot.free_at, MAX_LEAVE + FORWARD_DELAY + MAX_WINDOW))
        && (state.waiters.iter()).all(|waiter| in_time(waiter.asks_at, ASK_AGAIN))
}

/// Reads the lines above the checksum as if it were right, and writes them again. A fuzz target uses
/// it to reach what the checksum protects.
pub fn rewrite(body: &[u8]) -> Option<Vec<u8>> {
    let record = Record::decode(&with_checksum(body.to_vec()));
    record.ok().map(Record::body)
}

// The numbers of a line in their order, to write or to read them.

fn state_line(state: &mut QuotaState) -> [&mut u64; 4] {
    let span = &mut state.sharing.span;
    [
        &mut state.seen,
        &mut state.last_id,
        &mut state.forgotten_at,
        span,
    ]
}

fn pool_line<'a>(first: &'a mut u64, pool: &'a mut Pool) -> [&'a mut u64; 9] {
    [
        first,
        &mut pool.paused_until,
        &mut pool.calls,
        &mut pool.window,
        &mut pool.confirmed_at,
        &mut pool.current,
        &mut pool.proven,
        &mut pool.lowered_at,
        &mut pool.raise_at,
    ]
}

fn slot_line(slot: &mut Slot) -> [&mut u64; 3] {
    [&mut slot.permit.0, &mut slot.lane.0, &mut slot.free_at]
}

fn waiter_line(waiter: &mut Waiter) -> [&mut u64; 4] {
    let Waiter {
        id,
        lane,
        priority,
        asks_at,
    } = waiter;
    [&mut id.0, &mut lane.0, priority, asks_at]
}

fn write<const N: usize>(text: &mut Vec<u8>, name: &str, numbers: [&mut u64; N]) {
    text.extend_from_slice(name.as_bytes());
    for number in numbers {
        text.push(b' ');
        text.extend_from_slice(itoa::Buffer::new().format(*number).as_bytes());
    }
    text.push(b'\n');
}

/// The lines of a text that have not been read yet.
struct Lines<'a>(&'a [u8]);

impl Lines<'_> {
    /// Takes the next line, if it has this name and so many numbers.
    fn read<const N: usize>(&mut self, name: &str, numbers: [&mut u64; N]) -> Option<()> {
        let mut rest = self.0.strip_prefix(name.as_bytes())?;
        for into in numbers {
            (*into, rest) = number(rest)?;
        }
        self.0 = rest.strip_prefix(b"\n")?;
        Some(())
    }
}

/// Reads a space and a number, and returns the rest too. No number is greater than [`MAX_TIME`], so
/// that sums cannot overflow even if a program forges a record.
fn number(text: &[u8]) -> Option<(u64, &[u8])> {
    let (mut number, mut rest) = (0_u64, text.strip_prefix(b" ")?);
    while let [digit @ b'0'..=b'9', behind @ ..] = rest {
        number = number
            .wrapping_mul(10)
            .wrapping_add(u64::from(digit - b'0'));
        rest = behind;
    }
    (number <= MAX_TIME).then_some((number, rest))
}

fn with_checksum(mut body: Vec<u8>) -> Vec<u8> {
    let mut sum = checksum(&body);
    write(&mut body, "checksum", [&mut sum]);
    body
}

/// Detects torn and changed records. It does not protect against forgery, which is what the file's
/// owner and mode are for.
fn checksum(bytes: &[u8]) -> u64 {
    let (eights, rest) = bytes.as_chunks::<8>();
    let mut last = [0; 8];
    last[..rest.len()].copy_from_slice(rest);
    let words = eights
        .iter()
        .chain([&last])
        .map(|eight| u64::from_le_bytes(*eight));
    let step = |sum: u64, word: u64| {
        (sum ^ word)
            .wrapping_mul(0x0000_0100_0000_01b3)
            .rotate_left(23)
    };
    let sum = words.fold(0xcbf2_9ce4_8422_2325, step);
    // Every number of a record is smaller than this.
    (sum ^ (sum >> 32)) % MAX_TIME
}

#[cfg(test)]
mod tests;
