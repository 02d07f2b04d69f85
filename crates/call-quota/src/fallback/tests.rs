//! Stores that fail in all the ways that stores do, on the paused clock.
//!
//! This file is longer than 300 lines because each way to fail is a separate store.

use super::*;
use crate::constants::{ASK_AGAIN, Micros};
use crate::memory::Memory;
use crate::slots::{PermitId, WaiterId};
use crate::store::Timing;
use crate::tests::LIMIT;
use futures_util::future::BoxFuture;

/// A store that cannot be reached, and that takes its time to show it.
struct Unreachable;

/// How long an attempt to reach it takes.
const STEP: Duration = Duration::from_secs(4);
/// How long others rely on a process to come back.
const RETURN: Duration = Duration::from_secs(9);

impl Store for Unreachable {
    fn try_step(&self, _: Command) -> Option<Result<Reply, StoreError>> {
        None
    }

    fn step(&self, _: Command) -> BoxFuture<'_, Result<Reply, StoreError>> {
        Box::pin(async {
            tokio::time::sleep(STEP).await;
            Err(StoreError("it does not answer".into()))
        })
    }

    fn loss_reason(&self) -> StoreError {
        unreachable!("it has no state")
    }

    fn timing(&self) -> Timing {
        Timing {
            reply: STEP,
            returns_within: Some(RETURN),
            noticed_after: Duration::from_secs(2) + STEP,
            ..Timing::default()
        }
    }
}

/// This store with memory as its fallback, for one call in a window.
fn with_fallback(store: impl Store + 'static, outage: Arc<Outage>) -> AccountStore {
    let stores: Vec<Arc<dyn Store>> = vec![Arc::new(store), Arc::new(Memory::new())];
    AccountStore::new(stores, NonZeroU32::MIN, outage)
}

/// Asks for a permit, as the process that the last reply named. `None` stands for a permit.
async fn ask(store: &AccountStore, last: Option<Wait>) -> Option<Wait> {
    let acquire = Command::Acquire(PermitRequest {
        lane: LaneId(1),
        waiter: last.and_then(|wait| wait.waiter),
        priority: Priority::Normal,
        limit: LIMIT,
        leave: 0,
    });
    match store.step(acquire, 0).await.0 {
        Reply::Granted(_) => None,
        Reply::Wait(wait) => Some(wait),
        Reply::Done => unreachable!("a request for a permit is granted or waits"),
    }
}

/// Makes as many calls as the store lets in this time.
async fn calls(store: &AccountStore, time: Duration) -> u32 {
    let (end, mut calls, mut last) = (Instant::now() + time, 0, None);
    while Instant::now() < end {
        last = ask(store, last).await;
        match last {
            None => calls += 1,
            Some(wait) => tokio::time::sleep(Duration::from_micros(wait.delay)).await,
        }
    }
    calls
}

#[tokio::test(start_paused = true)]
async fn the_fallback_goes_on_while_the_primary_is_tried() {
    let store = with_fallback(Unreachable, Arc::default());
    let pause = ask(&store, None).await.expect("the primary is gone").delay;
    assert_eq!(pause, 7_500_001);
    tokio::time::sleep(Duration::from_micros(pause)).await;
    // These calls have no answer, so that each counts for a window and a half.
    let made = calls(&store, Duration::from_secs(60)).await;
    assert!((38..=41).contains(&made), "{made}");
}

#[tokio::test(start_paused = true)]
async fn after_standing_still_the_primary_is_tried_before_the_fallback_is_used() {
    let store = with_fallback(Unreachable, Arc::default());
    ask(&store, None).await.expect("the primary is gone");
    // The process is stopped: time passes, and no task of it runs.
    tokio::time::advance(Duration::from_secs(60)).await;
    let stood_still = Instant::now();
    while ask(&store, None).await.is_some() {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    assert!(stood_still.elapsed() >= STEP, "{:?}", stood_still.elapsed());
}

/// A store that carries out commands as a test says, each of which takes some time.
struct Scripted<F> {
    carry_out: F,
    takes: Duration,
}

impl<F: Fn(Command) -> Result<Reply, StoreError> + Send + Sync> Store for Scripted<F> {
    fn try_step(&self, _: Command) -> Option<Result<Reply, StoreError>> {
        None
    }

    fn step(&self, command: Command) -> BoxFuture<'_, Result<Reply, StoreError>> {
        Box::pin(async move {
            tokio::time::sleep(self.takes).await;
            (self.carry_out)(command)
        })
    }

    fn loss_reason(&self) -> StoreError {
        StoreError("it forgets".into())
    }

    fn timing(&self) -> Timing {
        Timing {
            trial: Some(Duration::from_millis(500)),
            returns_within: Some(RETURN),
            noticed_after: Duration::from_secs(2),
            ..Timing::default()
        }
    }
}

const GRANTED: Reply = Reply::Granted(PermitId(1));

fn recovers_for(delay: Micros) -> Reply {
    Reply::Wait(Wait {
        waiter: Some(WaiterId(1)),
        delay,
        ahead: 0,
        limit: 10,
        reason: WaitReason::Recovering,
    })
}

/// A store with a fallback of one call a second, and why it was last out of use.
fn chain<F>(takes: Duration, carry_out: F) -> (AccountStore, impl Fn() -> String)
where
    F: Fn(Command) -> Result<Reply, StoreError> + Send + Sync + 'static,
{
    let outage = Arc::<Outage>::default();
    let chain = with_fallback(Scripted { carry_out, takes }, Arc::clone(&outage));
    (chain, move || outage.reason().unwrap_or_default())
}

/// What the fallback lets through in this many seconds: a call without a reported answer counts for
/// a window and a half.
fn fallback_calls(seconds: u32) -> std::ops::RangeInclusive<u32> {
    (seconds - 2) * 2 / 3 - 1..=seconds * 2 / 3 + 1
}

/// A server that reads and refuses to write fails in the first half of every trial or in its second
/// one, as a replica or as one without memory.
#[tokio::test(start_paused = true)]
async fn a_primary_that_refuses_to_write_leaves_the_fallback_in_peace() {
    for refuses_undo_only in [false, true] {
        let (store, reason) =
            chain(Duration::from_millis(1), move |command| {
                match refuses_undo_only && !matches!(command, Command::Acquire(_)) {
                    true => Ok(Reply::Done),
                    false => Err(StoreError("READONLY".into())),
                }
            });
        let made = calls(&store, Duration::from_secs(63)).await;
        assert!(fallback_calls(60).contains(&made), "{made}");
        assert_eq!(reason(), "READONLY");
    }
}

#[tokio::test(start_paused = true)]
async fn a_primary_that_answers_late_is_not_returned_to() {
    let fails = std::sync::atomic::AtomicBool::new(true);
    let (store, _) = chain(Duration::from_millis(600), move |_| {
        match fails.swap(false, std::sync::atomic::Ordering::Relaxed) {
            true => Err(StoreError("late".into())),
            false => Ok(GRANTED),
        }
    });
    let made = calls(&store, Duration::from_secs(63)).await;
    assert!(fallback_calls(60).contains(&made), "{made}");
}

/// Every other answer is late, and no other one is quick.
#[tokio::test(start_paused = true)]
async fn a_store_at_the_limit_of_its_time_leaves_time_for_calls() {
    let late = base::random::Random::seeded(5);
    let (store, reason) = chain(Duration::from_millis(600), move |_| {
        match late.up_to(Duration::from_secs(1)) < Duration::from_millis(500) {
            true => Err(StoreError("late".into())),
            false => Ok(GRANTED),
        }
    });
    let made = calls(&store, Duration::from_secs(63)).await;
    assert!(made >= *fallback_calls(58).start(), "{made}");
    assert_eq!(reason(), "late");
}

#[tokio::test(start_paused = true)]
async fn each_return_to_a_primary_that_fails_again_takes_longer() {
    // It fails for callers and works for trials, which have no waiter and call once a second.
    let (store, _) = chain(Duration::ZERO, |command| match command {
        Command::Acquire(PermitRequest { leave: 1, .. }) => Err(StoreError("not now".into())),
        _ => Ok(GRANTED),
    });
    let acquire = Command::Acquire(PermitRequest {
        lane: LaneId::default(),
        waiter: None,
        priority: Priority::Normal,
        limit: LIMIT,
        leave: 1,
    });
    // The times at which the primary failed, as far as that shows: a pause of 3.5 seconds begins.
    let (start, mut failures) = (Instant::now(), Vec::new());
    while start.elapsed() < Duration::from_secs(400) {
        if let (Reply::Wait(wait), _) = store.step(acquire, 0).await
            && wait.delay == 3_500_001
        {
            failures.push(start.elapsed());
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    let between: Vec<_> = failures
        .windows(2)
        .map(|two| (two[1] - two[0]).as_secs())
        .collect();
    // As many trials, a second apart, and the pause of 1.5 seconds after them. The first ones have
    // ended before the first pause of 3.5 seconds has.
    assert_eq!(between[..4], [5, 7, 13, 25], "{between:?}");
    let rest = &between[4..];
    assert!(
        rest.len() > 4 && rest.iter().all(|time| (48..=51).contains(time)),
        "{between:?}"
    );
}

#[tokio::test(start_paused = true)]
async fn a_primary_that_recovers_is_returned_to_when_it_grants_permits() {
    let start = Instant::now();
    let (store, _) = chain(Duration::ZERO, move |_| match start.elapsed().as_secs() {
        0 => Err(StoreError("gone".into())),
        1..20 => Ok(recovers_for(1)),
        _ => Ok(GRANTED),
    });
    let during = calls(&store, Duration::from_secs(20)).await;
    assert!(fallback_calls(16).contains(&during), "{during}");
    tokio::time::sleep(Duration::from_secs(5)).await;
    let return_pause = ask(&store, None).await.expect("a pause").delay;
    assert_eq!(return_pause, 1_500_001);
    tokio::time::sleep(Duration::from_micros(return_pause)).await;
    for _ in 0..10 {
        assert_eq!(ask(&store, None).await, None);
    }
}

/// Each loss begins the pause again, whether it is long or short.
#[tokio::test(start_paused = true)]
async fn a_primary_that_loses_its_state_again_and_again_is_left() {
    for (pause, least) in [(9_500_000, 19), (1_500_000, 15)] {
        let (store, reason) = chain(Duration::from_millis(1), move |_| Ok(recovers_for(pause)));
        let waited = calls(&store, Duration::from_secs(least)).await;
        assert_eq!((waited, reason()), (0, String::new()), "{pause}");
        let made = calls(&store, Duration::from_secs(65)).await;
        assert!(made >= 35, "{pause}: {made}");
        assert_eq!(reason(), "it forgets");
    }
}

/// The server fails, and the directory that takes its place loses its state again and again.
#[tokio::test(start_paused = true)]
async fn a_fallback_that_loses_its_state_again_and_again_is_left() {
    let outage = Arc::<Outage>::default();
    let stores: Vec<Arc<dyn Store>> = vec![
        Arc::new(Unreachable),
        Arc::new(Scripted {
            carry_out: |_| Ok(recovers_for(1_500_000)),
            takes: Duration::from_millis(1),
        }),
        Arc::new(Memory::new()),
    ];
    let store = AccountStore::new(stores, NonZeroU32::MIN, outage);
    let made = calls(&store, Duration::from_secs(90)).await;
    assert!(made >= 30, "{made}");
}

/// A reply names no wait that is longer than [`ASK_AGAIN`], so that a long pause consists of several replies.
#[tokio::test(start_paused = true)]
async fn two_losses_in_a_row_whose_pauses_are_told_in_parts_are_waited_for() {
    let start = Instant::now();
    let (store, reason) = chain(Duration::from_millis(1), move |_| {
        let now = start.elapsed().as_micros() as u64;
        let end = match now {
            ..10_000_000 => 10_500_000,
            _ => 20_500_000_u64,
        };
        Ok(match end.saturating_sub(now) {
            0 => GRANTED,
            left => recovers_for(left.min(ASK_AGAIN)),
        })
    });
    let made = calls(&store, Duration::from_secs(21)).await;
    assert_eq!((made > 0, reason()), (true, String::new()));
}

#[tokio::test(start_paused = true)]
async fn one_long_recovery_and_several_short_ones_with_permits_are_waited_for() {
    let start = Instant::now();
    let (store, reason) = chain(Duration::ZERO, move |_| {
        match (30_000_000_u64).checked_sub(start.elapsed().as_micros() as u64) {
            Some(left @ 1..) => Ok(recovers_for(left.min(2_000_000))),
            _ => Ok(GRANTED),
        }
    });
    assert_eq!(
        ask(&store, None).await.map(|wait| wait.reason),
        Some(WaitReason::Recovering)
    );
    tokio::time::sleep(Duration::from_secs(31)).await;
    assert_eq!((ask(&store, None).await, reason()), (None, String::new()));

    let asked = std::sync::atomic::AtomicU32::new(0);
    let (store, reason) = chain(Duration::ZERO, move |_| {
        match asked.fetch_add(1, std::sync::atomic::Ordering::Relaxed) % 3 {
            0 | 1 => Ok(recovers_for(9_500_000)),
            _ => Ok(GRANTED),
        }
    });
    let made = calls(&store, Duration::from_secs(195)).await;
    assert_eq!((made, reason()), (10, String::new()));
}

/// The server fails, and then the directory that takes its place; later the server works again.
#[tokio::test(start_paused = true)]
async fn a_fallback_that_fails_too_is_left_until_the_first_store_works() {
    let start = Instant::now();
    let works_from = |seconds, reason: &'static str| Scripted {
        carry_out: move |_| match start.elapsed().as_secs() < seconds {
            true => Err(StoreError(reason.into())),
            false => Ok(GRANTED),
        },
        takes: Duration::from_millis(1),
    };
    let outage = Arc::<Outage>::default();
    let stores: Vec<Arc<dyn Store>> = vec![
        Arc::new(works_from(60, "no server")),
        Arc::new(works_from(u64::MAX, "a full disk")),
        Arc::new(Memory::new()),
    ];
    let store = AccountStore::new(stores, NonZeroU32::MIN, Arc::clone(&outage));
    // Each of the two changes costs three and a half seconds.
    let made = calls(&store, Duration::from_secs(60)).await;
    assert!(fallback_calls(53).contains(&made), "{made}");
    assert_eq!(
        outage.reason().unwrap(),
        "no server; nor can this machine's directory: a full disk"
    );
    tokio::time::sleep(Duration::from_secs(5)).await;
    let pause = ask(&store, None).await.expect("a pause").delay;
    assert_eq!(pause, 1_500_001);
    tokio::time::sleep(Duration::from_micros(pause)).await;
    for _ in 0..10 {
        assert_eq!(ask(&store, None).await, None);
    }
}
