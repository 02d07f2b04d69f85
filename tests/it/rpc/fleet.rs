//! Hosts that share the quota of an account over a Redis server, with TLS and a password.

use serde_json::{Value, json};

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
    // There is one key for each operation that was called, and not one for each host.
    assert_eq!(redis.keys().len(), 3, "{:?}", redis.keys());
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
        let [told] = &outcome.diagnostics[..] else {
            panic!("{outcome:?}")
        };
        assert_eq!(told.summary, "Call Quota Not Shared");
        assert!(told.detail.contains("Redis: "), "{}", told.detail);
        assert!(!told.detail.contains(password), "{}", told.detail);
        let warned = warnings(&core);
        assert!(
            warned.iter().any(|line| line.contains("Redis")),
            "{warned:?}"
        );
        let everything = format!("{:?}", core.logs());
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
