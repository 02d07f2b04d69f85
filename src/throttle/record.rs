//! The state of one quota as bytes of a fixed size, and how far such bytes can be trusted.
//!
//! A record is a sequence of 64-bit words in little-endian order: a header of [`HEADER`] words,
//! then [`SLOT`] words for each occupied slot, then [`WAITER`] words for each waiter. What is
//! behind them up to [`BYTES`] means nothing.
//!
//! This file is longer than 300 lines because the tests of every damage to a record stand beside
//! the code.

use super::constants::{
    FORWARD_DELAY, MAX_LEAVE, MAX_PAUSE, MAX_SLOTS, MAX_WAITERS, MAX_WINDOW, Micros, STATE_VERSION,
};
use super::limit::AdaptiveLimit;
use super::slots::{PermitId, Priority, Slot, State, Waiter, WaiterId};
use super::turns::Turn;

/// The first word of a record: `camsslot`.
const MAGIC: u64 = u64::from_le_bytes(*b"camsslot");

/// How many words the header has, a slot, and a waiter.
const HEADER: usize = 19;
const SLOT: usize = 2;
const WAITER: usize = 3;
const WORDS: usize = HEADER + MAX_SLOTS * SLOT + MAX_WAITERS * WAITER;

/// The place of the checksum in the header. It is computed with a zero in that place.
const CHECKSUM: usize = 2;

/// The length of a record in bytes.
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

/// The encoded state of a quota.
pub(super) struct Record {
    pub(super) bytes: [u8; BYTES],
    /// How many of the bytes mean something.
    pub(super) used: usize,
}

/// Encodes the state, whose times are of the clock of whoever has the `turn`.
pub(super) fn encode(state: &State, turn: Turn) -> Record {
    let mut words = Words {
        words: [0; WORDS],
        filled: 0,
    };
    words.put(&[MAGIC, STATE_VERSION, 0, turn.boot, turn.since]);
    words.put(&[
        state.seen,
        state.last_id,
        state.recovering_until,
        state.paused_until,
    ]);
    let limit = state.limit;
    words.put(&[u64::from(limit.calls), limit.window, limit.confirmed_at]);
    words.put(&[
        u64::from(limit.current),
        u64::from(limit.proven),
        u64::from(limit.step),
    ]);
    words.put(&[limit.lowered_at, limit.raise_at]);
    words.put(&[state.slots.len() as u64, state.waiters.len() as u64]);
    for slot in state.slots.iter().take(MAX_SLOTS) {
        words.put(&[slot.permit.0, slot.free_at]);
    }
    for waiter in state.waiters.iter().take(MAX_WAITERS) {
        let retry = u64::from(waiter.priority == Priority::Retry);
        words.put(&[waiter.id.0, retry, waiter.asks_at]);
    }
    let Words { mut words, filled } = words;
    let used = filled.min(WORDS);
    words[CHECKSUM] = checksum(CHECKSUM_SEED, &words[..used]);
    let mut bytes = [0; BYTES];
    for (eight, word) in bytes.chunks_exact_mut(8).zip(&words[..used]) {
        eight.copy_from_slice(&word.to_le_bytes());
    }
    Record {
        bytes,
        used: used * size_of::<u64>(),
    }
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
    let (mut header, mut rest) = ([0; HEADER], [0; WORDS - HEADER]);
    let (eights, _) = bytes.as_chunks::<8>();
    let mut eights = eights.iter().map(|eight| u64::from_le_bytes(*eight));
    for (word, eight) in header.iter_mut().zip(&mut eights) {
        *word = eight;
    }
    // This comes first, because only the first two words of a later version are known to be where
    // they are here.
    if header[0] == MAGIC && header[1] > STATE_VERSION {
        return Err(Unusable::Newer);
    }
    let claimed = std::mem::take(&mut header[CHECKSUM]);
    let (slots, waiters) = (header[17], header[18]);
    let ours = header[0] == MAGIC && header[1] == STATE_VERSION;
    let bounded = slots <= MAX_SLOTS as u64 && waiters <= MAX_WAITERS as u64;
    if !ours || !bounded || bytes.len() != BYTES {
        return Err(Unusable::Broken);
    }
    let used = slots as usize * SLOT + waiters as usize * WAITER;
    let rest = &mut rest[..used];
    for (word, eight) in rest.iter_mut().zip(&mut eights) {
        *word = eight;
    }
    if claimed != checksum(checksum(CHECKSUM_SEED, &header), rest) {
        return Err(Unusable::Broken);
    }
    let (slots, waiters) = rest.split_at(slots as usize * SLOT);
    parse(&header, slots, waiters).ok_or(Unusable::Broken)
}

/// Decodes a record as if its magic number, version and checksum were right, and encodes it again.
/// A fuzz target uses it to reach what is behind the checksum.
pub(super) fn rewrite(bytes: &[u8]) -> Option<Vec<u8>> {
    let mut words = [0; WORDS];
    for (word, eight) in words.iter_mut().zip(bytes.as_chunks::<8>().0) {
        *word = u64::from_le_bytes(*eight);
    }
    words[..3].copy_from_slice(&[MAGIC, STATE_VERSION, 0]);
    let count = |word: u64| usize::try_from(word).ok();
    let slots = count(words[17])?.checked_mul(SLOT)?;
    let waiters = count(words[18])?.checked_mul(WAITER)?;
    let used = HEADER.checked_add(slots)?.checked_add(waiters)?;
    words[CHECKSUM] = checksum(CHECKSUM_SEED, words.get(..used)?);
    let bytes: Vec<u8> = words.iter().flat_map(|word| word.to_le_bytes()).collect();
    let (turn, state) = decode(&bytes).ok()?;
    Some(encode(&state, turn).bytes.to_vec())
}

/// The turn and the state in these words, if every field has a value that some sequence of steps
/// could have left there. The words passed a checksum, which whoever forges a record can compute
/// too.
fn parse(header: &[u64; HEADER], slots: &[u64], waiters: &[u64]) -> Option<(Turn, State)> {
    let [
        _magic,
        _version,
        _checksum,
        boot,
        since,
        seen,
        last_id,
        recovering_until,
        paused_until,
        calls,
        window,
        confirmed_at,
        current,
        proven,
        step,
        lowered_at,
        raise_at,
        _slots,
        _waiters,
    ] = *header;
    if seen >= MAX_TIME || window > MAX_WINDOW {
        return None;
    }
    let latest = seen + MAX_LEAVE + MAX_WINDOW + FORWARD_DELAY;
    let limit = AdaptiveLimit {
        calls: count(calls)?,
        window,
        confirmed_at: at_most(seen, confirmed_at)?,
        current: count(current)?,
        proven: count(proven)?,
        step: count(step)?,
        lowered_at: at_most(seen, lowered_at)?,
        raise_at: at_most(MAX_TIME, raise_at)?,
    };
    let slots = slots.chunks_exact(SLOT).map(|slot| {
        Some(Slot {
            permit: PermitId(slot[0]),
            free_at: at_most(latest, slot[1])?,
        })
    });
    let waiters = waiters.chunks_exact(WAITER).map(|waiter| {
        Some(Waiter {
            id: WaiterId(waiter[0]),
            priority: match waiter[1] {
                1 => Priority::Retry,
                _ => Priority::Normal,
            },
            asks_at: at_most(MAX_TIME, waiter[2])?,
        })
    });
    let state = State {
        seen,
        last_id: at_most(MAX_TIME, last_id)?,
        recovering_until: at_most(latest, recovering_until)?,
        paused_until: at_most(seen + MAX_PAUSE, paused_until)?,
        limit,
        slots: slots.collect::<Option<_>>()?,
        waiters: waiters.collect::<Option<_>>()?,
    };
    let turn = Turn {
        boot,
        since: at_most(seen, since)?,
    };
    (limit.current <= limit.calls).then_some((turn, state))
}

fn at_most(limit: u64, word: u64) -> Option<u64> {
    (word <= limit).then_some(word)
}

/// A number of calls. The step of a limit can be a little greater than [`MAX_SLOTS`].
fn count(word: u64) -> Option<u32> {
    u32::try_from(word).ok().filter(|value| *value <= 1024)
}

const CHECKSUM_SEED: u64 = 0xcbf2_9ce4_8422_2325;

/// Continues a checksum with more words. It detects torn and foreign records. It does not protect
/// against forgery, which is what the file's owner and mode are for.
fn checksum(sum: u64, words: &[u64]) -> u64 {
    words.iter().fold(sum, |sum, word| {
        (sum ^ word)
            .wrapping_mul(0x0000_0100_0000_01b3)
            .rotate_left(23)
    })
}

/// Words that are filled from the front. What does not fit is left out.
struct Words {
    words: [u64; WORDS],
    filled: usize,
}

impl Words {
    fn put(&mut self, values: &[u64]) {
        for (word, value) in self.words.iter_mut().skip(self.filled).zip(values) {
            *word = *value;
        }
        self.filled += values.len();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::throttle::limit::ConfiguredLimit;
    use crate::throttle::slots::{Command, Reply};
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
        assert_eq!(decode(&encode(&state, TURN).bytes), Ok((TURN, state)));
    }

    #[test]
    fn another_version_and_nothing_are_told_apart() {
        let bytes = encode(&busy(5), TURN).bytes;
        assert_eq!(decode(&[]), Err(Unusable::Empty));
        let mut newer = bytes;
        newer[8] += 1;
        assert_eq!(decode(&newer), Err(Unusable::Newer));
        assert_eq!(decode(&newer[..100]), Err(Unusable::Newer));
        let mut older = bytes;
        older[8] -= 1;
        assert_eq!(decode(&older), Err(Unusable::Broken));
    }

    #[test]
    fn no_single_wrong_bit_is_believed() {
        let Record { bytes, used } = encode(&busy(1_000_000), TURN);
        for bit in 0..used * 8 {
            let mut wrong = bytes;
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
            let at = |now| encode(&busy(now), TURN).bytes;
            let (old, new) = (at(1_000_000), at(2_000_000));
            let mut torn = old;
            torn[..cut].copy_from_slice(&new[..cut]);
            prop_assume!(torn != old && torn != new);
            prop_assert_eq!(decode(&torn), Err(Unusable::Broken));
        }

        #[test]
        fn a_record_with_a_right_checksum_and_wrong_words_never_panics(
            words in proptest::array::uniform19(prop_oneof![0_u64..100, any::<u64>()]),
            slots in proptest::collection::vec(any::<u64>(), 8),
            waiters in proptest::collection::vec(any::<u64>(), 9),
            now in 0..MAX_TIME,
        ) {
            let acquire = Command::Acquire {
                waiter: None,
                priority: Priority::Normal,
                limit: LIMIT,
                leave: 0,
            };
            if let Some((_, mut state)) = parse(&words, &slots, &waiters) {
                state.step(now, acquire);
            }
        }
    }
}
