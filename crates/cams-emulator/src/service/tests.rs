//! Calls against the whole state, without a socket.
//!
//! This file is longer than 300 lines because each step that a call passes has a test here, and all
//! of them share one fixture.

mod behaviour;
mod flow;
mod forms;
mod sources;
mod sts;

use clap::Parser;
use hyper::Method;
use serde_json::{Value, json};

use super::*;
use crate::control;
use crate::fault;
use crate::signature::tests::requests::{HttpRequest, date, initiation, list, signed};

const INITIATE: &str = "CreateChatappMigrationInitiate";
const LOOKUP: &str = "GetPhoneNumberVerificationStatus";
const LIST: &str = "QueryChatappPhoneNumbers";
const WABA: &str = "QueryChatappBindWaba";
const OPEN_STATUS: &str = "GetChatappOpenStatus";
const SPACE: (&str, &str) = ("CustSpaceId", "cams-1");

struct Fixture {
    service: EmulatedService,
    at: Duration,
    date: SystemTime,
    nonces: u32,
}

impl Fixture {
    fn new(flags: &[&str]) -> Self {
        let config = Flags::try_parse_from(["cams-emulator"].iter().chain(flags));
        Self {
            service: EmulatedService::new(config.expect("flags")),
            at: Duration::ZERO,
            date: date(),
            nonces: 0,
        }
    }

    /// A fixture whose list shows numbers that are migrating, so that a test sees what was
    /// committed.
    fn listing(flags: &[&str]) -> Self {
        Self::new(&[&["--migrating-listed-as=MIGRATING"], flags].concat())
    }

    #[expect(
        clippy::needless_pass_by_value,
        reason = "tests write the value in the call"
    )]
    fn with_faults(faults: Value) -> Self {
        let mut fixture = Self::listing(&[]);
        let faults = fault::parse_list(faults.to_string().as_bytes());
        fixture
            .service
            .faults
            .extend(faults.expect("a list of faults"));
        fixture
    }

    fn nonce(&mut self) -> String {
        self.nonces += 1;
        self.nonces.to_string()
    }

    fn receive(&mut self, call: &HttpRequest) -> CallOutcome {
        self.service.receive(&call.parse(), self.at, self.date)
    }

    fn initiate(&mut self, mobile_number: &str) -> (u16, Value) {
        let call = initiation(&self.nonce(), mobile_number);
        shown(self.receive(&call))
    }

    fn list(&mut self) -> Vec<String> {
        let call = list(&self.nonce());
        let (_, body) = shown(self.receive(&call));
        let numbers = body["PhoneNumbers"].as_array().expect("a list");
        numbers
            .iter()
            .map(|n| n["PhoneNumber"].as_str().expect("text").to_owned())
            .collect()
    }

    fn call(&mut self, action: &str, parameters: &[(&str, &str)]) -> (u16, Value) {
        let call = signed(&self.nonce(), action, parameters);
        shown(self.receive(&call))
    }

    fn control(&mut self, method: Method, path: &str, body: &Value) -> (u16, Value) {
        let mut call = list("unused");
        call.method = method;
        let (path, query) = path.split_once('?').unwrap_or((path, ""));
        call.path = format!("/_emulator/{path}");
        call.query = query.into();
        call.body = body.to_string().into();
        control::handle(&mut self.service, &call.parse(), self.at)
    }

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

    fn last_entry(&self) -> &Entry {
        self.service.journal.last().expect("an entry")
    }
}

/// The HTTP status and the JSON body of an answer that was sent.
fn shown(outcome: CallOutcome) -> (u16, Value) {
    let Delivery::Respond(response) = outcome.into_delivery() else {
        panic!("there is no answer");
    };
    let sent = response
        .body
        .iter()
        .filter_map(|(_, bytes)| bytes.as_deref());
    let body = sent.collect::<Vec<_>>().concat();
    (
        response.status,
        serde_json::from_slice(&body).expect("JSON"),
    )
}

#[test]
fn an_initiation_is_answered_listed_and_journalled() {
    let mut fixture = Fixture::listing(&[]);
    let (status, body) = fixture.initiate("13900001234");
    assert_eq!((status, &body["Code"]), (200, &json!("OK")));
    assert_eq!(body["Data"]["PhoneNumber"], "8613900001234");
    assert_eq!(body["Data"]["Status"], "MIGRATING");
    assert!(body.get("Success").is_none());

    let entry = fixture.last_entry();
    assert_eq!(entry.request_id, body["RequestId"]);
    assert_eq!(entry.request_id.len(), 36);
    assert!(entry.committed && entry.counted && !entry.throttled);
    assert_eq!(fixture.list(), ["8613900001234"]);
}

#[test]
fn what_the_gateway_refuses_is_not_counted() {
    let mut fixture = Fixture::new(&[]);
    for (action, parameters, status, code) in [
        ("NoSuchAction", &[][..], 404, "InvalidApi.NotFound"),
        (
            "QueryChatappPhoneNumbers",
            &[("Version", "2019-01-01")],
            400,
            "InvalidVersion",
        ),
        (
            "QueryChatappPhoneNumbers",
            &[("AccessKeyId", "x")],
            404,
            "InvalidAccessKeyId.NotFound",
        ),
        (
            "QueryChatappPhoneNumbers",
            &[("Timestamp", "today")],
            400,
            "InvalidTimeStamp.Format",
        ),
        (
            "QueryChatappPhoneNumbers",
            &[("Timestamp", "2025-01-02T03:20:05Z")],
            400,
            "InvalidTimeStamp.Expired",
        ),
        (
            "QueryChatappPhoneNumbers",
            &[("Format", "XML")],
            400,
            "UnsupportedFormat",
        ),
        (
            "QueryChatappPhoneNumbers",
            &[("SignatureVersion", "2.0")],
            400,
            "IncompleteSignature",
        ),
    ] {
        let (given, body) = fixture.call(action, parameters);
        assert_eq!((given, &body["Code"]), (status, &json!(code)));
        for field in ["Message", "RequestId", "HostId", "Recommend"] {
            assert!(body[field].is_string(), "{field}");
        }
        assert!(!fixture.last_entry().counted, "{code}");
    }
}

#[test]
fn a_replayed_request_is_refused() {
    let mut fixture = Fixture::new(&[]);
    let call = initiation("once", "139");
    assert_eq!(shown(fixture.receive(&call)).0, 200);
    assert_eq!(
        shown(fixture.receive(&call)).1["Code"],
        "SignatureNonceUsed"
    );
}

#[test]
fn a_required_token_must_be_the_right_one() {
    let mut fixture = Fixture::new(&["--security-token=s3cr3t"]);
    let action = "QueryChatappPhoneNumbers";
    for (parameters, code) in [
        (&[][..], "MissingSecurityToken"),
        (
            &[("SecurityToken", "other")],
            "InvalidSecurityToken.MismatchWithAccessKey",
        ),
        (&[("SecurityToken", "s3cr3t")], "OK"),
    ] {
        assert_eq!(fixture.call(action, parameters).1["Code"], code);
    }
}

#[test]
fn missing_parameters_are_named() {
    let mut fixture = Fixture::new(&[]);
    let parameters = [
        ("CustSpaceId", "cams-1"),
        ("CountryCode", "86"),
        ("MobileNumber", "139"),
    ];
    for (missing, _) in parameters {
        let rest: Vec<_> = parameters
            .into_iter()
            .filter(|(name, _)| *name != missing)
            .collect();
        let (status, body) = fixture.call("CreateChatappMigrationInitiate", &rest);
        assert_eq!(
            (status, &body["Code"]),
            (400, &json!(format!("Missing{missing}")))
        );
    }
}

#[test]
fn calls_over_the_quota_are_turned_away_until_the_window_has_passed() {
    let mut fixture = Fixture::listing(&["--quota=2/1s"]);
    fixture.initiate("1390");
    fixture.initiate("1391");
    fixture.at = Duration::from_millis(400);
    let call = initiation("third", "1392");
    let Delivery::Respond(response) = fixture.receive(&call).into_delivery() else {
        panic!("no answer");
    };
    assert_eq!(response.status, 400);
    assert!(fixture.last_entry().throttled && !fixture.last_entry().committed);
    assert_eq!(
        fixture.last_entry().code.as_deref(),
        Some("Throttling.User")
    );
    assert_eq!(fixture.list().len(), 2);

    fixture.at = Duration::from_millis(1000);
    assert_eq!(fixture.initiate("1392").0, 200);
}

#[test]
fn faults_before_the_commit_leave_nothing_and_those_after_it_everything() {
    for (fault, executed) in [
        (json!({ "kind": "reset_before_commit" }), false),
        (
            json!({ "kind": "never_answer", "when": "before_commit" }),
            false,
        ),
        (
            json!({ "kind": "status", "status": 500, "when": "before_commit" }),
            false,
        ),
        (json!({ "kind": "business_error", "code": "X" }), false),
        (json!({ "kind": "throttle" }), false),
        (json!({ "kind": "expired_token" }), false),
        (json!({ "kind": "signature_refused" }), false),
        (json!({ "kind": "reset_after_commit" }), true),
        (json!({ "kind": "reset_mid_body" }), true),
        (
            json!({ "kind": "never_answer", "when": "after_commit" }),
            true,
        ),
        (
            json!({ "kind": "status", "status": 503, "when": "after_commit" }),
            true,
        ),
        (json!({ "kind": "slow_body", "over": "1ms" }), true),
        (json!({ "kind": "malformed_json" }), true),
        (json!({ "kind": "truncated_json" }), true),
        (json!({ "kind": "wrong_content_type" }), true),
        (json!({ "kind": "wrong_types" }), true),
        (json!({ "kind": "empty_body" }), true),
        (json!({ "kind": "huge_body", "bytes": 100 }), true),
    ] {
        let mut fixture = Fixture::with_faults(json!([fault]));
        let call = initiation("1", "139");
        let untouched = Fixture::listing(&[]).receive(&call).into_delivery();
        let answer = fixture.receive(&call).into_delivery();
        assert_ne!(answer, untouched, "{fault}");
        let entry = fixture.last_entry();
        assert_eq!(entry.fault.as_deref(), fault["kind"].as_str());
        let status = match answer {
            Delivery::Never | Delivery::Reset => None,
            Delivery::Respond(response) => Some(response.status),
        };
        assert_eq!(entry.status, status, "{fault}");
        assert_eq!(entry.committed, executed, "{fault}");
        fixture.nonces = 1;
        assert_eq!(fixture.list().len(), usize::from(executed), "{fault}");
    }
}

#[test]
fn a_stale_list_repeats_the_last_true_one() {
    let mut fixture = Fixture::with_faults(json!([{ "kind": "stale_list", "nth": 2, "times": 2 }]));
    fixture.initiate("1390");
    assert_eq!(fixture.list().len(), 1);
    fixture.initiate("1391");
    assert_eq!(fixture.list().len(), 1);
    assert_eq!(fixture.list().len(), 1);
    assert_eq!(fixture.list().len(), 2);
}

#[test]
fn a_skewed_clock_refuses_dates_and_shows_its_own() {
    let mut fixture =
        Fixture::with_faults(json!([{ "kind": "clock_skew", "seconds": 1200, "times": "always" }]));
    let outcome = fixture.receive(&initiation("1", "139"));
    assert_eq!(outcome.date, date() + Duration::from_secs(1200));
    assert!(matches!(outcome.into_delivery(), Delivery::Respond(_)));
    assert_eq!(
        fixture.last_entry().code.as_deref(),
        Some("InvalidTimeStamp.Expired")
    );
    let corrected = [("Timestamp", "2025-01-02T03:24:05Z")];
    assert_eq!(fixture.call("QueryChatappPhoneNumbers", &corrected).0, 200);
}

#[test]
fn a_skewed_clock_does_not_hide_a_fault_behind_the_quota() {
    let mut fixture = Fixture::with_faults(json!([
        { "kind": "clock_skew", "seconds": 1, "times": "always" },
        { "kind": "reset_after_commit" },
    ]));
    assert_eq!(
        fixture.receive(&initiation("1", "139")).into_delivery(),
        Delivery::Reset
    );
}

#[test]
fn spaces_can_be_foreign_or_unbound() {
    let mut fixture = Fixture::new(&[]);
    let space = [("CustSpaceId", "cams-1")];
    let bound = fixture.call("QueryChatappBindWaba", &space).1;
    assert_eq!(bound["Data"]["AccountReviewStatus"], "APPROVED");

    fixture.control(
        Method::PUT,
        "spaces",
        &json!({ "cust_space_id": "cams-1", "bound": false }),
    );
    assert!(
        fixture
            .call("QueryChatappBindWaba", &space)
            .1
            .get("Data")
            .is_none()
    );

    fixture.control(
        Method::PUT,
        "spaces",
        &json!({ "cust_space_id": "cams-1", "owned": false }),
    );
    assert_eq!(fixture.initiate("139").1["Code"], "Unknown.ResourceOwnerId");
}

#[test]
fn numbers_are_placed_and_removed_through_control() {
    let mut fixture = Fixture::new(&[]);
    let key = json!({ "cust_space_id": "cams-1", "country_code": "86", "mobile_number": "139" });
    let mut placement = key.clone();
    placement["status"] = json!("CONNECTED");
    placement["id"] = json!("42");
    let placed = fixture.control(Method::POST, "numbers", &placement).1;
    assert_eq!(
        (&placed["phone_number"], &placed["id"]),
        (&json!("86139"), &json!("42"))
    );
    assert_eq!(fixture.list(), ["86139"]);
    assert_eq!(fixture.control(Method::DELETE, "numbers", &key).0, 200);
    assert_eq!(fixture.control(Method::DELETE, "numbers", &key).0, 404);
    let left = fixture.control(Method::GET, "numbers", &Value::Null).1;
    assert_eq!(left[0]["status"], "DELETED");
}

#[test]
fn the_quota_changes_through_control() {
    let mut fixture = Fixture::new(&[]);
    let (_, shown) = fixture.control(Method::PUT, "quota", &json!({ "quota": "1/1s" }));
    assert_eq!(shown, json!({ "quota": "1/1s" }));
    assert_eq!(fixture.initiate("1390").0, 200);
    assert_eq!(fixture.initiate("1391").1["Code"], "Throttling.User");
}

#[test]
fn the_journal_is_read_summed_and_cleared() {
    let mut fixture = Fixture::new(&[]);
    fixture.initiate("1390");
    fixture.initiate("1391");
    let (_, all) = fixture.control(Method::GET, "requests", &Value::Null);
    assert_eq!(all.as_array().map(Vec::len), Some(2));
    assert_eq!(all[1]["phone_number"], "861391");
    let summary = fixture.control(Method::GET, "summary", &Value::Null).1;
    assert_eq!(
        summary["actions"]["CreateChatappMigrationInitiate"]["max_arrived_in_window"],
        2
    );
    fixture.control(Method::DELETE, "requests", &Value::Null);
    assert_eq!(
        fixture.control(Method::GET, "requests", &Value::Null).1,
        json!([])
    );
}

#[test]
fn control_tells_what_it_does_not_understand() {
    let mut fixture = Fixture::new(&[]);
    for (method, path, body, status) in [
        (Method::GET, "nothing", json!(null), 404),
        (Method::PUT, "quota", json!({ "quota": "0/1s" }), 400),
        (Method::POST, "faults", json!({ "kind": "gremlin" }), 400),
        (Method::POST, "numbers", json!({ "status": "X" }), 400),
    ] {
        let (given, body) = fixture.control(method, path, &body);
        assert_eq!(given, status, "{path}");
        assert!(body["error"].is_string());
    }
}

#[test]
fn neither_journal_nor_debug_shows_a_secret() {
    let mut fixture = Fixture::new(&["--security-token=s3cr3t-token"]);
    fixture.call(
        "QueryChatappPhoneNumbers",
        &[("SecurityToken", "s3cr3t-token")],
    );
    let journal = fixture
        .control(Method::GET, "requests", &Value::Null)
        .1
        .to_string();
    let EmulatedService {
        state,
        journal: entries,
        ..
    } = &fixture.service;
    let all = format!("{journal} {entries:?} {:?}", state.keys);
    assert!(
        !all.contains("emulator-secret") && !all.contains("s3cr3t-token"),
        "{all}"
    );
}
