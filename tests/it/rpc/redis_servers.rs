//! Redis servers as people have them: ones that refuse to write, users with few rights, a node of a
//! cluster. What happens in each stands in the guide.

use std::net::TcpListener;
use std::path::Path;
use std::time::Duration;

use serde_json::{Value, json};
use tokio::task::JoinSet;

use super::{assert_migrating, configured, create, number};
use crate::core::{Core, throttle};
use crate::emulator::Emulator;
use crate::redis_server::{PASSWORD, RedisServer, programs};

/// A provider on a host of its own.
async fn host_of_fleet(emulator: &Emulator, redis_url: &str) -> Core {
    let throttle = throttle(&json!({
        "scope": "redis", "redis_url": redis_url,
        "redis_connect_timeout": 1000, "redis_command_timeout": 500,
    }));
    configured(emulator, json!({ "throttle": throttle })).await
}

/// Starts some numbers, all of which have to be in state, and returns the warnings.
async fn warnings(core: &Core, numbers: std::ops::Range<u32>) -> Vec<String> {
    let mut warning = Vec::new();
    for at in numbers {
        let outcome = create(core, &number(&format!("1390000{at:04}"), json!({}))).await;
        assert_migrating(&outcome);
        warning.extend(outcome.diagnostics);
    }
    warning
        .into_iter()
        .map(|warning| format!("{}: {}", warning.summary, warning.detail))
        .collect()
}

/// How often this is logged at this level.
fn logged(core: &Core, level: &str, text: &str) -> usize {
    let lines = core.logs().into_iter();
    let warning = |line: &Value| {
        let message = line["@message"].as_str().unwrap_or_default();
        line["@level"] == level && message.contains(text)
    };
    lines.filter(warning).count()
}

/// How a server comes to refuse to write, and how it comes to write again.
type Refusal = (&'static str, fn(&RedisServer), fn(&RedisServer));

const REFUSALS: [Refusal; 4] = [
    (
        "READONLY",
        |redis| drop(redis.command("REPLICAOF 127.0.0.1 1")),
        |redis| drop(redis.command("REPLICAOF NO ONE")),
    ),
    (
        "NOREPLICAS",
        |redis| drop(redis.command("CONFIG SET min-replicas-to-write 1")),
        |redis| drop(redis.command("CONFIG SET min-replicas-to-write 0")),
    ),
    (
        "OOM",
        |redis| drop(redis.command("CONFIG SET maxmemory 1")),
        |redis| drop(redis.command("CONFIG SET maxmemory 0")),
    ),
    (
        "MISCONF",
        |redis| {
            // A snapshot cannot be written over a directory.
            std::fs::create_dir(redis.socket().with_file_name("dump.rdb")).unwrap();
            redis.command("BGSAVE");
            while !redis.answers("INFO persistence", "rdb_last_bgsave_status:err") {
                std::thread::sleep(Duration::from_millis(10));
            }
        },
        |redis| drop(redis.command("CONFIG SET stop-writes-on-bgsave-error no")),
    ),
];

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_refuses_to_write_costs_a_warning_and_no_call() {
    let mut servers = JoinSet::new();
    for program in programs() {
        for (reason, breaks, heals) in REFUSALS {
            let program = program.clone();
            servers.spawn(async move {
                let emulator = Emulator::start(&[]);
                let redis = RedisServer::start_program(&program, &["--save", "3600", "1"]);
                breaks(&redis);
                let core = host_of_fleet(&emulator, &redis.url()).await;
                let warning = warnings(&core, 0..3).await;
                let [warning] = &warning[..] else {
                    panic!("{reason}: {warning:?}")
                };
                assert!(warning.starts_with("Call Quota Not Shared: "), "{warning}");
                assert!(
                    warning.contains(reason) && !warning.contains("script"),
                    "{warning}"
                );
                assert_eq!(logged(&core, "warn", "call quota"), 1, "{reason}");
                assert_eq!(logged(&core, "info", "back in use"), 0, "{reason}");
                assert_eq!(redis.keys(), Vec::<String>::new(), "{reason}");

                heals(&redis);
                let mut at = 3;
                while logged(&core, "info", "back in use") == 0 {
                    assert!(at < 60, "{reason}: it is used again");
                    assert_eq!(warnings(&core, at..at + 1).await, [""; 0], "{reason}");
                    at += 1;
                }
                assert_eq!(warnings(&core, at..at + 1).await, [""; 0], "{reason}");
                assert!(!redis.keys().is_empty(), "{reason}");
            });
        }
    }
    servers.join_all().await;
}

/// The line of the guide that makes a user with the rights that are needed.
fn rights() -> String {
    let guide = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/guides/redis.md");
    let guide = std::fs::read_to_string(guide).unwrap();
    let mut lines = guide.lines();
    let line = lines.find(|line| line.starts_with("ACL SETUSER cams "));
    line.expect("a line with the rights").to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_rights_in_the_guide_are_enough_and_each_is_needed() {
    let mut servers = JoinSet::new();
    for program in programs() {
        for right in ["", "eval", "evalsha", "get", "set", "time", "info"] {
            let program = program.clone();
            servers.spawn(async move {
                let emulator = Emulator::start(&[]);
                let redis = RedisServer::start_program(&program, &[]);
                redis.command(&rights().replace("PASSWORD", "of-a-user"));
                if !right.is_empty() {
                    redis.command(&format!("ACL SETUSER cams -{right}"));
                }
                let core = host_of_fleet(&emulator, &redis.url_for("cams", "of-a-user")).await;
                let warning = warnings(&core, 0..1).await;
                let at = format!("{} without {right:?}: {warning:?}", program.display());
                match (right, &warning[..]) {
                    ("", []) => {}
                    ("info", [warning]) => {
                        assert!(warning.starts_with("Redis Restarts Not Seen: "), "{at}");
                        assert!(warning.contains(&rights()), "{at}");
                    }
                    (right, [warning]) if !right.is_empty() => {
                        assert!(warning.starts_with("Call Quota Not Shared: "), "{at}");
                        assert!(warning.contains(&right.to_uppercase()), "{at}");
                        assert!(warning.contains(&rights()), "{at}");
                    }
                    _ => panic!("{at}"),
                }
            });
        }
    }
    servers.join_all().await;
}

/// The node that the address names refers to the one that has the keys.
#[tokio::test(flavor = "multi_thread")]
async fn any_node_of_a_cluster_leads_to_the_one_with_the_quota() {
    let emulator = Emulator::start(&[]);
    let [(one, port), (two, other)] = [node(), node()];
    two.command("CLUSTER ADDSLOTSRANGE 0 16383");
    one.command(&format!("CLUSTER MEET 127.0.0.1 {other}"));
    for node in [&one, &two] {
        while !node.answers("CLUSTER INFO", "cluster_state:ok") {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }
    let core = host_of_fleet(&emulator, &format!("redis://:{PASSWORD}@127.0.0.1:{port}")).await;
    assert_eq!(warnings(&core, 0..2).await, [""; 0]);
    assert!(one.keys().is_empty() && !two.keys().is_empty());
}

/// A node of a cluster, and its port without TLS.
fn node() -> (RedisServer, u16) {
    // The nodes talk to each other at a port that is ten thousand higher.
    let mut ports = std::iter::repeat_with(free_port);
    let port = ports.find(|port| *port < 55_000).unwrap();
    let settings = ["--cluster-enabled", "yes", "--port", &port.to_string()];
    (
        RedisServer::start_program(Path::new("redis-server"), &settings),
        port,
    )
}

fn free_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.local_addr().unwrap().port()
}
