//! Hosts that share the script of a real server, on the paused clock: the server loses its state,
//! and hosts lose the server.

use std::sync::atomic::AtomicBool;

use tokio::time::{Instant, sleep};

use super::*;
use crate::tests::{Processes, queue, request};
use base::random::Random;

/// A server whose clock is the paused one.
struct PausedServer {
    server: RedisServer,
    script: Script,
    client: std::sync::Mutex<redis::Connection>,
    start: Instant,
    /// Which run of the server this is.
    run: AtomicU64,
}

/// One process on its own host, and its connection to the server.
struct PausedRedis {
    /// For what it knows of this process. It makes no connection.
    redis: Redis,
    server: Arc<PausedServer>,
    cut_off: Arc<AtomicBool>,
}

impl PausedServer {
    fn start() -> Arc<Self> {
        let server = RedisServer::start();
        let client = server.client();
        Arc::new(Self {
            server,
            script: script_on_a_test_clock(),
            client: std::sync::Mutex::new(client),
            start: Instant::now(),
            run: AtomicU64::new(1),
        })
    }

    /// One more process, and what cuts it off.
    fn process(self: &Arc<Self>) -> (Arc<dyn Store>, Arc<AtomicBool>) {
        let cut_off = Arc::<AtomicBool>::default();
        let store = PausedRedis {
            redis: self.server.host(),
            server: Arc::clone(self),
            cut_off: Arc::clone(&cut_off),
        };
        (Arc::new(store), cut_off)
    }

    fn command<T: redis::FromRedisValue>(&self, words: &[&str]) -> T {
        let mut command = redis::cmd(words[0]);
        command.arg(&words[1..]);
        command.query(&mut self.client.lock().unwrap()).unwrap()
    }

    fn restart(&self) {
        self.run.fetch_add(1, Ordering::Relaxed);
    }

    fn snapshot(&self) -> Option<Vec<u8>> {
        self.command(&["DUMP", "k"])
    }

    fn restore(&self, snapshot: &[u8]) {
        let mut command = redis::cmd("RESTORE");
        command.arg("k").arg(0).arg(snapshot).arg("REPLACE");
        let _: () = command.query(&mut self.client.lock().unwrap()).unwrap();
    }
}

impl PausedRedis {
    /// Carries out a command, unless the way there or back is cut.
    async fn carry_out(&self, command: Command, notice: Notice<'_>) -> Result<Reply, StoreError> {
        let cut_off = || self.cut_off.load(Ordering::Relaxed);
        sleep(Duration::from_millis(1)).await;
        if !cut_off() {
            let server = &self.server;
            let now = 1_790_000_000_000_000 + server.start.elapsed().as_micros() as Micros;
            let run_id = server.run.load(Ordering::Relaxed).to_string();
            let facts = Facts {
                run_id: &run_id,
                ..at(now)
            };
            let client = &mut server.client.lock().unwrap();
            let reply = run_as(&notice, &server.script, client, facts, command);
            if !cut_off() {
                return Ok(reply);
            }
        }
        sleep(TIMEOUTS.step()).await;
        Err(StoreError("cut off".into()))
    }
}

impl Store for PausedRedis {
    fn try_step(&self, _: Command) -> Option<Result<Reply, StoreError>> {
        None
    }

    fn step(&self, command: Command) -> BoxFuture<'_, Result<Reply, StoreError>> {
        Box::pin(async move {
            let notice = self.redis.member.sends(command);
            let result = self.carry_out(command, notice).await;
            if matches!(command, Command::Acquire(_)) {
                let reply = result.as_ref().ok().copied();
                self.redis.member.receives(notice.number, reply);
            }
            result
        })
    }

    fn trial(&self, command: Command) -> BoxFuture<'_, Result<Reply, StoreError>> {
        Box::pin(self.carry_out(command, self.redis.member.away()))
    }

    fn loss_reason(&self) -> StoreError {
        self.redis.loss_reason()
    }

    fn timing(&self) -> Timing {
        self.redis.timing()
    }
}

#[tokio::test(start_paused = true)]
async fn hosts_whose_redis_loses_its_state_at_any_moment_keep_the_quota() {
    let server = PausedServer::start();
    let mut processes = Processes::default();
    for _ in 0..4 {
        processes.start(server.start, vec![server.process().0]);
    }
    let moments = Random::seeded(2);
    for moment in 0..40 {
        sleep(Duration::from_secs(3) + moments.up_to(Duration::from_secs(2))).await;
        let snapshot = server.snapshot().unwrap();
        sleep(Duration::from_secs(1)).await;
        match moment % 4 {
            0 => server.command(&["FLUSHALL"]),
            1 => server.restart(),
            2 => {
                server.command::<()>(&["FLUSHALL"]);
                server.restart();
            }
            _ => {
                server.restore(&snapshot);
                server.restart();
            }
        }
    }
    processes.kept_the_quota(300);
}

#[tokio::test(start_paused = true)]
async fn hosts_that_lose_redis_while_others_keep_it_share_the_ten_with_them() {
    let server = PausedServer::start();
    let (mut processes, mut links) = (Processes::default(), Vec::new());
    for _ in 0..4 {
        let (store, link) = server.process();
        links.push(link);
        processes.start(server.start, vec![store]);
    }
    let moments = Random::seeded(4);
    let pause = || sleep(Duration::from_secs(6) + moments.up_to(Duration::from_secs(4)));
    for round in 0..12 {
        let hosts = 1 + round % 3;
        pause().await;
        let cut = |cut_off| {
            let links = links[..hosts].iter();
            links.for_each(|link| link.store(cut_off, Ordering::Relaxed));
        };
        cut(true);
        pause().await;
        cut(false);
    }
    pause().await;
    processes.kept_the_quota(600);
}

#[tokio::test(start_paused = true)]
async fn a_server_that_never_keeps_its_state_costs_time_and_no_call() {
    let server = PausedServer::start();
    let mut processes = Processes::default();
    processes.start(server.start, vec![server.process().0]);
    while processes.calls() < 20 {
        assert!(server.start.elapsed() < Duration::from_secs(60));
        server.command::<()>(&["FLUSHALL"]);
        sleep(Duration::from_millis(400)).await;
    }
    processes.kept_the_quota(20);
}

/// What was written into a state and is taken back delays no process for long.
#[tokio::test(start_paused = true)]
async fn a_pause_on_the_server_that_is_taken_back_is_over_within_seconds() {
    let server = PausedServer::start();
    let queue = queue(vec![server.process().0]);
    queue.acquire(request()).await.answered();
    let paused = queue.acquire(request()).await;
    let before = server.snapshot().unwrap();
    paused.throttled(Some(Duration::from_secs(3600)));
    sleep(Duration::from_millis(10)).await;
    let waits = tokio::spawn(async move { queue.acquire(request()).await.answered() });
    sleep(Duration::from_millis(1500)).await;
    assert!(!waits.is_finished());
    server.restore(&before);
    let ended = tokio::time::timeout(Duration::from_secs(6), waits).await;
    ended.expect("the state is asked again").unwrap();
}
