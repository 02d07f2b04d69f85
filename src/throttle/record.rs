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

/// A record being written: `used` bytes of it say everything, and the rest is nothing.
pub(super) struct Record {
    pub(super) bytes: [u8; BYTES],
    pub(super) used: usize,
}

/// Writes the state down, to be read during this `boot` only.
pub(super) fn encode(state: &State, boot: u64) -> Record {
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
    for entry in state.line.iter().take(MAX_LINE) {
        words.put(&[entry.ticket, u64::from(entry.head), entry.due]);
    }
    let Words { mut words, filled } = words;
    words[2] = add(SEED, &words[..filled.min(WORDS)]);
    let mut bytes = [0; BYTES];
    for (eight, word) in bytes.chunks_exact_mut(8).zip(&words[..filled.min(WORDS)]) {
        eight.copy_from_slice(&word.to_le_bytes());
    }
    Record {
        bytes,
        used: filled.min(WORDS) * size_of::<u64>(),
    }
}

/// Reads a state back, if these bytes are a whole record of this version, written during this `boot`.
pub(super) fn decode(bytes: &[u8], boot: u64) -> Result<State, Distrust> {
    if bytes.is_empty() {
        return Err(Distrust::Empty);
    }
    let (mut header, mut rest) = ([0; HEADER], [0; WORDS - HEADER]);
    let (eights, _) = bytes.as_chunks::<8>();
    let mut eights = eights.iter().map(|eight| u64::from_le_bytes(*eight));
    for (word, eight) in header.iter_mut().zip(&mut eights) {
        *word = eight;
    }
    if header[0] == MAGIC && header[1] > VERSION {
        return Err(Distrust::Newer);
    }
    let told = std::mem::take(&mut header[2]);
    let (slots, line) = (header[16], header[17]);
    let ours = header[0] == MAGIC && header[1] == VERSION && header[3] == boot;
    if !ours || bytes.len() != BYTES || slots > MAX_SLOTS as u64 || line > MAX_LINE as u64 {
        return Err(Distrust::Broken);
    }
    let used = slots as usize * SLOT + line as usize * ENTRY;
    let rest = &mut rest[..used];
    for (word, eight) in rest.iter_mut().zip(&mut eights) {
        *word = eight;
    }
    if told != add(add(SEED, &header), rest) {
        return Err(Distrust::Broken);
    }
    let (slots, line) = rest.split_at(slots as usize * SLOT);
    parse(&header, slots, line).ok_or(Distrust::Broken)
}

/// Reads a record as if its header were right, so that what is behind the checksum is reached, and writes it again.
pub(super) fn rewrite(bytes: &[u8]) -> Option<Vec<u8>> {
    let mut words = [0; WORDS];
    for (word, eight) in words.iter_mut().zip(bytes.as_chunks::<8>().0) {
        *word = u64::from_le_bytes(*eight);
    }
    words[..3].copy_from_slice(&[MAGIC, VERSION, 0]);
    let count = |word: u64| usize::try_from(word).ok();
    let slots = count(words[16])?.checked_mul(SLOT)?;
    let line = count(words[17])?.checked_mul(ENTRY)?;
    let used = HEADER.checked_add(slots)?.checked_add(line)?;
    words[2] = add(SEED, words.get(..used)?);
    let bytes: Vec<u8> = words.iter().flat_map(|word| word.to_le_bytes()).collect();
    let state = decode(&bytes, words[3]).ok()?;
    Some(encode(&state, words[3]).bytes.to_vec())
}

/// A state whose every field is one that a step could have left.
fn parse(header: &[u64; HEADER], slots: &[u64], line: &[u64]) -> Option<State> {
    let [
        _,
        _,
        _,
        _,
        seen,
        issued,
        quiet_until,
        paused_until,
        header @ ..,
    ] = *header;
    let [
        calls,
        window,
        agreed_at,
        limit,
        proven,
        rise,
        cut_at,
        rise_at,
        _,
        _,
    ] = header;
    if seen >= FAR || window > LONGEST_WINDOW {
        return None;
    }
    let latest = seen + LONGEST_WINDOW + FORWARD;
    let pace = Pace {
        calls: small(calls)?,
        window,
        agreed_at: up_to(seen, agreed_at)?,
        limit: small(limit)?,
        proven: small(proven)?,
        rise: small(rise)?,
        cut_at: up_to(seen, cut_at)?,
        rise_at: up_to(FAR, rise_at)?,
    };
    let slots = slots.chunks_exact(SLOT).map(|slot| {
        Some(Slot {
            ticket: slot[0],
            free: up_to(latest, slot[1])?,
        })
    });
    let line = line.chunks_exact(ENTRY).map(|entry| {
        Some(Entry {
            ticket: entry[0],
            head: entry[1] == 1,
            due: up_to(FAR, entry[2])?,
        })
    });
    let state = State {
        seen,
        issued: up_to(FAR, issued)?,
        quiet_until: up_to(latest, quiet_until)?,
        paused_until: up_to(seen + MAX_PAUSE, paused_until)?,
        pace,
        slots: slots.collect::<Option<_>>()?,
        line: line.collect::<Option<_>>()?,
    };
    (pace.limit <= pace.calls).then_some(state)
}

fn up_to(most: u64, word: u64) -> Option<u64> {
    (word <= most).then_some(word)
}

fn small(word: u64) -> Option<u32> {
    u32::try_from(word).ok().filter(|value| *value <= 1024)
}

const SEED: u64 = 0xcbf2_9ce4_8422_2325;

/// Detects torn and foreign records; it is no protection against forgery, which the file's owner and mode are.
fn add(sum: u64, words: &[u64]) -> u64 {
    words.iter().fold(sum, |sum, word| {
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
        assert_eq!(decode(&encode(&state, 7).bytes, 7), Ok(state));
    }

    #[test]
    fn another_boot_another_version_and_nothing_are_told_apart() {
        let bytes = encode(&busy(5), 7).bytes;
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
        let Record { bytes, used } = encode(&busy(1_000_000), 7);
        for bit in 0..used * 8 {
            let mut wrong = bytes;
            wrong[bit / 8] ^= 1 << (bit % 8);
            assert!(decode(&wrong, 7).is_err(), "bit {bit}");
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn two_halves_of_different_records_are_not_believed(cut in 1_usize..300) {
            let (old, new) = (encode(&busy(1_000_000), 7).bytes, encode(&busy(2_000_000), 7).bytes);
            let mut torn = old;
            torn[..cut].copy_from_slice(&new[..cut]);
            prop_assume!(torn != old && torn != new);
            prop_assert_eq!(decode(&torn, 7), Err(Distrust::Broken));
        }

        #[test]
        fn a_record_with_a_right_checksum_and_wrong_words_never_panics(
            words in proptest::array::uniform18(prop_oneof![0_u64..100, any::<u64>()]),
            slots in proptest::collection::vec(any::<u64>(), 8),
            line in proptest::collection::vec(any::<u64>(), 9),
            now in 0..FAR,
        ) {
            let terms = Terms::new(Limit {
                calls: 10,
                window: Duration::from_secs(1),
            });
            if let Some(mut state) = parse(&words, &slots, &line) {
                state.step(now, Command::Ask { ticket: 0, head: false, terms });
            }
        }
    }
}
