//! This file is longer than 300 lines because every way to leave the queue has a test.

use super::*;
use crate::limit::Limit;
use crate::memory::Memory;
use crate::tests::LIMIT;
use futures_util::FutureExt;
use proptest::prelude::*;
use std::cell::RefCell;
use std::num::NonZeroU32;
use std::pin::{Pin, pin};
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

fn queue() -> Arc<Queue> {
    let store = AccountStore::new(
        vec![std::sync::Arc::new(Memory::new())],
        NonZeroU32::MIN,
        std::sync::Arc::default(),
    );
    let name = "A in r of account 1".to_owned();
    Arc::new(Queue::new(name, LaneId(1), Arc::new(store)))
}

/// A call that leaves as soon as it is granted.
fn request(limit: Limit, priority: Priority) -> PermitRequest {
    PermitRequest {
        lane: LaneId(1),
        waiter: None,
        limit,
        priority,
        leave: 0,
    }
}

async fn take(queue: &Arc<Queue>, calls: usize) -> Vec<Permit> {
    let mut permits = Vec::new();
    for _ in 0..calls {
        permits.push(queue.acquire(request(LIMIT, Priority::Normal)).await);
    }
    permits
}

fn join(queue: &Arc<Queue>, priority: Priority) -> tokio::task::JoinHandle<Permit> {
    let queue = Arc::clone(queue);
    tokio::spawn(async move { queue.acquire(request(LIMIT, priority)).await })
}

/// Lets every task run until it waits for time or for another task.
async fn settle() {
    for _ in 0..20 {
        tokio::task::yield_now().await;
    }
}

fn millis(since: Instant) -> u128 {
    since.elapsed().as_millis()
}

#[tokio::test(start_paused = true)]
async fn ten_start_at_once_and_the_next_when_an_answer_is_a_window_old() {
    let (queue, start) = (queue(), Instant::now());
    let permits = take(&queue, 10).await;
    assert_eq!(millis(start), 0);
    tokio::time::sleep(Duration::from_millis(50)).await;
    for permit in permits {
        permit.answered();
    }
    take(&queue, 10).await;
    assert!((1050..1055).contains(&millis(start)), "{}", millis(start));
}

#[tokio::test(start_paused = true)]
async fn a_call_without_an_answer_holds_its_slot_for_the_forward_time_and_the_window() {
    let (queue, start) = (queue(), Instant::now());
    drop(take(&queue, 10).await);
    take(&queue, 1).await;
    assert!((1500..1503).contains(&millis(start)), "{}", millis(start));
}

#[tokio::test(start_paused = true)]
async fn a_call_that_never_left_gives_its_slot_to_the_next_at_once() {
    let (queue, start) = (queue(), Instant::now());
    let mut permits = take(&queue, 10).await;
    let next = join(&queue, Priority::Normal);
    settle().await;
    permits.pop().unwrap().unsent();
    drop(next.await.unwrap());
    assert_eq!(millis(start), 0);
}

#[tokio::test(start_paused = true)]
async fn waiters_are_served_in_order_but_a_refused_call_goes_first() {
    let queue = queue();
    drop(take(&queue, 10).await);
    let order = Arc::new(Mutex::new(Vec::new()));
    let mut tasks = Vec::new();
    for (name, priority) in [
        (1, Priority::Normal),
        (2, Priority::Normal),
        (0, Priority::Retry),
    ] {
        let (queue, order) = (Arc::clone(&queue), Arc::clone(&order));
        tasks.push(tokio::spawn(async move {
            let permit = queue.acquire(request(LIMIT, priority)).await;
            order.lock().unwrap().push(name);
            permit
        }));
        settle().await;
    }
    for task in tasks {
        drop(task.await.unwrap());
    }
    assert_eq!(*order.lock().unwrap(), [0, 1, 2]);
}

#[tokio::test(start_paused = true)]
async fn a_waiter_that_gives_up_neither_blocks_nor_costs_a_slot() {
    let (queue, start) = (queue(), Instant::now());
    drop(take(&queue, 10).await);
    let (first, second) = (
        join(&queue, Priority::Normal),
        join(&queue, Priority::Normal),
    );
    settle().await;
    assert_eq!(queue.status().waiting, 2);
    first.abort();
    drop(second.await.unwrap());
    assert_eq!(queue.status().waiting, 0);
    take(&queue, 9).await;
    assert!((1500..1503).contains(&millis(start)), "{}", millis(start));
}

#[tokio::test(start_paused = true)]
async fn a_permit_without_a_receiver_goes_to_the_next_waiter() {
    let (queue, start) = (queue(), Instant::now());
    drop(take(&queue, 9).await);
    tokio::time::sleep(Duration::from_millis(1400)).await;
    let last = take(&queue, 1).await;
    let mut lost = Box::pin(queue.acquire(request(LIMIT, Priority::Normal)));
    // The nine others are free at 1500, so the waiter is granted a permit then, but its future is
    // not polled again.
    assert!(lost.as_mut().now_or_never().is_none());
    tokio::time::sleep(Duration::from_millis(200)).await;
    drop(lost);
    take(&queue, 9).await;
    assert!(millis(start) < 1700, "{}", millis(start));
    drop(last);
}

#[tokio::test(start_paused = true)]
async fn a_permit_that_is_received_late_is_returned_and_requested_again() {
    let (queue, start) = (queue(), Instant::now());
    drop(take(&queue, 10).await);
    let mut stopped = Box::pin(queue.acquire(request(LIMIT, Priority::Normal)));
    assert!(stopped.as_mut().now_or_never().is_none());
    // It is granted a permit at 1500, but runs again only at 2000.
    tokio::time::sleep(Duration::from_millis(2000)).await;
    let permit = stopped.await;
    assert!(permit.asked_at >= start + Duration::from_millis(2000));
    // What it returned is there for others.
    drop(take(&queue, 9).await);
    assert!((2000..2003).contains(&millis(start)), "{}", millis(start));
}

#[tokio::test(start_paused = true)]
async fn a_refused_call_pauses_everybody_for_as_long_as_the_api_says() {
    let (queue, start) = (queue(), Instant::now());
    let permit = take(&queue, 1).await.pop().unwrap();
    permit.throttled(Some(Duration::from_secs(7)));
    let next = pin!(queue.acquire(request(LIMIT, Priority::Normal)));
    let mut next = next;
    assert!(next.as_mut().now_or_never().is_none());
    settle().await;
    let status = queue.status();
    assert_eq!((status.waiting, status.calls), (1, 7));
    assert_eq!(status.reason.to_string(), "the API asked for a pause");
    drop(next.await);
    assert!((7000..7003).contains(&millis(start)), "{}", millis(start));
}

#[test]
fn waiters_survive_the_runtime_of_their_driver() {
    let runtime = || {
        tokio::runtime::Builder::new_current_thread()
            .enable_time()
            .build()
            .unwrap()
    };
    let (queue, limit) = (
        queue(),
        Limit {
            calls: 1,
            window: 20_000,
        },
    );
    let first = runtime();
    drop(first.block_on(queue.acquire(request(limit, Priority::Normal))));
    let mut waiting = Box::pin(queue.acquire(request(limit, Priority::Normal)));
    first.block_on(async { assert!(waiting.as_mut().now_or_never().is_none()) });
    drop(first);
    let second = runtime();
    second.block_on(async {
        let ended = tokio::time::timeout(Duration::from_secs(5), waiting).await;
        drop(ended.expect("the wait ends"));
    });
}

#[tokio::test(start_paused = true)]
async fn a_waiter_is_woken_once_for_its_permit_and_never_else() {
    // So short that no wait is reported, because a report wakes the waiter too.
    let limit = Limit {
        calls: 10,
        window: 400_000,
    };
    let queue = queue();
    let call = |queue: Arc<Queue>| async move {
        let mut acquire = pin!(queue.acquire(request(limit, Priority::Normal)));
        let mut polls = 0;
        let permit = std::future::poll_fn(|context| {
            polls += 1;
            acquire.as_mut().poll(context)
        });
        permit.await.answered();
        polls
    };
    let calls: Vec<_> = (0..30)
        .map(|_| tokio::spawn(call(Arc::clone(&queue))))
        .collect();
    let mut polls = Vec::new();
    for call in calls {
        polls.push(call.await.unwrap());
    }
    assert_eq!(polls[..10], [1; 10], "who need not wait is not woken");
    assert_eq!(polls[10..], [2; 20], "once to ask, once with the permit");
}

/// What a test does to a queue.
#[derive(Clone, Copy, Debug)]
enum Act {
    Join(Priority),
    GiveUp(usize),
    HandBack(usize),
    /// Lets the driver and the waiters run.
    Run,
    Pass(u64),
}

fn acts() -> impl Strategy<Value = Vec<Act>> {
    let act = prop_oneof![
        4 => Just(Act::Join(Priority::Normal)),
        1 => Just(Act::Join(Priority::Retry)),
        3 => any::<usize>().prop_map(Act::GiveUp),
        3 => any::<usize>().prop_map(Act::HandBack),
        3 => Just(Act::Run),
        1 => (0_u64..600).prop_map(Act::Pass),
    ];
    proptest::collection::vec(act, 1..120)
}

type Waiting = Pin<Box<dyn Future<Output = Permit>>>;

/// Waiters in the order in which they are to be served, and what was granted.
#[derive(Default)]
struct Crowd {
    waiting: Vec<(QueueRank, Waiting)>,
    granted: Vec<Permit>,
    joined: u64,
}

impl Crowd {
    fn join(&mut self, queue: &Arc<Queue>, priority: Priority) {
        let queue = Arc::clone(queue);
        let mut future: Waiting =
            Box::pin(async move { queue.acquire(request(LIMIT, priority)).await });
        match future.as_mut().now_or_never() {
            Some(permit) => self.granted.push(permit),
            None => {
                self.joined += 1;
                let rank = (priority, self.joined);
                let at = self.waiting.partition_point(|(other, _)| *other < rank);
                self.waiting.insert(at, (rank, future));
            }
        }
    }

    /// Whether those who were granted something are the first of those who waited.
    async fn run(&mut self) -> bool {
        settle().await;
        let mut in_order = true;
        let mut still = Vec::new();
        for (rank, mut future) in self.waiting.drain(..) {
            match future.as_mut().now_or_never() {
                Some(permit) => {
                    in_order &= still.is_empty();
                    self.granted.push(permit);
                }
                None => still.push((rank, future)),
            }
        }
        self.waiting = still;
        in_order
    }
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 300,
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    #[test]
    fn order_is_kept_and_no_slot_is_lost_when_waiters_give_up(acts in acts()) {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_time()
            .start_paused(true)
            .build()
            .unwrap();
        let outcome: Result<(), TestCaseError> = runtime.block_on(async {
            let (queue, mut crowd) = (queue(), Crowd::default());
            for act in acts {
                match act {
                    Act::Join(priority) => crowd.join(&queue, priority),
                    Act::GiveUp(which) if !crowd.waiting.is_empty() => {
                        let which = which % crowd.waiting.len();
                        drop(crowd.waiting.remove(which));
                    }
                    Act::HandBack(which) if !crowd.granted.is_empty() => {
                        let which = which % crowd.granted.len();
                        crowd.granted.swap_remove(which).unsent();
                    }
                    Act::GiveUp(_) | Act::HandBack(_) => {}
                    Act::Run => prop_assert!(crowd.run().await, "served out of order"),
                    Act::Pass(millis) => {
                        // In steps, because permits that are picked up late are returned.
                        for _ in 0..millis.div_ceil(100) {
                            tokio::time::sleep(Duration::from_millis(100)).await;
                            prop_assert!(crowd.run().await, "served out of order");
                        }
                    }
                }
            }
            // Everything is handed back: ten can go again at once, and an eleventh not.
            crowd.waiting.clear();
            crowd.granted.drain(..).for_each(Permit::unsent);
            settle().await;
            let start = Instant::now();
            let ten = take(&queue, 10).await;
            prop_assert_eq!(millis(start), 0);
            let eleventh = queue.acquire(request(LIMIT, Priority::Normal));
            prop_assert!(eleventh.now_or_never().is_none());
            drop(ten);
            Ok(())
        });
        outcome?;
    }
}

#[test]
fn many_threads_neither_lose_a_wake_up_nor_a_slot() {
    let limit = Limit {
        calls: 4,
        window: 200,
    };
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(4)
        .enable_time()
        .build()
        .unwrap();
    let queue = queue();
    let worker = |seed: u64| {
        let queue = Arc::clone(&queue);
        async move {
            let random = base::random::Random::seeded(seed);
            for _ in 0..100 {
                let patience = random.up_to(Duration::from_millis(8));
                match tokio::time::timeout(
                    patience,
                    queue.acquire(request(limit, Priority::Normal)),
                )
                .await
                {
                    Ok(permit) if patience.as_micros().is_multiple_of(2) => permit.unsent(),
                    Ok(permit) => permit.answered(),
                    Err(_) => {}
                }
            }
        }
    };
    runtime.block_on(async {
        let workers: Vec<_> = (0..16).map(|seed| tokio::spawn(worker(seed))).collect();
        for worker in workers {
            worker.await.unwrap();
        }
        assert_eq!(queue.status().waiting, 0);
        for _ in 0..4 {
            let last = queue.acquire(request(limit, Priority::Normal));
            drop(
                tokio::time::timeout(Duration::from_millis(400), last)
                    .await
                    .expect("a slot is free"),
            );
        }
    });
}

thread_local! {
    /// What this thread logged.
    static LINES: RefCell<Vec<String>> = const { RefCell::new(Vec::new()) };
}

/// Collects what each thread logs. It is the subscriber of the process: one of a single thread
/// misses an event whose call site another thread registers first.
struct Lines;

impl<S: tracing::Subscriber> tracing_subscriber::Layer<S> for Lines {
    fn on_event(&self, event: &tracing::Event<'_>, _: tracing_subscriber::layer::Context<'_, S>) {
        let mut line = Line(event.metadata().level().to_string());
        event.record(&mut line);
        LINES.with_borrow_mut(|lines| lines.push(line.0));
    }
}

struct Line(String);

impl tracing::field::Visit for Line {
    fn record_debug(&mut self, field: &tracing::field::Field, value: &dyn std::fmt::Debug) {
        self.0 += &format!(" {field}={value:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_long_wait_is_reported_after_a_second_and_then_every_ten() {
    tracing_subscriber::registry().with(Lines).init();
    let queue = queue();
    let permit = take(&queue, 1).await.pop().unwrap();
    permit.throttled(Some(Duration::from_secs(20)));
    let (first, second) = (
        join(&queue, Priority::Normal),
        join(&queue, Priority::Normal),
    );
    drop((first.await, second.await));
    let lines = LINES.take();
    assert_eq!(lines.len(), 4, "{lines:#?}");
    assert_eq!(
        lines[1],
        "INFO message=waiting for the API's call quota quota=A in r of account 1 \
         waited_seconds=1 position=2 queue=2 processes_ahead=0 \
         calls_per_window=7 cause=the API asked for a pause"
    );
    assert!(lines[3].contains("waited_seconds=11"), "{}", lines[3]);
}
