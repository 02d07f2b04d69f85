//! This file is longer than 300 lines because every way in which a file can be unusable has a test.

use super::*;
use crate::constants::WAITER_GRACE;
use crate::fallback::{AccountStore, Outage};
use crate::memory::Memory;
use crate::slots::{LaneId, Priority, Wait, WaitReason};
use crate::tests::LIMIT;
use std::fs;
use std::num::NonZeroU32;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::sync::atomic::{AtomicU64, Ordering};
use tokio::time::Instant;

const ACQUIRE: Command = Command::Acquire(PermitRequest {
    lane: LaneId(1),
    waiter: None,
    priority: Priority::Normal,
    limit: LIMIT,
    leave: 0,
});

/// A directory, and a clock that the test sets.
struct Bench {
    directory: tempfile::TempDir,
    time: Arc<AtomicU64>,
}

impl Bench {
    /// A machine on which the quota was in use some time ago.
    fn new() -> Self {
        let bench = Self::fresh();
        assert!(goes(&bench.host()));
        bench.turn(1_500_000);
        bench
    }

    /// A machine on which nothing was ever kept.
    fn fresh() -> Self {
        Self {
            directory: tempfile::tempdir().unwrap(),
            time: Arc::new(AtomicU64::new(1_000_000_000)),
        }
    }

    fn directory(&self) -> PathBuf {
        self.directory.path().join("state")
    }

    fn file(&self) -> PathBuf {
        self.directory().join("1.quota")
    }

    /// The store as one more process would open it.
    fn host(&self) -> Host {
        self.host_of_boot(1)
    }

    fn host_of_boot(&self, boot: u64) -> Host {
        self.host_with(self.clock(boot))
    }

    fn host_with(&self, clock: HostClock) -> Host {
        let directory = SharedDirectory::new(self.directory(), clock);
        Host::new(Arc::new(directory), "1")
    }

    fn clock(&self, boot: u64) -> HostClock {
        let time = Arc::clone(&self.time);
        HostClock {
            boot,
            now: Arc::new(move || time.load(Ordering::Relaxed)),
        }
    }

    fn turn(&self, micros: Micros) {
        self.time.fetch_add(micros, Ordering::Relaxed);
    }
}

fn acquire(host: &Host) -> Result<Reply, StoreError> {
    host.try_step(ACQUIRE).expect("the lock is free")
}

fn goes(host: &Host) -> bool {
    matches!(acquire(host), Ok(Reply::Granted(_)))
}

fn waits(host: &Host) -> (Micros, WaitReason) {
    match acquire(host) {
        Ok(Reply::Wait(Wait { delay, reason, .. })) => (delay, reason),
        other => panic!("{other:?}"),
    }
}

#[test]
fn processes_share_one_quota() {
    let bench = Bench::new();
    let (one, two) = (bench.host(), bench.host());
    for _ in 0..5 {
        assert!(goes(&one) && goes(&two));
    }
    assert_eq!(waits(&one), (1_000_000, WaitReason::Quota));
    assert_eq!(waits(&bench.host()).1, WaitReason::Quota);
}

#[test]
fn only_this_user_can_read_what_is_kept() {
    let bench = Bench::new();
    assert!(goes(&bench.host()));
    let mode = |path: PathBuf| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(
        (mode(bench.directory()), mode(bench.file())),
        (0o700, 0o600)
    );
}

#[test]
fn a_record_that_can_t_be_believed_costs_one_window() {
    let bench = Bench::new();
    let host = bench.host();
    assert!(goes(&host));
    let whole = fs::read(bench.file()).unwrap();
    let mut flipped = whole.clone();
    flipped[100] ^= 1;
    // The last one is what earlier versions wrote.
    let earlier: &[u8] = b"camsslot\x03\0\0\0\0\0\0\0";
    for broken in [&whole[..100], &flipped, b"something else", earlier] {
        fs::write(bench.file(), broken).unwrap();
        assert_eq!(waits(&host), (1_500_000, WaitReason::Recovering));
        bench.turn(1_500_000);
        assert!(goes(&host));
    }
}

#[test]
fn a_record_of_another_boot_costs_one_window() {
    let bench = Bench::fresh();
    assert!(goes(&bench.host()));
    let next = bench.host_of_boot(2);
    assert_eq!(waits(&next), (1_500_000, WaitReason::Recovering));
    bench.turn(1_500_000 + WAITER_GRACE);
    assert!((0..10).all(|_| goes(&next)));
}

/// Two machines that use one directory keep the quota, and hear what to do instead.
#[tokio::test(start_paused = true)]
async fn machines_that_share_a_directory_are_told_to_use_redis() {
    let bench = Bench::fresh();
    let start = Instant::now();
    let clock = |boot, ahead| HostClock {
        boot,
        now: Arc::new(move || ahead + start.elapsed().as_micros() as Micros),
    };
    let machines = [clock(1, 1_000_000_000), clock(2, 7_000_000_000)].map(|clock| {
        let outage = Arc::<Outage>::default();
        let host: Arc<dyn Store> = Arc::new(bench.host_with(clock));
        let stores = vec![host, Arc::new(Memory::new())];
        let store = AccountStore::new(stores, NonZeroU32::MIN, Arc::clone(&outage));
        (store, outage)
    });
    let (mut calls, mut waits) = (Vec::new(), [None::<Wait>; 2]);
    while start.elapsed() < Duration::from_secs(60) {
        for ((store, _), last) in machines.iter().zip(&mut waits) {
            let acquire = Command::Acquire(PermitRequest {
                lane: LaneId(1),
                waiter: last.and_then(|wait| wait.waiter),
                priority: Priority::Normal,
                limit: LIMIT,
                leave: 0,
            });
            *last = match store.step(acquire, 0).await {
                (Reply::Wait(wait), _) => Some(wait),
                _ => None,
            };
            if last.is_none() {
                calls.push(start.elapsed());
            }
        }
        tokio::time::sleep(Duration::from_millis(7)).await;
    }
    let within = |at: &Duration| {
        let later = calls.iter().filter(|call| *call >= at);
        later
            .filter(|call| **call < *at + Duration::from_secs(1))
            .count()
    };
    assert!(calls.iter().map(within).max() <= Some(10));
    assert!(calls.len() > 30, "{} calls", calls.len());
    for (_, outage) in &machines {
        let reason = outage.reason().unwrap();
        assert!(
            reason.contains("another machine") && reason.contains("Redis"),
            "{reason}"
        );
    }
}

#[test]
fn a_record_from_the_future_costs_one_window() {
    let bench = Bench::new();
    let host = bench.host();
    assert!(goes(&host));
    bench.time.fetch_sub(3_600_000_000 / 4, Ordering::Relaxed);
    assert_eq!(waits(&host), (1_500_000, WaitReason::Recovering));
    bench.turn(1_500_000);
    assert!(goes(&host));
}

/// Deletes what the processes of a machine share, as they see it.
fn delete_state(bench: &Bench) {
    fs::remove_dir_all(bench.directory()).unwrap();
}

#[test]
fn a_machine_without_earlier_calls_owes_no_wait() {
    let bench = Bench::fresh();
    let first = bench.host();
    assert!(goes(&first), "no process has called");
    assert!(goes(&bench.host()), "the second knows of the first");
}

#[test]
fn a_state_that_was_deleted_is_missed_until_its_calls_have_left_every_window() {
    let bench = Bench::fresh();
    let running = bench.host();
    assert!(goes(&running));
    delete_state(&bench);
    assert_eq!(waits(&bench.host()), (1_500_000, WaitReason::Recovering));
    // However long ago that call was: the other process may have made one since.
    bench.turn(3_600_000_000);
    delete_state(&bench);
    assert_eq!(waits(&bench.host()), (1_500_000, WaitReason::Recovering));
    drop(running);

    // The processes end, and another one starts shortly after, or later.
    for (millis, unused) in [(0, false), (1499, false), (2501, true)] {
        let bench = Bench::fresh();
        assert!(goes(&bench.host()));
        delete_state(&bench);
        bench.turn(millis * 1000);
        assert_eq!(goes(&bench.host()), unused, "{millis} ms");
    }
}

#[test]
fn what_tells_of_the_others_is_not_relied_on_where_it_tells_nothing() {
    let lock = |bench: &Bench| bench.directory().with_extension("lock");
    let cases: [(&str, Loss); 5] = [
        ("the state of another account is older", |bench| {
            private_file::open(&bench.directory().join("other.quota")).unwrap();
        }),
        ("of another boot", |bench| {
            assert!(goes(&bench.host_of_boot(2)));
            bench.turn(3_600_000_000);
            delete_state(bench);
        }),
        ("open to others", |bench| {
            let lock = bench.directory().with_extension("lock");
            fs::write(&lock, "").unwrap();
            fs::set_permissions(&lock, PermissionsExt::from_mode(0o644)).unwrap();
        }),
        ("a link", |bench| {
            let lock = bench.directory().with_extension("lock");
            symlink(bench.directory.path().join("elsewhere"), lock).unwrap();
        }),
        ("no file", |bench| {
            fs::create_dir(bench.directory().with_extension("lock")).unwrap();
        }),
    ];
    for (case, arrange) in cases {
        let bench = Bench::fresh();
        arrange(&bench);
        assert_eq!(waits(&bench.host()).1, WaitReason::Recovering, "{case}");
    }
    // A process that uses the file creates it again if it is deleted.
    let bench = Bench::fresh();
    let running = bench.host();
    assert!(goes(&running));
    fs::remove_file(lock(&bench)).unwrap();
    bench.turn(3_000_000);
    assert!(goes(&running) && goes(&running));
    delete_state(&bench);
    assert_eq!(waits(&bench.host()), (1_500_000, WaitReason::Recovering));
}

/// What may happen to a host's state between two calls.
type Loss = fn(&Bench);

#[test]
fn a_state_that_vanishes_costs_one_window_for_all_who_use_it() {
    let losses: [Loss; 4] = [
        |bench| fs::write(bench.file(), "").unwrap(),
        |bench| fs::remove_file(bench.file()).unwrap(),
        |bench| fs::remove_dir_all(bench.directory()).unwrap(),
        |bench| fs::rename(bench.directory(), bench.directory.path().join("moved")).unwrap(),
    ];
    for (number, lose) in losses.iter().enumerate() {
        let bench = Bench::new();
        let host = bench.host();
        assert!(goes(&host));
        lose(&bench);
        // One process has the file open, the other has not.
        for host in [&bench.host(), &host] {
            let (delay, cause) = waits(host);
            assert_eq!(cause, WaitReason::Recovering, "loss {number}");
            assert!(delay >= 1_500_000, "loss {number}: {delay}");
        }
    }
}

#[test]
fn a_later_version_is_left_alone_while_it_is_in_use() {
    let bench = Bench::new();
    let host = bench.host();
    assert!(goes(&host));
    let newer = fs::read_to_string(bench.file()).unwrap();
    let mut newer = newer
        .replacen("call-quota 4", "call-quota 9", 1)
        .into_bytes();
    for used in 0..3 {
        newer[100] = used;
        fs::write(bench.file(), &newer).unwrap();
        assert!(acquire(&host).is_err());
        bench.turn(1_400_000);
    }
    assert!(acquire(&host).is_err());
    assert_eq!(fs::read(bench.file()).unwrap(), newer);
    bench.turn(200_000);
    assert_eq!(waits(&host), (1_500_000, WaitReason::Recovering));
}

#[test]
fn links_and_open_doors_are_refused() {
    let bench = Bench::fresh();
    let reason = |host: &Host| acquire(host).unwrap_err().0;
    let outside = bench.directory.path().join("outside");
    fs::write(&outside, "").unwrap();
    private_file::make_directory(&bench.directory()).unwrap();
    symlink(&outside, bench.file()).unwrap();
    assert!(acquire(&bench.host()).is_err());
    fs::remove_file(bench.file()).unwrap();

    fs::set_permissions(&outside, PermissionsExt::from_mode(0o600)).unwrap();
    fs::hard_link(&outside, bench.file()).unwrap();
    assert!(reason(&bench.host()).ends_with("not a regular file with one name"));
    fs::remove_file(bench.file()).unwrap();

    fs::set_permissions(bench.directory(), PermissionsExt::from_mode(0o755)).unwrap();
    assert!(reason(&bench.host()).ends_with("other users have access to it"));

    fs::remove_dir_all(bench.directory()).unwrap();
    let elsewhere = tempfile::tempdir().unwrap();
    symlink(elsewhere.path(), bench.directory()).unwrap();
    assert!(reason(&bench.host()).ends_with("it is a symbolic link"));
}

#[test]
fn a_held_lock_is_waited_for_elsewhere() {
    let bench = Bench::new();
    let host = bench.host();
    assert!(goes(&host));
    let other = File::open(bench.file()).unwrap();
    other.lock().unwrap();
    assert!(host.try_step(ACQUIRE).is_none());
    drop(other);
    assert!(goes(&host));
}

#[tokio::test(start_paused = true)]
async fn a_lock_that_is_never_given_back_is_not_waited_for_for_ever() {
    let bench = Bench::new();
    let host = bench.host();
    assert!(goes(&host));
    let other = File::open(bench.file()).unwrap();
    other.lock().unwrap();
    assert!(host.step(ACQUIRE).await.is_err());
}

/// Acquires permits until there is none, and returns how many there were.
async fn burst(store: &AccountStore) -> usize {
    let mut calls = 0;
    while let (Reply::Granted(_), _) = store.step(ACQUIRE, 0).await {
        calls += 1;
    }
    calls
}

#[tokio::test(start_paused = true)]
async fn without_the_file_a_share_is_kept_and_no_crossing_allows_a_burst() {
    let bench = Bench::new();
    let start = Instant::now();
    // It goes on where the bench's other clock stands.
    let begin = bench.time.load(Ordering::Relaxed);
    let clock = HostClock {
        boot: 1,
        now: Arc::new(move || begin + start.elapsed().as_micros() as Micros),
    };
    let host = bench.host_with(clock);
    let stores: Vec<Arc<dyn Store>> = vec![Arc::new(host), Arc::new(Memory::new())];
    let store = AccountStore::new(stores, NonZeroU32::new(2).unwrap(), Arc::default());
    let later = |millis| tokio::time::sleep(Duration::from_millis(millis));
    assert_eq!(burst(&store).await, 10);

    // The file is gone and cannot come back.
    fs::remove_dir_all(bench.directory()).unwrap();
    fs::write(bench.directory(), "in the way").unwrap();
    later(2000).await;
    assert_eq!(burst(&store).await, 0);
    later(1499).await;
    assert_eq!(burst(&store).await, 0);
    later(2).await;
    assert_eq!(burst(&store).await, 2);
    later(1501).await;
    assert_eq!(burst(&store).await, 2);

    // It can, and is used again when the share has left every window.
    fs::remove_file(bench.directory()).unwrap();
    later(5000).await;
    assert_eq!(burst(&store).await, 0);
    later(1499).await;
    assert_eq!(burst(&store).await, 0);
    later(2).await;
    assert_eq!(burst(&store).await, 10);
}
