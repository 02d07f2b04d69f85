//! The states of a number.

use super::*;

fn key(mobile_number: &str) -> Key {
    Key {
        cust_space_id: "cams-1".into(),
        country_code: "86".into(),
        mobile_number: mobile_number.into(),
    }
}

fn placement(status: &str) -> Placement {
    let body = serde_json::json!({
        "cust_space_id": "cams-1", "country_code": "86", "mobile_number": "139", "status": status
    });
    serde_json::from_value(body).expect("a placement")
}

#[test]
fn an_initiated_number_migrates_once() {
    let mut numbers = Numbers::new(0);
    let Initiation::Started(number) = numbers.initiate(key("139")) else {
        panic!("it was not there before");
    };
    assert_eq!(number.status, MIGRATING);
    assert_eq!(number.phone_number, "86139");
    assert_eq!(numbers.initiate(key("139")), Initiation::Already(number));
}

#[test]
fn a_number_that_is_there_cannot_be_initiated_unless_it_was_deleted() {
    let mut numbers = Numbers::new(0);
    numbers.place(placement("CONNECTED"));
    assert!(matches!(
        numbers.initiate(key("139")),
        Initiation::Exists(_)
    ));
    numbers.place(placement("DELETED"));
    assert!(matches!(
        numbers.initiate(key("139")),
        Initiation::Started(_)
    ));
}

#[test]
fn a_removed_number_is_gone() {
    let mut numbers = Numbers::new(0);
    numbers.initiate(key("139"));
    assert!(numbers.remove(&key("139")));
    assert!(!numbers.remove(&key("139")));
    assert_eq!(numbers.find("cams-1", "86139"), None);
}

#[test]
fn ids_follow_from_seed_space_and_number() {
    let id = |seed, parts: &[&str]| Numbers::new(seed).generated_id(parts);
    assert_eq!(id(1, &["a", "b"]), id(1, &["a", "b"]));
    assert_ne!(id(1, &["a", "b"]), id(2, &["a", "b"]));
    assert_ne!(id(1, &["a", "b"]), id(1, &["ab", ""]));
    assert_eq!(id(1, &["a"]).len(), 15);
}

#[test]
fn spaces_list_only_their_own_numbers() {
    let mut numbers = Numbers::new(0);
    numbers.initiate(key("139"));
    numbers.initiate(Key {
        cust_space_id: "cams-2".into(),
        ..key("138")
    });
    assert_eq!(numbers.list(Some("cams-1")).len(), 1);
    assert_eq!(numbers.list(Some("cams-3")).len(), 0);
    assert_eq!(numbers.list(None).len(), 2);
}
