//! An account whose operations the service counts together, and a machine that is fresh.

use std::time::Duration;

use super::Workspace;
use super::many::numbers;
use crate::emulator::Emulator;
use crate::redis_server::{PASSWORD, RedisServer};

/// Each create makes two calls, since the list hides what is migrating, and the space is listed
/// twice. If all are counted together, they take a tenth of a second each, and one burst of ten may
/// be refused.
#[test]
fn operations_that_are_counted_together_cost_one_burst() {
    let redis = RedisServer::start();
    let url = redis.tls_url(PASSWORD);
    let certificate = redis.certificate();
    let on_server = [
        ("CAMS_THROTTLE_REDIS_URL", url.as_str()),
        ("SSL_CERT_FILE", certificate.as_str()),
    ];
    std::thread::scope(|threads| {
        for (scope, count) in [("process", 60), ("host", 60), ("host", 120)] {
            threads.spawn(move || create(scope, count, &[]));
        }
        threads.spawn(|| create("redis", 60, &on_server));
    });
}

fn create(scope: &str, count: usize, variables: &[(&str, &str)]) {
    let emulator = Emulator::start(&["--quota-per=account", "--latency=20ms"]);
    let mut workspace = Workspace::on(&emulator, &numbers(count)).env("CAMS_THROTTLE_SCOPE", scope);
    for (name, value) in variables {
        workspace = workspace.env(name, value);
    }
    workspace
        .ok(&["apply", "-auto-approve", "-no-color"])
        .assert_says(&[&format!("{count} added, 0 changed, 0 destroyed")]);
    let requests = emulator.requests();
    let refused = requests
        .iter()
        .filter(|request| request["throttled"] == true);
    let refused = refused.count();
    let at = |request: &serde_json::Value| request["at_micros"].as_f64().unwrap() / 1e6;
    let took = at(requests.last().unwrap()) - at(&requests[0]);
    let floor = ((requests.len() - refused - 1) / 10) as f64;
    let figures = format!(
        "{scope}, {count} numbers: {} calls, {refused} refused, {took:.1} s, {:.2} of the floor",
        requests.len(),
        took / floor
    );
    assert!(refused <= 10 && took <= 1.2 * floor, "{figures}");
}

/// A server that has been running for longer than a loss of its data would cost owes no wait. Three
/// hosts share it, which need a tenth of a second for each initiation.
#[test]
fn a_server_that_was_never_used_is_used_at_once() {
    let redis = RedisServer::start();
    let emulator = Emulator::start(&["--latency=20ms", "--migrating-listed-as=MIGRATING"]);
    // The pause is 2.5 s and twice the sum of the times below; a second is for rounding.
    std::thread::sleep(Duration::from_millis(2500 + 600 + 1000));
    std::thread::scope(|threads| {
        for host in 0..3 {
            let (emulator, redis) = (&emulator, &redis);
            threads.spawn(move || {
                let own = numbers(25).replace("139%08d", &format!("139{host}%07d"));
                Workspace::on(emulator, &own)
                    .env("CAMS_THROTTLE_SCOPE", "redis")
                    .env("CAMS_THROTTLE_REDIS_URL", &redis.tls_url(PASSWORD))
                    .env("CAMS_THROTTLE_REDIS_CONNECT_TIMEOUT", "200")
                    .env("CAMS_THROTTLE_REDIS_COMMAND_TIMEOUT", "100")
                    .env("SSL_CERT_FILE", &redis.certificate())
                    .ok(&["apply", "-auto-approve", "-no-color"])
                    .assert_says(&["25 added, 0 changed, 0 destroyed"]);
            });
        }
    });
    let at = |request: &serde_json::Value| request["at_micros"].as_f64().unwrap() / 1e6;
    let (all, calls) = (emulator.all_requests(), emulator.requests());
    let (waited, took) = (
        at(&calls[0]) - at(&all[0]),
        at(calls.last().unwrap()) - at(&all[0]),
    );
    assert!(calls.iter().all(|call| call["throttled"] != true));
    assert!(waited < 1.0 && took < 1.3 * 7.4, "{waited} s, {took} s");
}

/// The time from the first request, which asks for the account and needs no permit, to the first
/// call that needs one.
#[test]
fn the_first_apply_on_a_machine_waits_for_nothing() {
    let emulator = Emulator::start(&[]);
    let workspace = Workspace::on(&emulator, &numbers(1));
    workspace.ok(&["apply", "-auto-approve", "-no-color"]);
    let at = |request: &serde_json::Value| request["at_micros"].as_u64().unwrap();
    let (first, call) = (&emulator.all_requests()[0], &emulator.requests()[0]);
    assert_eq!(first["action"], "GetCallerIdentity");
    let waited = at(call) - at(first);
    assert!(waited < 1_000_000, "{waited} µs");
}
