//! Keeps the quotas of calls that an API grants to an account: in this process, on this host, or
//! for all hosts that use one Redis server.
//!
//! # Map, in reading order
//!
//! - `constants`: the numbers of the algorithm, which the Redis script uses too.
//! - `limit`, `slots`, `sharing`: the algorithm, without I/O: how many calls are allowed, which
//!   process may call when, and what changes if the API counts all operations of an account
//!   together.
//! - `store`: the trait of a place that keeps the state of an account.
//! - `memory`, `host` (a file), `redis`: the three stores.
//! - `fallback`: what happens while the file or the Redis server cannot be used.
//! - `queue`: the calls of this process that wait for a permit.
//! - `sync`: the locks of `queue`, which `tests/interleavings` replaces to try thousands of
//!   schedules.
//!
//! # The journey of a permit
//!
//! 1. [`Throttle::acquire`] finds the queue of the quota. An empty queue asks the store at once;
//!    otherwise the call waits in it, and the queue's driver asks for the first one.
//! 2. `fallback::AccountStore` chooses one of the account's stores, and the store applies one step of
//!    `slots::QuotaState` to the state that it keeps: in memory, in the locked file, or, with
//!    `slots.lua`, on the server.
//! 3. The reply is a permit, or the time at which to ask again. The permit goes to the first call in the queue.
//! 4. The caller sends its call and settles the [`Permit`] with the result. This is another step, which
//!    determines when the slot of the permit becomes free.

#![forbid(unsafe_code)]

mod constants;
mod fallback;
mod host;
mod limit;
mod memory;
mod queue;
mod redis;
mod sharing;
mod slots;
mod store;
mod sync;

use std::collections::HashMap;
use std::fmt;
use std::num::NonZeroU32;
use std::path::PathBuf;
use std::sync::{Arc, LazyLock, Mutex};
use std::time::Duration;

use base::fingerprint::{fingerprint, short_fingerprint};
use base::sync::lock;
use constants::{MAX_LEAVE, Micros, micros};
use fallback::{AccountStore, Outage};
#[doc(hidden)]
pub use host::rewrite as rewrite_host_record;
use host::{Host, HostClock, SharedDirectory};
pub use limit::Limit;
use memory::Memory;
use queue::Queue;
pub use queue::{Permit, QueueStatus};
pub use redis::{Caveats, InvalidRedisUrl, RIGHTS as REDIS_RIGHTS, RedisTimeouts, RedisUrl};
use redis::{Redis, SharedServer};
use slots::{LaneId, PermitRequest};
pub use slots::{Priority, WaitReason};
use store::Store;

/// Names a quota: calls are counted by account, region and operation.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct QuotaKey {
    /// The account's id, or a hash that identifies it. Never an access key id in plain text.
    pub account: String,
    /// The id of the region.
    pub region: String,
    /// The API's name of the operation.
    pub action: &'static str,
}

impl QuotaKey {
    /// The name of the file or key with the state of this account in this region. All processes
    /// derive the same name for the same account, and the name does not reveal the account.
    fn account_fingerprint(&self) -> String {
        fingerprint(&[&self.account, &self.region])
    }

    /// The name of the operation in the account's state.
    fn lane(&self) -> LaneId {
        LaneId(short_fingerprint(self.action))
    }
}

/// Shows `ACTION in REGION of account ID`. The account is left out if it is not an account id.
impl fmt::Display for QuotaKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} in {}", self.action, self.region)?;
        if !self.account.is_empty() && self.account.bytes().all(|byte| byte.is_ascii_digit()) {
            write!(f, " of account {}", self.account)?;
        }
        Ok(())
    }
}

/// Keeps every quota. Clones are the same throttle.
#[derive(Clone)]
pub struct Throttle {
    inner: Arc<ThrottleInner>,
    /// The longest time between the grant of a permit and the departure of its call.
    leave: Micros,
}

/// What identifies a throttle in a process: the server (the fingerprint of its URL), the directory,
/// and the number of calls in a window while these cannot be used.
type Place = (Option<(String, RedisTimeouts)>, Option<PathBuf>, NonZeroU32);

struct ThrottleInner {
    server: Option<Arc<SharedServer>>,
    directory: Option<Arc<SharedDirectory>>,
    fallback_calls: NonZeroU32,
    outage: Arc<Outage>,
    queues: Mutex<HashMap<QuotaKey, Arc<Queue>>>,
}

impl Throttle {
    /// Shares quotas among the clones of this value.
    pub fn in_memory() -> Self {
        Self::new(Arc::new(ThrottleInner::new(None, None, NonZeroU32::MIN)))
    }

    /// Shares quotas among all callers of this function in this process.
    pub fn process() -> Self {
        Self::shared((None, None, NonZeroU32::MIN), None)
    }

    /// Shares quotas among all processes of this host that use the same directory. The default is
    /// [`state_directory`](base::state_directory::state_directory).
    ///
    /// The first use creates the directory, with access for this user only. While the directory
    /// cannot be used, this process makes at most `fallback_calls` calls against each quota in a
    /// window. This is logged once.
    pub fn host(directory: PathBuf, fallback_calls: NonZeroU32) -> Self {
        Self::shared((None, Some(directory), fallback_calls), None)
    }

    /// Shares quotas among all hosts that use the same Redis or Valkey server.
    ///
    /// The first use connects to the server. While the server cannot be used, the processes of this
    /// host together make at most `fallback_calls` calls against each quota in a window, which they
    /// share through the directory, as in [`Throttle::host`]. This is logged once.
    pub fn redis(
        url: RedisUrl,
        timeouts: RedisTimeouts,
        directory: PathBuf,
        fallback_calls: NonZeroU32,
    ) -> Self {
        let server = (url.fingerprint.clone(), timeouts);
        let place = (Some(server), Some(directory), fallback_calls);
        Self::shared(place, Some(SharedServer::new(url, timeouts)))
    }

    /// The same throttle for calls that may have to wait for a connection: each call leaves within
    /// this time after its permit was granted. More than ten minutes count as ten.
    #[must_use]
    pub fn for_calls_that_leave_within(self, time: Duration) -> Self {
        Self {
            leave: micros(time).min(MAX_LEAVE),
            ..self
        }
    }

    /// Waits until one call against this quota may be sent. Dropping the future cancels the wait.
    ///
    /// The caller must send the call immediately, or within the time given to
    /// [`Self::for_calls_that_leave_within`]. If the call leaves earlier, [`Permit::departure`]
    /// reports it.
    pub async fn acquire(&self, key: &QuotaKey, limit: Limit, priority: Priority) -> Permit {
        let queue = self.inner.queue(key);
        let request = PermitRequest {
            lane: queue.lane,
            waiter: None,
            limit,
            priority,
            leave: self.leave,
        };
        queue.acquire(request).await
    }

    /// The calls of this process that currently wait for this quota.
    pub fn queue(&self, key: &QuotaKey) -> QueueStatus {
        self.inner.queue(key).status()
    }

    /// Why the store of the quotas cannot be used, or could not be used for a time, as a text for
    /// the user. `None` if it could always be used, and before the first call. The text may name a
    /// directory, but never a password.
    pub fn trouble(&self) -> Option<String> {
        self.inner.outage.reason()
    }

    /// What the user should know about the store although it can be used.
    pub fn caveats(&self) -> Caveats {
        let server = self.inner.server.as_ref();
        server.map(|server| server.caveats()).unwrap_or_default()
    }

    /// The throttle of this place in this process. Provider configurations with the same place share
    /// one queue for each quota.
    fn shared(place: Place, server: Option<SharedServer>) -> Self {
        static THROTTLES: LazyLock<Mutex<HashMap<Place, Arc<ThrottleInner>>>> =
            LazyLock::new(Mutex::default);
        let mut throttles = lock(&THROTTLES);
        let (_, directory, fallback_calls) = place.clone();
        let make = || Arc::new(ThrottleInner::new(server, directory, fallback_calls));
        Self::new(Arc::clone(throttles.entry(place).or_insert_with(make)))
    }

    fn new(inner: Arc<ThrottleInner>) -> Self {
        Self { inner, leave: 0 }
    }
}

impl ThrottleInner {
    fn new(
        server: Option<SharedServer>,
        directory: Option<PathBuf>,
        fallback_calls: NonZeroU32,
    ) -> Self {
        let shared = |path| Arc::new(SharedDirectory::new(path, HostClock::system()));
        Self {
            server: server.map(Arc::new),
            directory: directory.map(shared),
            fallback_calls,
            outage: Arc::default(),
            queues: Mutex::default(),
        }
    }

    fn queue(&self, key: &QuotaKey) -> Arc<Queue> {
        let mut queues = lock(&self.queues);
        if let Some(queue) = queues.get(key) {
            return Arc::clone(queue);
        }
        let account =
            |other: &QuotaKey| (&other.account, &other.region) == (&key.account, &key.region);
        let sibling = queues.iter().find(|(other, _)| account(other));
        let store = match sibling {
            Some((_, queue)) => Arc::clone(&queue.store),
            None => Arc::new(self.store(&key.account_fingerprint())),
        };
        let queue = Arc::new(Queue::new(key.to_string(), key.lane(), store));
        queues.insert(key.clone(), Arc::clone(&queue));
        queue
    }

    /// The store of an account: the server if there is one, otherwise the directory, otherwise the
    /// memory of this process. Those after the first one are its fallbacks.
    fn store(&self, account: &str) -> AccountStore {
        let mut tiers: Vec<Arc<dyn Store>> = Vec::new();
        if let Some(server) = &self.server {
            let server = Arc::clone(server);
            tiers.push(Arc::new(Redis::new(server, account, self.fallback_calls)));
        }
        if let Some(directory) = &self.directory {
            tiers.push(Arc::new(Host::new(Arc::clone(directory), account)));
        }
        tiers.push(Arc::new(Memory::new()));
        AccountStore::new(tiers, self.fallback_calls, Arc::clone(&self.outage))
    }
}

impl fmt::Debug for Throttle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Throttle").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
