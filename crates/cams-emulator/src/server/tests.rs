//! A running emulator over real sockets.

use std::io::ErrorKind;
use std::net::SocketAddr;

use clap::Parser;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use super::*;
use crate::fault;
use crate::signature::tests::requests::{date, initiation};

struct Running {
    address: SocketAddr,
    stop: oneshot::Sender<()>,
    served: JoinHandle<()>,
}

impl Running {
    async fn start(config: Flags) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("bound");
        let (stop, stopped) = oneshot::channel();
        let shutdown = async {
            let _ = stopped.await;
        };
        let served = tokio::spawn(serve(listener, config, Clock::fixed(date()), shutdown));
        Self {
            address,
            stop,
            served,
        }
    }

    async fn with_fault(fault: Value) -> Self {
        let text = fault.to_string();
        let faults = fault::parse_list(text.as_bytes()).expect("a fault");
        let config = Flags {
            faults: vec![faults],
            ..Flags::default()
        };
        Self::start(config).await
    }

    /// Sends an initiation of the number on a connection of its own.
    async fn send(&self, nonce: &str) -> TcpStream {
        let call = initiation(nonce, "13900001234");
        let mut stream = TcpStream::connect(self.address).await.expect("it listens");
        let head = format!(
            "POST /?{} HTTP/1.1\r\nhost: {}\r\ncontent-length: 0\r\nconnection: close\r\n\r\n",
            call.query, self.address
        );
        stream.write_all(head.as_bytes()).await.expect("sent");
        stream
    }

    async fn control(&self, path: &str) -> Value {
        let mut stream = TcpStream::connect(self.address).await.expect("it listens");
        let head =
            format!("GET /_emulator/{path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n");
        stream.write_all(head.as_bytes()).await.expect("sent");
        let (_, body) = read_to_end(&mut stream).await.expect("an answer");
        serde_json::from_str(&body).expect("JSON")
    }

    async fn stop(self) {
        self.stop.send(()).expect("it runs");
        self.served.await.expect("it ends without a panic");
    }
}

/// The head and the body of a response, or `None` if the connection was reset.
async fn read_to_end(stream: &mut TcpStream) -> std::io::Result<(String, String)> {
    let mut all = Vec::new();
    stream.read_to_end(&mut all).await?;
    let text = String::from_utf8_lossy(&all);
    let (head, body) = text.split_once("\r\n\r\n").unwrap_or((&text, ""));
    Ok((head.to_ascii_lowercase(), body.to_owned()))
}

#[tokio::test]
async fn an_answer_has_status_date_and_length() {
    let emulator = Running::start(Flags::default()).await;
    let mut stream = emulator.send("1").await;
    let (head, body) = read_to_end(&mut stream).await.expect("an answer");
    assert!(head.starts_with("http/1.1 200"), "{head}");
    assert!(
        head.contains("date: thu, 02 jan 2025 03:04:05 gmt"),
        "{head}"
    );
    assert!(
        head.contains(&format!("content-length: {}", body.len())),
        "{head}"
    );
    let body: Value = serde_json::from_str(&body).expect("JSON");
    assert_eq!(body["Data"]["Status"], "MIGRATING");
    emulator.stop().await;
}

#[tokio::test]
async fn a_reset_is_a_reset_on_either_side_of_the_commit() {
    for (kind, committed) in [("reset_before_commit", false), ("reset_after_commit", true)] {
        let emulator = Running::with_fault(json!({ "kind": kind })).await;
        let mut stream = emulator.send("1").await;
        let error = read_to_end(&mut stream).await.expect_err("no orderly end");
        assert_eq!(error.kind(), ErrorKind::ConnectionReset);
        let journal = emulator.control("requests").await;
        assert_eq!(journal[0]["committed"], committed);
        assert_eq!(journal[0]["status"], Value::Null);
        emulator.stop().await;
    }
}

#[tokio::test]
async fn a_reset_in_mid_body_comes_after_half_of_it() {
    let emulator = Running::with_fault(json!({ "kind": "reset_mid_body" })).await;
    let mut stream = emulator.send("1").await;
    let mut all = Vec::new();
    let error = stream
        .read_to_end(&mut all)
        .await
        .expect_err("no orderly end");
    assert_eq!(error.kind(), ErrorKind::ConnectionReset);
    let text = String::from_utf8_lossy(&all);
    assert!(
        text.contains("200 OK") && text.contains("\"Code\""),
        "{text}"
    );
    emulator.stop().await;
}

#[tokio::test]
async fn a_call_without_an_answer_does_not_keep_the_emulator_from_ending() {
    let fault = json!({ "kind": "never_answer", "when": "after_commit" });
    let emulator = Running::with_fault(fault).await;
    let mut stream = emulator.send("1").await;
    while emulator.control("requests").await == json!([]) {}
    emulator.stop().await;
    // The client received no byte before the connection ended.
    let read = read_to_end(&mut stream).await;
    assert!(read.is_err() || read.is_ok_and(|(head, _)| head.is_empty()));
}

#[tokio::test]
async fn slow_and_huge_bodies_arrive_whole() {
    for fault in [
        json!({ "kind": "slow_body", "over": "20ms" }),
        json!({ "kind": "huge_body", "bytes": 3_000_000 }),
    ] {
        let emulator = Running::with_fault(fault).await;
        let mut stream = emulator.send("1").await;
        let (_, body) = read_to_end(&mut stream).await.expect("an answer");
        let body: Value = serde_json::from_str(&body).expect("JSON");
        assert_eq!(body["Code"], "OK");
        emulator.stop().await;
    }
}

#[tokio::test]
async fn a_call_arrives_even_if_its_client_is_gone() {
    let config = Flags::try_parse_from(["cams-emulator", "--latency=400ms"]).expect("flags");
    let emulator = Running::start(config).await;
    let stream = emulator.send("1").await;
    while emulator.control("summary").await["under_way"] != 1 {}
    drop(stream);
    while emulator.control("numbers").await == json!([]) {}
    assert_eq!(emulator.control("requests").await[0]["committed"], true);
    emulator.stop().await;
}

#[tokio::test]
async fn calls_are_counted_after_half_the_latency_give_or_take_half_the_jitter() {
    let flags = ["cams-emulator", "--latency=20ms", "--jitter=5ms"];
    let config = Flags::try_parse_from(flags).expect("flags");
    let emulator = Emulator::new(config, Clock::system());
    let ways: Vec<_> = (0..1000).map(|_| emulator.travel()).collect();
    let bounds = Duration::from_micros(7500)..=Duration::from_micros(12_500);
    assert!(ways.iter().all(|way| bounds.contains(way)));
    let spread = *ways.iter().max().expect("some") - *ways.iter().min().expect("some");
    assert!(spread > Duration::from_millis(4), "{spread:?}");
}
