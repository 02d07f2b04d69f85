//! Peak memory of the provider under neighbours that send without end. `cargo xtask bench memory`
//! prints the figures.
#![cfg(target_os = "linux")]

use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;

use super::{TYPE, configure, create, merge, number, provider_block};
use crate::core::tfplugin6::{RawState, upgrade_resource_state};
use crate::core::{Core, Outcome, throttle};
use crate::emulator::Emulator;

/// What the process may take at most, whatever is sent to it, in MiB.
const CEILING: u64 = 256;

const EMPTY_LIST: &str = r#"{"Code":"OK","PhoneNumbers":[]}"#;

const REFUSAL: &str = r#"{"Code":"InvalidParameter.PhoneNumberError"}"#;

/// What is sent without end: a beginning, something repeated in whole up to a size in bytes, and an
/// end.
#[derive(Clone, Copy)]
struct Flood {
    begin: &'static str,
    repeated: &'static str,
    end: &'static str,
    size: usize,
}

/// Answers the list and every other operation with these, without saying how long they are.
async fn service(list: Flood, other: Flood) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        loop {
            let (stream, _) = listener.accept().await.unwrap();
            tokio::spawn(serve(stream, list, other));
        }
    });
    format!("http://{address}")
}

async fn serve(mut stream: TcpStream, list: Flood, other: Flood) {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        let Ok(byte) = stream.read_u8().await else {
            return;
        };
        head.push(byte);
    }
    let asks_for_list = String::from_utf8_lossy(&head).contains("QueryChatappPhoneNumbers");
    let flood = if asks_for_list { list } else { other };
    let block = flood.repeated.repeat(65_536 / flood.repeated.len().max(1));
    let head = format!(
        "HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n{}",
        flood.begin
    );
    let mut sent = stream.write_all(head.as_bytes()).await;
    let mut blocks = flood.size.checked_div(block.len()).unwrap_or_default();
    // The reader hangs up when it has had enough.
    while sent.is_ok() && blocks > 0 {
        sent = stream.write_all(block.as_bytes()).await;
        blocks -= 1;
    }
    let _ = stream.write_all(flood.end.as_bytes()).await;
}

fn still(text: &'static str) -> Flood {
    Flood {
        begin: text,
        repeated: "",
        end: "",
        size: 0,
    }
}

async fn provider(endpoint: &str) -> Arc<Core> {
    let core = Core::start().await;
    let mut block = provider_block();
    merge(
        &mut block,
        json!({
            "endpoint": endpoint, "access_key": "emulator", "secret_key": "emulator-secret",
            "cust_space_id": "cams-test",
            "throttle": throttle(&json!({ "requests_per_second": 250 })),
        }),
    );
    let said = core.configure(&block).await;
    assert!(said.is_empty(), "{said:?}");
    Arc::new(core)
}

async fn create_all(core: &Arc<Core>, numbers: usize) -> Vec<Outcome> {
    let mut creates = JoinSet::new();
    for at in 0..numbers {
        let core = Arc::clone(core);
        creates.spawn(async move {
            let timeouts = json!({ "timeouts": { "create": "300s", "read": null } });
            create(&core, &number(&format!("139000{at:05}"), timeouts)).await
        });
    }
    creates.join_all().await
}

/// The peak of the process in MiB, which is printed and compared with the ceiling.
#[expect(clippy::print_stdout, reason = "the benchmark shows it")]
pub(crate) fn peak(attack: &str, core: Arc<Core>) {
    let mut core = Arc::into_inner(core).expect("no other user");
    let status = format!("/proc/{}/status", core.process().id());
    let status = std::fs::read_to_string(status).unwrap();
    let line = status.lines().find(|line| line.starts_with("VmHWM:"));
    let kib: u64 = line
        .unwrap()
        .split_whitespace()
        .nth(1)
        .unwrap()
        .parse()
        .unwrap();
    println!("memory: {attack}: {} MiB at most", kib >> 10);
    assert!(kib >> 10 < CEILING, "{attack}: {} MiB", kib >> 10);
}

fn said(answers: &[Outcome]) -> String {
    let diagnostics = answers.iter().flat_map(|answer| &answer.diagnostics);
    diagnostics
        .map(|said| format!("{}: {}\n", said.summary, said.detail))
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_list_of_sixty_megabytes() {
    for (attack, begin, repeated, end, expected) in [
        (
            "a list of empty rows",
            r#"{"Code":"OK","PhoneNumbers":["#,
            "{},",
            "{}]}",
            "100000 rows",
        ),
        (
            "a list of texts",
            r#"{"Code":"OK","PhoneNumbers":["#,
            "\"x\",",
            "1]}",
            "100000 rows",
        ),
        (
            "a list of numbers",
            r#"{"Code":"OK","PhoneNumbers":["#,
            r#"{"PhoneNumber":"8613900000000","Status":"CONNECTED"},"#,
            "{}]}",
            "100000 rows",
        ),
        (
            "one row without end",
            r#"{"PhoneNumbers":["#,
            "[[[[[[[[",
            "",
            "is not JSON",
        ),
        (
            "a field without end",
            r#"{"Data":[0"#,
            ",{}",
            "]}",
            "has no Code",
        ),
    ] {
        let list = Flood {
            begin,
            repeated,
            end,
            size: 60 << 20,
        };
        let core = provider(&service(list, still(REFUSAL)).await).await;
        let answers = create_all(&core, 1).await;
        assert!(
            said(&answers).contains(expected),
            "{attack}: {}",
            said(&answers)
        );
        peak(attack, core);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn sixty_lookups_of_sixty_megabytes() {
    let lookup = Flood {
        begin: r#"{"Code":"OK","Data":[0"#,
        repeated: ",{}",
        end: "",
        size: 60 << 20,
    };
    let core = provider(&service(still(EMPTY_LIST), lookup).await).await;
    let answers = create_all(&core, 60).await;
    assert!(
        said(&answers).contains("larger than 1 MiB"),
        "{}",
        said(&answers)
    );
    peak("sixty lookups", core);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_state_of_two_hundred_megabytes() {
    let core = Core::start().await;
    for (size, expected) in [
        (200 << 20, "message length too large"),
        (38 << 20, "at most 1 MiB"),
        (3 << 20, "at most 1 MiB"),
        (1 << 20, "JSON"),
    ] {
        let mut upgrades = JoinSet::new();
        for _ in 0..if size > 4 << 20 { 1 } else { 20 } {
            let json = format!(
                r#"{{"id":"7","more":[0{}]}}"#,
                ",{}".repeat((size - 64) / 3)
            );
            let request = upgrade_resource_state::Request {
                type_name: TYPE.to_owned(),
                version: 0,
                raw_state: Some(RawState {
                    json: json.into_bytes(),
                    ..RawState::default()
                }),
            };
            let mut client = core.provider();
            upgrades.spawn(async move { client.upgrade_resource_state(request).await });
        }
        for answer in upgrades.join_all().await {
            let text = match answer {
                Ok(answer) => format!("JSON {:?}", answer.into_inner().diagnostics),
                Err(status) => status.message().to_owned(),
            };
            assert!(text.contains(expected), "{size}: {text}");
        }
    }
    peak("states", Arc::new(core));
}

#[tokio::test(flavor = "multi_thread")]
async fn many_open_streams() {
    let core = Core::start().await;
    let mut open = JoinSet::new();
    for _ in 0..40_000 {
        let mut stdio = core.stdio();
        open.spawn(async move { stdio.stream_stdio(()).await });
    }
    let mut streams = Vec::new();
    while streams.len() < 4096 {
        streams.push(open.join_next().await.unwrap().unwrap().unwrap());
    }
    // The next one is opened when another ends.
    let next = tokio::time::timeout(Duration::from_millis(500), open.join_next()).await;
    assert!(next.is_err(), "more than 4096 streams are open");
    open.abort_all();
    peak("streams", Arc::new(core));
}

/// Under an ordinary apply, for comparison.
#[tokio::test(flavor = "multi_thread")]
async fn an_ordinary_apply() {
    let emulator = Emulator::start(&["--quota", "1000/1s"]);
    let core = Core::start().await;
    configure(&core, emulator.url(), json!({})).await;
    let core = Arc::new(core);
    for answer in create_all(&core, 30).await {
        assert_ne!(
            answer.instance.state,
            Value::Null,
            "{:?}",
            answer.diagnostics
        );
    }
    peak("an ordinary apply of thirty numbers", core);
}
