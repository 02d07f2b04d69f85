//! Hosts that share the quota of an account over a Redis server, with TLS and a password.

use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use tokio::time::Instant;

use super::{assert_silent, configure, create, number};
use crate::core::{Core, throttle};
use crate::emulator::Emulator;
use crate::redis_server::{PASSWORD, RedisServer};

#[tokio::test(flavor = "multi_thread")]
async fn two_hosts_count_their_calls_in_one_place() {
    let (emulator, redis) = (Emulator::start(&[]), RedisServer::start());
    for host in ["1", "2"] {
        let core = host_of_fleet(&emulator, &redis.tls_url(PASSWORD), Some(&redis)).await;
        let outcome = create(&core, &number(&format!("1391234567{host}"), json!({}))).await;
        assert_silent(&outcome);
        assert!(warnings(&core).is_empty(), "{:?}", warnings(&core));
    }
    // There is one key for the account, and not one for each host or operation.
    assert_eq!(redis.keys().len(), 1, "{:?}", redis.keys());
}

/// A server on another continent: every packet takes 300 milliseconds, and each connection needs
/// several.
#[tokio::test(flavor = "multi_thread")]
async fn a_distant_redis_is_used_and_keeps_the_quota() {
    let (emulator, redis) = (Emulator::start(&[]), RedisServer::start());
    let distant = RedisServer::tls_url_of(distant(redis.tls_port()).await, PASSWORD);
    let mut creates = JoinSet::new();
    for host in 0..2 {
        let core = host_of_fleet(&emulator, &distant, Some(&redis)).await;
        let core = Arc::new(core);
        for at in 0..4 {
            let core = Arc::clone(&core);
            let config = number(&format!("139000{host}{at:04}"), json!({}));
            creates.spawn(async move {
                let outcome = create(&core, &config).await;
                (outcome, warnings(&core))
            });
        }
    }
    for (outcome, warned) in creates.join_all().await {
        assert_silent(&outcome);
        assert!(warned.is_empty(), "{warned:?}");
    }
    let actions = &emulator.control("GET", "summary", None)["actions"];
    for (action, calls) in actions.as_object().unwrap() {
        let most = calls["max_arrived_in_window"].as_u64();
        assert!(most <= Some(10), "{action}: {actions}");
    }
    assert_eq!(redis.keys().len(), 1, "{:?}", redis.keys());
}

/// A port at which everything that is sent to or by the other port is late.
async fn distant(port: u16) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let near = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        while let Ok((near, _)) = listener.accept().await {
            let far = TcpStream::connect(("127.0.0.1", port)).await.unwrap();
            let ((from_near, to_near), (from_far, to_far)) = (near.into_split(), far.into_split());
            tokio::spawn(carry(from_near, to_far));
            tokio::spawn(carry(from_far, to_near));
        }
    });
    near
}

/// Carries bytes, each of which is on its way for 300 milliseconds.
async fn carry(mut from: OwnedReadHalf, mut to: OwnedWriteHalf) {
    let (sender, mut on_the_way) = tokio::sync::mpsc::unbounded_channel();
    let reads = async move {
        let mut bytes = vec![0; 65_536];
        while let Ok(length @ 1..) = from.read(&mut bytes).await {
            let arrives = Instant::now() + Duration::from_millis(300);
            if sender.send((arrives, bytes[..length].to_vec())).is_err() {
                break;
            }
        }
    };
    let writes = async move {
        while let Some((arrives, bytes)) = on_the_way.recv().await {
            tokio::time::sleep_until(arrives).await;
            if to.write_all(&bytes).await.is_err() {
                break;
            }
        }
    };
    tokio::join!(reads, writes);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_redis_that_cannot_be_used_costs_a_warning_and_no_migration() {
    let (emulator, redis) = (Emulator::start(&[]), RedisServer::start());
    for (mobile_number, password, trusted) in [
        ("13912345671", "another", Some(&redis)),
        ("13912345672", PASSWORD, None),
    ] {
        let core = host_of_fleet(&emulator, &redis.tls_url(password), trusted).await;
        let outcome = create(&core, &number(mobile_number, json!({}))).await;
        assert_eq!(outcome.instance.state["status"], "MIGRATING");
        let [warning] = &outcome.diagnostics[..] else {
            panic!("{outcome:?}")
        };
        assert_eq!(warning.summary, "Call Quota Not Shared");
        assert!(warning.detail.contains("Redis: "), "{}", warning.detail);
        assert!(!warning.detail.contains(password), "{}", warning.detail);
        let warned = warnings(&core);
        assert!(
            warned.iter().any(|line| line.contains("Redis")),
            "{warned:?}"
        );
        let everything = format!("{:?}", core.whole_log().await);
        assert!(!everything.contains(password), "{everything}");
    }
    assert!(redis.keys().is_empty(), "{:?}", redis.keys());
}

/// A provider on a host of its own. It trusts the certificate of the server `trusted`, if there is
/// one.
async fn host_of_fleet(
    emulator: &Emulator,
    redis_url: &str,
    trusted: Option<&RedisServer>,
) -> Core {
    let mut start = Core::start().env("TF_LOG", "TRACE");
    if let Some(redis) = trusted {
        start = start.env("SSL_CERT_FILE", &redis.certificate());
    }
    let core = start.await;
    let throttle = throttle(&json!({ "scope": "redis", "redis_url": redis_url }));
    configure(&core, emulator.url(), json!({ "throttle": throttle })).await;
    core
}

fn warnings(core: &Core) -> Vec<String> {
    let lines = core.logs().into_iter();
    let warned = lines.filter(|line| matches!(line["@level"].as_str(), Some("warn" | "error")));
    warned.map(|line: Value| line.to_string()).collect()
}
