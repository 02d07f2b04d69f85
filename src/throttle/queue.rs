//! The calls of this process that wait for one quota: first come, first served, each woken once.
//!
//! A call that finds nobody waiting asks the store itself. Otherwise it joins the queue, and one task, which lives as long as
//! anybody waits, asks the store on behalf of whoever is first and hands out what is granted.

use std::collections::BTreeMap;
use std::time::Duration;

use tokio::runtime::Handle;
use tokio::sync::{Notify, oneshot};
use tokio::time::{Instant, sleep_until, timeout_at};

use super::QuotaKey;
use super::keeper::{Answer, Keeper, Side};
use super::pace::Terms;
use super::slots::{Cause, Command, FORWARD, Micros, Reply, Wait};
use super::store::Store;
use super::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// When a waiting call is first reported, and how often after that.
const FIRST_REPORT: Duration = Duration::from_secs(1);
const NEXT_REPORT: Duration = Duration::from_secs(10);

/// Where a call joins the queue of its quota.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// Behind all who wait.
    Back,
    /// Before all who wait: a call that the API already turned away once.
    Head,
}

/// One quota as this process sees it.
#[derive(Debug)]
pub(super) struct Queue {
    key: QuotaKey,
    store: Store,
    inner: Mutex<Inner>,
    /// Rouses the driver when something happened that it could not foresee.
    changed: Notify,
}

#[derive(Debug, Default)]
struct Inner {
    waiters: BTreeMap<Rank, Waiter>,
    arrivals: u64,
    /// Whether a driver is at work.
    driven: bool,
    /// What the store said last.
    wait: Option<Wait>,
}

/// Those at the head first, then by arrival.
type Rank = (bool, u64);

#[derive(Debug)]
struct Waiter {
    terms: Terms,
    offer: oneshot::Sender<Offer>,
}

/// A granted call.
#[derive(Debug)]
pub(super) struct Grant {
    queue: Arc<Queue>,
    ticket: u64,
    side: Side,
    at: Instant,
}

impl Queue {
    pub(super) fn new(key: QuotaKey, store: Store) -> Self {
        Self {
            key,
            store,
            inner: Mutex::default(),
            changed: Notify::new(),
        }
    }

    /// Waits for a grant. Dropping the future leaves the queue, or gives back what it was just given.
    pub(super) async fn acquire(self: &Arc<Self>, terms: Terms, place: Place) -> Grant {
        let arrived = Instant::now();
        loop {
            let mut ticket = match self.enter(terms, place) {
                Ok(grant) => return grant,
                Err(ticket) => ticket,
            };
            let mut report_at = arrived + FIRST_REPORT;
            loop {
                match timeout_at(report_at, &mut ticket.offer).await {
                    Ok(Ok(offer)) => return offer.accept(),
                    // The driver's runtime is gone: join again, on this one.
                    Ok(Err(_)) => break,
                    Err(_) => {
                        self.report(arrived, ticket.rank);
                        report_at += NEXT_REPORT;
                    }
                }
            }
        }
    }

    pub(super) fn status(&self) -> QueueStatus {
        let inner = self.lock();
        QueueStatus::new(inner.waiters.len(), inner.wait)
    }

    /// Grants at once when nobody waits, else joins the queue.
    fn enter(self: &Arc<Self>, terms: Terms, place: Place) -> Result<Grant, Ticket> {
        let mut inner = self.lock();
        let head = place == Place::Head;
        let mut wait = None;
        if !inner.driven {
            let ask = Command::Ask {
                ticket: 0,
                head,
                terms,
            };
            let at = Instant::now();
            match self.store.try_step(ask, 0) {
                Some(Answer {
                    reply: Reply::Go { ticket },
                    side,
                }) => return Ok(self.granted(ticket, side, at)),
                Some(Answer {
                    reply: Reply::Wait(found),
                    ..
                }) => wait = Some((at, found)),
                Some(_) | None => {}
            }
            inner.driven = true;
            inner.wait = wait.map(|(_, wait)| wait);
            tokio::spawn(Duty::of(self).carry_out(wait));
        }
        inner.arrivals += 1;
        let rank = (!head, inner.arrivals);
        let (sender, offer) = oneshot::channel();
        let waiter = Waiter {
            terms,
            offer: sender,
        };
        inner.waiters.insert(rank, waiter);
        Err(Ticket {
            queue: Arc::clone(self),
            rank,
            offer,
        })
    }

    fn granted(self: &Arc<Self>, ticket: u64, side: Side, at: Instant) -> Grant {
        Grant {
            queue: Arc::clone(self),
            ticket,
            side,
            at,
        }
    }

    /// Gives the grant to the first who still wants it, else back to the store.
    fn hand_out(&self, grant: Grant) {
        let mut offer = Offer(Some(grant));
        while let Some((_, waiter)) = { self.lock().waiters.pop_first() } {
            match waiter.offer.send(offer) {
                Ok(()) => return,
                Err(refused) => offer = refused,
            }
        }
    }

    /// What the first in the queue wants: the limit it knows, and whether it ranks first among processes too.
    fn first(&self) -> Option<(Terms, bool)> {
        let inner = self.lock();
        let (rank, waiter) = inner.waiters.first_key_value()?;
        Some((waiter.terms, !rank.0))
    }

    /// Ends the driver's duty if nobody waits.
    fn dismiss(&self) -> bool {
        let mut inner = self.lock();
        let idle = inner.waiters.is_empty();
        if idle {
            inner.driven = false;
            inner.wait = None;
        }
        idle
    }

    fn settle(self: &Arc<Self>, side: Side, command: Command) {
        if self.store.try_step(command, side).is_none() {
            // Without a runtime the settlement is lost, which is safe: the slot is free in its own time.
            if let Ok(runtime) = Handle::try_current() {
                let queue = Arc::clone(self);
                runtime.spawn(async move {
                    queue.store.step(command, side).await;
                    queue.changed.notify_one();
                });
            }
        } else if !matches!(command, Command::Answered { .. }) {
            self.changed.notify_one();
        }
    }

    fn report(&self, arrived: Instant, rank: Rank) {
        let inner = self.lock();
        let position = inner.waiters.range(..=rank).count();
        let status = QueueStatus::new(inner.waiters.len(), inner.wait);
        drop(inner);
        tracing::info!(
            quota = %self.key,
            waited_seconds = arrived.elapsed().as_secs(),
            position,
            queue = status.waiting,
            processes_ahead = status.processes_ahead,
            calls_per_window = status.calls,
            cause = %status.cause,
            "waiting for the API's request quota",
        );
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Grant {
    /// The call was answered.
    pub(super) fn answered(self) {
        // Later than that the slot's release no longer depends on the answer.
        if self.at.elapsed() < Duration::from_micros(FORWARD) {
            let ticket = self.ticket;
            self.queue.settle(self.side, Command::Answered { ticket });
        }
    }

    /// The call was turned away.
    pub(super) fn throttled(self, pause: Option<Duration>) {
        let command = Command::Throttled {
            ticket: self.ticket,
            pause: pause.map(|pause| Micros::try_from(pause.as_micros()).unwrap_or(Micros::MAX)),
        };
        self.queue.settle(self.side, command);
    }

    /// The call never left.
    pub(super) fn unsent(self) {
        let ticket = self.ticket;
        self.queue.settle(self.side, Command::Unsent { ticket });
    }
}

/// A grant on its way to a waiter. It goes back to the store if the waiter is gone.
#[derive(Debug)]
struct Offer(Option<Grant>);

impl Offer {
    fn accept(mut self) -> Grant {
        self.0.take().expect("an offer is accepted once")
    }
}

impl Drop for Offer {
    fn drop(&mut self) {
        if let Some(grant) = self.0.take() {
            grant.unsent();
        }
    }
}

/// A place in the queue, left on drop.
struct Ticket {
    queue: Arc<Queue>,
    rank: Rank,
    offer: oneshot::Receiver<Offer>,
}

impl Drop for Ticket {
    fn drop(&mut self) {
        let mut inner = self.queue.lock();
        let left = inner.waiters.remove(&self.rank).is_some();
        if left && inner.waiters.is_empty() {
            self.queue.changed.notify_one();
        }
    }
}

/// The duty to ask the store while anybody waits.
struct Duty {
    queue: Arc<Queue>,
    done: bool,
}

impl Duty {
    fn of(queue: &Arc<Queue>) -> Self {
        Self {
            queue: Arc::clone(queue),
            done: false,
        }
    }

    async fn carry_out(mut self, mut wait: Option<(Instant, Wait)>) {
        let queue = Arc::clone(&self.queue);
        let mut place = 0;
        loop {
            if let Some((asked, wait)) = wait.take() {
                place = wait.ticket;
                tokio::select! {
                    () = sleep_until(asked + Duration::from_micros(wait.wait)) => {}
                    () = queue.changed.notified() => {}
                }
            }
            let Some((terms, head)) = queue.first() else {
                if place != 0 {
                    queue.store.step(Command::Leave { ticket: place }, 0).await;
                    place = 0;
                }
                self.done = queue.dismiss();
                if self.done {
                    return;
                }
                continue;
            };
            let ask = Command::Ask {
                ticket: place,
                head,
                terms,
            };
            let asked = Instant::now();
            let Answer { reply, side } = queue.store.step(ask, 0).await;
            match reply {
                Reply::Go { ticket } => {
                    place = 0;
                    queue.hand_out(queue.granted(ticket, side, asked));
                }
                Reply::Wait(found) => {
                    queue.lock().wait = Some(found);
                    wait = Some((asked, found));
                }
                Reply::Done => {}
            }
        }
    }
}

/// If the driver's task dies with its runtime, the waiters are told to begin again on theirs.
impl Drop for Duty {
    fn drop(&mut self) {
        if self.done {
            return;
        }
        let orphans = {
            let mut inner = self.queue.lock();
            inner.driven = false;
            std::mem::take(&mut inner.waiters)
        };
        // Only now: a waiter that hears of it may lock the queue at once.
        drop(orphans);
    }
}

/// A quota's queue at one moment, for messages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct QueueStatus {
    /// How many calls of this process wait.
    pub waiting: usize,
    /// How many other processes are before it.
    pub processes_ahead: u32,
    /// How many calls the quota allows in its window now. Zero if nobody waits.
    pub calls: u32,
    /// What they wait for.
    pub cause: Cause,
}

impl QueueStatus {
    fn new(waiting: usize, wait: Option<Wait>) -> Self {
        Self {
            waiting,
            processes_ahead: wait.map_or(0, |wait| wait.ahead),
            calls: wait.map_or(0, |wait| wait.limit),
            cause: wait.map_or(Cause::Quota, |wait| wait.cause),
        }
    }
}

#[cfg(test)]
mod tests;
