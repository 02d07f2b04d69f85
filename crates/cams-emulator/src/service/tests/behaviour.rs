//! What becomes of numbers under each flag for what the documentation of CAMS leaves open, by the
//! answers that a client gets.

use super::super::super::behaviour::*;
use super::super::super::period::Period;
use super::*;

#[test]
fn a_missing_number_is_reported_as_configured() {
    let not_verified = json!({
        "CodeVerificationStatus": "NOT_VERIFIED", "Id": "None", "PhoneNumber": "86139",
    });
    for (missing_number, data) in [
        (MissingNumber::EmptyData, Some(json!({}))),
        (MissingNumber::NoData, None),
        (MissingNumber::NotVerified, Some(not_verified)),
        (MissingNumber::NullData, Some(Value::Null)),
    ] {
        for answers in [Answers::Full, Answers::Sparse] {
            let mut fixture = Fixture::with(Behaviour {
                missing_number,
                answers,
                ..Behaviour::default()
            });
            let (status, body) = fixture.look_up("86139");
            assert_eq!((status, &body["Code"]), (200, &json!("OK")));
            let thin = answers == Answers::Sparse && missing_number == MissingNumber::NotVerified;
            let expected = if thin {
                Some(json!({ "Id": "None" }))
            } else {
                data.clone()
            };
            assert_eq!(body.get("Data"), expected.as_ref(), "{missing_number:?}");
            assert!(!fixture.last_entry().committed);
        }
    }
}

#[test]
fn a_missing_number_is_refused_with_the_configured_code_and_status() {
    let (status, body) = Fixture::new(Config::default()).look_up("86139");
    assert_eq!(
        (status, &body["Code"]),
        (400, &json!("InvalidParameter.PhoneNumberError"))
    );
    for (missing_status, expected) in [
        (ErrorStatus::Ok, 200),
        (ErrorStatus::BadRequest, 400),
        (ErrorStatus::NotFound, 404),
    ] {
        let mut fixture = Fixture::with(Behaviour {
            missing_code: "Phone.Gone".into(),
            missing_status,
            ..Behaviour::default()
        });
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
        (MigratingListedAs::Absent, None),
        (MigratingListedAs::Migrating, Some("MIGRATING")),
        (MigratingListedAs::Pending, Some("PENDING")),
        (MigratingListedAs::Unverified, Some("UNVERIFIED")),
    ] {
        let mut fixture = Fixture::with(Behaviour {
            migrating_listed_as,
            ..Behaviour::default()
        });
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
        (
            DeletedRows::Keep,
            vec!["DELETED"],
            vec!["MIGRATING", "DELETED"],
        ),
        (DeletedRows::Drop, vec![], vec!["MIGRATING"]),
    ] {
        let mut fixture = Fixture::listing(Config {
            behaviour: Behaviour {
                deleted_rows,
                ..Behaviour::default()
            },
            ..Config::default()
        });
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
    let mut fixture = Fixture::listing(Config {
        behaviour: Behaviour {
            list_lag: Period(Duration::from_secs(3)),
            lookup_lag: Period(Duration::from_secs(1)),
            ..Behaviour::default()
        },
        ..Config::default()
    });
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
        (OnRepeat::Error, "InvalidParameter.PhoneNumberError", (1, 1)),
        (OnRepeat::NewId, "OK", (2, 0)),
        (OnRepeat::Same, "OK", (2, 0)),
    ] {
        let mut fixture = Fixture::with(Behaviour {
            on_repeat,
            ..Behaviour::default()
        });
        let first = fixture.initiate("139").1["Data"].clone();
        let (_, repeat) = fixture.initiate("139");
        assert_eq!(repeat["Code"], code);
        match on_repeat {
            OnRepeat::Error => assert_eq!(repeat.get("Data"), None),
            OnRepeat::NewId => assert_ne!(repeat["Data"]["Id"], first["Id"]),
            OnRepeat::Same => assert_eq!(repeat["Data"], first),
        }
        let initiations = fixture.initiations();
        let shown = (&initiations[0]["accepted"], &initiations[0]["refused"]);
        assert_eq!(shown, (&json!(counts.0), &json!(counts.1)));
    }
}

#[test]
fn a_number_that_is_there_is_refused_with_the_code_of_a_repeat() {
    for on_repeat in [OnRepeat::Error, OnRepeat::NewId, OnRepeat::Same] {
        for (business_status, status) in [(ErrorStatus::BadRequest, 400), (ErrorStatus::Ok, 200)] {
            let mut fixture = Fixture::with(Behaviour {
                on_repeat,
                repeat_code: "Phone.There".into(),
                business_status,
                ..Behaviour::default()
            });
            fixture.place("CONNECTED");
            let (given, body) = fixture.initiate("139");
            assert_eq!((given, &body["Code"]), (status, &json!("Phone.There")));
            assert_eq!(fixture.initiations()[0]["refused"], 1);
        }
    }
}
