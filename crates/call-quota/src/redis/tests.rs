//! Tests against a real server: the script replies as the Rust code does, and an outage costs no
//! more than it must.
//!
//! This file is longer than 300 lines because a real server is brought into every state that it can
//! be in.

mod fleet;
mod members;
mod runs;
mod script;

use std::io::{BufRead, BufReader};
use std::num::NonZeroU32;
use std::process::{Child, Command as Program, Stdio};

use proptest::prelude::*;
use tempfile::TempDir;

use super::member::Activity;
use super::script::Script;
use super::*;
use crate::constants::micros;
use crate::constants::{self, Micros, WAITER_GRACE};
use crate::fallback::AccountStore;
use crate::memory::Memory;
use crate::slots::{
    LaneId, PermitId, PermitRequest, Priority, QuotaState, Wait, WaitReason, WaiterId,
};
use crate::tests::LIMIT;
use crate::{Limit, QuotaKey, Throttle};
use base::environment::Environment;

const SECOND: Micros = 1_000_000;
/// Time limits for a nearby server.
const TIMEOUTS: RedisTimeouts = RedisTimeouts {
    connect: Duration::from_millis(200),
    command: Duration::from_millis(100),
};
const ACQUIRE: Command = Command::Acquire(PermitRequest {
    lane: LaneId(1),
    waiter: None,
    priority: Priority::Normal,
    limit: LIMIT,
    leave: 0,
});

/// A server of this test's own, on a socket in its own directory.
struct RedisServer {
    directory: TempDir,
    process: Child,
}

impl RedisServer {
    fn start() -> Self {
        Self::start_program("redis-server")
    }

    fn start_program(program: &str) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let process = Self::spawn(program, &directory);
        Self { directory, process }
    }

    fn spawn(program: &str, directory: &TempDir) -> Child {
        let mut process = Program::new(program)
            .args(["--port", "0", "--save", "", "--appendonly", "no", "--dir"])
            .arg(directory.path())
            .arg("--unixsocket")
            .arg(directory.path().join("socket"))
            .stdout(Stdio::piped())
            .spawn()
            .expect(
                "redis-server is needed: apt-get install -y redis-server \
                 (or valkey-server under that name)",
            );
        let mut lines = BufReader::new(process.stdout.take().unwrap()).lines();
        let ready = lines.any(|line| line.unwrap().contains("eady to accept connections"));
        assert!(ready, "redis-server ended before it was ready");
        // It would die of a closed pipe.
        std::thread::spawn(move || lines.for_each(drop));
        process
    }

    fn kill(&mut self) {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
    }

    fn restart(&mut self) {
        self.process = Self::spawn("redis-server", &self.directory);
    }

    fn url(&self) -> String {
        format!(
            "redis+unix://{}",
            self.directory.path().join("socket").display()
        )
    }

    fn client(&self) -> redis::Connection {
        let client = redis::Client::open(self.url()).unwrap();
        client.get_connection().unwrap()
    }

    /// The store as one more host would open it.
    fn host(&self) -> Redis {
        let server = SharedServer::new(self.url().parse().unwrap(), TIMEOUTS);
        Redis::new(
            Arc::new(server),
            &key().account_fingerprint(),
            NonZeroU32::MIN,
        )
    }

    /// The same as a user that may not ask which run of the server this is.
    fn host_without_info(&self) -> Redis {
        let url = format!("{}?user=limited&pass=word", self.url());
        let server = SharedServer::new(url.parse().unwrap(), TIMEOUTS);
        Redis::new(
            Arc::new(server),
            &key().account_fingerprint(),
            NonZeroU32::MIN,
        )
    }

    /// Creates that user on the server.
    fn admit_limited_user(&self) {
        let mut command = redis::cmd("ACL");
        command.arg("SETUSER").arg("limited").arg("on").arg(">word");
        command.arg("~*").arg("+@all").arg("-@dangerous");
        let _: () = command.query(&mut self.client()).unwrap();
    }

    /// Gives the server a state in which no call was made recently.
    fn pretend_to_be_unused(&self) {
        let pool = "0 ".repeat(8);
        let unused = format!(
            "local run_id = redis.call('INFO', 'server'):match('run_id:(%x+)') return \
             redis.call('SET', KEYS[1], 'cams {} ' .. run_id .. ' 0 0 0 0 0 0 0 0 0 {pool}')",
            constants::STATE_VERSION
        );
        let name = self.host().key;
        let _: () = redis::Script::new(&unused)
            .key(name)
            .invoke(&mut self.client())
            .unwrap();
    }

    /// The state as the server has it.
    fn state(&self) -> Vec<String> {
        let text: String = redis::cmd("GET")
            .arg(self.host().key)
            .query(&mut self.client())
            .unwrap();
        text.split(' ').map(str::to_owned).collect()
    }
}

impl Drop for RedisServer {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn key() -> QuotaKey {
    QuotaKey {
        account: "1".into(),
        region: "r".into(),
        action: "A",
    }
}

/// The facts about the server that the script reads, on a clock that the test sets.
#[derive(Clone, Copy)]
struct Facts<'a> {
    now: Micros,
    run_id: &'a str,
    uptime: Option<Micros>,
    made: &'static str,
    never_run: bool,
}

/// A server that was started long ago, and on which the script has been run.
fn at(now: Micros) -> Facts<'static> {
    Facts {
        now,
        run_id: "1",
        uptime: None,
        made: "same",
        never_run: false,
    }
}

/// The script on a clock that the test sets, as the last arguments.
fn script_on_a_test_clock() -> Script {
    Script::new(
        "
local function time() return tonumber(ARGV[16]) end
local function run() return ARGV[17] ~= '' and ARGV[17] or nil, tonumber(ARGV[18]) end
",
    )
}

fn run(script: &Script, client: &mut redis::Connection, now: Micros, command: Command) -> Reply {
    run_as(&Notice::default(), script, client, at(now), command)
}

/// The same for a process that sends a notice about itself.
fn run_as(
    notice: &Notice<'_>,
    script: &Script,
    client: &mut redis::Connection,
    facts: Facts<'_>,
    command: Command,
) -> Reply {
    let mut evaluation = redis::cmd("EVAL");
    evaluation.arg(&script.text).arg(1).arg("k");
    let arguments = ScriptArguments {
        command,
        notice: *notice,
        timeouts: TIMEOUTS,
        connection: facts.made,
    };
    arguments.add_to(&mut evaluation);
    evaluation
        .arg(u8::from(facts.never_run))
        .arg(facts.now)
        .arg(facts.run_id);
    match facts.uptime {
        Some(uptime) => evaluation.arg(uptime),
        None => evaluation.arg("unknown"),
    };
    let values = evaluation.query::<Vec<redis::Value>>(client).unwrap();
    let (reply, run_is_known) = parse(&values).unwrap();
    assert_eq!(run_is_known, !facts.run_id.is_empty());
    reply
}

/// One event of a random story: time passes, then comes a command about one of the ids seen.
#[derive(Clone, Debug)]
struct Happening {
    passes: i64,
    kind: u8,
    lane: LaneId,
    which: usize,
    retry: bool,
    calls: u64,
    window: Micros,
    pause: Option<Micros>,
    leave: Micros,
}

fn happenings() -> impl Strategy<Value = Vec<Happening>> {
    let passes = prop_oneof![
        6 => 0_i64..50_000,
        3 => 0_i64..1_600_000,
        1 => 8_500_000_i64..10_500_000,
        1 => 0_i64..100_000_000,
        1 => prop_oneof![20 => Just(0_i64), 1 => -3_000_000_i64..0],
    ];
    let calls = prop_oneof![30 => Just(10), 1 => 1_u64..=64];
    let window = prop_oneof![30 => Just(1_000_000), 1 => 1_u64..5_000_000];
    let pause = proptest::option::of(0_u64..200_000_000);
    let one = (
        passes,
        (0_u8..14, prop_oneof![3 => 1_u64..4, 1 => 1_u64..40]),
        any::<usize>(),
        any::<bool>(),
        calls,
        window,
        pause,
        prop_oneof![Just(0), 0..constants::MAX_LEAVE],
    );
    let one = one.prop_map(
        |(passes, (kind, lane), which, retry, calls, window, pause, leave)| Happening {
            passes,
            kind,
            lane: LaneId(lane),
            which,
            retry,
            calls,
            window,
            pause,
            leave,
        },
    );
    proptest::collection::vec(one, 1..120)
}

/// It is tried on the server that is on the path, and on those that `CAMS_TEST_REDIS` names.
#[test]
fn the_script_answers_as_the_pure_core_does() {
    let environment = Environment::of_process();
    let further = environment.get("CAMS_TEST_REDIS").unwrap_or_default();
    let further = further.split(':').filter(|program| !program.is_empty());
    for program in std::iter::once("redis-server").chain(further) {
        compare_with_the_pure_core(program);
    }
}

fn compare_with_the_pure_core(program: &str) {
    let server = RedisServer::start_program(program);
    let (script, client) = (
        script_on_a_test_clock(),
        std::cell::RefCell::new(server.client()),
    );
    let config = ProptestConfig {
        cases: 300,
        failure_persistence: None,
        ..ProptestConfig::default()
    };
    let shared = std::cell::Cell::new(0);
    proptest!(config, |(story in happenings())| {
        let client = &mut *client.borrow_mut();
        let _: () = redis::cmd("FLUSHALL").query(client).unwrap();
        let mut now = 1_790_000_000_000_000_u64;
        let (mut state, mut started) = (QuotaState::default(), false);
        let (mut granted, mut waiters) = (vec![PermitId(0)], vec![None]);
        for happening in story {
            now = now.saturating_add_signed(happening.passes);
            // Mostly one of the last few.
            let pick = |ids: usize| ids - 1 - happening.which % ids.min(6);
            let permit = granted[pick(granted.len())];
            let waiter = waiters[pick(waiters.len())];
            let command = match happening.kind {
                0 | 1 => Command::Answered(permit),
                2 => Command::Throttled(happening.lane, permit, happening.pause),
                3 => Command::Unsent(permit),
                6 => Command::Departed(permit),
                7 => Command::Unanswered(permit),
                4 => Command::Cancel(waiter.unwrap_or(WaiterId(0))),
                kind => Command::Acquire(PermitRequest {
                    lane: happening.lane,
                    waiter,
                    priority: if happening.retry && kind == 5 {
                        Priority::Retry
                    } else {
                        Priority::Normal
                    },
                    limit: Limit {
                        calls: happening.calls,
                        window: happening.window,
                    },
                    leave: happening.leave,
                }),
            };
            // Before the first question there is no state, and a settlement makes none.
            if let (false, Command::Acquire(_)) = (started, command) {
                state = QuotaState::forgetting(now + micros(TIMEOUTS.fallback_return()), now);
                started = true;
            }
            let here = match command {
                // The request to the script includes the time limit of its reply.
                Command::Acquire(PermitRequest { lane, waiter, priority, limit, leave }) => {
                    let leave = leave + micros(TIMEOUTS.step());
                    Command::Acquire(PermitRequest { lane, waiter, priority, limit, leave })
                }
                other => other,
            };
            let expected = if started { state.step(now, here) } else { Reply::Done };
            prop_assert_eq!(run(&script, client, now, command), expected, "{:?}", command);
            shared.set(shared.get() + usize::from(state.sharing.lasts(now)));
            match expected {
                Reply::Granted(permit) => granted.push(permit),
                Reply::Wait(wait) => waiters.push(wait.waiter),
                Reply::Done => {}
            }
        }
    });
    assert!(
        shared.get() > 100,
        "{} steps shared the slots",
        shared.get()
    );
}

#[tokio::test]
async fn a_process_has_work_until_its_last_permit_is_settled() {
    let server = RedisServer::start();
    server.pretend_to_be_unused();
    let host = server.host();
    let members = || -> usize {
        // After the version, the run, and the numbers of operations, slots and waiters.
        server.state()[6].parse().unwrap()
    };
    let mut permits = Vec::new();
    for _ in 0..2 {
        let Ok(Reply::Granted(permit)) = host.step(ACQUIRE).await else {
            panic!("a permit")
        };
        permits.push(permit);
    }
    assert_eq!(members(), 1);
    let permit = permits[0];
    host.step(Command::Answered(permit)).await.unwrap();
    assert_eq!(members(), 1);
    let permit = permits[1];
    host.step(Command::Unanswered(permit)).await.unwrap();
    assert_eq!(members(), 0);
}

async fn burst(store: &AccountStore) -> usize {
    let mut calls = 0;
    while let (Reply::Granted(_), _) = store.step(ACQUIRE, 0).await {
        calls += 1;
    }
    calls
}

/// The same as soon as there is any permit.
async fn first_burst(store: &AccountStore) -> usize {
    loop {
        match burst(store).await {
            0 => tokio::task::yield_now().await,
            permits => return permits,
        }
    }
}

async fn cause(host: &Redis) -> WaitReason {
    match host.step(ACQUIRE).await {
        Ok(Reply::Wait(wait)) => wait.reason,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn hosts_share_one_quota() {
    let server = RedisServer::start();
    server.pretend_to_be_unused();
    let (one, two) = (server.host(), server.host());
    for _ in 0..5 {
        assert!(matches!(one.step(ACQUIRE).await, Ok(Reply::Granted(_))));
        assert!(matches!(two.step(ACQUIRE).await, Ok(Reply::Granted(_))));
    }
    assert_eq!(cause(&one).await, WaitReason::Quota);
    assert_eq!(cause(&server.host()).await, WaitReason::Quota);
}

/// The pause after the server lost the state.
const PAUSE: Micros = 1_600_000 + 1_500_000;

/// The wait in the store's reply when calls may have been forgotten.
async fn recovers_for(host: &Redis) -> Micros {
    match host.step(ACQUIRE).await {
        Ok(Reply::Wait(wait)) if wait.reason == WaitReason::Recovering => wait.delay,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_state_that_was_flushed_or_evicted_or_never_written_costs_a_pause() {
    let server = RedisServer::start();
    let host = server.host();
    assert_eq!(recovers_for(&host).await, PAUSE);
    for loss in ["FLUSHALL", "DEL"] {
        server.pretend_to_be_unused();
        assert!(matches!(host.step(ACQUIRE).await, Ok(Reply::Granted(_))));
        let mut lose = redis::cmd(loss);
        if loss == "DEL" {
            lose.arg(&host.key);
        }
        let _: redis::Value = lose.query(&mut server.client()).unwrap();
        assert_eq!(recovers_for(&host).await, PAUSE, "{loss}");
    }
}

#[tokio::test]
async fn the_snapshot_of_another_run_is_not_believed() {
    let mut server = RedisServer::start();
    server.pretend_to_be_unused();
    let key = server.host().key;
    let snapshot: Vec<u8> = redis::cmd("DUMP")
        .arg(&key)
        .query(&mut server.client())
        .unwrap();
    assert!(matches!(
        server.host().step(ACQUIRE).await,
        Ok(Reply::Granted(_))
    ));
    server.kill();
    server.restart();
    let mut restore = redis::cmd("RESTORE");
    restore.arg(&key).arg(0).arg(snapshot);
    let _: () = restore.query(&mut server.client()).unwrap();
    assert_eq!(recovers_for(&server.host()).await, PAUSE);
}

#[tokio::test]
async fn what_others_wrote_is_not_believed_and_a_later_version_is_left_alone() {
    let server = RedisServer::start();
    let host = server.host();
    let mut client = server.client();
    let _: () = redis::cmd("SET")
        .arg(&host.key)
        .arg("something else")
        .query(&mut client)
        .unwrap();
    assert_eq!(cause(&host).await, WaitReason::Recovering);

    let later = redis::Script::new("return redis.call('SET', KEYS[1], 'cams 5 whatever it has')");
    let _: () = later.key(&host.key).invoke(&mut client).unwrap();
    let failure = host.step(ACQUIRE).await.unwrap_err();
    assert!(failure.0.contains("a later version"), "{failure:?}");
}

#[tokio::test]
async fn the_state_does_not_stay_for_ever() {
    let server = RedisServer::start();
    let host = server.host();
    host.step(ACQUIRE).await.unwrap();
    let left: i64 = redis::cmd("PTTL")
        .arg(&host.key)
        .query(&mut server.client())
        .unwrap();
    assert!((604_000_000..=604_800_000).contains(&left), "{left}");
}

#[tokio::test]
async fn while_the_server_is_down_a_share_is_kept_and_no_crossing_allows_a_burst() {
    let mut server = RedisServer::start();
    server.pretend_to_be_unused();
    let stores: Vec<Arc<dyn Store>> = vec![Arc::new(server.host()), Arc::new(Memory::new())];
    let store = AccountStore::new(stores, NonZeroU32::new(2).unwrap(), Arc::default());
    assert_eq!(burst(&store).await, 10);
    server.kill();
    // The first request finds out. From then on the time is the test's.
    assert_eq!(burst(&store).await, 0);
    tokio::time::pause();
    let later = |millis| tokio::time::advance(Duration::from_millis(millis));
    later(3790).await;
    assert_eq!(burst(&store).await, 0);
    later(15).await;
    // Time has just jumped, so that the next attempt to reach the server is overdue.
    assert_eq!(first_burst(&store).await, 2);
    later(1600).await;
    assert_eq!(first_burst(&store).await, 2);

    server.restart();
    server.pretend_to_be_unused();
    tokio::time::resume();
    // The change comes as soon as some trials have shown that the server is back.
    let returns = |reply| match reply {
        Reply::Wait(wait) => wait.reason == WaitReason::Recovering && wait.delay > SECOND,
        _ => false,
    };
    while !returns(store.step(ACQUIRE, 0).await.0) {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    tokio::time::pause();
    later(1490).await;
    assert_eq!(burst(&store).await, 0);
    later(15).await;
    tokio::time::resume();
    assert_eq!(burst(&store).await, 10);
}

#[tokio::test]
async fn a_connection_that_ended_with_the_server_is_opened_again() {
    let mut server = RedisServer::start();
    let host = server.host();
    host.step(ACQUIRE).await.unwrap();
    server.kill();
    server.restart();
    host.step(ACQUIRE).await.unwrap();
}

#[tokio::test]
async fn a_server_that_hangs_is_not_waited_for() {
    let server = RedisServer::start();
    let host = server.host();
    host.step(ACQUIRE).await.unwrap();
    let _: () = redis::cmd("CLIENT")
        .arg("PAUSE")
        .arg(60_000)
        .query(&mut server.client())
        .unwrap();
    let start = tokio::time::Instant::now();
    assert!(host.step(ACQUIRE).await.is_err());
    assert!(start.elapsed() < Duration::from_secs(2));
}

/// Four hosts, each with its own queue, and calls that take some time.
#[tokio::test]
async fn hosts_keep_the_quota_together_and_use_it_up() {
    let server = RedisServer::start();
    server.pretend_to_be_unused();
    let start = tokio::time::Instant::now();
    let hosts: Vec<_> = (0..4)
        .map(|host| {
            let directory = server.directory.path().join(host.to_string());
            Throttle::redis(
                server.url().parse().unwrap(),
                TIMEOUTS,
                directory,
                NonZeroU32::MIN,
            )
        })
        .collect();
    let calls: Vec<_> = (0..36)
        .map(|call: u64| {
            let throttle = hosts[call as usize % 4].clone();
            tokio::spawn(async move {
                let permit = throttle.acquire(&key(), LIMIT, Priority::Normal).await;
                tokio::time::sleep(Duration::from_millis(call * 7 % 20)).await;
                let counted = start.elapsed();
                permit.answered();
                counted
            })
        })
        .collect();
    let mut times = Vec::new();
    for call in calls {
        times.push(call.await.unwrap());
    }
    times.sort_unstable();
    for ten in times.windows(11) {
        assert!(ten[10] - ten[0] >= Duration::from_secs(1), "{times:?}");
    }
    assert!(times[35] < Duration::from_secs(4), "{times:?}");
}
