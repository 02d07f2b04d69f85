//! Which calls are struck, and which texts are faults.

use serde_json::json;

use super::*;

const CREATE: [Option<&str>; 2] = [Some("Create"), Some("86139")];
const LIST: [Option<&str>; 2] = [Some("List"), None];

#[expect(
    clippy::needless_pass_by_value,
    reason = "tests write the value in the call"
)]
fn faults(faults: Value) -> Faults {
    let text = faults.to_string();
    Faults::new(7, parse_list(text.as_bytes()).expect("a list of faults"))
}

fn struck(faults: &mut Faults, calls: usize, [action, number]: [Option<&str>; 2]) -> Vec<bool> {
    (0..calls)
        .map(|_| faults.strike(Stage::Admitted, action, number).is_some())
        .collect()
}

/// The kind of the fault that strikes a call at this stage.
fn strike(faults: &mut Faults, stage: Stage) -> Option<FaultKind> {
    faults
        .strike(stage, CREATE[0], CREATE[1])
        .map(|fault| fault.kind.clone())
}

#[test]
fn a_fault_strikes_once_unless_told() {
    let mut once = faults(json!([{ "kind": "empty_body" }]));
    assert_eq!(struck(&mut once, 3, CREATE), [true, false, false]);
    let mut always = faults(json!([{ "kind": "empty_body", "times": "always" }]));
    assert_eq!(struck(&mut always, 3, CREATE), [true; 3]);
}

#[test]
fn nth_and_times_pick_a_run_of_calls() {
    let mut faults = faults(json!([{ "kind": "empty_body", "nth": 2, "times": 2 }]));
    assert_eq!(
        struck(&mut faults, 5, CREATE),
        [false, true, true, false, false]
    );
}

#[test]
fn action_and_number_pick_calls_and_only_those_are_counted() {
    let mut faults =
        faults(json!([{ "kind": "empty_body", "action": "Create", "number": "86139", "nth": 2 }]));
    assert_eq!(struck(&mut faults, 2, LIST), [false, false]);
    let other = [Some("Create"), Some("86138")];
    assert_eq!(struck(&mut faults, 2, other), [false, false]);
    assert_eq!(struck(&mut faults, 2, CREATE), [false, true]);
}

#[test]
fn chance_is_fixed_by_the_seed_and_near_the_probability() {
    let fault = json!([{ "kind": "empty_body", "probability": 0.2, "seed": 5 }]);
    let first = struck(&mut faults(fault.clone()), 2000, CREATE);
    assert_eq!(struck(&mut faults(fault), 2000, CREATE), first);
    let hits = first.iter().filter(|hit| **hit).count();
    assert!((300..500).contains(&hits), "{hits}");
}

#[test]
fn the_first_due_fault_strikes_and_hides_the_call_from_the_others() {
    let mut faults = faults(json!([{ "kind": "empty_body" }, { "kind": "malformed_json" }]));
    assert_eq!(
        strike(&mut faults, Stage::Admitted),
        Some(FaultKind::EmptyBody {})
    );
    assert_eq!(
        strike(&mut faults, Stage::Admitted),
        Some(FaultKind::MalformedJson {})
    );
    assert_eq!(strike(&mut faults, Stage::Admitted), None);
}

#[test]
fn faults_of_the_gate_wait_at_the_gate() {
    let mut faults = faults(json!([{ "kind": "clock_skew", "seconds": -1200 }]));
    assert_eq!(strike(&mut faults, Stage::Admitted), None);
    assert_eq!(
        strike(&mut faults, Stage::Authenticator),
        Some(FaultKind::ClockSkew { seconds: -1200 })
    );
}

#[test]
fn every_kind_can_be_written() {
    for text in [
        r#"{"kind":"business_error","code":"X","status":400,"access_denied_detail":{"a":1}}"#,
        r#"{"kind":"clock_skew","seconds":-1200}"#,
        r#"{"kind":"empty_body"}"#,
        r#"{"kind":"expired_token"}"#,
        r#"{"kind":"huge_body","bytes":10}"#,
        r#"{"kind":"malformed_json"}"#,
        r#"{"kind":"never_answer","when":"after_commit"}"#,
        r#"{"kind":"reset_after_commit"}"#,
        r#"{"kind":"reset_before_commit"}"#,
        r#"{"kind":"reset_mid_body"}"#,
        r#"{"kind":"signature_refused"}"#,
        r#"{"kind":"slow_body","over":"50ms"}"#,
        r#"{"kind":"stale_list","times":3}"#,
        r#"{"kind":"status","status":503,"when":"before_commit"}"#,
        r#"{"kind":"throttle","retry_after":"700ms"}"#,
        r#"{"kind":"truncated_json"}"#,
        r#"{"kind":"wrong_content_type"}"#,
        r#"{"kind":"wrong_types","probability":0.5}"#,
    ] {
        let fault: Fault = serde_json::from_str(text).expect(text);
        assert!(text.contains(&fault.name), "{text}");
    }
}

#[test]
fn misspelt_faults_are_refused() {
    for text in [
        r"{}",
        r#"{"kind":"unknown"}"#,
        r#"{"kind":"empty_body","acton":"Create"}"#,
        r#"{"kind":"empty_body","times":"often"}"#,
        r#"{"kind":"empty_body","nth":0}"#,
        r#"{"kind":"empty_body","probability":1.5}"#,
        r#"{"kind":"status","status":99,"when":"before_commit"}"#,
        r#"{"kind":"never_answer"}"#,
        r#"{"kind":"huge_body","bytes":18446744073709551615}"#,
        r#"{"kind":"clock_skew","seconds":-315360001}"#,
        r#"{"kind":"clock_skew","seconds":-9223372036854775808}"#,
    ] {
        assert!(serde_json::from_str::<Fault>(text).is_err(), "{text}");
    }
}
