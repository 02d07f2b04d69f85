//! A service, or something in its place, that answers with what must not be shown or kept.

use serde_json::{Value, json};

use super::{TYPE, configure, configured, create, number};
use crate::core::tfplugin6::diagnostic::Severity;
use crate::core::{Core, Instance, Outcome};
use crate::emulator::Emulator;

const ID: &str = "LTAI5tCanaryKeyId0001";
const SECRET: &str = "canary-secret/5d41402abc4b+x";
const TOKEN: &str = "CAIS-canary+token/7c211433f02071598741e6ff5a8ea345==";

/// A provider with credentials that differ from all other text.
async fn with_canaries(method: &str) -> (Emulator, Core) {
    let emulator = Emulator::start(&[
        "--access-key-id",
        ID,
        "--access-key-secret",
        SECRET,
        "--security-token",
        TOKEN,
    ]);
    let changes = json!({
        "access_key": ID, "secret_key": SECRET, "security_token": TOKEN,
        "signature_method": method,
    });
    let core = configured(&emulator, changes).await;
    (emulator, core)
}

fn short() -> Value {
    json!({ "timeouts": { "create": "3s", "read": null } })
}

/// Everything that a person or a file gets to see of an operation.
fn everything(core: &Core, answer: &Outcome) -> String {
    format!(
        "{:?}\n{}\n{:?}",
        answer.diagnostics,
        answer.instance.state,
        core.logs()
    )
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refusal_that_quotes_the_request_shows_no_secret() {
    for method in ["ACS3-HMAC-SHA256", "HMAC-SHA1"] {
        for writing in ["plain", "percent"] {
            for code in ["SignatureDoesNotMatch", "Ram.PermissionDeny"] {
                let (emulator, core) = with_canaries(method).await;
                let fault = json!({
                    "kind": "echo_request", "writing": writing, "code": code, "times": "always",
                });
                emulator.control("POST", "faults", Some(fault));
                let answer = create(&core, &number("13900001234", short())).await;
                let seen = everything(&core, &answer);
                // What is said of a signature quotes the signed request.
                let quoted = code != "SignatureDoesNotMatch";
                assert_eq!(seen.contains("server received"), quoted, "{seen}");
                // A part of the token is a leak too, and so is what every signature ends with.
                for secret in [ID, SECRET, TOKEN, &TOKEN[..16], "7c211433f02071"] {
                    for form in forms(secret) {
                        assert!(!seen.contains(&form), "{method} {writing}: {form}:\n{seen}");
                    }
                }
                assert!(!has_signature(&seen), "{method} {writing}:\n{seen}");
            }
        }
    }
}

/// Ways to write a secret that anyone can read.
fn forms(secret: &str) -> Vec<String> {
    let percent = |text: &str| -> String {
        let escaped = text.bytes().map(|byte| match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' => char::from(byte).to_string(),
            other => format!("%{other:02X}"),
        });
        escaped.collect()
    };
    let once = percent(secret);
    vec![secret.to_owned(), percent(&once), once]
}

/// Whether a hexadecimal or base64 signature stands where a request carries it.
fn has_signature(seen: &str) -> bool {
    seen.split("ignature=").skip(1).any(|rest| {
        let sign = |c: char| c.is_ascii_alphanumeric() || "+/%=".contains(c);
        rest.chars().take_while(|c| sign(*c)).count() >= 20
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_that_holds_a_secret_puts_none_into_state() {
    let (emulator, core) = with_canaries("HMAC-SHA1").await;
    let fault = json!({
        "kind": "altered_answer", "times": "always",
        "data": { "Id": format!("id-{TOKEN}"), "Status": format!("{ID} {SECRET}") },
    });
    emulator.control("POST", "faults", Some(fault));
    let answer = create(&core, &number("13900001234", short())).await;
    assert!(!answer.instance.state.is_null(), "{:?}", answer.diagnostics);
    let seen = everything(&core, &answer);
    for secret in [ID, SECRET, TOKEN] {
        assert!(!seen.contains(secret), "{secret}:\n{seen}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_steers_a_terminal_reaches_neither_state_nor_messages() {
    let emulator = Emulator::start(&["--migrating-listed-as", "PENDING"]);
    let nasty = "\u{1b}]0;owned\u{7}\u{1b}[31mX\0\r\nY\u{9b}Z\u{202e}";
    let fault = json!({
        "kind": "altered_answer", "times": "always",
        "data": { "Id": nasty, "Status": nasty }, "rows": { "Status": nasty },
    });
    emulator.control("POST", "faults", Some(fault));
    let core = configured(&emulator, json!({})).await;
    let created = create(&core, &number("13900001234", short())).await;
    assert_eq!(created.instance.state["status"], "]0;owned[31mXYZ");
    // An id has digits alone, so this is none.
    assert_eq!(created.instance.state["id"], Value::Null);
    let read = core.read(TYPE, &created.instance).await;
    for answer in [&created, &read] {
        assert_clean(answer);
    }
    // Another resource takes it over, and its warning shows the status.
    let other = configured(&emulator, json!({})).await;
    let adopted = create(&other, &number("13900001234", short())).await;
    assert!(
        adopted.diagnostics[0].summary.contains("Already"),
        "{:?}",
        adopted.diagnostics
    );
    assert_clean(&adopted);
}

#[track_caller]
fn assert_clean(answer: &Outcome) {
    let said = answer.diagnostics.iter();
    let said = said.map(|said| format!("{}{}", said.summary, said.detail));
    let text = said.collect::<String>();
    let control = |c: char| (c.is_control() && c != '\n') || c == '\u{202e}';
    assert!(!text.contains(control), "{text:?}");
    for (name, value) in answer.instance.state.as_object().expect("a state") {
        let text = value.as_str().unwrap_or_default();
        assert!(
            !text.contains(|c: char| control(c) || c == '\n'),
            "{name}: {text:?}"
        );
    }
}

/// An answer to a start that is about another number, and values that cannot be an id.
fn odd_data() -> [Value; 4] {
    [
        json!({ "PhoneNumber": "8613999999999", "Id": "7777", "Status": "BANNED" }),
        json!({ "PhoneNumber": "525512345678", "Id": "7777" }),
        json!({ "Id": "77\u{1b}[31m77", "Status": "MIGRATING" }),
        json!({ "PhoneNumber": "None", "Id": "None", "Status": "None" }),
    ]
}

#[tokio::test(flavor = "multi_thread")]
async fn a_start_that_was_answered_ok_is_started_whatever_its_data() {
    for data in odd_data() {
        for unescaped in [false, true] {
            let names_another = data["PhoneNumber"]
                .as_str()
                .is_some_and(|named| named != "None");
            let emulator = Emulator::start(&[]);
            let mut fault = json!({
                "kind": "altered_answer", "action": "CreateChatappMigrationInitiate",
                "data": data, "unescaped": unescaped,
            });
            emulator.control("POST", "faults", Some(fault.clone()));
            let core = configured(&emulator, json!({})).await;
            let answer = create(&core, &number("13900001234", json!({}))).await;
            let warning: Vec<_> = answer
                .diagnostics
                .iter()
                .map(|warning| &*warning.summary)
                .collect();
            let expected = [["Answer Names Another Number"]];
            assert_eq!(
                warning,
                expected[usize::from(!names_another)..].concat(),
                "{data}"
            );
            let state = &answer.instance.state;
            assert_eq!(state["phone_number"], "8613900001234", "{data}");
            assert_eq!(state["status"], "MIGRATING", "{data}");
            // The lookup gives the id of the number.
            let id = state["id"].as_str().expect("an id");
            assert!(id.len() == 15 && !id.contains("7777"), "{id}");
            assert_clean(&answer);

            // It is never started again: with the state there is nothing to do, and without it the
            // number is found.
            assert_eq!(
                core.read(TYPE, &answer.instance).await.instance.state,
                *state
            );
            let again = configured(&emulator, json!({})).await;
            let adopted = create(&again, &number("13900001234", json!({}))).await;
            assert_eq!(
                adopted.diagnostics[0].summary,
                "Number Already in the Space"
            );
            assert_eq!(emulator.started().into_values().collect::<Vec<_>>(), [1]);

            // A lookup that is answered about another number proves nothing.
            if names_another {
                fault["action"] = json!("GetPhoneNumberVerificationStatus");
                emulator.control("POST", "faults", Some(fault));
                // Within an hour of the start it is not looked up.
                let old = Instance {
                    private: br#"{"started_at":0}"#.to_vec(),
                    ..answer.instance.clone()
                };
                let read = core.read(TYPE, &old).await;
                assert_eq!(read.instance.state, *state);
                let said = &read.diagnostics[0].detail;
                assert!(said.contains("about another phone number"), "{said}");
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_start_is_in_state_although_every_answer_is_about_another_number() {
    let emulator = Emulator::start(&[]);
    let fault = json!({
        "kind": "altered_answer", "times": "always",
        "data": { "PhoneNumber": "8613999999999", "Id": "7777", "Status": "BANNED" },
    });
    emulator.control("POST", "faults", Some(fault));
    let core = configured(&emulator, json!({})).await;
    let answer = create(&core, &number("13900001234", json!({}))).await;
    let state = &answer.instance.state;
    assert_eq!(state["phone_number"], "8613900001234");
    assert_eq!(
        (&state["id"], &state["status"]),
        (&Value::Null, &json!("MIGRATING"))
    );
    assert!(state["request_id"].is_string(), "{state}");
    let warned = answer
        .diagnostics
        .iter()
        .find(|warning| warning.summary.contains("Names Another"));
    let warned = warned.expect("a warning");
    assert_eq!(warned.severity(), Severity::Warning);
    assert!(warned.detail.contains("8613900001234") && !warned.detail.contains("8613999999999"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_value_that_is_too_long_is_none() {
    let emulator = Emulator::start(&["--migrating-listed-as", "PENDING"]);
    let long = "x".repeat(200_000);
    let fault = json!({
        "kind": "altered_answer", "times": "always",
        "data": { "Id": long, "Status": long }, "rows": { "Status": long },
    });
    emulator.control("POST", "faults", Some(fault));
    let core = configured(&emulator, json!({})).await;
    let answer = create(&core, &number("13900001234", short())).await;
    assert_eq!(answer.instance.state["id"], Value::Null);
    assert_eq!(answer.instance.state["status"], "MIGRATING");
    let read = core.read(TYPE, &answer.instance).await;
    assert!(read.instance.state.to_string().len() < 1000);
}

/// The throttle's file cannot be written: the process keeps to its share, and is not ended by the
/// signal.
#[tokio::test(flavor = "multi_thread")]
async fn a_file_size_limit_costs_no_migration() {
    let emulator = Emulator::start(&[]);
    let core = Core::start().with_file_size_limit().await;
    configure(&core, emulator.url(), json!({})).await;
    let answer = create(&core, &number("13900001234", json!({}))).await;
    assert_eq!(answer.instance.state["status"], "MIGRATING");
}
