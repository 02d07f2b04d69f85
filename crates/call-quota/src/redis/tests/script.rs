//! The text of the script, and states that it did not write.

use super::*;
use crate::constants::ASK_AGAIN;

/// The rules by which the proxies of clusters check a script, as Alibaba Cloud documents them under
/// "Lua scripting in Tair".
#[test]
fn the_text_of_the_script_passes_the_proxies_of_clusters() {
    let text = &SCRIPT.text;
    let calls: Vec<_> = ["redis.call(", "redis.pcall("]
        .iter()
        .flat_map(|call| text.match_indices(call))
        .map(|(at, call)| {
            let arguments = &text[at + call.len()..];
            &arguments[..arguments.find(')').unwrap()]
        })
        .collect();
    assert_eq!(calls.len(), text.matches("redis.").count(), "all are found");
    let mut with_key = 0;
    for call in calls {
        assert!(!call.contains('('), "another call is inside: {call}");
        let words: Vec<_> = call.split(", ").collect();
        match words[0] {
            "'GET'" | "'SET'" => {
                assert_eq!(words[1], "KEYS[1]", "{call}");
                with_key += 1;
            }
            "'TIME'" | "'INFO'" => assert!(!call.contains("KEYS"), "{call}"),
            other => panic!("a command that the proxies may not know: {other}"),
        }
    }
    assert_eq!(text.matches("KEYS").count(), with_key, "elsewhere is none");
    for forbidden in ["unpack", "publish", "subscribe", "pubsub", "loadstring"] {
        assert!(!text.to_lowercase().contains(forbidden), "{forbidden}");
    }
}

/// A node of a cluster does not know what was run on another one.
#[tokio::test]
async fn a_server_that_forgot_the_script_is_given_it_again() {
    let server = RedisServer::start();
    server.pretend_to_be_unused();
    let host = server.host();
    for _ in 0..2 {
        let _: () = redis::cmd("SCRIPT")
            .arg("FLUSH")
            .query(&mut server.client())
            .unwrap();
        assert!(matches!(host.step(ACQUIRE).await, Ok(Reply::Granted(_))));
    }
}

#[tokio::test]
async fn a_state_that_no_sequence_of_steps_leaves_is_not_believed() {
    let server = RedisServer::start();
    server.pretend_to_be_unused();
    let host = server.host();
    assert!(matches!(host.step(ACQUIRE).await, Ok(Reply::Granted(_))));
    let honest = server.state();
    let set = |words: &[String]| {
        let _: () = redis::cmd("SET")
            .arg(&host.key)
            .arg(words.join(" "))
            .query(&mut server.client())
            .unwrap();
    };
    // Behind the name, the version, the run and four counts stand five times, the pool of all
    // operations, and the name of the first.
    for (place, what) in [
        (7, "the last step"),
        (9, "the loss"),
        (10, "the end of sharing"),
        (12, "the pause of all"),
        (21, "the pause of one"),
        (22, "the calls"),
    ] {
        for value in ["9007199254740000", "-1", "1.5", "nan", "x"] {
            let mut words = honest.clone();
            words[place] = value.into();
            set(&words);
            let wait = match host.step(ACQUIRE).await.unwrap() {
                Reply::Wait(wait) => wait,
                other => panic!("{what} {value}: {other:?}"),
            };
            assert_eq!(wait.reason, WaitReason::Recovering, "{what} {value}");
            assert!(wait.delay <= PAUSE, "{what} {value}: {}", wait.delay);
        }
    }
    for count in 3..7 {
        let mut words = honest.clone();
        words[count] = "30".into();
        set(&words);
        assert_eq!(cause(&host).await, WaitReason::Recovering, "count {count}");
    }
    set(&honest[..honest.len() - 1]);
    assert_eq!(cause(&host).await, WaitReason::Recovering);
    set(&honest);
    assert!(matches!(host.step(ACQUIRE).await, Ok(Reply::Granted(_))));
}

/// Another program writes the longest pause into the state, and takes it back.
#[tokio::test]
async fn a_long_wait_is_asked_about_again() {
    let server = RedisServer::start();
    server.pretend_to_be_unused();
    let host = server.host();
    let Ok(Reply::Granted(permit)) = host.step(ACQUIRE).await else {
        panic!("a permit")
    };
    let throttled = Command::Throttled(LaneId(1), permit, Some(3600 * SECOND));
    host.step(throttled).await.unwrap();
    match host.step(ACQUIRE).await {
        Ok(Reply::Wait(wait)) => {
            assert_eq!((wait.reason, wait.delay), (WaitReason::Paused, ASK_AGAIN));
        }
        other => panic!("{other:?}"),
    }
    server.pretend_to_be_unused();
    assert!(matches!(host.step(ACQUIRE).await, Ok(Reply::Granted(_))));
}
