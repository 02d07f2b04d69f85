//! The state of an account's quota as bytes, and how far such bytes can be trusted.
//!
//! A record is a sequence of 64-bit words in little-endian order: a header of [`HEADER`] words,
//! then [`LANE`] words for each operation, [`SLOT`] words for each slot, and [`WAITER`] words for
//! each waiter. What is behind them means nothing.
//!
//! This file is longer than 300 lines because the tests of every damage to a record stand beside
//! the code.

use super::constants::{
    ASK_AGAIN, FORWARD_DELAY, LONGEST_SHARING, MAX_LANES, MAX_LEAVE, MAX_PAUSE, MAX_SLOTS,
    MAX_WAITERS, MAX_WINDOW, Micros, STATE_VERSION,
};
use super::limit::AdaptiveLimit;
use super::sharing::Sharing;
use super::slots::{Lane, LaneId, PermitId, Pool, Priority, Slot, State, Waiter, WaiterId};
use super::turns::Turn;

/// The first word of a record: `camsslot`.
const MAGIC: u64 = u64::from_le_bytes(*b"camsslot");

/// How many words a set of slots has, the header, an operation, a slot, and a waiter.
const POOL: usize = 9;
const HEADER: usize = 13 + POOL;
const LANE: usize = 1 + POOL;
const SLOT: usize = 3;
const WAITER: usize = 4;
const WORDS: usize = HEADER + MAX_LANES * LANE + MAX_SLOTS * SLOT + MAX_WAITERS * WAITER;

/// The place of the checksum in the header. It is computed with a zero in that place.
const CHECKSUM: usize = 2;

/// The places of the numbers of operations, slots and waiters.
const COUNTS: std::ops::Range<usize> = 3..6;

/// The length of the longest record in bytes.
pub(super) const BYTES: usize = WORDS * size_of::<u64>();

/// A bound for times: greater than any clock gives, and so small that sums of a few times do not
/// overflow.
const MAX_TIME: Micros = 1 << 53;

/// Why bytes are not a state.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Unusable {
    /// Torn, foreign, or of an older version: nobody relies on it any more.
    Broken,
    /// There are no bytes.
    Empty,
    /// Written by a later version of this provider, which may rely on it.
    Newer,
}

/// Encodes the state, whose times are of the clock of the machine that has the `turn`.
pub(super) fn encode(state: &State, turn: Turn) -> Vec<u8> {
    let lanes = &state.lanes[..state.lanes.len().min(MAX_LANES)];
    let slots = &state.slots[..state.slots.len().min(MAX_SLOTS)];
    let waiters = &state.waiters[..state.waiters.len().min(MAX_WAITERS)];
    let counts = [lanes.len(), slots.len(), waiters.len()].map(|count| count as u64);
    let mut words = Vec::with_capacity(used(counts).unwrap_or(WORDS));
    words.extend([MAGIC, STATE_VERSION, 0]);
    words.extend(counts);
    words.extend([turn.boot, turn.since]);
    words.extend([state.seen, state.last_id, state.forgotten_at]);
    words.extend([state.sharing.until, state.sharing.span]);
    words.extend(pool_words(&state.sharing.pool));
    for lane in lanes {
        words.push(lane.id.0);
        words.extend(pool_words(&lane.pool));
    }
    for slot in slots {
        words.extend([slot.permit.0, slot.lane.0, slot.free_at]);
    }
    for waiter in waiters {
        let retry = u64::from(waiter.priority == Priority::Retry);
        words.extend([waiter.id.0, waiter.lane.0, retry, waiter.asks_at]);
    }
    words[CHECKSUM] = checksum(&words);
    words.iter().flat_map(|word| word.to_le_bytes()).collect()
}

fn pool_words(pool: &Pool) -> [u64; POOL] {
    let limit = pool.limit;
    [
        pool.paused_until,
        u64::from(limit.calls),
        limit.window,
        limit.confirmed_at,
        u64::from(limit.current),
        u64::from(limit.proven),
        u64::from(limit.step),
        limit.lowered_at,
        limit.raise_at,
    ]
}

/// How many bytes a record has that begins with these. Zero if they do not tell.
pub(super) fn length(bytes: &[u8]) -> usize {
    let (eights, _) = bytes.as_chunks::<8>();
    let counts = eights.get(COUNTS).unwrap_or_default();
    let &[lanes, slots, waiters] = counts else {
        return 0;
    };
    let counts = [lanes, slots, waiters].map(u64::from_le_bytes);
    used(counts).map_or(0, |words| words * size_of::<u64>())
}

/// How many words a record has with so many operations, slots and waiters, if it may have them.
fn used([lanes, slots, waiters]: [u64; 3]) -> Option<usize> {
    let bounded = |count: u64, most: usize| usize::try_from(count).ok().filter(|n| *n <= most);
    let lanes = bounded(lanes, MAX_LANES)? * LANE;
    let slots = bounded(slots, MAX_SLOTS)? * SLOT;
    Some(HEADER + lanes + slots + bounded(waiters, MAX_WAITERS)? * WAITER)
}

/// Decodes a state and whose turn it is, if these bytes are a whole record of this version.
///
/// # Errors
///
/// With the reason why the bytes are not a state that can be used.
pub(super) fn decode(bytes: &[u8]) -> Result<(Turn, State), Unusable> {
    if bytes.is_empty() {
        return Err(Unusable::Empty);
    }
    let (eights, _) = bytes.as_chunks::<8>();
    let version = |word: usize| eights.get(word).map(|eight| u64::from_le_bytes(*eight));
    // This comes first, because only the first two words of a later version are known to be where
    // they are here.
    if version(0) == Some(MAGIC) && version(1) > Some(STATE_VERSION) {
        return Err(Unusable::Newer);
    }
    let ours = version(0) == Some(MAGIC) && version(1) == Some(STATE_VERSION);
    let used = length(bytes) / size_of::<u64>();
    if !ours || used < HEADER || eights.len() < used {
        return Err(Unusable::Broken);
    }
    let words = eights[..used]
        .iter()
        .map(|eight| u64::from_le_bytes(*eight));
    let mut words: Vec<u64> = words.collect();
    let claimed = std::mem::take(&mut words[CHECKSUM]);
    if claimed != checksum(&words) {
        return Err(Unusable::Broken);
    }
    parse(&words).ok_or(Unusable::Broken)
}

/// Decodes a record as if its magic number, version and checksum were right, and encodes it again.
/// A fuzz target uses it to reach what is behind the checksum.
pub(super) fn rewrite(bytes: &[u8]) -> Option<Vec<u8>> {
    let words = bytes.as_chunks::<8>().0.iter();
    let mut words: Vec<_> = words.map(|eight| u64::from_le_bytes(*eight)).collect();
    words
        .get_mut(..3)?
        .copy_from_slice(&[MAGIC, STATE_VERSION, 0]);
    let counts = words.get(COUNTS)?.try_into().ok()?;
    words.truncate(used(counts)?);
    words[CHECKSUM] = checksum(&words);
    let bytes: Vec<u8> = words.iter().flat_map(|word| word.to_le_bytes()).collect();
    let (turn, state) = decode(&bytes).ok()?;
    Some(encode(&state, turn))
}

/// The turn and the state in these words, if every field has a value that some sequence of steps
/// could have left there. The words passed a checksum, which whoever forges a record can compute
/// too.
fn parse(words: &[u64]) -> Option<(Turn, State)> {
    let (header, rest) = words.split_first_chunk::<HEADER>()?;
    let (fields, shared) = header.split_first_chunk::<13>()?;
    let &[
        _magic,
        _version,
        _checksum,
        lanes,
        slots,
        _waiters,
        boot,
        since,
        seen,
        last_id,
        forgotten_at,
        until,
        span,
    ] = fields;
    if seen >= MAX_TIME {
        return None;
    }
    let (lanes, rest) = rest.split_at_checked(lanes as usize * LANE)?;
    let (slots, waiters) = rest.split_at_checked(slots as usize * SLOT)?;
    let lanes = lanes.chunks_exact(LANE).map(|lane| {
        Some(Lane {
            id: LaneId(at_most(MAX_TIME, lane[0])?),
            pool: parse_pool(seen, &lane[1..])?,
        })
    });
    let latest = seen + MAX_LEAVE + MAX_WINDOW + FORWARD_DELAY;
    let slots = slots.chunks_exact(SLOT).map(|slot| {
        Some(Slot {
            permit: PermitId(slot[0]),
            lane: LaneId(slot[1]),
            free_at: at_most(latest, slot[2])?,
        })
    });
    let waiters = waiters.chunks_exact(WAITER).map(|waiter| {
        Some(Waiter {
            id: WaiterId(waiter[0]),
            lane: LaneId(waiter[1]),
            priority: match waiter[2] {
                1 => Priority::Retry,
                _ => Priority::Normal,
            },
            asks_at: at_most(seen + ASK_AGAIN, waiter[3])?,
        })
    });
    let state = State {
        seen,
        last_id: at_most(MAX_TIME, last_id)?,
        forgotten_at: at_most(seen, forgotten_at)?,
        sharing: Sharing {
            until: at_most(seen + LONGEST_SHARING, until)?,
            span: at_most(LONGEST_SHARING, span)?,
            pool: parse_pool(seen, shared)?,
        },
        lanes: lanes.collect::<Option<_>>()?,
        slots: slots.collect::<Option<_>>()?,
        waiters: waiters.collect::<Option<_>>()?,
    };
    let turn = Turn {
        boot,
        since: at_most(seen, since)?,
    };
    Some((turn, state))
}

fn parse_pool(seen: Micros, words: &[u64]) -> Option<Pool> {
    let &[
        paused_until,
        calls,
        window,
        confirmed_at,
        current,
        proven,
        step,
        lowered_at,
        raise_at,
    ] = words
    else {
        return None;
    };
    let limit = AdaptiveLimit {
        calls: count(calls)?,
        window: at_most(MAX_WINDOW, window)?,
        confirmed_at: at_most(seen, confirmed_at)?,
        current: count(current)?,
        proven: count(proven)?,
        step: count(step)?,
        lowered_at: at_most(seen, lowered_at)?,
        raise_at: at_most(MAX_TIME, raise_at)?,
    };
    let paused_until = at_most(seen + MAX_PAUSE, paused_until)?;
    (limit.current <= limit.calls).then_some(Pool {
        limit,
        paused_until,
    })
}

fn at_most(limit: u64, word: u64) -> Option<u64> {
    (word <= limit).then_some(word)
}

/// A number of calls. The step of a limit can be a little greater than what it is added to.
fn count(word: u64) -> Option<u32> {
    u32::try_from(word).ok().filter(|value| *value <= 1024)
}

/// Detects torn and foreign records. It does not protect against forgery, which is what the file's
/// owner and mode are for.
fn checksum(words: &[u64]) -> u64 {
    words.iter().fold(0xcbf2_9ce4_8422_2325, |sum: u64, word| {
        (sum ^ word)
            .wrapping_mul(0x0000_0100_0000_01b3)
            .rotate_left(23)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::limit::ConfiguredLimit;
    use crate::slots::{Command, Reply};
    use proptest::prelude::*;
    use std::num::NonZeroU32;

    const LIMIT: ConfiguredLimit = ConfiguredLimit {
        calls: NonZeroU32::new(10).unwrap(),
        window: 1_000_000,
    };

    const TURN: Turn = Turn { boot: 7, since: 3 };

    /// A state with occupied slots and waiters, in which a call was throttled.
    fn busy(now: Micros) -> State {
        let mut state = State::default();
        for step in 0..13 {
            let acquire = Command::Acquire {
                lane: LaneId(step % 2),
                waiter: None,
                priority: if step == 12 {
                    Priority::Retry
                } else {
                    Priority::Normal
                },
                limit: LIMIT,
                leave: 0,
            };
            if let Reply::Granted { permit } = state.step(now + step, acquire) {
                state.step(
                    now + step,
                    Command::Throttled {
                        lane: LaneId(step % 2),
                        permit,
                        pause: None,
                    },
                );
            }
        }
        state
    }

    #[test]
    fn a_state_survives_being_written_and_read() {
        let state = busy(1_000_000);
        assert!(!state.waiters.is_empty() && !state.slots.is_empty());
        assert_eq!(decode(&encode(&state, TURN)), Ok((TURN, state)));
    }

    #[test]
    fn another_version_and_nothing_are_told_apart() {
        let bytes = encode(&busy(5), TURN);
        assert_eq!(decode(&[]), Err(Unusable::Empty));
        let mut newer = bytes.clone();
        newer[8] += 1;
        assert_eq!(decode(&newer), Err(Unusable::Newer));
        assert_eq!(decode(&newer[..100]), Err(Unusable::Newer));
        let mut older = bytes;
        older[8] -= 1;
        assert_eq!(decode(&older), Err(Unusable::Broken));
    }

    #[test]
    fn no_single_wrong_bit_is_believed() {
        let bytes = encode(&busy(1_000_000), TURN);
        for bit in 0..bytes.len() * 8 {
            let mut wrong = bytes.clone();
            wrong[bit / 8] ^= 1 << (bit % 8);
            assert!(decode(&wrong).is_err(), "bit {bit}");
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig {
            failure_persistence: None,
            ..ProptestConfig::default()
        })]

        #[test]
        fn two_halves_of_different_records_are_not_believed(cut in 1_usize..300) {
            let at = |now| encode(&busy(now), TURN);
            let (old, new) = (at(1_000_000), at(2_000_000));
            let mut torn = old.clone();
            torn[..cut].copy_from_slice(&new[..cut]);
            prop_assume!(torn != old && torn != new);
            prop_assert_eq!(decode(&torn), Err(Unusable::Broken));
        }

        #[test]
        fn a_record_with_a_right_checksum_and_wrong_words_never_panics(
            mut words in proptest::collection::vec(prop_oneof![0_u64..100, any::<u64>()], HEADER),
            counts in [0_u64..4, 0..4, 0..4],
            rest in proptest::collection::vec(prop_oneof![0_u64..100, any::<u64>()], 60),
            now in 0..MAX_TIME,
        ) {
            let acquire = Command::Acquire {
                lane: LaneId(1),
                waiter: None,
                priority: Priority::Normal,
                limit: LIMIT,
                leave: 0,
            };
            words[COUNTS].copy_from_slice(&counts);
            words.extend(rest);
            words.truncate(used(counts).unwrap());
            if let Some((_, mut state)) = parse(&words) {
                state.step(now, acquire);
            }
        }
    }
}
