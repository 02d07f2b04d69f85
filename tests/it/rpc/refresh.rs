//! What a refresh costs of a space whose list does not show its numbers.

use std::sync::Arc;

use serde_json::{Value, json};
use tokio::task::JoinSet;

use super::{TYPE, configured, number};
use crate::core::{Core, Instance, Outcome, throttle};
use crate::emulator::Emulator;

const LIST: &str = "QueryChatappPhoneNumbers";
const LOOKUP: &str = "GetPhoneNumberVerificationStatus";
/// The code by which a missing number is recognized.
const NOT_THERE: &str = "--missing-code=PhoneNumber.NotExist";
const NUMBERS: usize = 100;
/// How many calls of a space the refresh may make in which nothing is learned.
const MOST: usize = 12;

/// The number at this position in the state, started so many seconds after 1970.
fn stored(at: usize, id: &Value, started_at: u64) -> Instance {
    let mobile_number = mobile_number(at);
    let state = number(
        &mobile_number,
        json!({
            "cust_space_id": "cams-test", "id": id, "phone_number": format!("86{mobile_number}"),
            "status": "MIGRATING",
        }),
    );
    Instance {
        state,
        private: format!("{{\"started_at\":{started_at}}}").into_bytes(),
        identity: Value::Null,
    }
}

fn mobile_number(at: usize) -> String {
    format!("139{at:08}")
}

/// Refreshes all numbers, ten at a time as Terraform does.
async fn refresh(core: &Arc<Core>, numbers: impl Iterator<Item = Instance>) -> Vec<Outcome> {
    let mut numbers = numbers.fuse();
    let mut reads = JoinSet::new();
    let mut outcomes = Vec::new();
    loop {
        while reads.len() < 10 {
            let Some(number) = numbers.next() else { break };
            let core = Arc::clone(core);
            reads.spawn(async move { core.read(TYPE, &number).await });
        }
        match reads.join_next().await {
            Some(outcome) => outcomes.push(outcome.expect("an outcome")),
            None => return outcomes,
        }
    }
}

/// A provider without the wait for the quota, which an emulator with the flag `--quota` allows.
async fn fast(emulator: &Emulator) -> Arc<Core> {
    let throttle = throttle(&json!({ "requests_per_second": 100 }));
    Arc::new(configured(emulator, json!({ "throttle": throttle })).await)
}

fn kept(outcomes: &[Outcome]) -> usize {
    let kept = outcomes
        .iter()
        .filter(|outcome| !outcome.instance.state.is_null());
    kept.count()
}

/// Refreshes the numbers that `id` and `started_at` make, and returns how many of them are kept,
/// with the calls of list and lookup.
async fn cost(emulator: &Emulator, id: &Value, started_at: u64) -> (usize, usize, usize) {
    let core = fast(emulator).await;
    let numbers = (0..NUMBERS).map(|at| stored(at, id, started_at));
    let outcomes = refresh(&core, numbers).await;
    (
        kept(&outcomes),
        emulator.count(LIST),
        emulator.count(LOOKUP),
    )
}

fn place(emulator: &Emulator, status: &str, lookup: bool) {
    for at in 0..NUMBERS {
        place_one(emulator, at, status, lookup);
    }
}

fn place_one(emulator: &Emulator, at: usize, status: &str, lookup: bool) {
    emulator.place_number(json!({
        "cust_space_id": "cams-test", "country_code": "86", "mobile_number": mobile_number(at),
        "status": status, "id": "7", "lookup": lookup,
    }));
}

#[tokio::test]
async fn numbers_that_the_list_hides_cost_twelve_calls_a_space() {
    for listed_as in ["absent", "MIGRATING", "PENDING", "UNVERIFIED"] {
        for lookup in [true, false] {
            let flag = format!("--migrating-listed-as={listed_as}");
            let emulator = Emulator::start(&[&flag]);
            place(&emulator, "MIGRATING", lookup);
            let (kept, lists, lookups) = cost(&emulator, &json!("7"), 0).await;
            let seen = format!("{listed_as}, {lookup}: {lists} lists, {lookups} lookups");
            assert_eq!(kept, NUMBERS, "{seen}");
            assert!(lists + lookups <= MOST, "{seen}");
            assert_eq!(lookups > 0, listed_as == "absent", "{seen}");
        }
    }
}

#[tokio::test]
async fn numbers_that_are_gone_without_proof_cost_twelve_calls_a_space() {
    for missing in [
        "--missing-code=InvalidParameter.PhoneNumberError",
        "--missing-code=Anything.Else",
        "--missing-number=null-data",
        "--missing-number=no-data",
        "--missing-number=empty-data",
        "--missing-number=not-verified",
        "--deny=GetPhoneNumberVerificationStatus",
        "--deny=QueryChatappPhoneNumbers",
    ] {
        for rows in [None, Some("DELETED")] {
            let emulator = Emulator::start(&[missing]);
            if let Some(status) = rows {
                place(&emulator, status, false);
            }
            let (kept, lists, lookups) = cost(&emulator, &json!("7"), 0).await;
            assert_eq!(kept, NUMBERS, "{missing}");
            assert!(
                lists + lookups <= MOST,
                "{missing}: {lists} lists, {lookups} lookups"
            );
        }
    }
}

/// CAMS may know them in either form, so each of them takes two lookups.
#[tokio::test]
async fn numbers_of_two_forms_cost_twelve_calls_a_space() {
    let emulator = Emulator::start(&["--missing-code=Anything.Else"]);
    let core = fast(&emulator).await;
    let numbers = (0..NUMBERS).map(|at| {
        let mut mexican = stored(at, &json!("7"), 0);
        mexican.state["country_code"] = json!("52");
        mexican.state["mobile_number"] = json!(format!("55{at:08}"));
        mexican.state["phone_number"] = json!(format!("5255{at:08}"));
        mexican
    });
    let outcomes = refresh(&core, numbers).await;
    let (lists, lookups) = (emulator.count(LIST), emulator.count(LOOKUP));
    assert_eq!(kept(&outcomes), NUMBERS);
    assert_eq!(
        (lists + lookups <= MOST, lookups),
        (true, 10),
        "{lists} lists"
    );
}

#[tokio::test]
async fn a_space_whose_numbers_are_gone_is_emptied_in_one_refresh() {
    for rows in [None, Some("DELETED")] {
        let emulator = Emulator::start(&[NOT_THERE, "--quota=100/1s"]);
        if let Some(status) = rows {
            place(&emulator, status, false);
        }
        let (kept, lists, lookups) = cost(&emulator, &json!("7"), 0).await;
        assert_eq!((kept, lookups), (0, NUMBERS), "{rows:?}");
        // Numbers that are read at the same time share a list.
        assert!(lists <= NUMBERS / 2, "{rows:?}: {lists} lists");
    }
}

#[tokio::test]
async fn a_list_that_is_older_than_the_read_does_not_prove_that_a_number_is_gone() {
    let emulator = Emulator::start(&[NOT_THERE]);
    let core = configured(&emulator, json!({})).await;
    let gone = core.read(TYPE, &stored(0, &json!("7"), 0)).await;
    assert!(gone.instance.state.is_null());
    // The number comes to the space after the list was requested, and look-ups lag behind.
    place_one(&emulator, 1, "CONNECTED", false);
    let present = core.read(TYPE, &stored(1, &json!("7"), 0)).await;
    assert_eq!(present.instance.state["status"], "CONNECTED");
    assert_eq!((emulator.count(LIST), emulator.count(LOOKUP)), (2, 2));
}

#[tokio::test]
async fn no_number_is_looked_up_within_an_hour_of_its_start() {
    let emulator = Emulator::start(&[NOT_THERE]);
    let now = std::time::SystemTime::now();
    let now = now.duration_since(std::time::UNIX_EPOCH).expect("a date");
    let found = cost(&emulator, &json!("7"), now.as_secs()).await;
    assert_eq!(found, (NUMBERS, 1, 0));
}

#[tokio::test]
async fn ids_that_are_never_told_cost_twelve_calls_a_space() {
    for listed_as in ["absent", "PENDING"] {
        let flag = format!("--migrating-listed-as={listed_as}");
        let emulator = Emulator::start(&[&flag, "--missing-number=empty-data"]);
        place(&emulator, "MIGRATING", false);
        let (kept, lists, lookups) = cost(&emulator, &Value::Null, 0).await;
        assert_eq!(kept, NUMBERS);
        assert!(lists + lookups <= MOST, "{listed_as}: {lists}, {lookups}");
    }
}

#[tokio::test]
async fn an_id_that_is_missing_is_told_to_every_number() {
    let emulator = Emulator::start(&["--quota=100/1s", "--migrating-listed-as=PENDING"]);
    place(&emulator, "MIGRATING", true);
    let core = fast(&emulator).await;
    let numbers = (0..NUMBERS).map(|at| stored(at, &Value::Null, 0));
    let outcomes = refresh(&core, numbers).await;
    assert!(outcomes.iter().all(|read| read.instance.state["id"] == "7"));
}

/// An import has to know whether the number is there.
#[tokio::test]
async fn every_import_is_looked_up() {
    let emulator = Emulator::start(&["--quota=100/1s"]);
    place(&emulator, "MIGRATING", true);
    let core = fast(&emulator).await;
    let numbers = (0..NUMBERS).map(|at| {
        let mut imported = stored(at, &Value::Null, 0);
        imported.state["status"] = Value::Null;
        imported
    });
    let outcomes = refresh(&core, numbers).await;
    assert_eq!(kept(&outcomes), NUMBERS);
    assert_eq!(emulator.count(LOOKUP), NUMBERS);
}
