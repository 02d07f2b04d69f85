//! The calls of this process that wait for one quota, in the order of arrival. Each is woken once.
//!
//! If the queue is empty, a caller asks the store itself. Otherwise it joins the queue. While the
//! queue is not empty, one task, the driver, asks the store for permits and gives them to the first
//! waiters.
//!
//! No permit may get lost. A granted permit is in exactly one place at any time: with the driver, in
//! a waiter's channel, or with its caller. If it is dropped before a caller has it, it is returned
//! to the store.
//!
//! This file is longer than 300 lines because waiters, driver and permits depend on each other.

use std::collections::BTreeMap;
use std::time::Duration;

use tokio::runtime::Handle;
use tokio::sync::{Notify, oneshot};
use tokio::time::{Instant, sleep_until, timeout_at};

use super::constants::{PERMIT_LIFETIME, micros};
use super::fallback::{AccountStore, Tier};
use super::slots::{
    Command, LaneId, PermitId, PermitRequest, Priority, Reply, Wait, WaitReason, WaiterId,
};
use super::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// The time after which the log first reports a waiting call.
const FIRST_REPORT: Duration = Duration::from_secs(1);

/// The interval between further reports.
const NEXT_REPORT: Duration = Duration::from_secs(10);

/// The queue of one quota in this process.
pub(crate) struct Queue {
    /// The name of the quota, for the log.
    name: String,
    /// The name of its operation in the state of the account.
    pub(crate) lane: LaneId,
    /// The store of the account, which its other operations use too.
    pub(crate) store: Arc<AccountStore>,
    inner: Mutex<QueueInner>,
    /// Wakes the driver early after an event that the store could not foresee: a permit was returned,
    /// the API throttled a call, or the last waiter left.
    changed: Notify,
}

#[derive(Default)]
struct QueueInner {
    /// The request of each waiter, and the channel for its permit.
    waiters: BTreeMap<QueueRank, (PermitRequest, oneshot::Sender<Permit>)>,
    /// How many calls have joined the queue so far.
    arrivals: u64,
    /// Whether a driver is running.
    driven: bool,
    /// The last reply of the store to the waiters.
    wait: Wait,
}

/// The order of the queue: by priority, then by arrival.
type QueueRank = (Priority, u64);

impl QueueInner {
    fn status(&self) -> QueueStatus {
        QueueStatus {
            waiting: self.waiters.len(),
            processes_ahead: self.wait.ahead,
            calls: self.wait.limit,
            reason: self.wait.reason,
        }
    }
}

/// The right to send one call now.
///
/// A permit that is dropped without being settled counts as that of a call that was sent and will
/// not be answered, which is the safe assumption.
#[must_use = "settle a permit with the result of its call"]
pub struct Permit {
    queue: Arc<Queue>,
    id: PermitId,
    tier: Tier,
    /// The time of the request: the store granted the permit after that.
    asked_at: Instant,
    /// The report to the store when the permit is dropped.
    outcome: Command,
}

impl Queue {
    pub(crate) fn new(name: String, lane: LaneId, store: Arc<AccountStore>) -> Self {
        Self {
            name,
            lane,
            store,
            inner: Mutex::default(),
            changed: Notify::new(),
        }
    }

    /// Waits for a permit. Dropping the future leaves the queue, or returns a permit that was
    /// granted in the meantime.
    pub(crate) async fn acquire(self: &Arc<Self>, mut request: PermitRequest) -> Permit {
        let arrived = Instant::now();
        loop {
            let mut waiting = match self.enter(request) {
                Ok(permit) => return permit.accept(),
                Err(waiting) => waiting,
            };
            let mut report_at = arrived + FIRST_REPORT;
            loop {
                match timeout_at(report_at, &mut waiting.permit).await {
                    Ok(Ok(permit)) if permit.is_fresh() => return permit.accept(),
                    // This task or the whole process was suspended. A call that is sent now could
                    // be counted after its slot has become free. Dropping the permit returns it.
                    // The caller has waited long enough, so it is first the next time.
                    Ok(Ok(_)) => {
                        request.priority = Priority::Retry;
                        break;
                    }
                    // The driver ended with its runtime. Joining again starts one on this runtime.
                    Ok(Err(_)) => break,
                    Err(_) => {
                        self.report(arrived, waiting.rank);
                        report_at += NEXT_REPORT;
                    }
                }
            }
        }
    }

    pub(crate) fn status(&self) -> QueueStatus {
        self.lock().status()
    }

    /// Grants a permit at once if the queue is empty and there is one, else joins the queue.
    fn enter(self: &Arc<Self>, request: PermitRequest) -> Result<Permit, Waiting> {
        // The lock is held during the step, which does not wait. Otherwise another caller could
        // overtake this one.
        let mut inner = self.lock();
        if !inner.driven {
            let asked_at = Instant::now();
            let wait = match self.store.try_step(Command::Acquire(request), 0) {
                Some((Reply::Granted(permit), tier)) => {
                    return Ok(self.permit(permit, tier, asked_at));
                }
                Some((Reply::Wait(wait), _)) => Some((asked_at, wait)),
                Some((Reply::Done, _)) | None => None,
            };
            inner.driven = true;
            inner.wait = wait.map_or(Wait::default(), |(_, wait)| wait);
            // From now on the driver is responsible for the waiter in the store.
            let driver = Driver {
                queue: Arc::clone(self),
                done: false,
            };
            tokio::spawn(driver.run(wait));
        }
        inner.arrivals += 1;
        let rank = (request.priority, inner.arrivals);
        let (sender, permit) = oneshot::channel();
        inner.waiters.insert(rank, (request, sender));
        Err(Waiting {
            queue: Arc::clone(self),
            rank,
            permit,
        })
    }

    /// A permit that returns to the store unless a caller accepts it.
    fn permit(self: &Arc<Self>, permit: PermitId, tier: Tier, asked_at: Instant) -> Permit {
        Permit {
            queue: Arc::clone(self),
            id: permit,
            tier,
            asked_at,
            outcome: Command::Unsent(permit),
        }
    }

    /// Gives the permit to the first waiter that still exists, or returns it to the store.
    fn hand_out(&self, mut permit: Permit) {
        // The braces release the lock before the body runs: a waiter that is sent to, or whose
        // refused permit is dropped, may lock the queue at once.
        while let Some((_, (_, sender))) = { self.lock().waiters.pop_first() } {
            match sender.send(permit) {
                Ok(()) => return,
                Err(refused) => permit = refused,
            }
        }
    }

    /// Lets the driver end if the queue is empty. This is decided under the lock, so that the next
    /// caller finds either a driver or the need to start one.
    fn end_driver_if_idle(&self) -> bool {
        let mut inner = self.lock();
        let idle = inner.waiters.is_empty();
        if idle {
            inner.driven = false;
            inner.wait = Wait::default();
        }
        idle
    }

    /// Reports the result of a permit to the store.
    fn settle(self: &Arc<Self>, tier: Tier, command: Command) {
        if self.store.try_step(command, tier).is_some() {
            // These free the slot one window from now or later. The driver's wait includes that.
            let expected = matches!(
                command,
                Command::Answered(_) | Command::Departed(_) | Command::Unanswered(_)
            );
            if !expected {
                self.changed.notify_one();
            }
            return;
        }
        // Without a runtime the report is lost. That is safe: the slot becomes free later.
        if let Ok(runtime) = Handle::try_current() {
            let queue = Arc::clone(self);
            runtime.spawn(async move {
                queue.store.step(command, tier).await;
                queue.changed.notify_one();
            });
        }
    }

    fn report(&self, arrived: Instant, rank: QueueRank) {
        let inner = self.lock();
        let position = inner.waiters.range(..=rank).count();
        let status = inner.status();
        drop(inner);
        tracing::info!(
            quota = %self.name,
            waited_seconds = arrived.elapsed().as_secs(),
            position,
            queue = status.waiting,
            processes_ahead = status.processes_ahead,
            calls_per_window = status.calls,
            cause = %status.reason,
            "waiting for the API's call quota",
        );
    }

    fn lock(&self) -> MutexGuard<'_, QueueInner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Permit {
    /// A function to call when the call leaves on an existing connection. A new connection can take
    /// longer than the half second that the algorithm allows, so do not report a departure
    /// on one. Without the report, the slot remains occupied until a window after the answer, or
    /// after the time within which the call leaves.
    pub fn departure(&self) -> impl Fn() + Send + Sync + 'static {
        let (queue, permit, tier) = (Arc::clone(&self.queue), self.id, self.tier);
        move || queue.settle(tier, Command::Departed(permit))
    }

    /// The API answered the call.
    pub fn answered(mut self) {
        self.outcome = Command::Answered(self.id);
    }

    /// The API throttled the call, and may have asked for a pause of this length.
    pub fn throttled(mut self, retry_after: Option<Duration>) {
        let pause = retry_after.map(micros);
        self.outcome = Command::Throttled(self.queue.lane, self.id, pause);
    }

    /// The call never left this machine.
    pub fn unsent(mut self) {
        self.outcome = Command::Unsent(self.id);
    }

    /// Takes the permit for a call that is sent immediately.
    fn accept(mut self) -> Self {
        self.outcome = Command::Unanswered(self.id);
        self
    }

    fn is_fresh(&self) -> bool {
        let replied = self.queue.store.replies_within(self.tier);
        self.asked_at.elapsed() < replied + Duration::from_micros(PERMIT_LIFETIME)
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        self.queue.settle(self.tier, self.outcome);
    }
}

/// A waiter as its caller sees it. Dropping it leaves the queue.
struct Waiting {
    queue: Arc<Queue>,
    rank: QueueRank,
    permit: oneshot::Receiver<Permit>,
}

impl Drop for Waiting {
    fn drop(&mut self) {
        let mut inner = self.queue.lock();
        let left = inner.waiters.remove(&self.rank).is_some();
        if left && inner.waiters.is_empty() {
            // The driver then leaves the store's queue, so that others need not wait for it.
            self.queue.changed.notify_one();
        }
    }
}

/// The task that asks the store while the queue is not empty.
struct Driver {
    queue: Arc<Queue>,
    done: bool,
}

impl Driver {
    /// Runs until the queue is empty. `wait` is the reply of the store to the first waiter, and the
    /// time of that request.
    async fn run(mut self, mut wait: Option<(Instant, Wait)>) {
        let queue = Arc::clone(&self.queue);
        // The id of this process in the store's queue.
        let mut waiter: Option<WaiterId> = None;
        loop {
            if let Some((asked_at, wait)) = wait.take() {
                waiter = wait.waiter;
                tokio::select! {
                    () = sleep_until(asked_at + Duration::from_micros(wait.delay)) => {}
                    () = queue.changed.notified() => {}
                }
            }
            let first = queue.lock().waiters.values().next().map(|(it, _)| *it);
            let Some(request) = first else {
                if let Some(waiter) = waiter.take() {
                    queue.store.step(Command::Cancel(waiter), 0).await;
                }
                // A caller may have joined in the meantime.
                self.done = queue.end_driver_if_idle();
                if self.done {
                    return;
                }
                continue;
            };
            let acquire = Command::Acquire(PermitRequest { waiter, ..request });
            // The time before the request, not after: the store's times count from the moment of the
            // step, which may be long before the reply arrives.
            let asked_at = Instant::now();
            let (reply, tier) = queue.store.step(acquire, 0).await;
            match reply {
                Reply::Granted(permit) => {
                    waiter = None;
                    queue.hand_out(queue.permit(permit, tier, asked_at));
                }
                Reply::Wait(found) => {
                    queue.lock().wait = found;
                    wait = Some((asked_at, found));
                }
                Reply::Done => {}
            }
        }
    }
}

/// A driver is dropped in the middle of its work when its runtime ends. Its waiters then join again,
/// each on its own runtime.
impl Drop for Driver {
    fn drop(&mut self) {
        if self.done {
            return;
        }
        let orphans = {
            let mut inner = self.queue.lock();
            inner.driven = false;
            std::mem::take(&mut inner.waiters)
        };
        // They are dropped after the lock is released, because a waiter that notices locks the queue.
        drop(orphans);
    }
}

/// The state of a quota's queue, for messages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct QueueStatus {
    /// How many calls of this process wait.
    pub waiting: usize,
    /// How many other processes are before it.
    pub processes_ahead: u32,
    /// How many calls the quota currently allows in its window. Zero if no call waits.
    pub calls: u32,
    /// What they wait for.
    pub reason: WaitReason,
}

#[cfg(test)]
mod tests;
