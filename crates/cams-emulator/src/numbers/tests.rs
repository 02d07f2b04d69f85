//! The states of a number, and what list and lookup see of them.

use super::*;
use crate::flags::Flags;
use crate::period::Period;

const START: Duration = Duration::ZERO;

fn key(mobile_number: &str) -> Key {
    Key {
        cust_space_id: "cams-1".into(),
        country_code: "86".into(),
        mobile_number: mobile_number.into(),
    }
}

fn place_with(numbers: &mut Numbers, status: &str, more: Value) -> Arc<SpaceNumber> {
    let mut body = json!({
        "cust_space_id": "cams-1", "country_code": "86", "mobile_number": "139", "status": status
    });
    if let (Some(body), Value::Object(more)) = (body.as_object_mut(), more) {
        body.extend(more);
    }
    let body = serde_json::from_value(body).expect("an object");
    numbers.place(body, START).expect("a number")
}

fn place(numbers: &mut Numbers, status: &str) -> Arc<SpaceNumber> {
    place_with(numbers, status, Value::Null)
}

fn numbers(seed: u64, change: impl FnOnce(&mut ServiceChoices)) -> Numbers {
    let mut behaviour = Flags::default().behaviour;
    change(&mut behaviour);
    Numbers::new(Generated { seed }, behaviour)
}

fn start(numbers: &mut Numbers, at: Duration) -> Arc<SpaceNumber> {
    numbers.initiate(&key("139"), at).expect("it starts")
}

/// The statuses of the rows that the list shows of the number.
fn listed(numbers: &Numbers, at: Duration) -> Vec<String> {
    let rows = numbers.list(Some("cams-1"), at);
    rows.iter().map(|row| row.status.clone()).collect()
}

fn known(numbers: &Numbers, at: Duration) -> bool {
    numbers.find("cams-1", "86139", at).is_some()
}

fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

#[test]
fn a_repeat_is_refused_the_same_or_a_new_start() {
    let mut error = numbers(0, |_| {});
    let number = start(&mut error, START);
    assert_eq!(number.status, MIGRATING);
    assert_eq!(number.phone_number, "86139");
    assert_eq!(error.initiate(&key("139"), START), None, "the default");

    let mut same = numbers(0, |behaviour| behaviour.on_repeat = OnRepeat::Same);
    let number = start(&mut same, START);
    assert_eq!(same.initiate(&key("139"), START), Some(number));

    let mut new_id = numbers(0, |behaviour| behaviour.on_repeat = OnRepeat::NewId);
    let ids = [(); 3].map(|()| start(&mut new_id, START).id.clone());
    assert!(ids[0] != ids[1] && ids[1] != ids[2] && ids[0] != ids[2]);
    let found = new_id.find("cams-1", "86139", START).expect("it is there");
    assert_eq!(found.id, ids[2]);
}

#[test]
fn a_number_that_is_there_is_refused_whatever_a_repeat_gets() {
    for on_repeat in [OnRepeat::Error, OnRepeat::NewId, OnRepeat::Same] {
        let mut numbers = numbers(0, |behaviour| behaviour.on_repeat = on_repeat);
        place(&mut numbers, "CONNECTED");
        let refused = numbers.initiate(&key("139"), START);
        assert_eq!(refused, None, "{on_repeat:?}");
        place(&mut numbers, "DELETED");
        start(&mut numbers, START);
    }
}

#[test]
fn the_row_of_a_deleted_number_stays_beside_that_of_its_return() {
    for (seed, expected) in [(0, [MIGRATING, DELETED]), (1, [DELETED, MIGRATING])] {
        let mut numbers = numbers(seed, |_| {});
        start(&mut numbers, START);
        assert!(numbers.remove(&key("139"), START));
        assert!(!numbers.remove(&key("139"), START), "it is gone");
        assert_eq!(listed(&numbers, START), [DELETED]);
        assert!(!known(&numbers, START));

        start(&mut numbers, START);
        assert_eq!(listed(&numbers, START), expected);
        let found = numbers.find("cams-1", "86139", START).expect("it is back");
        assert_eq!(found.status, MIGRATING);
    }
}

#[test]
fn the_row_of_a_deleted_number_goes_if_it_is_to_be_dropped() {
    let mut numbers = numbers(0, |behaviour| behaviour.deleted_rows = DeletedRows::Drop);
    start(&mut numbers, START);
    assert!(numbers.remove(&key("139"), START));
    assert_eq!(listed(&numbers, START), [""; 0]);
    place(&mut numbers, DELETED);
    assert_eq!(
        listed(&numbers, START),
        [DELETED],
        "a placed row is as it was placed"
    );
    start(&mut numbers, START);
    assert_eq!(listed(&numbers, START), [MIGRATING]);
}

#[test]
fn the_lookup_knows_a_deleted_number_only_if_told() {
    let mut numbers = numbers(0, |_| {});
    assert!(!place(&mut numbers, DELETED).lookup);
    assert!(!known(&numbers, START));
    place_with(&mut numbers, DELETED, json!({ "lookup": true }));
    assert!(known(&numbers, START));
    place_with(&mut numbers, "CONNECTED", json!({ "lookup": false }));
    assert!(known(&numbers, START), "the deleted row is still there");
}

#[test]
fn a_number_that_moved_away_is_gone_like_a_deleted_one() {
    let mut numbers = numbers(0, |_| {});
    place(&mut numbers, "MIGRATED");
    assert!(!known(&numbers, START));
    start(&mut numbers, START);
    assert_eq!(listed(&numbers, START), [MIGRATING, "MIGRATED"]);
}

#[test]
fn a_number_is_placed_with_an_id_of_its_own() {
    let mut numbers = numbers(0, |_| {});
    let placed = place_with(&mut numbers, "CONNECTED", json!({ "id": "42" }));
    assert_eq!(placed.id, "42");
}

#[test]
fn list_and_lookup_lag_behind_each_by_its_own_time() {
    let mut numbers = numbers(0, |behaviour| {
        behaviour.list_lag = Period(seconds(5));
        behaviour.lookup_lag = Period(seconds(2));
    });
    start(&mut numbers, seconds(10));
    assert_eq!(
        numbers.initiate(&key("139"), seconds(10)),
        None,
        "the service itself is not late"
    );
    let seen = |numbers: &Numbers, at| (listed(numbers, at).len(), known(numbers, at));
    for (at, expected) in [
        (seconds(10), (0, false)),
        (Duration::from_micros(11_999_999), (0, false)),
        (seconds(12), (0, true)),
        (Duration::from_micros(14_999_999), (0, true)),
        (seconds(15), (1, true)),
    ] {
        assert_eq!(seen(&numbers, at), expected, "{at:?}");
    }

    numbers.remove(&key("139"), seconds(20));
    assert_eq!(
        numbers.all(seconds(20))[0].status,
        DELETED,
        "control is not late"
    );
    assert_eq!(listed(&numbers, seconds(24)), [MIGRATING]);
    assert!(known(&numbers, seconds(21)) && !known(&numbers, seconds(22)));
    assert_eq!(listed(&numbers, seconds(25)), [DELETED]);
}

#[test]
fn a_placed_number_is_seen_at_once() {
    let mut numbers = numbers(0, |behaviour| {
        behaviour.list_lag = Period(seconds(5));
        behaviour.lookup_lag = Period(seconds(5));
    });
    start(&mut numbers, START);
    place(&mut numbers, "CONNECTED");
    assert_eq!(listed(&numbers, START), ["CONNECTED"]);
    assert!(known(&numbers, START));
}

#[test]
fn spaces_list_only_their_own_numbers() {
    let mut numbers = numbers(0, |_| {});
    start(&mut numbers, START);
    let elsewhere = Key {
        cust_space_id: "cams-2".into(),
        ..key("138")
    };
    numbers.initiate(&elsewhere, START);
    assert_eq!(numbers.list(Some("cams-1"), START).len(), 1);
    assert_eq!(numbers.list(Some("cams-3"), START).len(), 0);
    assert_eq!(numbers.list(None, START).len(), 2);
}
