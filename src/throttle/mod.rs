//! The slot algorithm that keeps the quota, and where its state lives.
//!
//! - `slots`, `pace`: the algorithm, without I/O: who may call when, and how many.
//! - `queue`: the calls of this process that wait.
//! - `store`, `memory`: where the state is kept.

mod memory;
mod pace;
mod queue;
#[cfg(test)]
mod simulation;
mod slots;
mod store;

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use memory::Memory;
use pace::Terms;
use queue::{Grant, Queue};
pub use slots::Cause;
use slots::Wait;
use store::Store;

/// An operation's documented limit: at most `calls` in any `window`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limit {
    /// How many calls. Zero counts as one.
    pub calls: u32,
    /// In how long. At most an hour.
    pub window: Duration,
}

/// What Alibaba Cloud counts calls against: account × region × action.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct QuotaKey {
    /// The account's id, or a hash that stands for it. Never an access key id in the clear.
    pub account: String,
    /// The region id.
    pub region: String,
    /// The API's name of the operation.
    pub action: &'static str,
}

/// `ACTION in REGION of account ID`. What is not an account id is not shown.
impl fmt::Display for QuotaKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} in {}", self.action, self.region)?;
        if !self.account.is_empty() && self.account.bytes().all(|byte| byte.is_ascii_digit()) {
            write!(f, " of account {}", self.account)?;
        }
        Ok(())
    }
}

/// Where a call joins the queue of its quota.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// Behind all who wait.
    Back,
    /// Before all who wait: a call that the API already turned away once.
    Head,
}

/// Keeps every quota, for all who share its store. Clones share; making one does no I/O.
#[derive(Clone, Debug)]
pub struct Throttle(Arc<Hub>);

#[derive(Debug)]
struct Hub {
    queues: Mutex<HashMap<QuotaKey, Arc<Queue>>>,
}

impl Throttle {
    /// Keeps quotas among those who hold a clone of this value.
    pub fn in_memory() -> Self {
        Self(Arc::new(Hub {
            queues: Mutex::default(),
        }))
    }

    /// Waits until a call against `key` may be sent. Dropping the future gives the place up.
    ///
    /// The call must be sent at once: the time until the server counts it runs from here.
    pub async fn acquire(&self, key: &QuotaKey, limit: Limit, place: Place) -> Permit {
        Permit(self.queue_of(key).acquire(Terms::new(limit), place).await)
    }

    /// Who waits for the quota now, in this process.
    pub fn queue(&self, key: &QuotaKey) -> QueueStatus {
        self.queue_of(key).status()
    }

    fn queue_of(&self, key: &QuotaKey) -> Arc<Queue> {
        let mut queues = self.0.queues.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(queue) = queues.get(key) {
            return Arc::clone(queue);
        }
        let queue = Queue::new(key.clone(), Store::Memory(Memory::new()));
        Arc::clone(queues.entry(key.clone()).or_insert(Arc::new(queue)))
    }
}

/// The right to send one call now. Dropped unsettled, it counts as sent and never answered.
#[derive(Debug)]
#[must_use = "a permit is settled by what became of its call"]
pub struct Permit(Grant);

impl Permit {
    /// The API answered.
    pub fn answered(self) {
        self.0.answered();
    }

    /// The API turned the call away for the quota's sake, and may have said for how long.
    pub fn throttled(self, retry_after: Option<Duration>) {
        self.0.throttled(retry_after);
    }

    /// The call never left this machine.
    pub fn unsent(self) {
        self.0.unsent();
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
