//! A Redis server that sends without end, or what steers a terminal. It costs the shared quota, and
//! nothing else.
#![cfg(target_os = "linux")]

use std::sync::Arc;

use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;

use super::memory::peak;
use super::{assert_migrating, configured, create, number};
use crate::core::throttle;
use crate::emulator::Emulator;

/// How each command is answered: a beginning, and something repeated up to a size in bytes.
type Flood = (&'static str, &'static str, usize);

/// What a text from a server may not hold.
const STEERS: [char; 4] = ['\u{1b}', '\u{9b}', '\u{202e}', '\u{7}'];

/// The most bytes of a warning: its own text and what is left of the server's.
const WARNING: usize = 4096;

const ATTACKS: [(&str, Flood); 7] = [
    (
        "a bulk string of a gigabyte",
        ("$1073741824\r\n", "x", 1 << 30),
    ),
    ("a line without end", ("+", "x", 1 << 30)),
    (
        "a thousand million elements",
        ("*1000000000\r\n", ":1\r\n", 1 << 30),
    ),
    ("arrays in arrays", ("", "*1000000\r\n", 1 << 30)),
    (
        "an error of fifty megabytes",
        ("-ERR ", "\u{1b}[2J\u{9b}31m", 50 << 20),
    ),
    (
        "an error that steers a terminal",
        ("-ERR \u{1b}]0;t\u{7}\u{9b}31m\u{202e}evil\r\n", "", 0),
    ),
    (
        "messages without a request",
        ("", ">2\r\n+message\r\n+x\r\n", 1 << 30),
    ),
];

#[tokio::test(flavor = "multi_thread")]
async fn whatever_a_redis_sends_no_number_is_lost_and_memory_is_bounded() {
    let emulator = Emulator::start(&[]);
    let mut attacks = JoinSet::new();
    for (at, (attack, flood)) in ATTACKS.into_iter().enumerate() {
        let url = format!("redis://{}", server(flood).await);
        let throttle = throttle(&json!({
            "scope": "redis", "redis_url": url,
            "redis_connect_timeout": 500, "redis_command_timeout": 200,
        }));
        // Each is a host of its own, whose state is not the others'.
        let changes =
            json!({ "throttle": throttle, "account_id": format!("10000000000000{at:02}") });
        let core = Arc::new(configured(&emulator, changes).await);
        attacks.spawn(async move {
            let mut warnings = Vec::new();
            for row in 0..2 {
                let config = number(&format!("13900{at:02}00{row:02}"), json!({}));
                let outcome = create(&core, &config).await;
                assert_migrating(&outcome);
                warnings.extend(outcome.diagnostics);
            }
            let [warning] = &warnings[..] else {
                panic!("{attack}: {warnings:?}")
            };
            assert_eq!(warning.summary, "Call Quota Not Shared", "{attack}");
            assert!(
                warning.detail.contains("Redis: "),
                "{attack}: {}",
                warning.detail
            );
            assert!(
                warning.detail.len() < WARNING,
                "{attack}: {}",
                warning.detail.len()
            );
            let logs = core.logs().into_iter().map(|line| line.to_string());
            for text in logs.chain([warning.detail.clone()]) {
                assert!(!text.contains(STEERS), "{attack}: {text}");
                assert!(text.len() < 4 * WARNING, "{attack}: {}", text.len());
            }
            peak(attack, core);
        });
    }
    attacks.join_all().await;
}

/// The address of a server that answers whatever it is sent.
async fn server(flood: Flood) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap().to_string();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(answer(stream, flood));
        }
    });
    address
}

async fn answer(mut stream: TcpStream, (begin, repeated, size): Flood) {
    let block = repeated.repeat(65_536 / repeated.len().max(1));
    let mut command = vec![0; 65_536];
    while let Ok(1..) = stream.read(&mut command).await {
        let mut sent = stream.write_all(begin.as_bytes()).await;
        let mut left = size;
        // The reader hangs up when it has had enough.
        while sent.is_ok() && left > 0 {
            sent = stream.write_all(block.as_bytes()).await;
            left = left.saturating_sub(block.len());
        }
    }
}
