//! What is taken to be forgotten, by what is known of the run of the server.

use super::*;
use crate::constants::RESTART_TIME;

/// A server whose facts the test sets.
struct Server {
    _server: RedisServer,
    script: Script,
    client: redis::Connection,
}

impl Server {
    fn new() -> Self {
        let server = RedisServer::start();
        let client = server.client();
        Self {
            _server: server,
            script: script_on_a_test_clock(),
            client,
        }
    }

    /// How long a caller of this operation has to wait because calls may have been forgotten.
    fn recovers_for(&mut self, facts: Facts<'_>, lane: u64) -> Micros {
        let acquire = Command::Acquire(PermitRequest {
            lane: LaneId(lane),
            waiter: None,
            priority: Priority::Normal,
            limit: LIMIT,
            leave: 0,
        });
        let (script, client) = (&self.script, &mut self.client);
        match run_as(&Notice::default(), script, client, facts, acquire) {
            Reply::Granted(_) => 0,
            Reply::Wait(wait) if wait.reason == WaitReason::Recovering => {
                let waiter = wait.waiter.unwrap();
                run_as(
                    &Notice::default(),
                    script,
                    client,
                    facts,
                    Command::Cancel(waiter),
                );
                wait.delay
            }
            other => panic!("{other:?}"),
        }
    }
}

const NOW: Micros = 1_790_000_000_000_000;

#[test]
fn what_was_never_used_owes_no_pause_and_a_loss_owes_all_of_it() {
    let known = |never_run, uptime| Facts {
        uptime,
        never_run,
        ..at(NOW)
    };
    for (case, facts, expected) in [
        ("never used", known(true, Some(PAUSE)), 0),
        ("started just now", known(true, Some(0)), PAUSE),
        (
            "started a second ago",
            known(true, Some(SECOND)),
            PAUSE - SECOND,
        ),
        // What was lost may have named processes that use their fallback and try the server.
        ("used, and lost", known(false, Some(60 * SECOND)), PAUSE),
        (
            "used, and started a second ago",
            known(false, Some(SECOND)),
            PAUSE,
        ),
        (
            "started at a time that is not known",
            known(true, None),
            PAUSE,
        ),
        ("lost, and not known", known(false, None), PAUSE),
    ] {
        assert_eq!(Server::new().recovers_for(facts, 1), expected, "{case}");
    }
}

#[test]
fn a_loss_costs_one_pause_whatever_the_operation() {
    let mut server = Server::new();
    assert_eq!(server.recovers_for(at(NOW), 1), PAUSE);
    assert_eq!(server.recovers_for(at(NOW + SECOND), 2), PAUSE - SECOND);
    for lane in 1..4 {
        assert_eq!(server.recovers_for(at(NOW + PAUSE), lane), 0);
    }
    let restarted = |now| Facts {
        run_id: "2",
        ..at(now)
    };
    let later = NOW + 60 * SECOND;
    assert_eq!(server.recovers_for(restarted(later), 1), PAUSE);
    assert_eq!(
        server.recovers_for(restarted(later + SECOND), 2),
        PAUSE - SECOND
    );
    assert_eq!(server.recovers_for(restarted(later + PAUSE), 3), 0);
}

#[test]
fn each_restart_owes_the_whole_pause_also_by_a_clock_that_is_behind() {
    let mut server = Server::new();
    assert_eq!(server.recovers_for(at(NOW), 1), PAUSE);
    let restarted = |run_id, now| Facts { run_id, ..at(now) };
    // What was lost may have named processes that were heard of since the pause began.
    let now = NOW + PAUSE - 1;
    assert_eq!(server.recovers_for(restarted("2", now), 1), PAUSE);
    let behind = restarted("3", now - SECOND);
    assert_eq!(server.recovers_for(behind, 1), PAUSE);
}

/// The facts for a process that may not call `INFO`.
fn without_info(now: Micros, made: &'static str) -> Facts<'static> {
    Facts {
        run_id: "",
        made,
        ..at(now)
    }
}

#[test]
fn those_who_may_ask_for_the_run_and_those_who_may_not_share_a_state_at_once() {
    let mut server = Server::new();
    let used = |server: &mut Server, now, first: Facts<'_>| {
        server.recovers_for(first, 1);
        assert_eq!(server.recovers_for(at(now), 1), 0);
    };
    let open = NOW + PAUSE;
    used(&mut server, open, without_info(NOW, "first"));
    for step in 0..4 {
        let now = open + step * 100_000;
        assert_eq!(server.recovers_for(without_info(now, "first"), 2), 0);
        assert_eq!(server.recovers_for(without_info(now, "same"), 2), 0);
        assert_eq!(server.recovers_for(at(now), 3), 0);
    }
    // A user who may not ask leaves the known run as it is.
    let other = Facts {
        run_id: "2",
        ..at(open + SECOND)
    };
    assert_eq!(server.recovers_for(other, 1), PAUSE);
}

#[test]
fn who_may_not_ask_for_the_run_pays_once_where_it_could_be_another() {
    let mut server = Server::new();
    server.recovers_for(without_info(NOW, "first"), 1);
    let mut now = NOW + PAUSE;
    assert_eq!(server.recovers_for(without_info(now, "same"), 1), 0);

    // The connection was lost, for two processes.
    assert_eq!(server.recovers_for(without_info(now, "new"), 1), PAUSE);
    assert_eq!(
        server.recovers_for(without_info(now + SECOND, "new"), 2),
        PAUSE - SECOND
    );
    now += PAUSE;
    assert_eq!(server.recovers_for(without_info(now, "same"), 1), 0);

    // A process is new, and no other was there just before.
    now += RESTART_TIME;
    assert_eq!(server.recovers_for(without_info(now, "first"), 1), 0);
    now += RESTART_TIME + 1;
    assert_eq!(server.recovers_for(without_info(now, "first"), 1), PAUSE);
    now += PAUSE;
    assert_eq!(server.recovers_for(without_info(now, "same"), 1), 0);

    // A connection that lasts proves that the server was not restarted.
    now += 60 * SECOND;
    assert_eq!(server.recovers_for(without_info(now, "same"), 1), 0);
}

#[tokio::test]
async fn a_user_without_info_shares_the_quota_and_is_told_apart() {
    let server = RedisServer::start();
    server.admit_limited_user();
    server.pretend_to_be_unused();
    let (one, two) = (server.host(), server.host_without_info());
    for _ in 0..5 {
        assert!(matches!(one.step(ACQUIRE).await, Ok(Reply::Granted(_))));
        assert!(matches!(two.step(ACQUIRE).await, Ok(Reply::Granted(_))));
    }
    assert_eq!(cause(&one).await, WaitReason::Quota);
    assert_eq!(cause(&two).await, WaitReason::Quota);
    assert!(!one.server.caveats().runs_unknown);
    assert!(two.server.caveats().runs_unknown);
}

#[tokio::test]
async fn a_restart_from_a_snapshot_is_noticed_without_info() {
    let mut server = RedisServer::start();
    server.admit_limited_user();
    server.pretend_to_be_unused();
    let _: Reply = server.host().step(ACQUIRE).await.unwrap();
    let (one, two) = (server.host_without_info(), server.host_without_info());
    for host in [&one, &two] {
        assert!(matches!(host.step(ACQUIRE).await, Ok(Reply::Granted(_))));
    }
    let _: () = redis::cmd("SAVE").query(&mut server.client()).unwrap();
    for _ in 0..3 {
        assert!(matches!(one.step(ACQUIRE).await, Ok(Reply::Granted(_))));
    }
    server.kill();
    server.restart();
    server.admit_limited_user();
    assert_eq!(recovers_for(&one).await, PAUSE);
    let rest = recovers_for(&two).await;
    assert!(rest < PAUSE, "they pay once");
}
