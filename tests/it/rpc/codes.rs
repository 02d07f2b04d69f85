//! `cams_number_verification_code`: when a code is sent, and what is stored.

use serde_json::{Value, json};

use super::{change, configured, destroy, merge, titles};
use crate::core::tfplugin6::stop_provider;
use crate::core::{Instance, Outcome};
use crate::emulator::Emulator;
use crate::support::{PAUSE, soon};

pub(crate) const TYPE: &str = "cams_number_verification_code";
pub(crate) const SEND: &str = "GetMigrationVerifyCode";
pub(crate) const NUMBER: &str = "8613900001234";

/// A create, and what comes of it.
struct Case {
    flags: &'static [&'static str],
    /// The number in the space before, by status and verification.
    placed: Option<(&'static str, &'static str)>,
    faults: Value,
    /// Whether the object is stored.
    stored: bool,
    /// The titles of all diagnostics of the apply.
    says: &'static [&'static str],
    /// How many codes were requested.
    requests: usize,
}

impl Default for Case {
    fn default() -> Self {
        Self {
            flags: &[],
            placed: Some(("MIGRATING", "NOT_VERIFIED")),
            faults: json!([]),
            stored: true,
            says: &[],
            requests: 1,
        }
    }
}

fn cases() -> Vec<Case> {
    let needless = |status, verification| Case {
        placed: Some((status, verification)),
        says: &["Number Needs No Code"],
        requests: 0,
        ..Case::default()
    };
    let refused = Case {
        stored: false,
        says: &["Code Refused"],
        ..Case::default()
    };
    let lost = |fault: &Value| Case {
        faults: json!([fault]),
        says: &["Code May Have Been Sent"],
        ..Case::default()
    };
    let denied = |flags| Case {
        flags,
        stored: false,
        says: &["CAMS Denied Access"],
        ..Case::default()
    };
    let error =
        |when: &str| json!({ "kind": "status", "status": 503, "action": SEND, "when": when });
    let unknown = json!({
        "kind": "business_error", "code": "InvalidParameter.Odd",
        "action": "GetPhoneNumberVerificationStatus",
    });
    vec![
        Case::default(),
        Case {
            placed: Some(("PENDING", "EXPIRED")),
            ..Case::default()
        },
        Case {
            flags: &["--migrating-listed-as=absent"],
            ..Case::default()
        },
        // Numbers that need none, whose verification may have lapsed.
        needless("CONNECTED", "EXPIRED"),
        needless("FLAGGED", "EXPIRED"),
        needless("RESTRICTED", "NOT_VERIFIED"),
        needless("RATE_LIMITED", "EXPIRED"),
        needless("MIGRATING", "VERIFIED"),
        needless("PENDING", "VERIFIED"),
        Case {
            placed: Some(("BANNED", "NOT_VERIFIED")),
            stored: false,
            says: &["Number Is Banned"],
            requests: 0,
            ..Case::default()
        },
        Case {
            flags: &["--missing-code=PhoneNumber.NotExist"],
            placed: None,
            stored: false,
            says: &["Number Not in the Space"],
            requests: 0,
            ..Case::default()
        },
        // Refusals.
        Case {
            flags: &["--busy-sends=1"],
            ..refused
        },
        Case {
            flags: &["--max-codes=0"],
            stored: false,
            says: &["Code Refused"],
            ..Case::default()
        },
        Case {
            placed: None,
            stored: false,
            says: &["Code Refused"],
            ..Case::default()
        },
        // The list has not heard of the verification, and the first lookup says nothing.
        Case {
            flags: &["--arrives-verified", "--sync-lag=never"],
            placed: Some(("MIGRATING", "VERIFIED")),
            faults: json!([
                unknown,
                { "kind": "altered_answer", "action": "QueryChatappPhoneNumbers", "times": "always",
                  "rows": { "CodeVerificationStatus": "NOT_VERIFIED" } },
            ]),
            says: &["Number Needs No Code"],
            ..Case::default()
        },
        // Answers that are lost.
        lost(&error("before_commit")),
        lost(&error("after_commit")),
        lost(&json!({ "kind": "reset_before_commit", "action": SEND })),
        lost(&json!({ "kind": "reset_after_commit", "action": SEND })),
        lost(&json!({ "kind": "truncated_json", "action": SEND })),
        // What may not be called.
        denied(&["--deny=GetMigrationVerifyCode"]),
        Case {
            requests: 0,
            ..denied(&["--deny=QueryChatappPhoneNumbers"])
        },
        Case {
            flags: &["--deny=GetPhoneNumberVerificationStatus"],
            says: &["GetPhoneNumberVerificationStatus Failed"],
            ..Case::default()
        },
        Case {
            flags: &["--deny=ChatappSyncPhoneNumber"],
            says: &["ChatappSyncPhoneNumber Failed"],
            ..Case::default()
        },
    ]
}

#[tokio::test(flavor = "multi_thread")]
async fn every_create_sends_at_most_one_code_and_stores_what_may_have_been_sent() {
    let cases = cases().into_iter().map(|case| tokio::spawn(check(case)));
    for case in cases.collect::<Vec<_>>() {
        case.await.unwrap();
    }
}

async fn check(case: Case) {
    let emulator = Emulator::start(case.flags);
    if let Some((status, verification)) = case.placed {
        place(&emulator, status, verification);
    }
    emulator.control("POST", "faults", Some(case.faults.clone()));
    let applied = apply(&emulator, &Instance::default(), &code(json!({}))).await;
    let about = format!(
        "{:?} {:?} {}: {:?}",
        case.flags, case.placed, case.faults, applied.diagnostics
    );
    assert_eq!(titles(&applied.diagnostics), case.says, "{about}");
    assert_eq!(applied.instance.state.is_null(), !case.stored, "{about}");
    assert_eq!(emulator.count(SEND), case.requests, "{about}");
}

#[tokio::test(flavor = "multi_thread")]
async fn only_triggers_and_method_send_again_and_a_refusal_keeps_the_prior_state() {
    let emulator = Emulator::start(&[]);
    place(&emulator, "MIGRATING", "NOT_VERIFIED");
    let mut stored = Instance::default();
    for (changes, requests) in [
        (json!({}), 1),
        (json!({ "locale": "zh_CN" }), 1),
        (json!({ "timeouts": { "create": "1m", "update": "1m" } }), 1),
        (json!({ "triggers": { "attempt": "1" } }), 2),
        (
            json!({ "triggers": { "attempt": "1" }, "method": "voice", "locale": "de" }),
            3,
        ),
        (json!({ "method": "voice" }), 4),
    ] {
        let applied = apply(&emulator, &stored, &code(changes.clone())).await;
        assert_eq!(titles(&applied.diagnostics), [""; 0], "{changes}");
        assert_eq!(emulator.count(SEND), requests, "{changes}");
        stored = applied.instance;
        let read = configured(&emulator, json!({}))
            .await
            .read(TYPE, &stored)
            .await;
        assert_eq!(read.instance.state, stored.state);
    }
    let last = emulator.control("GET", &format!("codes/{NUMBER}"), None);
    assert_eq!(
        (&last["sent"], &last["method"], &last["locale"]),
        (&json!(4), &json!("voice"), &json!("en_US"))
    );
    emulator.control("PUT", "behaviour", Some(json!({ "max_codes": 4 })));
    let again = code(json!({ "triggers": { "attempt": "2" } }));
    let refused = apply(&emulator, &stored, &again).await;
    assert_eq!(titles(&refused.diagnostics), ["Code Refused"]);
    assert_eq!(refused.instance.state, stored.state);
    // Destroying makes no call.
    let requests = emulator.requests().len();
    let core = configured(&emulator, json!({})).await;
    let destroyed = destroy(&core, TYPE, &stored).await;
    assert_eq!(destroyed.instance.state, Value::Null);
    assert_eq!(emulator.requests().len(), requests);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_first_change_after_an_import_sends_nothing() {
    let emulator = Emulator::start(&[]);
    place(&emulator, "MIGRATING", "NOT_VERIFIED");
    let identity = json!({ "cust_space_id": "cams-test", "phone_number": NUMBER });
    for (id, identity) in [
        (&*format!("cams-test/{NUMBER}"), Value::Null),
        ("", identity),
    ] {
        let before = emulator.count(SEND);
        let core = configured(&emulator, json!({})).await;
        let (imported, diagnostics) = core.import(TYPE, id, &identity).await;
        assert_eq!(titles(&diagnostics), [""; 0]);
        let read = core.read(TYPE, &imported[0]).await.instance;
        let unchanged = code(json!({ "cust_space_id": "cams-test" }));
        let mut proposed = unchanged.clone();
        merge(&mut proposed, json!({ "method": "sms", "locale": "en_US" }));
        let planned = core.plan(TYPE, &read, &proposed, &unchanged).await;
        assert_eq!(planned.instance.state, read.state, "nothing to change");
        let other = code(json!({ "method": "voice", "triggers": { "attempt": "1" } }));
        let (planned, stored) = change(&core, TYPE, &read, &other).await;
        let says = ["No Code Is Sent After an Import"];
        assert_eq!(titles(&planned.diagnostics), says);
        assert_eq!(stored.instance.state["method"], "voice");
        assert_eq!(emulator.count(SEND), before);
        let again = code(json!({ "method": "voice", "triggers": { "attempt": "2" } }));
        let (planned, _) = change(&core, TYPE, &stored.instance, &again).await;
        assert_eq!(titles(&planned.diagnostics), [""; 0]);
        assert_eq!(emulator.count(SEND), before + 1);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_plan_warns_of_an_sms_to_a_fixed_line_and_of_an_unknown_locale() {
    let emulator = Emulator::start(&[]);
    let core = configured(&emulator, json!({})).await;
    for (phone_number, method, says) in [
        ("861012345678", json!(null), &["SMS to a Fixed Line"][..]),
        ("861012345679", json!("sms"), &["SMS to a Fixed Line"]),
        ("861012345670", json!("voice"), &[]),
        (NUMBER, json!(null), &[]),
    ] {
        let config = code(json!({ "phone_number": phone_number, "method": method }));
        let planned = core
            .plan(TYPE, &Instance::default(), &config, &config)
            .await;
        assert_eq!(
            titles(&planned.diagnostics),
            says,
            "{phone_number} {method}"
        );
    }
    for (changes, says) in [
        (json!({ "locale": "zh_CN" }), &[][..]),
        (json!({ "locale": "zh-CN" }), &["Unknown Locale"]),
        (json!({ "method": "SMS" }), &["Invalid Method"]),
    ] {
        let diagnostics = core.validate(TYPE, &code(changes.clone())).await;
        assert_eq!(titles(&diagnostics), says, "{changes}");
    }
    assert_eq!(emulator.requests().len(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_code_goes_to_the_form_of_the_number_that_cams_knows() {
    let emulator = Emulator::start(&["--number-form=whatsapp"]);
    emulator.place_number(json!({
        "cust_space_id": "cams-test", "country_code": "52", "mobile_number": "5512345678",
        "status": "MIGRATING", "code_verification_status": "NOT_VERIFIED",
    }));
    let config = code(json!({ "phone_number": "525512345678" }));
    let applied = apply(&emulator, &Instance::default(), &config).await;
    assert_eq!(titles(&applied.diagnostics), [""; 0]);
    assert_eq!(applied.instance.state["phone_number"], "525512345678");
    assert_eq!(emulator.count(SEND), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stop_keeps_a_number_whose_code_may_have_been_sent() {
    let emulator = Emulator::start(&[]);
    place(&emulator, "MIGRATING", "NOT_VERIFIED");
    let fault = json!({ "kind": "never_answer", "when": "after_commit", "action": SEND });
    emulator.control("POST", "faults", Some(fault));
    let core = configured(&emulator, json!({})).await;
    let config = code(json!({}));
    let stop = async {
        while emulator.count(SEND) == 0 {
            tokio::time::sleep(PAUSE).await;
        }
        let request = stop_provider::Request::default();
        core.provider().stop_provider(request).await.unwrap();
    };
    let nothing = Instance::default();
    let both = async { tokio::join!(change(&core, TYPE, &nothing, &config), stop) };
    let ((_, applied), ()) = soon("an end of the send", both).await;
    assert_eq!(titles(&applied.diagnostics), ["Code May Have Been Sent"]);
    assert_eq!(applied.instance.state["phone_number"], NUMBER);
}

/// The configuration of the code, with `changes`.
pub(crate) fn code(changes: Value) -> Value {
    let mut value = json!({
        "cust_space_id": null, "phone_number": NUMBER, "method": null, "locale": null,
        "triggers": null, "timeouts": null,
    });
    merge(&mut value, changes);
    value
}

/// Applies a change in a process of its own, as Terraform does.
async fn apply(emulator: &Emulator, prior: &Instance, config: &Value) -> Outcome {
    let core = configured(emulator, json!({})).await;
    change(&core, TYPE, prior, config).await.1
}

pub(crate) fn place(emulator: &Emulator, status: &str, verification: &str) {
    emulator.place_number(json!({
        "cust_space_id": "cams-test", "country_code": "86", "mobile_number": "13900001234",
        "status": status, "code_verification_status": verification,
    }));
}
