//! A number goes from its migration to its registration, and out of it again, under each of the
//! settings of the emulator that concern these steps.
//!
//! A setting that makes a step fail shows why in an error, and one that keeps the number from being
//! connected in a warning. In no case is a number registered or deregistered twice.

use std::ops::Deref;
use std::time::Instant;

use futures_util::{StreamExt, future, stream};
use serde_json::{Value, json};

use super::codes::{self, code};
use super::faults::AT_ONCE;
use super::flow_faults::{create, failed, texts};
use super::registration::{self, NUMBER, registration};
use super::webhook::{self, webhook};
use super::{configure, destroy, number};
use crate::core::{Calls, Core, Instance};
use crate::emulator::Emulator;

/// The flags, the status that is stored, and what the diagnostics say. Without a status, the
/// registration, or a step before it, fails.
type Row = (&'static [&'static str], Option<&'static str>, &'static str);

const CONNECTED: Option<&str> = Some("CONNECTED");
const WAITED: &str = "Number Not Connected Yet";
const WRONG_CODE: &str = "Verification Code Refused";

const ROWS: &[Row] = &[
    (&[], CONNECTED, ""),
    (&["--arrives-verified"], CONNECTED, "Number Needs No Code"),
    (&["--busy-sends=1"], None, "servers are busy"),
    (&["--max-codes=0"], None, "too many codes"),
    (&["--empty-url=kept"], CONNECTED, ""),
    (&["--empty-url=cleared"], CONNECTED, ""),
    (&["--verified-listed-as=absent"], CONNECTED, ""),
    (&["--verified-listed-as=MIGRATING"], CONNECTED, ""),
    (&["--verified-listed-as=UNVERIFIED"], CONNECTED, ""),
    (&["--migrating-listed-as=absent"], CONNECTED, ""),
    (&["--migrating-listed-as=PENDING"], CONNECTED, ""),
    (&["--name-in-review"], Some("PENDING"), WAITED),
    (
        &["--numbers-in-app"],
        None,
        "in use in the WhatsApp Business app",
    ),
    (
        &["--max-numbers=0"],
        None,
        "as many phone numbers as it may have",
    ),
    (
        &["--refusal-code=Odd.Refusal", "--two-step"],
        None,
        "Odd.Refusal",
    ),
    (&["--two-step"], None, "Two-step verification"),
    (
        &["--two-step", "--business-status=200"],
        None,
        "Two-step verification",
    ),
    (&["--code-expiry=0ms"], None, WRONG_CODE),
    (
        &["--code-expiry=0ms", "--wrong-code-as=Odd.Code"],
        None,
        WRONG_CODE,
    ),
    (&["--old-codes=stay"], CONNECTED, ""),
    (&["--max-tries=0"], None, WRONG_CODE),
    (
        &["--verification-lapse=0ms"],
        None,
        "has to be verified again",
    ),
    (&["--on-registered=ok"], CONNECTED, ""),
    (&["--max-registrations=0"], None, "Registration Refused"),
    (&["--connect-after=0ms"], CONNECTED, ""),
    (&["--connect-after=never"], Some("PENDING"), WAITED),
    (
        &["--final-status=FLAGGED"],
        Some("FLAGGED"),
        "Number Is Limited",
    ),
    (
        &["--final-status=RESTRICTED"],
        Some("RESTRICTED"),
        "Number Is Limited",
    ),
    (
        &["--final-status=RATE_LIMITED"],
        Some("RATE_LIMITED"),
        "Number Is Limited",
    ),
    (&["--final-status=BANNED"], None, "Number Is Banned"),
    (&["--final-status=OFFLINE"], Some("OFFLINE"), WAITED),
    (&["--list-follows=meta"], CONNECTED, ""),
    (&["--sync-lag=1s"], CONNECTED, ""),
    (
        &["--sync-lag=never", "--migrating-listed-as=MIGRATING"],
        Some("MIGRATING"),
        WAITED,
    ),
    (&["--list-lag=1s"], CONNECTED, ""),
    (&["--lookup-lag=1s"], CONNECTED, ""),
    (&["--deregistered-as=PENDING"], CONNECTED, ""),
    (&["--deregister-keeps-verification"], CONNECTED, ""),
    (
        &["--half-deregistrations=1"],
        CONNECTED,
        "Number Not Deregistered",
    ),
    (&["--webhook-listed=shown"], CONNECTED, ""),
    (&["--answers=sparse"], CONNECTED, ""),
    (
        &["--answers=sparse", "--arrives-verified"],
        CONNECTED,
        "Code Refused",
    ),
    (
        &[
            "--arrives-verified",
            "--verified-listed-as=absent",
            "--deny=GetPhoneNumberVerificationStatus",
        ],
        CONNECTED,
        "GetPhoneNumberVerificationStatus Failed",
    ),
    (&["--absent=null"], CONNECTED, ""),
    (&["--ids=number"], CONNECTED, ""),
    (&["--business-status=200"], CONNECTED, ""),
    (&["--missing-number=not-verified"], CONNECTED, ""),
    (&["--missing-code=PhoneNumber.NotExist"], CONNECTED, ""),
    (&["--accepted-forms=all"], CONNECTED, ""),
    (&["--number-form=dialled"], CONNECTED, ""),
];

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_number_is_registered_and_deregistered_under_each_setting() {
    let began = Instant::now();
    let rows = ROWS.iter().map(|row| tokio::spawn(check(*row)));
    let results = stream::iter(rows).buffer_unordered(AT_ONCE);
    let wrong = results.filter(|result| future::ready(result.is_err()));
    let wrong = wrong.count().await;
    print(began);
    assert_eq!(wrong, 0, "rows");
}

#[expect(clippy::print_stdout, reason = "the figures are for people")]
fn print(began: Instant) {
    println!(
        "{} rows; {:.0} s",
        ROWS.len(),
        began.elapsed().as_secs_f64()
    );
}

async fn check((flags, status, says): Row) {
    let always = ["--quota=1000/1s", "--connect-after=1ms"];
    let emulator = Emulator::start(&[&always[..], flags].concat());
    let patience = json!({ "create": "8s", "update": null });
    let mut text = String::new();
    let mut apply = async |type_name, config: Value| {
        let applied = create(&*provider(&emulator).await, type_name, &config).await;
        text += &texts(&applied, "");
        let is_stored = !applied.instance.state.is_null();
        assert_ne!(is_stored, failed(&applied), "{flags:?}: {text}");
        is_stored.then_some(applied.instance)
    };
    let migration = json!({ "timeouts": { "create": "8s", "read": null } });
    let migration = apply(super::TYPE, number("13900001234", migration)).await;
    let mut registered = Instance::default();
    if migration.is_some() {
        let sent = apply(codes::TYPE, code(json!({ "timeouts": patience }))).await;
        let code = match sent.is_some() && !flags.contains(&"--arrives-verified") {
            true => emulator.control("GET", &format!("codes/{NUMBER}"), None)["code"].take(),
            false => Value::Null,
        };
        let config = registration(json!({
            "verify_code_wo": code, "deregister_on_destroy": true, "timeouts": patience,
        }));
        registered = apply(registration::TYPE, config).await.unwrap_or_default();
    }
    let status_of = registered.state["status"].as_str();
    assert_eq!(status_of, status, "{flags:?}: {text}");
    let is_registered = status.is_some() || flags.contains(&"--final-status=BANNED");
    let registrations = emulator.accepted("registrations");
    assert_eq!(registrations, u64::from(is_registered), "{flags:?}: {text}");
    if status.is_some() {
        let delivery = json!({ "up_callback_url": "https://example.com/up", "http_flag": true });
        assert!(apply(webhook::TYPE, webhook(delivery)).await.is_some());
    }
    for _ in 0..2 {
        if !registered.state.is_null() {
            let provider = provider(&emulator).await;
            let destroyed = destroy(&provider, registration::TYPE, &registered).await;
            text += &texts(&destroyed, "");
            registered = destroyed.instance;
        }
    }
    assert_eq!(registered.state, Value::Null, "{flags:?}: {text}");
    let deregistrations = emulator.accepted("deregistrations");
    assert_eq!(deregistrations, u64::from(status.is_some()), "{flags:?}");
    let is_silent = text.is_empty() || status.is_none();
    let said = if says.is_empty() {
        is_silent
    } else {
        text.contains(says)
    };
    assert!(said, "{says:?}, {flags:?}: {text}");
}

async fn provider(emulator: &Emulator) -> impl Deref<Target = Calls> {
    let provider = Core::start().in_process().await;
    let changes = json!({ "account_id": "1234567890" });
    configure(&provider, emulator.url(), changes).await;
    provider
}
