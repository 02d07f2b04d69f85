use super::*;
use crate::throttle::Limit;
use crate::throttle::memory::Memory;
use futures_util::FutureExt;
use std::pin::pin;

const TEN: Limit = Limit {
    calls: 10,
    window: Duration::from_secs(1),
};

fn queue() -> Arc<Queue> {
    let key = QuotaKey {
        account: "1".into(),
        region: "r".into(),
        action: "A",
    };
    Arc::new(Queue::new(key, Store::Memory(Memory::new())))
}

async fn take(queue: &Arc<Queue>, calls: usize) -> Vec<Grant> {
    let mut grants = Vec::new();
    for _ in 0..calls {
        grants.push(queue.acquire(Terms::new(TEN), Place::Back).await);
    }
    grants
}

fn join(queue: &Arc<Queue>, place: Place) -> tokio::task::JoinHandle<Grant> {
    let queue = Arc::clone(queue);
    tokio::spawn(async move { queue.acquire(Terms::new(TEN), place).await })
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
    let grants = take(&queue, 10).await;
    assert_eq!(millis(start), 0);
    tokio::time::sleep(Duration::from_millis(50)).await;
    for grant in grants {
        grant.answered();
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
    let mut grants = take(&queue, 10).await;
    let next = join(&queue, Place::Back);
    settle().await;
    grants.pop().unwrap().unsent();
    next.await.unwrap();
    assert_eq!(millis(start), 0);
}

#[tokio::test(start_paused = true)]
async fn waiters_are_served_in_order_but_a_refused_call_goes_first() {
    let queue = queue();
    drop(take(&queue, 10).await);
    let order = Arc::new(Mutex::new(Vec::new()));
    let mut tasks = Vec::new();
    for (name, place) in [(1, Place::Back), (2, Place::Back), (0, Place::Head)] {
        let (queue, order) = (Arc::clone(&queue), Arc::clone(&order));
        tasks.push(tokio::spawn(async move {
            let grant = queue.acquire(Terms::new(TEN), place).await;
            order.lock().unwrap().push(name);
            grant
        }));
        settle().await;
    }
    for task in tasks {
        task.await.unwrap();
    }
    assert_eq!(*order.lock().unwrap(), [0, 1, 2]);
}

#[tokio::test(start_paused = true)]
async fn a_waiter_that_gives_up_neither_blocks_nor_costs_a_slot() {
    let (queue, start) = (queue(), Instant::now());
    drop(take(&queue, 10).await);
    let (first, second) = (join(&queue, Place::Back), join(&queue, Place::Back));
    settle().await;
    assert_eq!(queue.status().waiting, 2);
    first.abort();
    second.await.unwrap();
    assert_eq!(queue.status().waiting, 0);
    take(&queue, 9).await;
    assert!((1500..1503).contains(&millis(start)), "{}", millis(start));
}

#[tokio::test(start_paused = true)]
async fn a_grant_that_nobody_picks_up_goes_to_the_next() {
    let (queue, start) = (queue(), Instant::now());
    drop(take(&queue, 9).await);
    tokio::time::sleep(Duration::from_millis(1400)).await;
    let last = take(&queue, 1).await;
    let mut lost = Box::pin(queue.acquire(Terms::new(TEN), Place::Back));
    // The nine others are free at 1500, so the place in line is granted then, to a future that is not polled again.
    assert!(lost.as_mut().now_or_never().is_none());
    tokio::time::sleep(Duration::from_millis(200)).await;
    drop(lost);
    take(&queue, 9).await;
    assert!(millis(start) < 1700, "{}", millis(start));
    drop(last);
}

#[tokio::test(start_paused = true)]
async fn a_refused_call_pauses_everybody_for_as_long_as_the_api_says() {
    let (queue, start) = (queue(), Instant::now());
    let grant = take(&queue, 1).await.pop().unwrap();
    grant.throttled(Some(Duration::from_secs(7)));
    let next = pin!(queue.acquire(Terms::new(TEN), Place::Back));
    let mut next = next;
    assert!(next.as_mut().now_or_never().is_none());
    settle().await;
    let status = queue.status();
    assert_eq!((status.waiting, status.calls), (1, 7));
    assert_eq!(status.cause.to_string(), "the API asked for a pause");
    next.await;
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
        Terms::new(Limit {
            calls: 1,
            window: Duration::from_millis(20),
        }),
    );
    let first = runtime();
    drop(first.block_on(queue.acquire(limit, Place::Back)));
    let mut waiting = Box::pin(queue.acquire(limit, Place::Back));
    first.block_on(async { assert!(waiting.as_mut().now_or_never().is_none()) });
    drop(first);
    let second = runtime();
    second.block_on(async {
        tokio::time::timeout(Duration::from_secs(5), waiting)
            .await
            .expect("the wait ends");
    });
}
