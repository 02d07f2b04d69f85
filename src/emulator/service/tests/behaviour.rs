//! Each flag for what the documentation of CAMS leaves open, by the answers that a client gets.

use super::super::super::behaviour::*;
use super::super::super::period::Period;
use super::*;

const INITIATE: &str = "CreateChatappMigrationInitiate";
const LOOKUP: &str = "GetPhoneNumberVerificationStatus";
const LIST: &str = "QueryChatappPhoneNumbers";
const WABA: &str = "QueryChatappBindWaba";
const OPEN_STATUS: &str = "GetChatappOpenStatus";
const SPACE: (&str, &str) = ("CustSpaceId", "cams-1");

impl Fixture {
    fn look_up(&mut self, phone_number: &str) -> (u16, Value) {
        self.call(LOOKUP, &[SPACE, ("PhoneNumber", phone_number)])
    }

    fn rows(&mut self) -> Vec<Value> {
        let (_, body) = self.call(LIST, &[SPACE]);
        body["PhoneNumbers"].as_array().expect("a list").clone()
    }

    fn statuses(&mut self) -> Vec<String> {
        let rows = self.rows();
        let status = |row: &Value| row["Status"].as_str().expect("text").to_owned();
        rows.iter().map(status).collect()
    }

    fn place(&mut self, status: &str) {
        let number = json!({
            "cust_space_id": "cams-1",
            "country_code": "86",
            "mobile_number": "139",
            "status": status,
        });
        assert_eq!(self.control(Method::POST, "numbers", &number).0, 200);
    }

    fn remove(&mut self) {
        let key =
            json!({ "cust_space_id": "cams-1", "country_code": "86", "mobile_number": "139" });
        assert_eq!(self.control(Method::DELETE, "numbers", &key).0, 200);
    }

    fn initiations(&mut self) -> Value {
        self.control(Method::GET, "summary", &Value::Null).1["initiations"].clone()
    }
}

/// The names of an object's fields.
fn names(value: &Value) -> Vec<&str> {
    let fields = value.as_object().expect("an object");
    fields.keys().map(String::as_str).collect()
}

#[test]
fn a_missing_number_is_reported_as_configured() {
    let not_verified = json!({ "CodeVerificationStatus": "NOT_VERIFIED", "PhoneNumber": "86139" });
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
            assert_eq!(body.get("Data"), data.as_ref(), "{missing_number:?}");
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
        (Status::Ok, 200),
        (Status::BadRequest, 400),
        (Status::NotFound, 404),
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
fn ids_are_texts_or_numbers_in_all_answers() {
    for (ids, is_right) in [
        (Ids::Text, Value::is_string as fn(&Value) -> bool),
        (Ids::Number, Value::is_u64),
    ] {
        let mut fixture = Fixture::with(Behaviour {
            ids,
            migrating_listed_as: MigratingListedAs::Migrating,
            ..Behaviour::default()
        });
        let (_, initiated) = fixture.initiate("139");
        let (_, looked_up) = fixture.look_up("86139");
        let (_, waba) = fixture.call(WABA, &[SPACE]);
        let row = fixture.rows().remove(0);
        for value in [
            &initiated["Data"]["Id"],
            &initiated["Data"]["PhoneNumber"],
            &looked_up["Data"]["Id"],
            &looked_up["Data"]["PhoneNumber"],
            &waba["Data"]["Id"],
            &waba["Data"]["BusinessId"],
            &row["PhoneNumber"],
        ] {
            assert!(is_right(value), "{ids:?}: {value}");
        }
        assert_eq!(initiated["Data"]["Id"], looked_up["Data"]["Id"]);
        assert!(row["Status"].is_string() && waba["RequestId"].is_string());
    }
}

#[test]
fn an_id_that_is_no_number_stays_a_text() {
    let mut fixture = Fixture::with(Behaviour {
        ids: Ids::Number,
        ..Behaviour::default()
    });
    for id in ["phone-1", "007", "99999999999999999999"] {
        let number = json!({
            "cust_space_id": "cams-1", "country_code": "86", "mobile_number": "139", "id": id
        });
        fixture.control(Method::POST, "numbers", &number);
        assert_eq!(fixture.look_up("86139").1["Data"]["Id"], id);
    }
}

#[test]
fn sparse_answers_hold_only_what_is_indispensable() {
    let mut fixture = Fixture::with(Behaviour {
        answers: Answers::Sparse,
        ..Behaviour::default()
    });
    let (_, initiated) = fixture.initiate("138");
    assert_eq!(names(&initiated), ["Code", "RequestId"]);
    fixture.place("CONNECTED");
    let (_, looked_up) = fixture.look_up("86139");
    assert_eq!(names(&looked_up), ["Code", "Data", "RequestId"]);
    assert_eq!(names(&looked_up["Data"]), ["Id"]);
    let (_, waba) = fixture.call(WABA, &[SPACE]);
    assert_eq!(names(&waba["Data"]), ["AccountReviewStatus", "Id"]);
    let (_, list) = fixture.call(LIST, &[SPACE]);
    assert_eq!(names(&list), ["Code", "PhoneNumbers", "RequestId"]);
    assert_eq!(names(&list["PhoneNumbers"][1]), ["PhoneNumber", "Status"]);
    let (_, open) = fixture.call(OPEN_STATUS, &[]);
    assert_eq!(names(&open), ["Code", "OpenStatus", "RequestId"]);
    let (_, refused) = fixture.initiate("139");
    assert_eq!(names(&refused), ["Code", "RequestId"]);
    // What the gateway says is documented.
    let (_, refused) = fixture.call(LIST, &[("AccessKeyId", "nobody")]);
    assert!(refused["Message"].is_string() && refused["HostId"].is_string());
}

#[test]
fn a_sparse_list_has_one_odd_row() {
    for (seed, odd) in [(0, json!("odd")), (1, json!({ "Status": 7 }))] {
        let mut fixture = Fixture::new(Config {
            seed,
            behaviour: Behaviour {
                answers: Answers::Sparse,
                ..Behaviour::default()
            },
            ..Config::default()
        });
        assert_eq!(fixture.rows(), std::slice::from_ref(&odd));
        fixture.place("CONNECTED");
        let rows = fixture.rows();
        assert_eq!(rows[0], odd);
        assert_eq!(
            rows[1..],
            [json!({ "PhoneNumber": "86139", "Status": "CONNECTED" })]
        );
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
        for (business_status, status) in [(Status::BadRequest, 400), (Status::Ok, 200)] {
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

#[test]
fn other_business_errors_come_with_the_configured_status() {
    for (business_status, status) in [(Status::Ok, 200), (Status::BadRequest, 400)] {
        let mut fixture = Fixture::with(Behaviour {
            business_status,
            ..Behaviour::default()
        });
        let (given, body) = fixture.initiate("+139");
        assert_eq!(
            (given, &body["Code"]),
            (status, &json!("InvalidParameter.PhoneNumberError"))
        );
        assert_eq!(fixture.initiations(), json!([]), "no number was there");
    }
}

#[test]
fn an_account_without_subscription_gets_nothing_but_its_open_status() {
    for not_subscribed in [false, true] {
        let mut fixture = Fixture::with(Behaviour {
            not_subscribed,
            ..Behaviour::default()
        });
        let (status, body) = fixture.call(OPEN_STATUS, &[]);
        assert_eq!(
            (status, &body["OpenStatus"]),
            (200, &json!(!not_subscribed))
        );
        assert_eq!(
            names(&body),
            ["Code", "Message", "OpenStatus", "RequestId"],
            "the fields of its model"
        );
        fixture.place("CONNECTED");
        let answers = [
            fixture.initiate("138"),
            fixture.look_up("86139"),
            fixture.call(LIST, &[SPACE]),
            fixture.call(WABA, &[SPACE]),
        ];
        let expected = if not_subscribed {
            (400, "Product.Unsubscript")
        } else {
            (200, "OK")
        };
        for (status, body) in answers {
            assert_eq!(
                (status, body["Code"].as_str()),
                (expected.0, Some(expected.1))
            );
        }
    }
}

#[test]
fn a_denied_operation_is_refused_with_its_detail_and_the_others_are_not() {
    let all = [INITIATE, LOOKUP, LIST, WABA, OPEN_STATUS];
    let parameters = [
        SPACE,
        ("CountryCode", "86"),
        ("MobileNumber", "139"),
        ("PhoneNumber", "86139"),
    ];
    for action in all {
        let mut fixture = Fixture::with(Behaviour {
            deny: vec![Operation::parse(action).expect("an operation")],
            ..Behaviour::default()
        });
        for other in all {
            let (status, body) = fixture.call(other, &parameters);
            let denied = body["Code"] == "Ram.PermissionDeny";
            assert_eq!(denied, action == other, "{other}: {body}");
            if denied {
                assert_eq!(status, 400);
                let detail = &body["AccessDeniedDetail"];
                assert_eq!(detail["AuthAction"], format!("cams:{action}"));
                assert_eq!(detail["NoPermissionType"], "ImplicitDeny");
                assert!(!fixture.last_entry().committed);
            }
        }
    }
}
