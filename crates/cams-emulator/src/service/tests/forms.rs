//! Who gets an answer, and in which form it is written, under each flag for what the documentation
//! of CAMS leaves open.

use super::*;

/// The names of the fields of an object.
fn names(value: &Value) -> Vec<&str> {
    let fields = value.as_object().expect("an object");
    fields.keys().map(String::as_str).collect()
}

#[test]
fn ids_are_texts_or_numbers_in_all_answers() {
    for (ids, is_right) in [
        ("text", Value::is_string as fn(&Value) -> bool),
        ("number", Value::is_u64),
    ] {
        let mut fixture = Fixture::listing(&["--ids", ids]);
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
            assert!(is_right(value), "{ids}: {value}");
        }
        assert_eq!(initiated["Data"]["Id"], looked_up["Data"]["Id"]);
        assert!(row["Status"].is_string() && waba["RequestId"].is_string());
    }
}

#[test]
fn an_id_that_is_no_number_stays_a_text() {
    let mut fixture = Fixture::new(&["--ids=number"]);
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
    let mut fixture = Fixture::new(&["--answers=sparse"]);
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
    // The form of what the gateway says is documented, and no flag changes it.
    let (_, refused) = fixture.call(LIST, &[("AccessKeyId", "nobody")]);
    assert!(refused["Message"].is_string() && refused["HostId"].is_string());
}

#[test]
fn a_sparse_list_has_one_odd_row() {
    for (seed, odd) in [("0", json!("odd")), ("1", json!({ "Status": 7 }))] {
        let mut fixture = Fixture::new(&["--seed", seed, "--answers=sparse"]);
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
fn what_stands_where_there_is_nothing_is_a_flag() {
    for (absent, nothing) in [
        ("null", Value::Null),
        ("empty", json!("")),
        ("none", json!("None")),
    ] {
        let others = [
            "--missing-number=not-verified",
            "--migrating-listed-as=PENDING",
        ];
        let mut fixture = Fixture::new(&[&["--absent", absent], &others[..]].concat());
        let (_, initiated) = fixture.initiate("138");
        assert_eq!(initiated["AccessDeniedDetail"], nothing);
        let (_, missing) = fixture.look_up("86139");
        assert_eq!(missing["Data"]["Id"], nothing);
        let row = &fixture.rows()[0];
        for name in ["NewNameStatus", "QualityRating", "MessagingLimitTier"] {
            assert_eq!(row[name], nothing, "{name}");
        }
    }
}

#[test]
fn a_number_of_two_forms_is_one_and_is_known_in_the_forms_of_the_flags() {
    let forms = ["dialled", "whatsapp"];
    for (number_form, written) in forms.into_iter().zip(["525512345678", "5215512345678"]) {
        for accepted_forms in ["all", "written"] {
            let forms = [
                "--number-form",
                number_form,
                "--accepted-forms",
                accepted_forms,
            ];
            let mut fixture = Fixture::listing(&forms);
            let start = |fixture: &mut Fixture, number: &str| {
                let number = [SPACE, ("CountryCode", "52"), ("MobileNumber", number)];
                fixture.call(INITIATE, &number)
            };
            let (_, started) = start(&mut fixture, "5512345678");
            assert_eq!(started["Data"]["PhoneNumber"], written);
            let (_, again) = start(&mut fixture, "15512345678");
            assert_eq!(again["Code"], "InvalidParameter.PhoneNumberError");
            assert_eq!(fixture.rows()[0]["PhoneNumber"], written);
            for asked in ["525512345678", "5215512345678"] {
                let known = fixture.look_up(asked).1["Code"] == "OK";
                let all = accepted_forms == "all";
                assert_eq!(known, all || asked == written, "{asked}");
            }
        }
    }
}

#[test]
fn other_business_errors_come_with_the_configured_status() {
    for status in [200, 400] {
        let mut fixture = Fixture::new(&["--business-status", &status.to_string()]);
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
        let flags: &[&str] = if not_subscribed {
            &["--not-subscribed"]
        } else {
            &[]
        };
        let mut fixture = Fixture::new(flags);
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
        let mut fixture = Fixture::new(&["--deny", action]);
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
