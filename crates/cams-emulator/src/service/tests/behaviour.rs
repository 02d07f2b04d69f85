//! What becomes of numbers under each flag for what the documentation of CAMS leaves open, by the
//! answers that a client gets.

use super::*;

#[test]
fn a_missing_number_is_reported_as_configured() {
    let not_verified = json!({
        "CodeVerificationStatus": "NOT_VERIFIED", "Id": "None", "PhoneNumber": "86139",
    });
    for (missing_number, data) in [
        ("empty-data", Some(json!({}))),
        ("no-data", None),
        ("not-verified", Some(not_verified)),
        ("null-data", Some(Value::Null)),
    ] {
        for answers in ["full", "sparse"] {
            let missing = format!("--missing-number={missing_number}");
            let mut fixture = Fixture::new(&[&missing, "--answers", answers]);
            let (status, body) = fixture.look_up("86139");
            assert_eq!((status, &body["Code"]), (200, &json!("OK")));
            let thin = answers == "sparse" && missing_number == "not-verified";
            let expected = if thin {
                Some(json!({ "Id": "None" }))
            } else {
                data.clone()
            };
            assert_eq!(body.get("Data"), expected.as_ref(), "{missing_number}");
            assert!(!fixture.last_entry().committed);
        }
    }
}

#[test]
fn a_missing_number_is_refused_with_the_configured_code_and_status() {
    let (status, body) = Fixture::new(&[]).look_up("86139");
    assert_eq!(
        (status, &body["Code"]),
        (400, &json!("InvalidParameter.PhoneNumberError"))
    );
    for expected in [200, 400, 404] {
        let status = format!("--missing-status={expected}");
        let mut fixture = Fixture::new(&["--missing-code=Phone.Gone", &status]);
        let (status, body) = fixture.look_up("86139");
        assert_eq!((status, &body["Code"]), (expected, &json!("Phone.Gone")));
        let (status, body) = fixture.look_up("+139");
        assert_eq!(
            (status, &body["Code"]),
            (400, &json!("InvalidParameter.PhoneNumberError")),
            "what is no number is not a missing one"
        );
    }
}

#[test]
fn a_migrating_number_is_listed_as_configured_and_looked_up_in_any_case() {
    for (migrating_listed_as, expected) in [
        ("absent", None),
        ("MIGRATING", Some("MIGRATING")),
        ("PENDING", Some("PENDING")),
        ("UNVERIFIED", Some("UNVERIFIED")),
    ] {
        let mut fixture = Fixture::new(&["--migrating-listed-as", migrating_listed_as]);
        fixture.initiate("139");
        let listed = Vec::from_iter(expected);
        assert_eq!(fixture.statuses(), listed);
        let all = fixture.control(Method::GET, "numbers", &Value::Null).1;
        assert_eq!(all[0]["status"], "MIGRATING", "its own status");
        let (_, body) = fixture.look_up("86139");
        assert_eq!(body["Data"]["CodeVerificationStatus"], "NOT_VERIFIED");

        for wanted in ["MIGRATING", "PENDING", "UNVERIFIED"] {
            let (_, body) = fixture.call(LIST, &[SPACE, ("Status", wanted)]);
            let found = body["PhoneNumbers"].as_array().expect("a list").len();
            assert_eq!(
                found == 1,
                expected == Some(wanted),
                "the filter goes by what is listed"
            );
        }
    }
}

#[test]
fn deleted_rows_are_kept_or_dropped() {
    for (deleted_rows, after, again) in [
        ("keep", vec!["DELETED"], vec!["MIGRATING", "DELETED"]),
        ("drop", vec![], vec!["MIGRATING"]),
    ] {
        let mut fixture = Fixture::listing(&["--deleted-rows", deleted_rows]);
        fixture.initiate("139");
        fixture.remove();
        assert_eq!(fixture.statuses(), after);
        assert_eq!(fixture.look_up("86139").0, 400);
        assert_eq!(fixture.initiate("139").0, 200);
        assert_eq!(fixture.statuses(), again);
        assert_eq!(fixture.look_up("86139").0, 200);
    }
}

#[test]
fn list_and_lookup_show_a_change_when_their_lag_has_passed() {
    let mut fixture = Fixture::listing(&["--list-lag=3s", "--lookup-lag=1s"]);
    let mut at = |seconds| {
        fixture.at = Duration::from_secs(seconds);
        match seconds {
            0 => assert_eq!(fixture.initiate("139").0, 200),
            10 => fixture.remove(),
            _ => {}
        }
        (fixture.statuses(), fixture.look_up("86139").0)
    };
    for (seconds, listed, looked_up) in [
        (0, vec![], 400),
        (1, vec![], 200),
        (2, vec![], 200),
        (3, vec!["MIGRATING"], 200),
        (10, vec!["MIGRATING"], 200),
        (11, vec!["MIGRATING"], 400),
        (13, vec!["DELETED"], 400),
    ] {
        let listed: Vec<String> = listed.into_iter().map(str::to_owned).collect();
        assert_eq!(at(seconds), (listed, looked_up), "after {seconds} seconds");
    }
}

#[test]
fn a_repeat_is_answered_and_counted_as_configured() {
    for (on_repeat, code, counts) in [
        ("error", "InvalidParameter.PhoneNumberError", (1, 1)),
        ("new-id", "OK", (2, 0)),
        ("same", "OK", (2, 0)),
    ] {
        let mut fixture = Fixture::new(&["--on-repeat", on_repeat]);
        let first = fixture.initiate("139").1["Data"].clone();
        let (_, repeat) = fixture.initiate("139");
        assert_eq!(repeat["Code"], code);
        match on_repeat {
            "error" => assert_eq!(repeat.get("Data"), None),
            "new-id" => assert_ne!(repeat["Data"]["Id"], first["Id"]),
            _ => assert_eq!(repeat["Data"], first),
        }
        let initiations = fixture.initiations();
        let shown = (&initiations[0]["accepted"], &initiations[0]["refused"]);
        assert_eq!(shown, (&json!(counts.0), &json!(counts.1)));
    }
}

#[test]
fn a_number_that_is_there_is_refused_with_the_code_of_a_repeat() {
    for on_repeat in ["error", "new-id", "same"] {
        for status in [400, 200] {
            let business_status = format!("--business-status={status}");
            let code = "--repeat-code=Phone.There";
            let mut fixture = Fixture::new(&["--on-repeat", on_repeat, code, &business_status]);
            fixture.place("CONNECTED");
            let (given, body) = fixture.initiate("139");
            assert_eq!((given, &body["Code"]), (status, &json!("Phone.There")));
            assert_eq!(fixture.initiations()[0]["refused"], 1);
        }
    }
}
