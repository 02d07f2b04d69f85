use super::*;
use crate::constants::{MAX_LANES, MAX_SLOTS, MAX_WAITERS};
use crate::slots::{
    Command, Lane, LaneId, PermitId, PermitRequest, Priority, Reply, Sharing, Slot, Waiter,
    WaiterId,
};
use crate::tests::LIMIT;
use proptest::prelude::*;

/// The record of this state.
fn record(state: QuotaState) -> Record {
    Record { boot: 7, state }
}

/// A state with occupied slots and waiters, in which a call was throttled.
fn busy(now: u64) -> QuotaState {
    let mut state = QuotaState::default();
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
        if let Reply::Granted(permit) = state.step(now + step, acquire) {
            state.step(
                now + step,
                Command::Throttled(LaneId(step % 2), permit, None),
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
    let mut state = QuotaState::default();
    let body = |state: &QuotaState| String::from_utf8(record(state.clone()).body()).unwrap();
    assert_eq!(body(&state).as_bytes(), read("empty"));
    for now in 0..2 {
        let acquire = Command::Acquire(PermitRequest {
            lane: LaneId(5),
            waiter: None,
            priority: Priority::Normal,
            limit: crate::Limit { calls: 1, ..LIMIT },
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
    let far = MAX_TIME;
    let slot = Slot {
        permit: PermitId(far),
        lane: LaneId(far),
        free_at: far,
    };
    let waiter = Waiter {
        id: WaiterId(far),
        lane: LaneId(far),
        priority: Priority::Normal as u64,
        asks_at: far,
    };
    let pool = Pool {
        paused_until: far,
        calls: 64,
        window: MAX_WINDOW,
        confirmed_at: far,
        current: 64,
        proven: 64,
        lowered_at: far,
        raise_at: far,
    };
    let lane = Lane {
        id: LaneId(far),
        pool,
    };
    let state = QuotaState {
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

/// A number of a state.
type Number = fn(&mut QuotaState) -> &mut u64;

#[test]
fn a_number_that_no_step_can_set_is_refused() {
    let seen = busy(1_000_000).seen;
    let numbers: [(Number, u64); 14] = [
        (|state| &mut state.forgotten_at, seen),
        (|state| &mut state.sharing.until, seen + LONGEST_SHARING),
        (|state| &mut state.sharing.span, LONGEST_SHARING),
        (
            |state| &mut state.sharing.pool.paused_until,
            seen + MAX_PAUSE,
        ),
        (
            |state| &mut state.lanes[1].pool.paused_until,
            seen + MAX_PAUSE,
        ),
        (|state| &mut state.lanes[1].pool.calls, MAX_CALLS),
        (|state| &mut state.lanes[1].pool.current, 10),
        (|state| &mut state.lanes[1].pool.proven, 10),
        (|state| &mut state.lanes[1].pool.window, MAX_WINDOW),
        (|state| &mut state.lanes[1].pool.confirmed_at, seen),
        (|state| &mut state.lanes[1].pool.lowered_at, seen),
        (
            |state| &mut state.lanes[1].pool.raise_at,
            seen + 9 * MAX_WINDOW,
        ),
        (|state| &mut state.slots[1].free_at, seen + 4_200_500_000),
        (|state| &mut state.waiters[0].asks_at, seen + ASK_AGAIN),
    ];
    for (row, (number, greatest)) in numbers.into_iter().enumerate() {
        for (value, plausible) in [(greatest, true), (greatest + 1, false)] {
            let mut state = busy(1_000_000);
            *number(&mut state) = value;
            let read = Record::decode(&record(state).encode());
            assert_eq!(read.is_ok(), plausible, "row {row}: {value}");
        }
    }
}

/// Small numbers and arbitrary ones.
fn number() -> impl Strategy<Value = u64> {
    prop_oneof![0_u64..100, 0..MAX_TIME / 2]
}

/// A state with arbitrary plausible numbers.
fn any_state() -> impl Strategy<Value = QuotaState> {
    let numbers = proptest::collection::vec(number(), 64);
    (number(), numbers).prop_map(|(seen, numbers)| {
        let mut state = QuotaState {
            lanes: vec![Lane::default(); 2],
            slots: vec![Slot::default(); 3],
            waiters: vec![Waiter::default(); 3],
            ..QuotaState::default()
        };
        let mut numbers = numbers
            .into_iter()
            .map(|number| number % (seen + ASK_AGAIN));
        let mut set = |line: &mut [&mut u64]| {
            for (field, number) in line.iter_mut().zip(&mut numbers) {
                **field = number;
            }
        };
        set(&mut state_line(&mut state));
        let pools = state
            .lanes
            .iter_mut()
            .map(|lane| (&mut lane.id.0, &mut lane.pool));
        let shared = (&mut state.sharing.until, &mut state.sharing.pool);
        for (first, pool) in pools.chain([shared]) {
            set(&mut pool_line(first, pool));
            (pool.calls, pool.window) = (MAX_CALLS, pool.window.min(MAX_WINDOW));
            pool.current %= MAX_CALLS + 1;
            pool.proven %= MAX_CALLS + 1;
            pool.confirmed_at %= seen + 1;
            pool.lowered_at %= seen + 1;
        }
        for slot in &mut state.slots {
            set(&mut slot_line(slot));
            slot.lane.0 %= 3;
        }
        for waiter in &mut state.waiters {
            set(&mut waiter_line(waiter));
            waiter.lane.0 %= 3;
        }
        state.seen = seen;
        state.forgotten_at %= seen + 1;
        state.sharing.span %= LONGEST_SHARING;
        state
    })
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
        prop_assert!(cut < old.len().min(new.len()));
        let mut torn = old.clone();
        torn[..cut].copy_from_slice(&new[..cut]);
        prop_assume!(torn != old && torn != new);
        prop_assert_eq!(Record::decode(&torn), Err(Unusable::Broken));
    }

    #[test]
    fn no_plausible_record_makes_a_step_panic(mut state in any_state(), later in number()) {
        let text = record(state.clone()).encode();
        prop_assert_eq!(Record::decode(&text), Ok(record(state.clone())));
        let now = state.seen + later;
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
            state.step(now, Command::Throttled(LaneId(lane), permit, None));
        }
    }

    #[test]
    fn no_text_makes_the_reader_panic(text in proptest::collection::vec(any::<u8>(), 0..200)) {
        let _ = Record::decode(&text);
        let _ = rewrite(&text);
        let _ = Record::decode(&[b"call-quota 4 ", &text[..]].concat());
    }
}
