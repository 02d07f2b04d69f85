//! Every fault, in every call of a create, and in each of the ways in which the service may behave
//! where its documentation leaves that open. After two applies at most the number is in state, its
//! migration was started once, and an apply that failed said why.
//!
//! The test prints its table: `cargo test --workspace --test it -- --nocapture rpc::faults`.
//!
//! This file is longer than 300 lines because the table of faults is in it.

use std::fmt::Write;
use std::net::TcpListener;
use std::sync::Arc;

use futures_util::{StreamExt, stream};
use serde_json::{Value, json};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

use super::{configure, create, merge, number};
use crate::core::{Calls, Core};
use crate::emulator::Emulator;

const ACTIONS: [&str; 3] = [
    "QueryChatappPhoneNumbers",
    "GetPhoneNumberVerificationStatus",
    "CreateChatappMigrationInitiate",
];

/// The ways in which the service may behave: how it answers a repeated start of a migration, and
/// how it lists a number that is migrating.
const SERVICES: [[&str; 2]; 4] = [
    ["same", "MIGRATING"],
    ["same", "absent"],
    ["error", "MIGRATING"],
    ["error", "absent"],
];

const SECRETS: [&str; 3] = ["emulator-secret", "sts-token-of-a-test", "Signature="];

/// How many cells of the table run at the same time. Each of them mostly waits.
pub(crate) const AT_ONCE: usize = 16;

/// A fault of the service, and what the user reads of it.
pub(crate) struct Fault {
    pub(crate) name: &'static str,
    pub(crate) fault: Value,
    /// The texts of which one must be in the error, if the first apply fails. If there are none, it
    /// must not fail.
    pub(crate) says: &'static [&'static str],
}

pub(crate) fn faults() -> Vec<Fault> {
    let fault = |name, fault, says| Fault { name, fault, says };
    let status = |name, status: u16, when: &str, says| {
        fault(
            name,
            json!({ "kind": "status", "status": status, "when": when }),
            says,
        )
    };
    vec![
        fault(
            "reset before commit",
            json!({ "kind": "reset_before_commit" }),
            &["connection"],
        ),
        fault(
            "reset after commit",
            json!({ "kind": "reset_after_commit" }),
            &["connection"],
        ),
        fault(
            "reset mid-body",
            json!({ "kind": "reset_mid_body" }),
            &["body"],
        ),
        fault(
            "no answer, not committed",
            json!({ "kind": "never_answer", "when": "before_commit" }),
            &["no complete response", "The timeout expired"],
        ),
        fault(
            "no answer, committed",
            json!({ "kind": "never_answer", "when": "after_commit" }),
            &["no complete response", "The timeout expired"],
        ),
        fault(
            "body slower than patience",
            json!({ "kind": "slow_body", "over": "5s" }),
            &["no complete response", "The timeout expired"],
        ),
        fault(
            "slow body",
            json!({ "kind": "slow_body", "over": "200ms" }),
            &[],
        ),
        status("500 before commit", 500, "before_commit", &["500"]),
        status("500 after commit", 500, "after_commit", &["500"]),
        status("502 before commit", 502, "before_commit", &["502"]),
        status("502 after commit", 502, "after_commit", &["502"]),
        status("503 before commit", 503, "before_commit", &["503"]),
        status("503 after commit", 503, "after_commit", &["503"]),
        fault("throttled", json!({ "kind": "throttle" }), &["Quota"]),
        fault(
            "throttled, with a header",
            json!({ "kind": "throttle", "code": "System.LimitControl", "retry_after": "300ms" }),
            &["Quota"],
        ),
        fault(
            "malformed JSON",
            json!({ "kind": "malformed_json" }),
            &["JSON"],
        ),
        fault(
            "truncated JSON",
            json!({ "kind": "truncated_json" }),
            &["JSON"],
        ),
        fault(
            "wrong types",
            json!({ "kind": "wrong_types" }),
            &["success without the data"],
        ),
        fault(
            "wrong content type",
            json!({ "kind": "wrong_content_type" }),
            &[],
        ),
        fault("empty body", json!({ "kind": "empty_body" }), &["JSON"]),
        fault(
            "huge body",
            json!({ "kind": "huge_body", "bytes": 70 << 20 }),
            &["larger", "no complete response", "The timeout expired"],
        ),
        fault(
            "business error in a 200",
            json!({ "kind": "business_error", "code": "Product.Unsubscript", "status": 200 }),
            &["Activated"],
        ),
        fault("stale list", json!({ "kind": "stale_list" }), &[]),
        fault(
            "clock off by an hour",
            json!({ "kind": "clock_skew", "seconds": 3600 }),
            &["Clock"],
        ),
        fault(
            "token expired",
            json!({ "kind": "expired_token" }),
            &["expired"],
        ),
        fault(
            "signature refused",
            json!({ "kind": "signature_refused" }),
            &["signature"],
        ),
    ]
}

/// The result of a cell: in which apply the number came into state, or what is wrong.
type CellResult = Result<u32, String>;

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn no_fault_loses_a_number_or_starts_it_twice() {
    let turns = Arc::new(Semaphore::new(AT_ONCE));
    let mut cells = JoinSet::new();
    let mut rows = Vec::new();
    for fault in faults() {
        let fault = Arc::new(fault);
        for action in ACTIONS {
            if fault.name == "stale list" && action != ACTIONS[0] {
                continue;
            }
            for times in [json!(1), json!("always")] {
                let row = rows.len();
                rows.push((fault.name, action, times.clone()));
                for (column, service) in SERVICES.into_iter().enumerate() {
                    let (fault, times, turns) = (fault.clone(), times.clone(), turns.clone());
                    cells.spawn(async move {
                        let _turn = turns.acquire_owned().await.expect("never closed");
                        ((row, column), cell(&fault, action, &times, service).await)
                    });
                }
            }
        }
    }
    let mut results = vec![[const { None }; SERVICES.len()]; rows.len()];
    for ((row, column), result) in cells.join_all().await {
        results[row][column] = Some(result);
    }
    print(&rows, &results);
    let wrong: Vec<String> = rows
        .iter()
        .zip(&results)
        .flat_map(|(row, results)| {
            let wrong = results
                .iter()
                .zip(SERVICES)
                .filter_map(|(result, service)| Some((result.as_ref()?.as_ref().err()?, service)));
            wrong.map(move |(wrong, service)| format!("{row:?} {service:?}: {wrong}"))
        })
        .collect();
    assert!(
        wrong.is_empty(),
        "{} cells:\n{}",
        wrong.len(),
        wrong.join("\n")
    );
}

#[expect(clippy::print_stdout, reason = "the table is for people")]
fn print(rows: &[(&str, &str, Value)], results: &[[Option<CellResult>; SERVICES.len()]]) {
    let mut table =
        String::from("in which apply it came into state; --on-repeat, --migrating-listed-as:\n");
    write!(table, "{:<27}{:<34}{:<18}", "fault", "in", "how long").unwrap();
    for [on_repeat, listed] in SERVICES {
        write!(table, "{:>18}", format!("{on_repeat}, {listed}")).unwrap();
    }
    for ((fault, action, times), results) in rows.iter().zip(results) {
        let times = if times == "always" {
            "the first apply"
        } else {
            "one call"
        };
        write!(table, "\n{fault:<27}{action:<34}{times:<18}").unwrap();
        for result in results {
            let shown = match result {
                Some(Ok(1)) => "1st",
                Some(Ok(_)) => "2nd",
                Some(Err(_)) => "WRONG",
                None => "?",
            };
            write!(table, "{shown:>18}").unwrap();
        }
    }
    println!("{table}");
}

async fn cell(fault: &Fault, action: &str, times: &Value, service: [&str; 2]) -> CellResult {
    let [on_repeat, listed] = service;
    let emulator = Emulator::start(&[
        "--quota",
        "1000/1s",
        "--on-repeat",
        on_repeat,
        "--migrating-listed-as",
        listed,
    ]);
    let mut placed = fault.fault.clone();
    merge(&mut placed, json!({ "action": action, "times": times }));
    emulator.control("POST", "faults", Some(placed));
    let first = apply(emulator.url()).await;
    let applies = if first.stored {
        1
    } else {
        emulator.control("DELETE", "faults", None);
        if !fault
            .says
            .iter()
            .any(|text| first.diagnostics.contains(text))
        {
            return Err(format!(
                "{:?} is not in:\n{}",
                fault.says, first.diagnostics
            ));
        }
        let second = apply(emulator.url()).await;
        if !second.stored {
            return Err(format!(
                "not in state after:\n{}\nand:\n{}",
                first.diagnostics, second.diagnostics
            ));
        }
        2
    };
    started_once(&emulator).map(|()| applies)
}

fn started_once(emulator: &Emulator) -> Result<(), String> {
    let summary = emulator.control("GET", "summary", None);
    let started = &summary["initiations"];
    if started.as_array().is_some_and(|numbers| numbers.len() == 1)
        && started[0]["accepted"] == 1
        && summary["duplicates"] == 0
    {
        Ok(())
    } else {
        Err(format!("started {started}"))
    }
}

/// The result of an apply: whether the number is in state, and the text of the diagnostics.
struct Applied {
    stored: bool,
    diagnostics: String,
}

/// Plans and applies one number, with a provider of its own, as one run of Terraform does.
async fn apply(url: &str) -> Applied {
    let provider = Core::start().in_process().await;
    apply_with(&provider, url).await
}

async fn apply_with(provider: &Calls, url: &str) -> Applied {
    let changes = json!({
        "security_token": "sts-token-of-a-test",
        "client_read_timeout": 700,
    });
    configure(provider, url, changes).await;
    let config = number(
        "13900001234",
        json!({ "timeouts": { "create": "5s", "read": null } }),
    );
    let applied = create(provider, &config).await;
    let diagnostics: Vec<String> = applied
        .diagnostics
        .iter()
        .map(|diagnostic| format!("{}: {}", diagnostic.summary, diagnostic.detail))
        .collect();
    let diagnostics = diagnostics.join("\n");
    assert_no_secret(&diagnostics);
    Applied {
        stored: !applied.instance.state.is_null(),
        diagnostics,
    }
}

#[track_caller]
pub(crate) fn assert_no_secret(text: &str) {
    for secret in SECRETS {
        assert!(!text.contains(secret), "{secret} is in:\n{text}");
    }
}

/// The log is that of a process, so each fault strikes one real process too.
#[tokio::test(flavor = "multi_thread")]
async fn no_fault_brings_a_secret_into_the_log() {
    let each = |fault: Fault| async {
        let emulator = Emulator::start(&[]);
        emulator.control("POST", "faults", Some(fault.fault));
        let core = Core::start().env("TF_LOG", "TRACE").await;
        apply_with(&core, emulator.url()).await;
        let log = format!("{:?}", core.whole_log().await);
        assert!(log.contains("ApplyResourceChange"), "{log}");
        assert_no_secret(&log);
    };
    stream::iter(faults())
        .for_each_concurrent(AT_ONCE / 2, each)
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_look_for_the_number_that_fails_once_is_made_again() {
    let emulator = Emulator::start(&[]);
    let fails_once = |action: &str| {
        json!({
            "kind": "business_error", "code": "Ram.PermissionDeny", "status": 400,
            "action": action, "nth": 2,
        })
    };
    let faults = json!([
        { "kind": "reset_after_commit", "action": "CreateChatappMigrationInitiate" },
        fails_once("QueryChatappPhoneNumbers"),
        fails_once("GetPhoneNumberVerificationStatus"),
    ]);
    emulator.control("POST", "faults", Some(faults));
    let only = apply(emulator.url()).await;
    assert!(only.stored, "{}", only.diagnostics);
    assert_eq!(emulator.count("QueryChatappPhoneNumbers"), 3);
    started_once(&emulator).unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_number_that_was_deleted_and_is_started_again_is_found_by_its_lookup() {
    let emulator = Emulator::start(&[]);
    emulator.place("cams-test", "86", "13900001234", "DELETED");
    let faults = json!([
        { "kind": "reset_after_commit", "action": "CreateChatappMigrationInitiate" },
        { "kind": "stale_list", "nth": 2, "times": "always" },
    ]);
    emulator.control("POST", "faults", Some(faults));
    let only = apply(emulator.url()).await;
    assert!(only.stored, "{}", only.diagnostics);
    started_once(&emulator).unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_service_that_is_not_there_yet_costs_one_apply() {
    let free = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = free.local_addr().unwrap().to_string();
    drop(free);
    let url = format!("http://{address}");
    let first = apply(&url).await;
    assert!(
        !first.stored && first.diagnostics.contains("refused"),
        "{}",
        first.diagnostics
    );
    let emulator = Emulator::start(&["--listen", &address]);
    let second = apply(&url).await;
    assert!(second.stored, "{}", second.diagnostics);
    started_once(&emulator).unwrap();
}
