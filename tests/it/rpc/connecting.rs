//! Calls for which a connection has to be made first, on a network that loses packets.

use std::fs;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::Runtime;
use tokio::task::JoinSet;

use super::{assert_migrating, configure, create, number};
use crate::core::{Core, STATE_DIRECTORY, throttle};
use crate::emulator::Emulator;
use crate::network::{Authority, TlsServer};
use crate::redis_server::RedisServer;

/// How late the first packet of a connection arrives, if it was lost twice: it is sent again after a
/// second, and after two more. This is longer than a window, the half second that a call on an existing
/// connection may take, and the time that a step of Redis may take.
const LOST: Duration = Duration::from_millis(3100);
/// How late each answer is. If a connection became free soon, the calls would take turns on it instead
/// of waiting for new ones.
const LATENCY: &str = "900ms";
const NUMBERS: usize = 16;

#[test]
fn two_processes_keep_the_quota_although_each_connection_takes_seconds() {
    let host = TempDir::new().unwrap();
    let state = host.path().join("state");
    migrate([(&state, json!({})), (&state, json!({}))]);
}

#[test]
fn two_hosts_keep_the_quota_although_each_connection_takes_seconds() {
    let (host, redis) = (TempDir::new().unwrap(), RedisServer::start());
    let [one, other] = ["1", "2"].map(|name| host.path().join(name));
    let fleet = json!({
        "scope": "redis", "redis_url": redis.url(),
        "redis_connect_timeout": 500, "redis_command_timeout": 500,
    });
    migrate([(&one, fleet.clone()), (&other, fleet)]);
}

/// Creates numbers in processes with these state directories and throttles, and holds their calls
/// to the quota.
fn migrate(processes: [(&Path, Value); 2]) {
    let emulator = Emulator::start(&["--latency", LATENCY]);
    // A TLS handshake waits for the late packet. Without one, a connection that was made for nothing
    // could be used later, and its first request would be the late one.
    let authority = Authority::new();
    let server = TlsServer::start(&authority, "127.0.0.1", emulator.url());
    let certificates = TempDir::new().unwrap();
    let trusted = certificates.path().join("trusted.pem");
    fs::write(&trusted, authority.pem()).unwrap();
    Runtime::new()
        .unwrap()
        .block_on(create_all(processes, server.address(), &trusted));
    let actions = &emulator.control("GET", "summary", None)["actions"];
    for (action, calls) in actions.as_object().unwrap() {
        let most = calls["max_arrived_in_window"].as_u64();
        assert!(most <= Some(10), "{action}: {actions}");
    }
}

async fn create_all(processes: [(&Path, Value); 2], service: SocketAddr, trusted: &Path) {
    let network = lossy(service).await;
    let mut creates = JoinSet::new();
    for (of, (state, settings)) in processes.into_iter().enumerate() {
        let start = Core::start()
            .env(STATE_DIRECTORY, &state.display().to_string())
            .env("SSL_CERT_FILE", &trusted.display().to_string());
        let core = Arc::new(start.await);
        let settings = json!({ "throttle": throttle(&settings) });
        configure(&core, &network, settings).await;
        for at in 0..NUMBERS {
            let core = Arc::clone(&core);
            let config = number(&format!("1390000{of}{at:03}"), json!({}));
            creates.spawn(async move { create(&core, &config).await });
        }
    }
    for answer in creates.join_all().await {
        assert_migrating(&answer);
    }
}

/// A way to the service on which the first packet of each connection is late. Returns its URL.
async fn lossy(service: SocketAddr) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("https://{}", listener.local_addr().unwrap());
    tokio::spawn(async move {
        while let Ok((mut near, _)) = listener.accept().await {
            tokio::spawn(async move {
                near.readable().await.unwrap();
                tokio::time::sleep(LOST).await;
                let mut far = TcpStream::connect(service).await.unwrap();
                let _ = copy_bidirectional(&mut near, &mut far).await;
            });
        }
    });
    url
}
