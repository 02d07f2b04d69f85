//! What callers of one quota do to each other.

use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::oneshot;
use tokio::task::{JoinHandle, yield_now};

use super::fallback::{AccountStore, Shared};
use super::limit::Limit;
use super::queue::Queue;
use super::slots::{LaneId, PermitRequest, Priority};

const SECOND: Duration = Duration::from_secs(1);
pub(crate) const HOUR: Duration = Duration::from_secs(3600);

/// How a store answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// At once, as memory and the host's file do.
    Swift,
    /// After others had their turn, as Redis does.
    Slow,
}

/// What becomes of a caller.
#[derive(Clone, Copy, Debug)]
pub enum Fate {
    /// It waits, calls, and is answered.
    Answered,
    /// It waits until it gives up. A permit that it has received by then is not used.
    GivesUp,
    /// It waits, and the API turns its call away; it waits again, before all others.
    Throttled,
    /// It waits, and its call cannot be sent.
    Unsent,
}

/// Runs callers, of which two may call at once, and lets each end as its fate says. In the end the
/// queue is empty and no slot is lost.
pub async fn meet(kind: Kind, fates: &[Fate]) {
    // Where every call is handed back, a slot that is not would be missed for an hour.
    let handed_back = |fate: &Fate| matches!(fate, Fate::GivesUp | Fate::Unsent);
    let window = if fates.iter().all(handed_back) {
        HOUR
    } else {
        SECOND
    };
    let limit = limit(2, window);
    let (queue, store) = queue(kind);
    let callers: Vec<_> = fates
        .iter()
        .map(|fate| tokio::spawn(caller(Arc::clone(&queue), limit, *fate)))
        .collect();
    for caller in callers {
        caller.await.expect("no caller panics");
    }
    assert_eq!(queue.status().waiting, 0);
    if window == SECOND {
        store.pass(60 * SECOND);
    }
    // A slow store hears of what was handed back a little later. The explorer ends what never ends.
    while store.would_grant(limit) < 2 {
        yield_now().await;
    }
}

/// Lets callers join the queue one after the other while another caller has the only permit. They are
/// served in that order.
pub async fn line_up(kind: Kind, callers: usize) {
    // Only what is handed back is free again.
    let limit = limit(1, HOUR);
    let (queue, _) = queue(kind);
    let held = queue.acquire(request(limit, Priority::Normal)).await;
    let served = Arc::new(std::sync::Mutex::new(Vec::new()));
    let mut line: Vec<JoinHandle<()>> = Vec::new();
    for number in 0..callers {
        let (own, served) = (Arc::clone(&queue), Arc::clone(&served));
        line.push(tokio::spawn(async move {
            let permit = own.acquire(request(limit, Priority::Normal)).await;
            served.lock().expect("not poisoned").push(number);
            permit.unsent();
        }));
        while queue.status().waiting != number + 1 {
            yield_now().await;
        }
    }
    held.unsent();
    for caller in line {
        caller.await.expect("no caller panics");
    }
    let served = served.lock().expect("not poisoned");
    assert_eq!(*served, (0..callers).collect::<Vec<_>>());
}

async fn caller(queue: Arc<Queue>, limit: Limit, fate: Fate) {
    match fate {
        Fate::Answered => queue
            .acquire(request(limit, Priority::Normal))
            .await
            .answered(),
        Fate::GivesUp => {
            let (give_up, given_up) = oneshot::channel::<()>();
            let waiting = tokio::spawn(async move {
                tokio::select! {
                    permit = queue.acquire(request(limit, Priority::Normal)) => permit.unsent(),
                    _ = given_up => {}
                }
            });
            yield_now().await;
            // A caller that was served by now has dropped the receiver.
            let _ = give_up.send(());
            waiting.await.expect("it does not panic");
        }
        Fate::Throttled => {
            let first = queue.acquire(request(limit, Priority::Normal)).await;
            first.throttled(Some(SECOND));
            queue
                .acquire(request(limit, Priority::Retry))
                .await
                .answered();
        }
        Fate::Unsent => queue
            .acquire(request(limit, Priority::Normal))
            .await
            .unsent(),
    }
}

fn queue(kind: Kind) -> (Arc<Queue>, Arc<Shared>) {
    let store = AccountStore::new(kind);
    let shared = store.shared();
    let queue = Queue::new("quota".to_owned(), LaneId(1), Arc::new(store));
    (Arc::new(queue), shared)
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

fn limit(calls: u32, window: Duration) -> Limit {
    let calls = NonZeroU32::new(calls).expect("a limit allows some calls");
    Limit::new(calls, window)
}
