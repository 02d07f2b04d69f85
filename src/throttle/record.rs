//! The state of one quota as bytes of a fixed size, and how far such bytes can be trusted.

use super::pace::Pace;
use super::slots::{Entry, FORWARD, MAX_LINE, MAX_PAUSE, MAX_SLOTS, Micros, Slot, State};

/// `camsslot`.
const MAGIC: u64 = u64::from_le_bytes(*b"camsslot");

/// Changes whenever the meaning of the words does.
const VERSION: u64 = 1;

const HEADER: usize = 18;
const SLOT: usize = 2;
const ENTRY: usize = 3;
const WORDS: usize = HEADER + MAX_SLOTS * SLOT + MAX_LINE * ENTRY;

/// The length of a record.
pub(super) const BYTES: usize = WORDS * size_of::<u64>();

/// Greater than any stamp that a clock can give; keeps sums of a few stamps far from overflowing.
const FAR: Micros = 1 << 53;

/// The longest window that a caller can ask for.
const LONGEST_WINDOW: Micros = 3_600_000_000;

/// Why bytes are not a state.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Distrust {
    /// Torn, foreign, of an older version, or of another boot: nobody can rely on it any more.
    Broken,
    /// Nobody has ever written here.
    Empty,
    /// Of a later version, whose users may rely on it.
    Newer,
}

/// Writes the state down, to be read during this `boot` only.
pub(super) fn encode(state: &State, boot: u64) -> [u8; BYTES] {
    let mut words = Words {
        words: [0; WORDS],
        filled: 0,
    };
    words.put(&[MAGIC, VERSION, 0, boot]);
    words.put(&[
        state.seen,
        state.issued,
        state.quiet_until,
        state.paused_until,
    ]);
    let pace = state.pace;
    words.put(&[u64::from(pace.calls), pace.window, pace.agreed_at]);
    words.put(&[
        u64::from(pace.limit),
        u64::from(pace.proven),
        u64::from(pace.rise),
    ]);
    words.put(&[pace.cut_at, pace.rise_at]);
    words.put(&[state.slots.len() as u64, state.line.len() as u64]);
    for slot in state.slots.iter().take(MAX_SLOTS) {
        words.put(&[slot.ticket, slot.free]);
    }
    words.filled = HEADER + MAX_SLOTS * SLOT;
    for entry in state.line.iter().take(MAX_LINE) {
        words.put(&[entry.ticket, u64::from(entry.head), entry.due]);
    }
    let Words { mut words, .. } = words;
    words[2] = checksum(&words);
    let mut bytes = [0; BYTES];
    for (eight, word) in bytes.chunks_exact_mut(8).zip(words) {
        eight.copy_from_slice(&word.to_le_bytes());
    }
    bytes
}

/// Reads a state back, if these bytes are a whole record of this version, written during this `boot`.
pub(super) fn decode(bytes: &[u8], boot: u64) -> Result<State, Distrust> {
    if bytes.is_empty() {
        return Err(Distrust::Empty);
    }
    let mut words = [0; WORDS];
    let (eights, _) = bytes.as_chunks::<8>();
    for (word, eight) in words.iter_mut().zip(eights) {
        *word = u64::from_le_bytes(*eight);
    }
    if words[0] == MAGIC && words[1] > VERSION {
        return Err(Distrust::Newer);
    }
    let told = std::mem::take(&mut words[2]);
    let whole = bytes.len() == BYTES && told == checksum(&words);
    if !whole || words[0] != MAGIC || words[1] != VERSION || words[3] != boot {
        return Err(Distrust::Broken);
    }
    parse(&words[4..]).ok_or(Distrust::Broken)
}

/// A state whose every field is one that a step could have left.
fn parse(words: &[u64]) -> Option<State> {
    let mut words = words.iter().copied();
    let mut next = || words.next();
    let seen = next().filter(|seen| *seen < FAR)?;
    let mut state = State {
        seen,
        issued: next().filter(|ticket| *ticket < FAR)?,
        quiet_until: next().filter(|at| *at <= seen + LONGEST_WINDOW + FORWARD)?,
        paused_until: next().filter(|at| *at <= seen + MAX_PAUSE)?,
        pace: Pace {
            calls: small(next()?)?,
            window: next().filter(|window| *window <= LONGEST_WINDOW)?,
            agreed_at: next().filter(|at| *at <= seen)?,
            limit: small(next()?)?,
            proven: small(next()?)?,
            rise: small(next()?)?,
            cut_at: next().filter(|at| *at <= seen)?,
            rise_at: next().filter(|at| *at < FAR)?,
        },
        slots: Vec::new(),
        line: Vec::new(),
    };
    let (slots, line) = (small(next()?)? as usize, small(next()?)? as usize);
    if slots > MAX_SLOTS || line > MAX_LINE || state.pace.limit > state.pace.calls {
        return None;
    }
    let latest = seen + LONGEST_WINDOW + FORWARD;
    for _ in 0..slots {
        state.slots.push(Slot {
            ticket: next()?,
            free: next().filter(|at| *at <= latest)?,
        });
    }
    for _ in slots..MAX_SLOTS {
        next()?;
        next()?;
    }
    for _ in 0..line {
        state.line.push(Entry {
            ticket: next()?,
            head: next()? == 1,
            due: next().filter(|at| *at < FAR)?,
        });
    }
    Some(state)
}

fn small(word: u64) -> Option<u32> {
    u32::try_from(word).ok().filter(|value| *value <= 1024)
}

/// Detects torn and foreign records; it is no protection against forgery, which the file's owner and mode are.
fn checksum(words: &[u64; WORDS]) -> u64 {
    words.iter().fold(0xcbf2_9ce4_8422_2325, |sum, word| {
        (sum ^ word)
            .wrapping_mul(0x0000_0100_0000_01b3)
            .rotate_left(23)
    })
}

/// Words being filled from the front. What does not fit is left out.
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
    use crate::throttle::Limit;
    use crate::throttle::pace::Terms;
    use crate::throttle::slots::{Command, Reply};
    use proptest::prelude::*;
    use std::time::Duration;

    /// A state in the middle of work.
    fn busy(now: Micros) -> State {
        let terms = Terms::new(Limit {
            calls: 10,
            window: Duration::from_secs(1),
        });
        let mut state = State::default();
        for step in 0..13 {
            let ask = Command::Ask {
                ticket: 0,
                head: step == 12,
                terms,
            };
            if let Reply::Go { ticket } = state.step(now + step, ask) {
                state.step(
                    now + step,
                    Command::Throttled {
                        ticket,
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
        assert!(!state.line.is_empty() && !state.slots.is_empty());
        assert_eq!(decode(&encode(&state, 7), 7), Ok(state));
    }

    #[test]
    fn another_boot_another_version_and_nothing_are_told_apart() {
        let bytes = encode(&busy(5), 7);
        assert_eq!(decode(&bytes, 8), Err(Distrust::Broken));
        assert_eq!(decode(&[], 7), Err(Distrust::Empty));
        let mut newer = bytes;
        newer[8] = 2;
        assert_eq!(decode(&newer, 7), Err(Distrust::Newer));
        assert_eq!(decode(&newer[..100], 7), Err(Distrust::Newer));
        let mut older = bytes;
        older[8] = 0;
        assert_eq!(decode(&older, 7), Err(Distrust::Broken));
    }

    #[test]
    fn no_single_wrong_bit_is_believed() {
        let bytes = encode(&busy(1_000_000), 7);
        for bit in 0..bytes.len() * 8 {
            let mut wrong = bytes;
            wrong[bit / 8] ^= 1 << (bit % 8);
            assert!(decode(&wrong, 7).is_err(), "bit {bit}");
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn two_halves_of_different_records_are_not_believed(cut in 1..BYTES) {
            let (old, new) = (encode(&busy(1_000_000), 7), encode(&busy(2_000_000), 7));
            let mut torn = old;
            torn[..cut].copy_from_slice(&new[..cut]);
            prop_assume!(torn != old && torn != new);
            prop_assert_eq!(decode(&torn, 7), Err(Distrust::Broken));
        }

        #[test]
        fn a_record_with_a_right_checksum_and_wrong_words_never_panics(
            words in proptest::collection::vec(prop_oneof![0_u64..100, any::<u64>()], WORDS - 4),
            now in 0..FAR,
        ) {
            if let Some(mut state) = parse(&words) {
                state.step(now, Command::Ask { ticket: 0, head: false, terms: Terms::new(Limit { calls: 10, window: Duration::from_secs(1) }) });
            }
        }
    }
}
