//! `cams_number_verification`: what it sends and what it stores, in each case that it can meet.

use serde_json::{Value, json};

use super::registration::{self, NUMBER, apply, place, registration, titles};
use super::{configured, merge};
use crate::core::Instance;
use crate::emulator::Emulator;

pub(crate) const TYPE: &str = "cams_number_verification";
const SUBMIT: &str = "ChatappMigrationVerified";

pub(crate) fn verification(changes: Value) -> Value {
    let mut value = json!({
        "cust_space_id": null, "phone_number": NUMBER, "verify_code_wo": null,
        "verify_code_wo_version": null, "id": null, "code_verification_status": null,
        "timeouts": null,
    });
    merge(&mut value, changes);
    value
}

#[tokio::test(flavor = "multi_thread")]
async fn every_create_submits_its_code_once_if_it_is_needed() {
    let fault =
        |when: &str| json!([{ "kind": "status", "status": 500, "action": SUBMIT, "when": when }]);
    for (status, verification_before, code, faults, stored, says, submitted) in [
        (
            "MIGRATING",
            "NOT_VERIFIED",
            Some("right"),
            json!([]),
            Some("VERIFIED"),
            &[][..],
            1,
        ),
        (
            "MIGRATING",
            "EXPIRED",
            Some("right"),
            json!([]),
            Some("VERIFIED"),
            &[],
            1,
        ),
        (
            "MIGRATING",
            "VERIFIED",
            None,
            json!([]),
            Some("VERIFIED"),
            &[],
            0,
        ),
        (
            "CONNECTED",
            "EXPIRED",
            Some("000000"),
            json!([]),
            Some("EXPIRED"),
            &["Number Already Live"],
            0,
        ),
        (
            "BANNED",
            "VERIFIED",
            None,
            json!([]),
            None,
            &["Number Is Banned"],
            0,
        ),
        (
            "MIGRATING",
            "NOT_VERIFIED",
            None,
            json!([]),
            None,
            &["Verification Code Missing"],
            0,
        ),
        (
            "MIGRATING",
            "NOT_VERIFIED",
            Some("000000"),
            json!([]),
            None,
            &["Verification Code Refused"],
            1,
        ),
        (
            "MIGRATING",
            "NOT_VERIFIED",
            Some("right"),
            fault("after_commit"),
            Some("VERIFIED"),
            &[],
            1,
        ),
        (
            "MIGRATING",
            "NOT_VERIFIED",
            Some("right"),
            fault("before_commit"),
            None,
            &["Verification With Unknown Outcome"],
            1,
        ),
    ] {
        let emulator = Emulator::start(&[]);
        place(&emulator, status, verification_before);
        let code = match code {
            Some("right") => Some(emulator.send_code(NUMBER)),
            code => code.map(str::to_owned),
        };
        emulator.control("POST", "faults", Some(faults));
        let core = configured(&emulator, json!({})).await;
        let timeouts = json!({ "create": "4s", "update": null });
        let config = verification(json!({ "verify_code_wo": code, "timeouts": timeouts }));
        let outcome = apply(&core, TYPE, &Instance::default(), &config).await;
        let about = format!("{status} {verification_before} {code:?}: {outcome:?}");
        let state = &outcome.instance.state;
        assert_eq!(
            state["code_verification_status"].as_str(),
            stored,
            "{about}"
        );
        assert_eq!(titles(&outcome), says, "{about}");
        assert_eq!(emulator.count(SUBMIT), submitted, "{about}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_change_of_the_version_submits_again_only_if_the_number_is_not_verified() {
    let emulator = Emulator::start(&[]);
    place(&emulator, "MIGRATING", "NOT_VERIFIED");
    let core = configured(&emulator, json!({})).await;
    let config = |code: &str, version: &str| {
        verification(json!({ "verify_code_wo": code, "verify_code_wo_version": version }))
    };
    let code = emulator.send_code(NUMBER);
    let created = apply(&core, TYPE, &Instance::default(), &config(&code, "1"))
        .await
        .instance;
    assert_eq!(created.state["code_verification_status"], "VERIFIED");
    let core = configured(&emulator, json!({})).await;
    let same = apply(&core, TYPE, &created, &config("000000", "2")).await;
    assert_eq!((titles(&same), emulator.count(SUBMIT)), (vec![], 1));
    // An update that fails keeps the prior state, so that the version is not taken as done.
    place(&emulator, "MIGRATING", "EXPIRED");
    let core = configured(&emulator, json!({})).await;
    let failed = apply(&core, TYPE, &created, &config("000000", "2")).await;
    assert_eq!(titles(&failed), ["Verification Code Refused"]);
    assert_eq!(failed.instance.state, created.state);
    assert_eq!(emulator.count(SUBMIT), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_plan_without_a_code_warns_once_unless_the_list_shows_that_none_is_needed() {
    for (status, verification_before, warnings) in [
        ("PENDING", "NOT_VERIFIED", 1),
        ("PENDING", "VERIFIED", 0),
        ("CONNECTED", "EXPIRED", 0),
    ] {
        let emulator = Emulator::start(&[]);
        let core = configured(&emulator, json!({})).await;
        let numbers = ["13900001234", "13900001235"];
        for number in numbers {
            emulator.place_number(json!({
                "cust_space_id": "cams-test", "country_code": "86", "mobile_number": number,
                "status": status, "code_verification_status": verification_before,
            }));
        }
        let mut warned = 0;
        for number in numbers {
            let config = verification(json!({ "phone_number": format!("86{number}") }));
            let planned = core
                .plan(TYPE, &Instance::default(), &config, &config)
                .await;
            let titles = titles(&planned);
            assert!(
                titles
                    .iter()
                    .all(|title| *title == "Verification Code Not Set")
            );
            warned += titles.len();
        }
        assert_eq!(warned, warnings, "{status} {verification_before}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_verification_that_lapses_is_shown_and_not_planned() {
    let emulator = Emulator::start(&[]);
    place(&emulator, "PENDING", "EXPIRED");
    let core = configured(&emulator, json!({})).await;
    let config = verification(json!({ "verify_code_wo_version": "1" }));
    let state = json!({ "cust_space_id": "cams-test", "code_verification_status": "VERIFIED" });
    let mut stored = config.clone();
    merge(&mut stored, state);
    let stored = Instance {
        state: stored,
        ..Instance::default()
    };
    let read = core.read(TYPE, &stored).await.instance;
    assert_eq!(read.state["code_verification_status"], "EXPIRED");
    let planned = core.plan(TYPE, &read, &read.state, &config).await;
    assert_eq!(planned.instance.state, read.state);
    assert_eq!(titles(&planned), [""; 0]);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_registration_of_the_same_run_sees_the_verification() {
    // Only a list from after the submission shows it.
    let emulator = Emulator::start(&[
        "--deny=GetPhoneNumberVerificationStatus",
        "--migrating-listed-as=PENDING",
    ]);
    place(&emulator, "MIGRATING", "NOT_VERIFIED");
    let code = emulator.send_code(NUMBER);
    let core = configured(&emulator, json!({})).await;
    let config = verification(json!({ "verify_code_wo": code }));
    let verified = apply(&core, TYPE, &Instance::default(), &config).await;
    assert_eq!(
        verified.instance.state["code_verification_status"], "VERIFIED",
        "{verified:?}"
    );
    let config = registration(json!({}));
    let registered = apply(&core, registration::TYPE, &Instance::default(), &config).await;
    assert_eq!(
        registered.instance.state["status"], "CONNECTED",
        "{registered:?}"
    );
    assert_eq!(emulator.count(SUBMIT), 1);
}
