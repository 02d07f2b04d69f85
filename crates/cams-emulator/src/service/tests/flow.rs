//! The way of a number from its start to its registration and back, under each flag for what the
//! documentation of CAMS leaves open.

use super::*;

const SEND: &str = "GetMigrationVerifyCode";
const SUBMIT: &str = "ChatappMigrationVerified";
const REGISTER: &str = "ChatappMigrationRegister";
const DEREGISTER: &str = "ChatappPhoneNumberDeregister";
const SYNC: &str = "ChatappSyncPhoneNumber";
const WEBHOOK: &str = "UpdatePhoneWebhook";
const INSTANCES: &str = "ListInstance";

impl Fixture {
    /// The fixture of a number that was started.
    fn started(flags: &[&str]) -> Self {
        let mut fixture = Self::new(flags);
        assert_eq!(fixture.initiate("139").0, 200);
        fixture
    }

    /// The fixture of a number that is verified.
    fn verified(flags: &[&str]) -> Self {
        let mut fixture = Self::started(flags);
        fixture.send();
        let code = fixture.code();
        assert_eq!(fixture.submit(&code), "OK");
        fixture
    }

    /// The fixture of a number that is connected.
    fn connected(flags: &[&str]) -> Self {
        let mut fixture = Self::verified(flags);
        assert_eq!(fixture.step(REGISTER, &[]), "OK");
        fixture.pass("1s");
        fixture
    }

    /// Takes a step, and returns the message of its refusal, or `OK`.
    fn step(&mut self, action: &str, more: &[(&str, &str)]) -> String {
        let parameters = [&[SPACE, ("PhoneNumber", "86139")], more].concat();
        let (_, body) = self.call(action, &parameters);
        let shown = match body["Code"] == "OK" {
            true => &body["Code"],
            false => &body["Message"],
        };
        shown.as_str().expect("a text").to_owned()
    }

    fn send(&mut self) -> String {
        self.step(SEND, &[("Locale", "zh_CN"), ("Method", "sms")])
    }

    fn submit(&mut self, code: &str) -> String {
        self.step(SUBMIT, &[("VerifyCode", code)])
    }

    /// The last code that the number was sent.
    fn code(&mut self) -> String {
        let (_, sent) = self.control(Method::GET, "codes/86139", &Value::Null);
        sent["code"].as_str().expect("a code").to_owned()
    }

    /// The statuses in the answer of a sync.
    fn synced(&mut self) -> Vec<(String, String)> {
        let (_, body) = self.call(SYNC, &[SPACE]);
        let rows = body["PhoneNumbers"].as_array().expect("a list").iter();
        let text = |value: &Value| value.as_str().expect("text").to_owned();
        rows.map(|row| (text(&row["Status"]), text(&row["CodeVerificationStatus"])))
            .collect()
    }

    /// The number as it truly is.
    fn truth(&mut self) -> Value {
        self.control(Method::GET, "numbers", &Value::Null).1[0].clone()
    }

    fn looked_up(&mut self) -> Value {
        self.look_up("86139").1["Data"]["CodeVerificationStatus"].clone()
    }

    fn pass(&mut self, period: &str) {
        let period: crate::period::Period = period.parse().expect("a period");
        self.at += period.0;
    }

    fn behave(&mut self, choices: &Value) {
        assert_eq!(self.control(Method::PUT, "behaviour", choices).0, 200);
    }
}

fn statuses(all: &[(String, String)]) -> Vec<(&str, &str)> {
    let pairs = all.iter();
    pairs.map(|(status, code)| (&**status, &**code)).collect()
}

#[test]
fn a_number_goes_from_its_start_to_connected_and_the_list_follows_by_syncs() {
    let mut fixture = Fixture::started(&[]);
    assert_eq!(fixture.rows(), [json!(null); 0]);
    assert_eq!(fixture.send(), "OK");
    let sent = fixture.control(Method::GET, "codes/86139", &Value::Null).1;
    let code = sent["code"].as_str().expect("a code");
    assert!(
        code.len() == 6 && code.bytes().all(|byte| byte.is_ascii_digit()),
        "{code}"
    );
    let expected = json!({ "code": code, "method": "sms", "locale": "zh_CN", "sent": 1 });
    assert_eq!(sent, expected);

    assert_eq!(fixture.submit(code), "OK");
    assert_eq!(fixture.looked_up(), "VERIFIED");
    assert_eq!(fixture.statuses(), [""; 0], "there was no sync");
    assert_eq!(statuses(&fixture.synced()), [("PENDING", "VERIFIED")]);

    assert_eq!(fixture.step(REGISTER, &[]), "OK");
    fixture.pass("999ms");
    assert_eq!(statuses(&fixture.synced()), [("PENDING", "VERIFIED")]);
    fixture.pass("1ms");
    assert_eq!(fixture.statuses(), ["PENDING"], "there was no sync since");
    assert_eq!(statuses(&fixture.synced()), [("CONNECTED", "VERIFIED")]);
    assert_eq!(fixture.statuses(), ["CONNECTED"]);

    let summary = fixture.control(Method::GET, "summary", &Value::Null).1;
    for step in ["initiations", "sends", "submissions", "registrations"] {
        let once = json!([
            { "cust_space_id": "cams-1", "phone_number": "86139", "accepted": 1, "refused": 0 }
        ]);
        assert_eq!(summary[step], once, "{step}");
    }
    assert_eq!(summary["deregistrations"], json!([]));
}

#[test]
fn the_list_may_follow_meta_and_a_sync_may_lag() {
    let mut at_once = Fixture::connected(&["--list-follows=meta"]);
    assert_eq!(at_once.statuses(), ["CONNECTED"]);

    let mut late = Fixture::connected(&["--sync-lag=2s"]);
    assert!(late.synced().is_empty());
    late.pass("1s");
    assert_eq!(statuses(&late.synced()), [("PENDING", "VERIFIED")]);
    late.pass("1s");
    assert_eq!(statuses(&late.synced()), [("CONNECTED", "VERIFIED")]);
}

#[test]
fn a_verified_number_is_listed_as_configured_until_it_is_registered() {
    for (listed, expected) in [
        ("absent", None),
        ("MIGRATING", Some("MIGRATING")),
        ("UNVERIFIED", Some("UNVERIFIED")),
    ] {
        let flags = ["--arrives-verified", "--verified-listed-as", listed];
        let mut fixture = Fixture::started(&flags);
        assert_eq!(fixture.looked_up(), "VERIFIED");
        assert_eq!(fixture.statuses(), Vec::from_iter(expected));
        assert_eq!(fixture.step(REGISTER, &[]), "OK", "it needs no code");
    }
}

#[test]
fn sends_are_refused_with_one_code_and_a_text_for_each_reason() {
    let send = [
        SPACE,
        ("PhoneNumber", "86139"),
        ("Locale", "en"),
        ("Method", "voice"),
    ];
    let flags = [
        "--busy-sends=1",
        "--max-codes=2",
        "--code-lock=60m",
        "--refusal-code=X",
    ];
    let mut fixture = Fixture::started(&flags);
    let refused = |fixture: &mut Fixture, reason: &str| {
        let (status, body) = fixture.call(SEND, &send);
        assert_eq!((status, &body["Code"]), (400, &json!("X")));
        let message = body["Message"].as_str().expect("a text");
        assert!(message.contains(reason), "{message}");
    };
    refused(&mut fixture, "busy");
    assert_eq!(fixture.send(), "OK");
    refused(&mut fixture, "too many");
    fixture.pass("59m");
    refused(&mut fixture, "too many");
    fixture.pass("1m");
    assert_eq!(fixture.send(), "OK", "one refused send counts still");
    refused(&mut fixture, "too many");
    let code = fixture.code();
    assert_eq!(fixture.submit(&code), "OK");
    refused(&mut fixture, "verified already");
    assert_eq!(fixture.step(REGISTER, &[]), "OK");
    refused(&mut fixture, "not being migrated");
    let sends = fixture.control(Method::GET, "summary", &Value::Null).1["sends"].clone();
    assert_eq!(
        (&sends[0]["accepted"], &sends[0]["refused"]),
        (&json!(2), &json!(6))
    );
}

#[test]
fn a_code_expires_and_is_good_once_and_until_the_next() {
    let wrong = "(#100) Invalid parameter";
    let mut fixture = Fixture::started(&[]);
    assert_eq!(fixture.submit("000000"), wrong);
    fixture.send();
    let first = fixture.code();
    fixture.pass("10m");
    assert_eq!(fixture.submit(&first), wrong, "it has expired");
    fixture.send();
    let second = fixture.code();
    fixture.send();
    assert_eq!(fixture.submit(&second), wrong, "a newer code ended it");
    let third = fixture.code();
    assert!(first != second && second != third);
    assert_eq!(fixture.submit(&third), "OK");
    assert_eq!(fixture.submit(&third), wrong, "it was used");
    let (status, body) = fixture.call(
        SUBMIT,
        &[SPACE, ("PhoneNumber", "86139"), ("VerifyCode", "1")],
    );
    assert_eq!((status, &body["Code"]), (400, &json!("InvalidParameter")));

    let mut fixture = Fixture::started(&["--old-codes=stay"]);
    fixture.send();
    let first = fixture.code();
    fixture.send();
    assert_eq!(fixture.submit(&first), "OK");
}

#[test]
fn wrong_codes_block_the_right_one_for_a_while() {
    let mut fixture = Fixture::started(&["--max-tries=2", "--try-lock=5m"]);
    fixture.send();
    for _ in 0..2 {
        fixture.submit("000000");
    }
    let code = fixture.code();
    assert!(fixture.submit(&code).contains("Try again later"));
    fixture.pass("5m");
    assert_eq!(fixture.submit(&code), "OK");
}

#[test]
fn a_verification_lapses_on_a_connected_number_too() {
    let mut fixture = Fixture::connected(&["--verification-lapse=5m"]);
    fixture.pass("5m");
    assert_eq!(fixture.looked_up(), "EXPIRED");
    assert_eq!(statuses(&fixture.synced()), [("CONNECTED", "EXPIRED")]);
    assert!(fixture.send().contains("not being migrated"));
}

#[test]
fn a_registration_is_refused_for_its_reason() {
    let mut fixture = Fixture::started(&[]);
    assert!(fixture.step(REGISTER, &[]).contains("has to be verified"));
    fixture.send();
    let code = fixture.code();
    fixture.submit(&code);
    fixture.behave(&json!({ "two_step": true }));
    assert!(fixture.step(REGISTER, &[]).contains("Two-step"));
    fixture.behave(&json!({ "two_step": false, "max_registrations": 2 }));
    assert!(
        fixture.step(REGISTER, &[]).contains("too often"),
        "refused ones count"
    );
    fixture.pass("4320m");
    assert_eq!(fixture.step(REGISTER, &[]), "OK");
    assert!(fixture.step(REGISTER, &[]).contains("already"));
    fixture.behave(&json!({ "on_registered": "ok", "max_registrations": 10 }));
    assert_eq!(fixture.step(REGISTER, &[]), "OK");
}

#[test]
fn a_number_is_pending_for_good_until_it_is_registered_again() {
    for (flag, change) in [
        ("--name-in-review", json!({})),
        ("--connect-after=never", json!({ "connect_after": "1s" })),
    ] {
        let mut fixture = Fixture::connected(&[flag]);
        fixture.pass("1000m");
        assert_eq!(fixture.truth()["status"], "PENDING", "{flag}");
        fixture.behave(&change);
        assert_eq!(fixture.step(REGISTER, &[]), "OK", "{flag}");
        fixture.pass("1s");
        let number = fixture.truth();
        assert_eq!(
            (&number["status"], &number["name_status"]),
            (&json!("CONNECTED"), &json!("Approval"))
        );
    }
}

#[test]
fn the_final_status_is_any() {
    for status in ["FLAGGED", "BANNED", "NEW_ONE"] {
        let mut fixture = Fixture::connected(&["--final-status", status]);
        assert_eq!(statuses(&fixture.synced()), [(status, "VERIFIED")]);
    }
}

#[test]
fn a_deregistered_number_needs_another_code_unless_it_keeps_its_verification() {
    for keeps in [false, true] {
        let mut fixture = Fixture::verified(&[]);
        fixture.behave(&json!({ "deregister_keeps_verification": keeps }));
        assert!(fixture.step(DEREGISTER, &[]).contains("not registered"));
        assert_eq!(fixture.step(REGISTER, &[]), "OK");
        assert_eq!(fixture.step(DEREGISTER, &[]), "OK");
        fixture.pass("1s");
        assert_eq!(
            fixture.truth()["status"],
            "DISCONNECTED",
            "it does not connect any more"
        );
        assert_eq!(fixture.looked_up() == "VERIFIED", keeps);
        assert_eq!(fixture.step(REGISTER, &[]) == "OK", keeps);
    }
}

#[test]
fn a_deregistration_that_fails_half_way_is_repeated() {
    let mut fixture = Fixture::connected(&["--half-deregistrations=1"]);
    assert!(fixture.step(DEREGISTER, &[]).contains("not complete"));
    assert_eq!(fixture.truth()["status"], "DISCONNECTED");
    assert!(fixture.step(REGISTER, &[]).contains("already"));
    assert_eq!(fixture.step(DEREGISTER, &[]), "OK");
}

#[test]
fn a_space_has_a_cap_and_numbers_in_the_app_do_not_move() {
    let mut fixture = Fixture::started(&["--max-numbers=1", "--on-repeat=same"]);
    assert_eq!(fixture.initiate("138").0, 400);
    assert_eq!(fixture.initiate("139").0, 200, "it is counted already");
    fixture.remove();
    assert_eq!(fixture.initiate("138").0, 200);
    fixture.behave(&json!({ "numbers_in_app": true, "max_numbers": null }));
    let (_, body) = fixture.initiate("137");
    assert!(body["Message"].as_str().expect("a text").contains("app"));
    assert_eq!(
        fixture.initiations().as_array().map(Vec::len),
        Some(2),
        "neither counts"
    );
}

#[test]
fn an_operation_knows_a_number_only_as_answers_write_it() {
    for (accepted, code) in [
        ("written", "InvalidParameter.PhoneNumberError"),
        ("all", "OK"),
    ] {
        let mut fixture = Fixture::new(&["--accepted-forms", accepted]);
        fixture.call(
            INITIATE,
            &[SPACE, ("CountryCode", "52"), ("MobileNumber", "5512345678")],
        );
        let number = [
            SPACE,
            ("PhoneNumber", "525512345678"),
            ("Locale", "es"),
            ("Method", "sms"),
        ];
        assert_eq!(fixture.call(SEND, &number).1["Code"], code);
        assert_eq!(
            fixture
                .call(
                    SEND,
                    &[&number[2..], &[SPACE, ("PhoneNumber", "5215512345678")]].concat()
                )
                .1["Code"],
            "OK"
        );
        for form in ["525512345678", "5215512345678"] {
            let path = format!("codes/{form}");
            assert_eq!(fixture.control(Method::GET, &path, &Value::Null).0, 200);
        }
        assert_eq!(
            fixture.control(Method::GET, "codes/86139", &Value::Null).0,
            404
        );
    }
}

#[test]
fn a_webhook_is_kept_and_listed_as_configured() {
    let set = |fixture: &mut Fixture, more: &[(&str, &str)]| fixture.step(WEBHOOK, more);
    let both = [
        ("UpCallbackUrl", "https://a.example"),
        ("StatusCallbackUrl", "https://b.example"),
    ];
    let flags = [("HttpFlag", "Y"), ("QueueFlag", "Y")];
    for (listed, shown) in [("absent", "None"), ("shown", "https://a.example")] {
        let mut fixture = Fixture::connected(&["--webhook-listed", listed, "--list-follows=meta"]);
        assert_eq!(set(&mut fixture, &[both, flags].concat()), "OK");
        let queue = fixture.rows()[0]["UpQueue"].clone();
        assert_eq!(queue == "None", listed == "absent");
        assert_eq!(fixture.rows()[0]["UpCallbackUrl"], shown);
        assert_eq!(set(&mut fixture, &[("QueueFlag", "N")]), "OK");
        assert_eq!(fixture.rows()[0]["UpQueue"], "None");
        assert_eq!(fixture.rows()[0]["UpCallbackUrl"], shown, "it was left out");
        assert!(set(&mut fixture, &[("HttpFlag", "true")]).contains("neither"));
    }
    for (empty_url, code, left) in [
        ("refused", "A URL is empty.", "https://a.example"),
        ("kept", "OK", "https://a.example"),
        ("cleared", "OK", ""),
    ] {
        let mut fixture = Fixture::connected(&["--empty-url", empty_url]);
        set(&mut fixture, &both);
        assert_eq!(set(&mut fixture, &[("UpCallbackUrl", "")]), code);
        assert_eq!(fixture.truth()["up_callback_url"], left, "{empty_url}");
    }
}

#[test]
fn instances_are_listed_in_pages_and_by_name_and_channel() {
    let mut fixture = Fixture::new(&[]);
    for (id, name, channel) in [
        ("cams-3", "Shop", "whatsapp"),
        ("cams-1", "Shop two", "whatsapp"),
        ("cams-2", "Shop", "viber"),
    ] {
        let space = json!({ "cust_space_id": id, "instance_name": name, "channel_type": channel });
        fixture.control(Method::PUT, "spaces", &space);
    }
    for (exact, parameters, expected) in [
        (false, &[][..], &["cams-1", "cams-2", "cams-3"][..]),
        (
            false,
            &[("InstanceName", "Shop")],
            &["cams-1", "cams-2", "cams-3"],
        ),
        (true, &[("InstanceName", "Shop")], &["cams-2", "cams-3"]),
        (true, &[("ChannelType", "whatsapp")], &["cams-1", "cams-3"]),
        (true, &[("PageIndex", "2"), ("PageSize", "2")], &["cams-3"]),
    ] {
        let choice = if exact { "exact" } else { "contains" };
        fixture.behave(&json!({ "instance_name_match": choice }));
        let (_, body) = fixture.call(INSTANCES, parameters);
        let rows = body["Data"].as_array().expect("a list").iter();
        let ids: Vec<_> = rows
            .map(|row| row["CustSpaceId"].as_str().expect("text"))
            .collect();
        assert_eq!(ids, expected, "{parameters:?}");
    }
    assert_eq!(fixture.call(INSTANCES, &[("PageIndex", "0")]).0, 400);
}

#[test]
fn choices_change_through_control_and_must_exist() {
    let mut fixture = Fixture::new(&["--connect-after=5m"]);
    let (status, all) = fixture.control(Method::PUT, "behaviour", &json!({ "two_step": true }));
    assert_eq!(
        (status, &all["two_step"], &all["connect_after"]),
        (200, &json!(true), &json!("5m"))
    );
    for wrong in [json!({ "no_such": 1 }), json!({ "old_codes": "burn" })] {
        assert_eq!(
            fixture.control(Method::PUT, "behaviour", &wrong).0,
            400,
            "{wrong}"
        );
    }
}

#[test]
fn an_unbound_space_is_not_synced() {
    let mut fixture = Fixture::new(&[]);
    fixture.control(
        Method::PUT,
        "spaces",
        &json!({ "cust_space_id": "cams-1", "bound": false }),
    );
    assert_eq!(fixture.call(SYNC, &[SPACE]).0, 400);
}
