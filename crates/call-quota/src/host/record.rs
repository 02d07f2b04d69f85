//! The state of an account as the text of a file, and how far such a text can be trusted.
//!
//! A record is a header, `call-quota VERSION LENGTH CHECKSUM`, and a line of JSON that has this
//! length and checksum. What follows a record means nothing.

use serde::{Deserialize, Serialize};

use crate::constants::{
    ASK_AGAIN, LONGEST_SHARING, MAX_CALLS, MAX_LANES, MAX_LEAVE, MAX_PAUSE, MAX_SLOTS, MAX_TIME,
    MAX_WAITERS, MAX_WINDOW, Micros, RAISE_AFTER_WINDOWS,
};
use crate::slots::{Pool, State};

/// The version of this format. It changes whenever the format or the meaning of a field does.
const VERSION: u64 = 5;

/// More bytes than any record has.
pub(crate) const MAX_BYTES: usize = 64 << 10;

/// A state, and the boot whose clock its times are of.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
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
        if line.starts_with("call-quota ") && number() > Some(VERSION) {
            return Err(Unusable::Newer);
        }
        let length = number().and_then(|length| usize::try_from(length).ok());
        let body = length.and_then(|length| rest.get(..length));
        let body = body.filter(|body| header(body) == line);
        let record = body.and_then(|body| serde_json::from_slice::<Self>(body).ok());
        let plausible = record.filter(|record| is_plausible(&record.state));
        plausible.ok_or(Unusable::Broken)
    }

    fn body(&self) -> Vec<u8> {
        // Integers and lists can always be written.
        let mut body = serde_json::to_vec(self).unwrap_or_default();
        body.push(b'\n');
        body
    }
}

/// Reads what follows the header of a record as if the header were right, and writes it again. A
/// fuzz target uses it to reach what the checksum protects.
pub(crate) fn rewrite(body: &[u8]) -> Option<Vec<u8>> {
    let record = Record::decode(&[header(body).as_bytes(), body].concat());
    record.ok().map(|record| record.body())
}

fn header(body: &[u8]) -> String {
    let (length, checksum) = (body.len(), checksum(body));
    format!("call-quota {VERSION} {length} {checksum:016x}\n")
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
