use super::*;

const CREATE: &str = "CreateChatappMigrationInitiate";

fn entry(at_micros: u64) -> Entry {
    Entry {
        at_micros,
        action: Some(CREATE.into()),
        account_id: Some("1".into()),
        cust_space_id: Some("cams-1".into()),
        phone_number: Some("86139".into()),
        counted: true,
        ..Entry::default()
    }
}

#[test]
fn windows_are_half_open() {
    for (times, most) in [
        (&[0, 999_999][..], 2),
        (&[0, 1_000_000], 1),
        (&[0, 400_000, 1_100_000, 1_200_000, 1_399_999], 4),
    ] {
        let journal: Vec<_> = times.iter().map(|at| entry(*at)).collect();
        let summary = summary(&journal, None);
        let shown = &summary["actions"][CREATE]["max_arrived_in_window"];
        assert_eq!(*shown, most, "{times:?}");
    }
}

#[test]
fn throttled_calls_arrive() {
    let mut late = entry(20);
    late.throttled = true;
    let mut refused_at_the_gate = entry(30);
    refused_at_the_gate.counted = false;
    let summary = summary(&[entry(0), entry(10), late, refused_at_the_gate], None);
    let expected = json!({
        "arrived": 3,
        "throttled": 1,
        "max_arrived_in_window": 3,
    });
    assert_eq!(summary["actions"][CREATE], expected);
    assert_eq!(summary["throttled"], 1);
}

#[test]
fn every_initiation_beyond_the_first_is_a_duplicate() {
    let mut first = entry(0);
    first.committed = true;
    let mut second = entry(10);
    second.committed = true;
    let mut third = entry(20);
    third.refused = true;
    let summary = summary(&[first, second, third], None);
    assert_eq!(summary["duplicates"], 2);
    assert_eq!(summary["initiations"][0]["accepted"], 2);
    assert_eq!(summary["initiations"][0]["refused"], 1);
}

#[test]
fn a_start_in_the_other_form_is_a_duplicate_too() {
    let in_form = |at, phone_number: &str| Entry {
        phone_number: Some(phone_number.into()),
        committed: true,
        ..entry(at)
    };
    let both = [in_form(1, "525512345678"), in_form(2, "5215512345678")];
    let summary = summary(&both, None);
    assert_eq!(summary["duplicates"], 1);
    assert_eq!(summary["initiations"].as_array().map(Vec::len), Some(1));
}
