//! The errors that the user reads when the API refuses a call.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::{assert_migrating, configured, create, number};
use crate::core::Core;
use crate::emulator::Emulator;

/// Makes the API answer every call that starts a migration with a business error.
fn refuse(emulator: &Emulator, code: &str, status: u16, more: &Value) {
    let mut fault = json!({
        "kind": "business_error", "action": "CreateChatappMigrationInitiate", "times": "always",
        "code": code, "status": status, "message": "the service says no",
    });
    fault
        .as_object_mut()
        .unwrap()
        .extend(more.as_object().unwrap().clone());
    emulator.control("POST", "faults", Some(fault));
}

/// Creates a number, which must fail with one error, and returns the text of that error.
async fn error(core: &Core) -> String {
    let outcome = create(
        core,
        &number(
            "13900001234",
            json!({ "timeouts": { "create": "3s", "read": null } }),
        ),
    )
    .await;
    assert_eq!(outcome.instance.state, Value::Null, "nothing was created");
    assert_eq!(outcome.diagnostics.len(), 1, "{:?}", outcome.diagnostics);
    format!(
        "{}\n{}",
        outcome.diagnostics[0].summary, outcome.diagnostics[0].detail
    )
}

#[track_caller]
fn assert_says(text: &str, parts: &[&str]) {
    for part in parts {
        assert!(text.contains(part), "{part:?} is missing in:\n{text}");
    }
}

#[tokio::test]
async fn each_documented_code_says_what_to_do() {
    for (code, advice) in [
        (
            "Product.Unsubscript",
            &["CAMS Not Activated", "console"][..],
        ),
        (
            "Unknown.ResourceOwnerId",
            &["Space of Another Account", "cust_space_id"],
        ),
        (
            "InvalidAccessKeyId.NotFound",
            &["Credentials", "does not exist"],
        ),
        ("InvalidAccessKeyId.Inactive", &["Credentials", "disabled"]),
        ("SignatureDoesNotMatch", &["Credentials", "secret_key"]),
        ("InvalidSecurityToken.Expired", &["Credentials", "expired"]),
        (
            "InvalidParameter.PhoneNumberError",
            &["CAMS Refused a Parameter", "two-step"],
        ),
        ("Something.New", &["CAMS Call Failed", "support"]),
    ] {
        for status in [200, 400] {
            let emulator = Emulator::start(&[]);
            refuse(&emulator, code, status, &json!({}));
            let text = error(&configured(&emulator, json!({})).await).await;
            assert_says(&text, advice);
            let message = match code.contains("Signature") {
                true => "Message: (not shown: messages about signatures quote the signed request)",
                false => "Message: the service says no",
            };
            let particulars = [
                message,
                &format!("Code: {code}"),
                &format!("HTTP status: {status}"),
                "Request id: ",
            ];
            assert_says(&text, &particulars);
            assert_says(
                &text,
                &[
                    "8613900001234",
                    "cams-test",
                    "CreateChatappMigrationInitiate",
                ],
            );
        }
    }
}

#[tokio::test]
async fn a_ram_denial_prints_the_policy_and_what_ram_said() {
    for (detail, printed) in [
        (
            json!("denied by policy P"),
            "Access denied detail: denied by policy P",
        ),
        (
            json!({ "AuthAction": "cams:X", "NoPermissionType": "ImplicitDeny" }),
            "NoPermissionType=ImplicitDeny",
        ),
    ] {
        let emulator = Emulator::start(&[]);
        refuse(
            &emulator,
            "Ram.PermissionDeny",
            400,
            &json!({ "access_denied_detail": detail }),
        );
        let text = error(&configured(&emulator, json!({})).await).await;
        assert_says(
            &text,
            &["CAMS Denied Access", "\"Effect\": \"Allow\"", printed],
        );
        assert_says(&text, &["\"cams:CreateChatappMigrationInitiate\""]);
        assert!(
            !text.contains("cams:Query"),
            "only what was refused: {text}"
        );
    }
}

#[tokio::test]
async fn a_quota_that_stays_exhausted_ends_with_the_timeout() {
    let emulator = Emulator::start(&[]);
    let fault = json!({
        "kind": "throttle", "action": "CreateChatappMigrationInitiate",
        "code": "System.LimitControl", "times": "always",
    });
    emulator.control("POST", "faults", Some(fault));
    let text = error(&configured(&emulator, json!({})).await).await;
    assert_says(
        &text,
        &[
            "CAMS Call Quota Exhausted",
            "timeouts",
            "Code: System.LimitControl",
        ],
    );
}

#[tokio::test]
async fn refused_credentials_are_not_tried_again() {
    for kind in ["expired_token", "signature_refused"] {
        let emulator = Emulator::start(&[]);
        emulator.control(
            "POST",
            "faults",
            Some(json!({ "kind": kind, "times": "always" })),
        );
        let text = error(&configured(&emulator, json!({})).await).await;
        assert_says(&text, &["CAMS Refused the Credentials"]);
        assert_eq!(emulator.requests().len(), 1, "{kind}");
    }
}

#[tokio::test]
async fn a_service_that_is_not_there_is_named() {
    let emulator = Emulator::start(&[]);
    let core = configured(&emulator, json!({ "endpoint": "http://127.0.0.1:9" })).await;
    let text = error(&core).await;
    assert_says(
        &text,
        &["CAMS Unreachable", "HTTPS_PROXY", "endpoint", "refused"],
    );
}

#[tokio::test]
async fn a_clock_that_differs_is_corrected_once() {
    let emulator = Emulator::start(&[]);
    emulator.control(
        "POST",
        "faults",
        Some(json!({ "kind": "clock_skew", "seconds": 7200, "times": "always" })),
    );
    let core = configured(&emulator, json!({})).await;
    let outcome = create(&core, &number("13900001234", json!({}))).await;
    assert_migrating(&outcome);
    assert_eq!(outcome.diagnostics.len(), 1, "{:?}", outcome.diagnostics);
    let warning = &outcome.diagnostics[0];
    assert_says(
        &format!("{}\n{}", warning.summary, warning.detail),
        &[
            "Clock Differs",
            "the service's clock is 2 h ahead of this machine's",
        ],
    );
}

#[tokio::test]
async fn a_clock_that_differs_by_more_than_a_day_is_not_believed() {
    for (seconds, difference) in [(172_800, "2 d ahead of"), (-172_800, "2 d behind")] {
        let emulator = Emulator::start(&[]);
        emulator.control(
            "POST",
            "faults",
            Some(json!({ "kind": "clock_skew", "seconds": seconds, "times": "always" })),
        );
        let text = error(&configured(&emulator, json!({})).await).await;
        let parts = [
            "Clock Differs From the Service's",
            difference,
            "more than a day",
            "timedatectl",
        ];
        assert_says(&text, &parts);
        assert_eq!(emulator.requests().len(), 1);
    }
}

#[tokio::test]
async fn what_was_started_when_the_time_was_over_is_found_and_stored() {
    let emulator = Emulator::start(&[]);
    let fault = json!({
        "kind": "never_answer", "when": "after_commit", "times": "always",
        "action": "CreateChatappMigrationInitiate",
    });
    emulator.control("POST", "faults", Some(fault));
    let core = configured(&emulator, json!({})).await;
    // The first calls on a fresh machine wait for a second and a half.
    let limits = json!({ "timeouts": { "create": "3s", "read": null } });
    let began = Instant::now();
    let outcome = create(&core, &number("13900001234", limits)).await;
    let took = began.elapsed();
    assert_migrating(&outcome);
    assert!(took < Duration::from_secs(6), "{took:?}");
    assert_eq!(emulator.started()["8613900001234"], 1);
}

#[tokio::test]
async fn whatever_hangs_a_create_ends_within_seconds_of_its_time() {
    let emulator = Emulator::start(&[]);
    let initiate = json!({
        "kind": "never_answer", "when": "before_commit", "times": "always",
        "action": "CreateChatappMigrationInitiate",
    });
    // The looks before the start are answered, those after it are not.
    let silent_from_the_second = |action: &str| {
        json!({
            "kind": "never_answer", "when": "before_commit", "action": action, "nth": 2,
            "times": "always",
        })
    };
    let looks = silent_from_the_second("GetPhoneNumberVerificationStatus");
    let lists = silent_from_the_second("QueryChatappPhoneNumbers");
    emulator.control("POST", "faults", Some(json!([initiate, looks, lists])));
    let core = configured(&emulator, json!({})).await;
    let began = Instant::now();
    let text = error(&core).await;
    let took = began.elapsed();
    // Three seconds, one of grace, five for the looks, and one of grace.
    assert!(took < Duration::from_secs(11), "{took:?}");
    let says = [
        "Unknown Outcome",
        "timeouts.create = 3s",
        "The search for the number failed",
    ];
    assert_says(&text, &says);
}
