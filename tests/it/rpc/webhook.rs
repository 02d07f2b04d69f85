//! `cams_phone_webhook`: what it sends, and what it stores.

use serde_json::{Value, json};

use super::codes::{NUMBER, place};
use super::{change, configured, destroy, merge, titles};
use crate::core::{Instance, Outcome};
use crate::emulator::Emulator;

pub(crate) const TYPE: &str = "cams_phone_webhook";
const UPDATE: &str = "UpdatePhoneWebhook";
const UP: &str = "https://hooks.example.com/up?token=s3cr3t-up";
const STATUS: &str = "https://hooks.example.com/status?token=s3cr3t-status";

#[tokio::test(flavor = "multi_thread")]
async fn a_webhook_is_set_changed_and_turned_off_whatever_the_list_shows() {
    for flags in [
        &[][..],
        &["--webhook-listed=shown"],
        &["--empty-url=cleared"],
        &["--empty-url=kept", "--webhook-listed=shown"],
    ] {
        let emulator = Emulator::start(flags);
        place(&emulator, "CONNECTED", "EXPIRED");
        let mut stored = Instance::default();
        for (changes, expected) in [
            (
                json!({ "up_callback_url": UP, "http_flag": true }),
                ["Y", "N", UP, ""],
            ),
            (
                json!({ "up_callback_url": UP, "status_callback_url": STATUS, "http_flag": true,
                        "queue_flag": true }),
                ["Y", "Y", UP, STATUS],
            ),
            // A URL that is left out stays, since no operation removes one.
            (
                json!({ "up_callback_url": STATUS, "http_flag": true }),
                ["Y", "N", STATUS, STATUS],
            ),
            (json!({ "queue_flag": true }), ["N", "Y", STATUS, STATUS]),
        ] {
            let applied = apply(&emulator, &stored, &webhook(changes.clone())).await;
            assert_eq!(titles(&applied.diagnostics), [""; 0], "{flags:?} {changes}");
            assert_eq!(set(&emulator), expected, "{flags:?} {changes}");
            let core = configured(&emulator, json!({})).await;
            let read = core.read(TYPE, &applied.instance).await;
            assert_eq!(read.instance.state, applied.instance.state, "{flags:?}");
            stored = read.instance;
        }
        let calls = emulator.count(UPDATE);
        let patience =
            json!({ "queue_flag": true, "timeouts": { "create": "1m", "update": "1m" } });
        stored = apply(&emulator, &stored, &webhook(patience)).await.instance;
        assert_eq!(emulator.count(UPDATE), calls, "only timeouts changed");
        let core = configured(&emulator, json!({})).await;
        let planned = core.plan(TYPE, &stored, &Value::Null, &Value::Null).await;
        assert_eq!(titles(&planned.diagnostics), ["Deliveries Will Stop"]);
        let destroyed = destroy(&core, TYPE, &stored).await;
        assert_eq!(destroyed.instance.state, Value::Null);
        assert_eq!(set(&emulator), ["N", "N", STATUS, STATUS]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_renamed_address_keeps_its_deliveries_in_any_order() {
    for created_first in [true, false] {
        let emulator = Emulator::start(&[]);
        place(&emulator, "CONNECTED", "EXPIRED");
        let config = webhook(json!({ "up_callback_url": UP, "http_flag": true }));
        let old = apply(&emulator, &Instance::default(), &config).await;
        // Both in one run, which Terraform does not order.
        let core = configured(&emulator, json!({})).await;
        let create = async { change(&core, TYPE, &Instance::default(), &config).await.1 };
        let destroy = destroy(&core, TYPE, &old.instance);
        let (created, destroyed) = if created_first {
            let created = create.await;
            (created, destroy.await)
        } else {
            let destroyed = destroy.await;
            (create.await, destroyed)
        };
        assert!(!created.instance.state.is_null(), "{created:?}");
        assert!(destroyed.instance.state.is_null(), "{destroyed:?}");
        let kept: &[&str] = match created_first {
            true => &["Number Kept by Another Resource"],
            false => &[],
        };
        assert_eq!(titles(&destroyed.diagnostics), kept);
        assert_eq!(set(&emulator), ["Y", "N", UP, ""]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_url_that_was_changed_elsewhere_is_set_again_where_the_list_shows_it() {
    let emulator = Emulator::start(&["--webhook-listed=shown"]);
    let other = "https://elsewhere.example.com/";
    emulator.place_number(json!({
        "cust_space_id": "cams-test", "country_code": "86", "mobile_number": "13900001234",
        "status": "CONNECTED", "up_callback_url": other, "status_callback_url": other,
        "http_flag": "Y", "queue_flag": "N",
    }));
    let core = configured(&emulator, json!({})).await;
    let (imported, _) = core
        .import(TYPE, &format!("cams-test/{NUMBER}"), &Value::Null)
        .await;
    let read = core.read(TYPE, &imported[0]).await.instance;
    assert_eq!(read.state["up_callback_url"], other);
    assert_eq!(emulator.count(UPDATE), 0);
    let config = webhook(json!({ "up_callback_url": UP, "http_flag": true }));
    let (_, applied) = change(&core, TYPE, &read, &config).await;
    assert_eq!(titles(&applied.diagnostics), [""; 0]);
    // What the configuration leaves out is what CAMS has.
    assert_eq!(set(&emulator), ["Y", "N", UP, other]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failure_stores_nothing_and_shows_no_secret() {
    let fault = |kind: Value| {
        let mut fault = json!({ "action": UPDATE });
        merge(&mut fault, kind);
        json!([fault])
    };
    for (flags, placed, faults, says) in [
        (
            &["--missing-code=PhoneNumber.NotExist"][..],
            false,
            json!([]),
            &["Number Not in the Space"][..],
        ),
        (
            &["--deny=UpdatePhoneWebhook"],
            true,
            json!([]),
            &["CAMS Denied Access"],
        ),
        (
            &[],
            true,
            fault(json!({
                "kind": "business_error", "code": "InvalidParameter",
                "message": format!("{UP} and {STATUS} do not answer."),
            })),
            &["Webhook Refused"],
        ),
        (
            &[],
            true,
            fault(json!({ "kind": "reset_after_commit" })),
            &["No Response From CAMS"],
        ),
    ] {
        let emulator = Emulator::start(flags);
        if placed {
            place(&emulator, "CONNECTED", "EXPIRED");
        }
        emulator.control("POST", "faults", Some(faults));
        let core = configured(&emulator, json!({})).await;
        let config = webhook(json!({
            "up_callback_url": UP, "status_callback_url": STATUS, "http_flag": true,
        }));
        let (_, applied) = change(&core, TYPE, &Instance::default(), &config).await;
        assert_eq!(titles(&applied.diagnostics), says);
        assert_eq!(applied.instance.state, Value::Null);
        let logs = core.whole_log().await;
        let everywhere = format!("{:?}{logs:?}", applied.diagnostics);
        assert!(
            !everywhere.contains("s3cr3t"),
            "a secret is shown: {everywhere}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_webhook_that_delivers_nothing_is_refused() {
    let emulator = Emulator::start(&[]);
    let core = configured(&emulator, json!({})).await;
    let unknown = crate::core::value::unknown();
    for (changes, says) in [
        (json!({}), &["Webhook Without Delivery"][..]),
        (
            json!({ "http_flag": false, "queue_flag": false, "up_callback_url": UP }),
            &["Webhook Without Delivery"],
        ),
        (json!({ "http_flag": true }), &["Webhook Without URL"]),
        (
            json!({ "http_flag": true, "up_callback_url": "http://h/?t=s3cr3t" }),
            &["Invalid URL"],
        ),
        (
            json!({ "http_flag": true, "status_callback_url": STATUS }),
            &[],
        ),
        (json!({ "queue_flag": true }), &[]),
        (json!({ "http_flag": unknown }), &[]),
        (
            json!({ "http_flag": true, "up_callback_url": unknown }),
            &[],
        ),
    ] {
        let diagnostics = core.validate(TYPE, &webhook(changes.clone())).await;
        assert_eq!(titles(&diagnostics), says, "{changes}");
        assert!(!format!("{diagnostics:?}").contains("s3cr3t"));
    }
    assert_eq!(emulator.requests().len(), 0);
}

/// Flags and URLs as the emulator has them: HTTP, queue, messages, statuses.
fn set(emulator: &Emulator) -> [String; 4] {
    let numbers = emulator.control("GET", "numbers", None);
    let number = numbers
        .as_array()
        .and_then(|numbers| numbers.first())
        .expect("a number");
    [
        "http_flag",
        "queue_flag",
        "up_callback_url",
        "status_callback_url",
    ]
    .map(|name| number[name].as_str().unwrap_or_default().to_owned())
}

/// The configuration of the webhook, with `changes`.
pub(crate) fn webhook(changes: Value) -> Value {
    let mut value = json!({
        "cust_space_id": null, "phone_number": NUMBER, "up_callback_url": null,
        "status_callback_url": null, "http_flag": null, "queue_flag": null, "timeouts": null,
    });
    merge(&mut value, changes);
    value
}

/// Applies a change in a process of its own, as Terraform does.
async fn apply(emulator: &Emulator, prior: &Instance, config: &Value) -> Outcome {
    let core = configured(emulator, json!({})).await;
    change(&core, TYPE, prior, config).await.1
}
