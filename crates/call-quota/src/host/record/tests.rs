use super::*;
use crate::limit::AdaptiveLimit;
use crate::limit::ConfiguredLimit;
use crate::slots::{
    Command, Lane, LaneId, PermitId, PermitRequest, Priority, Reply, Sharing, Slot, Waiter,
    WaiterId,
};
use proptest::prelude::*;
use std::num::NonZeroU32;

const LIMIT: ConfiguredLimit = ConfiguredLimit {
    calls: NonZeroU32::new(10).unwrap(),
    window: 1_000_000,
};

/// The record of this state.
fn record(state: State) -> Record {
    Record { boot: 7, state }
}

/// A state with occupied slots and waiters, in which a call was throttled.
fn busy(now: Micros) -> State {
    let mut state = State::default();
    for step in 0..13 {
        let acquire = Command::Acquire(PermitRequest {
            lane: LaneId(step % 2),
            waiter: None,
            priority: if step == 12 {
                Priority::Retry
            } else {
                Priority::Normal
            },
            limit: LIMIT,
            leave: 0,
        });
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
    let text = record(state.clone()).encode();
    assert_eq!(Record::decode(&text), Ok(record(state)));
}

/// The corpus of the fuzz target shows what a record looks like.
#[test]
fn a_person_can_read_a_record() {
    let corpus = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../../fuzz/corpus/host_record/"
    );
    let read = |name: &str| std::fs::read(format!("{corpus}{name}")).unwrap();
    assert_eq!(rewrite(&read("short")), None);
    let mut state = State::default();
    let body = |state: &State| String::from_utf8(record(state.clone()).body()).unwrap();
    assert_eq!(body(&state).as_bytes(), read("empty"));
    for now in 0..2 {
        let acquire = Command::Acquire(PermitRequest {
            lane: LaneId(5),
            waiter: None,
            priority: Priority::Normal,
            limit: ConfiguredLimit {
                calls: NonZeroU32::MIN,
                ..LIMIT
            },
            leave: 0,
        });
        state.step(2_000_000 + 2 * now, acquire);
    }
    let busy = read("one-slot-one-waiter");
    assert_eq!(body(&state).as_bytes(), busy);
    assert_eq!(rewrite(&busy), Some(busy));
    let text = String::from_utf8(record(state).encode()).unwrap();
    assert!(text.starts_with("call-quota 4 "), "{text}");
}

/// The longest state has the longest numbers, and fits.
#[test]
fn the_longest_record_is_read_as_a_whole() {
    let far = MAX_TIME - 1;
    let slot = Slot {
        permit: PermitId(far),
        lane: LaneId(far),
        free_at: far,
    };
    let waiter = Waiter {
        id: WaiterId(far),
        lane: LaneId(far),
        priority: Priority::Normal,
        asks_at: far,
    };
    let limit = AdaptiveLimit {
        calls: 64,
        window: MAX_WINDOW,
        confirmed_at: far,
        current: 64,
        proven: 64,
        lowered_at: far,
        raise_at: far,
    };
    let pool = Pool {
        limit,
        paused_until: far,
    };
    let lane = Lane {
        id: LaneId(far),
        pool,
    };
    let state = State {
        seen: far,
        last_id: far,
        forgotten_at: far,
        sharing: Sharing {
            until: far,
            span: LONGEST_SHARING,
            pool,
        },
        lanes: vec![lane; MAX_LANES],
        slots: vec![slot; MAX_SLOTS],
        waiters: vec![waiter; MAX_WAITERS],
    };
    let text = record(state.clone()).encode();
    assert!(text.len() < MAX_BYTES, "{}", text.len());
    assert_eq!(Record::decode(&text), Ok(record(state)));
}

#[test]
fn another_version_and_nothing_are_told_apart() {
    let text = String::from_utf8(record(busy(5)).encode()).unwrap();
    assert_eq!(Record::decode(&[]), Err(Unusable::Empty));
    let newer = text.replacen("call-quota 4", "call-quota 5", 1);
    assert_eq!(Record::decode(newer.as_bytes()), Err(Unusable::Newer));
    let other = Record::decode(b"call-quota 5: anything");
    assert_eq!(other, Err(Unusable::Broken), "no version");
    assert_eq!(
        Record::decode(b"call-quota 5 anything"),
        Err(Unusable::Newer)
    );
    for broken in ["call-quota 3", "camsslot 5"] {
        let text = text.replacen("call-quota 4", broken, 1);
        assert_eq!(Record::decode(text.as_bytes()), Err(Unusable::Broken));
    }
    // What follows a record means nothing.
    assert!(Record::decode(format!("{text}    ").as_bytes()).is_ok());
}

#[test]
fn no_single_wrong_bit_is_believed() {
    let text = record(busy(1_000_000)).encode();
    for bit in 0..text.len() * 8 {
        let mut wrong = text.clone();
        wrong[bit / 8] ^= 1 << (bit % 8);
        assert!(Record::decode(&wrong).is_err(), "bit {bit}");
    }
}

/// Small numbers and arbitrary ones.
fn number() -> impl Strategy<Value = u64> {
    prop_oneof![0_u64..100, 0_u64..MAX_TIME, any::<u64>()]
}

fn pool() -> impl Strategy<Value = Pool> {
    let numbers = [(); 5].map(|()| number());
    (numbers, [0_u32..70, 0..70, 0..70]).prop_map(
        |([paused_until, window, confirmed_at, lowered_at, raise_at], [calls, current, proven])| {
            Pool {
                limit: AdaptiveLimit {
                    calls,
                    window,
                    confirmed_at,
                    current,
                    proven,
                    lowered_at,
                    raise_at,
                },
                paused_until,
            }
        },
    )
}

fn any_state() -> impl Strategy<Value = State> {
    let some = |length| proptest::collection::vec([(); 3].map(|()| number()), 0..length);
    let lanes = proptest::collection::vec((0_u64..3, pool()), 0..3);
    let numbers = [(); 5].map(|()| number());
    (numbers, pool(), lanes, some(4), some(4)).prop_map(
        |([seen, last_id, forgotten_at, until, span], shared, lanes, slots, waiters)| State {
            seen,
            last_id,
            forgotten_at,
            sharing: Sharing {
                until,
                span,
                pool: shared,
            },
            lanes: lanes
                .into_iter()
                .map(|(id, pool)| Lane {
                    id: LaneId(id),
                    pool,
                })
                .collect(),
            slots: slots
                .into_iter()
                .map(|[permit, lane, free_at]| Slot {
                    permit: PermitId(permit),
                    lane: LaneId(lane % 3),
                    free_at,
                })
                .collect(),
            waiters: waiters
                .into_iter()
                .map(|[id, lane, asks_at]| Waiter {
                    id: WaiterId(id),
                    lane: LaneId(lane % 3),
                    priority: Priority::Normal,
                    asks_at,
                })
                .collect(),
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig {
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    #[test]
    fn two_halves_of_different_records_are_not_believed(cut in 1_usize..500) {
        let at = |now| record(busy(now)).encode();
        let (old, new) = (at(1_000_000), at(2_000_000));
        prop_assert_eq!(old.len(), new.len());
        prop_assert!(cut < old.len());
        let mut torn = old.clone();
        torn[..cut].copy_from_slice(&new[..cut]);
        prop_assume!(torn != old && torn != new);
        prop_assert_eq!(Record::decode(&torn), Err(Unusable::Broken));
    }

    #[test]
    fn a_record_with_a_right_checksum_and_wrong_numbers_never_panics(
        state in any_state(),
        now in 0..MAX_TIME,
    ) {
        let mut state = state;
        if is_plausible(&state) {
            let text = record(state.clone()).encode();
            prop_assert_eq!(Record::decode(&text), Ok(record(state.clone())));
        }
        // A smaller state passes more often.
        state.seen %= MAX_TIME;
        state.sharing = Sharing::default();
        state.forgotten_at = state.forgotten_at.min(state.seen);
        state.last_id %= MAX_TIME;
        state.slots.retain(|slot| slot.free_at <= latest(state.seen));
        state.waiters.retain(|waiter| waiter.asks_at <= state.seen);
        state.lanes.retain(|lane| is_plausible_pool(state.seen, &lane.pool));
        prop_assert!(is_plausible(&state));
        for lane in 0..3 {
            let acquire = Command::Acquire(PermitRequest {
                lane: LaneId(lane),
                waiter: None,
                priority: Priority::Normal,
                limit: LIMIT,
                leave: 0,
            });
            let permit = PermitId(state.slots.last().map_or(0, |slot| slot.permit.0));
            state.step(now, acquire);
            state.step(now, Command::Throttled { lane: LaneId(lane), permit, pause: None });
        }
    }

    #[test]
    fn no_text_makes_the_reader_panic(text in proptest::collection::vec(any::<u8>(), 0..200)) {
        let _ = Record::decode(&text);
        let _ = rewrite(&text);
        let _ = Record::decode(&[b"call-quota 4 ", &text[..]].concat());
    }
}
