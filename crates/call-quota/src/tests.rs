//! Processes that share a quota while its state is destroyed, on the paused clock, and the names of
//! quotas and stores.

use std::fs::{self, File};
use std::path::Path;

use tokio::task::JoinSet;
use tokio::time::{Instant, sleep};

use super::*;
use base::random::Random;

/// Ten calls a second.
pub(crate) const LIMIT: Limit = Limit {
    calls: 10,
    window: 1_000_000,
};

/// Processes that call as often as the quota lets them, and when their calls were counted.
#[derive(Default)]
pub(crate) struct Processes {
    tasks: JoinSet<()>,
    counted: Arc<Mutex<Vec<Duration>>>,
}

impl Processes {
    /// Starts a process that keeps the quota in the first of these stores that works.
    pub(crate) fn start(&mut self, start: Instant, stores: Vec<Arc<dyn Store>>) {
        let queue = queue(stores);
        for number in 0..12 {
            let (queue, counted) = (Arc::clone(&queue), Arc::clone(&self.counted));
            self.tasks.spawn(async move {
                loop {
                    let permit = queue.acquire(request()).await;
                    counted.lock().unwrap().push(start.elapsed());
                    // A call is counted at once and answered up to 50 ms later.
                    sleep(Duration::from_millis(10 + number * 7 % 40)).await;
                    permit.answered();
                }
            });
        }
    }

    /// How many calls were counted by now.
    pub(crate) fn calls(&self) -> usize {
        self.counted.lock().unwrap().len()
    }

    /// Ends the processes, and checks that they made at least so many calls, but never more than
    /// ten in a second.
    pub(crate) fn kept_the_quota(self, least: usize) {
        let times = self.counted.lock().unwrap().clone();
        assert!(times.len() >= least, "{} calls", times.len());
        for ten in times.windows(11) {
            assert!(ten[10] - ten[0] >= Duration::from_secs(1), "{ten:?}");
        }
    }
}

/// The queue of a process that uses these stores, and then its memory.
pub(crate) fn queue(mut stores: Vec<Arc<dyn Store>>) -> Arc<Queue> {
    stores.push(Arc::new(Memory::new()));
    let store = AccountStore::new(stores, NonZeroU32::MIN, Arc::default());
    Arc::new(Queue::new(
        key("1").to_string(),
        key("1").lane(),
        Arc::new(store),
    ))
}

pub(crate) fn request() -> PermitRequest {
    PermitRequest {
        lane: key("1").lane(),
        waiter: None,
        priority: Priority::Normal,
        limit: LIMIT,
        leave: 0,
    }
}

fn key(account: &str) -> QuotaKey {
    QuotaKey {
        account: account.into(),
        region: "ap-southeast-1".into(),
        action: "A",
    }
}

/// The store of one more process of a machine whose clock is the paused one.
fn host(directory: &Path, start: Instant) -> Arc<dyn Store> {
    let clock = HostClock {
        boot: 1,
        now: Arc::new(move || 1_000_000_000 + start.elapsed().as_micros() as Micros),
    };
    let directory = SharedDirectory::new(directory.to_owned(), clock);
    Arc::new(Host::new(Arc::new(directory), "1"))
}

#[tokio::test(start_paused = true)]
async fn a_host_whose_state_is_destroyed_at_any_moment_keeps_the_quota() {
    let (directory, start) = (tempfile::tempdir().unwrap(), Instant::now());
    let shared = directory.path().join("state");
    let mut processes = Processes::default();
    for _ in 0..4 {
        processes.start(start, vec![host(&shared, start)]);
    }
    let moments = Random::seeded(1);
    for moment in 0..200 {
        sleep(Duration::from_secs(1) + moments.up_to(Duration::from_secs(2))).await;
        // A process that waits may not have made any of these again.
        let files = || fs::read_dir(&shared).into_iter().flatten().flatten();
        match moment % 4 {
            0 => files().for_each(|file| drop(File::create(file.path()))),
            1 => files().for_each(|file| drop(fs::remove_file(file.path()))),
            2 => drop(fs::rename(
                &shared,
                directory.path().join(moment.to_string()),
            )),
            _ => drop(fs::remove_dir_all(&shared)),
        }
    }
    processes.kept_the_quota(300);
}

/// A loss begins a pause. When losses never end, the share is used.
#[tokio::test(start_paused = true)]
async fn a_state_that_never_stays_costs_time_and_no_call() {
    let (directory, start) = (tempfile::tempdir().unwrap(), Instant::now());
    let shared = directory.path().join("state");
    let mut processes = Processes::default();
    processes.start(start, vec![host(&shared, start)]);
    while processes.calls() < 20 {
        assert!(start.elapsed() < Duration::from_secs(60));
        let _ = fs::remove_dir_all(&shared);
        sleep(Duration::from_millis(400)).await;
    }
    processes.kept_the_quota(20);
}

/// What was written into a state and is taken back delays no process for long.
#[tokio::test(start_paused = true)]
async fn a_pause_that_is_taken_back_is_over_within_seconds() {
    let (directory, start) = (tempfile::tempdir().unwrap(), Instant::now());
    let shared = directory.path().join("state");
    let queue = queue(vec![host(&shared, start)]);
    queue.acquire(request()).await.answered();
    let before = fs::read(shared.join("1.quota")).unwrap();
    let paused = queue.acquire(request()).await;
    paused.throttled(Some(Duration::from_secs(3600)));
    let waits = tokio::spawn(async move { queue.acquire(request()).await.answered() });
    sleep(Duration::from_millis(1500)).await;
    assert!(!waits.is_finished());
    fs::write(shared.join("1.quota"), before).unwrap();
    let ended = tokio::time::timeout(Duration::from_secs(6), waits).await;
    ended.expect("the state is asked again").unwrap();
}

#[test]
fn who_names_the_same_store_shares_it() {
    let host = |calls| Throttle::host("/nowhere".into(), NonZeroU32::new(calls).unwrap());
    assert!(Arc::ptr_eq(&host(1).inner, &host(1).inner));
    assert!(!Arc::ptr_eq(&host(1).inner, &host(2).inner));
    assert!(Arc::ptr_eq(
        &Throttle::process().inner,
        &Throttle::process().inner
    ));
    assert!(!Arc::ptr_eq(
        &Throttle::in_memory().inner,
        &Throttle::in_memory().inner
    ));
}

#[test]
fn only_an_account_id_is_shown() {
    assert_eq!(
        key("1234").to_string(),
        "A in ap-southeast-1 of account 1234"
    );
    assert_eq!(key("LTAI5t").to_string(), "A in ap-southeast-1");
}
