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
//! 2. `fallback::AccountStore` chooses among the stores of the account, and the store carries out
//!    one step of `slots::State` on the state that it keeps: in memory, in the locked file, or, as
//!    `slots.lua`, on the server.
//! 3. The reply is a permit, or when to ask again. The permit goes to the first call in the queue.
//! 4. The caller sends its call and settles the [`Permit`] with the result. That is another step,
//!    which decides when the slot of the permit is free again.

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

use base::fingerprint::fingerprint;
use constants::{MAX_LEAVE, Micros, micros};
use fallback::{AccountStore, Outage};
use host::{Host, HostClock, SharedDirectory};
use limit::ConfiguredLimit;
pub use limit::Limit;
use memory::Memory;
use queue::Queue;
pub use queue::{Permit, QueueStatus};
pub use redis::{Caveats, InvalidRedisUrl, RIGHTS as REDIS_RIGHTS, RedisTimeouts, RedisUrl};
use redis::{Redis, SharedServer};
use slots::{LaneId, PermitRequest};
pub use slots::{Priority, WaitReason};
use store::Store;
use sync::lock;

/// Names a quota: calls are counted by account, region and operation.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct QuotaKey {
    /// The account's id, or a hash that stands for it. Never an access key id in the clear.
    pub account: String,
    /// The id of the region.
    pub region: String,
    /// The API's name of the operation.
    pub action: &'static str,
}

impl QuotaKey {
    /// The name of the file or key that holds the state of this account in this region. All
    /// processes that mean the same account derive the same name, which tells nothing about it.
    fn account_fingerprint(&self) -> String {
        fingerprint(&[&self.account, &self.region])
    }

    /// The name of the operation in the account's state. It has 48 bits: Lua's numbers hold no more
    /// than 53.
    fn lane(&self) -> LaneId {
        let name = fingerprint(&[self.action]);
        let digits = name.get(..12).unwrap_or_default();
        LaneId(u64::from_str_radix(digits, 16).unwrap_or_default())
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
    /// How long after its permit was granted a call of this handle leaves at the latest.
    leave: Micros,
}

/// What makes two throttles of a process the same: the server, by the fingerprint of its URL, the
/// directory, and the calls while one of these cannot be used.
type Place = (Option<(String, RedisTimeouts)>, Option<PathBuf>, NonZeroU32);

struct ThrottleInner {
    server: Option<Arc<SharedServer>>,
    directory: Option<Arc<SharedDirectory>>,
    fallback_calls: NonZeroU32,
    outage: Arc<Outage>,
    queues: Mutex<HashMap<QuotaKey, Arc<Queue>>>,
}

impl Throttle {
    /// Keeps quotas among the clones of this value.
    pub fn in_memory() -> Self {
        Self::new(Arc::new(ThrottleInner::new(None, None, NonZeroU32::MIN)))
    }

    /// Keeps quotas among all callers of this function in this process.
    pub fn process() -> Self {
        Self::shared((None, None, NonZeroU32::MIN), None)
    }

    /// Keeps quotas among all processes of this host that name the same directory, which
    /// [`state_directory`](base::state_directory::state_directory) proposes.
    ///
    /// Nothing is opened before the first use, when the directory is created, for this user only.
    /// While it cannot be used, which is logged once, this process makes at most `fallback_calls`
    /// calls against each quota in a window.
    pub fn host(directory: PathBuf, fallback_calls: NonZeroU32) -> Self {
        Self::shared((None, Some(directory), fallback_calls), None)
    }

    /// Keeps quotas among all hosts that name the same Redis or Valkey server.
    ///
    /// The connection is made at the first use. While the server cannot be used, which is logged
    /// once, the processes of this host make at most `fallback_calls` calls against each quota in a
    /// window, which they share by way of the directory, as in [`Throttle::host`].
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

    /// The same throttle for calls that may have to wait for a connection: each leaves at most this
    /// long after its permit was granted. More than ten minutes count as ten.
    #[must_use]
    pub fn for_calls_that_leave_within(self, time: Duration) -> Self {
        Self {
            leave: micros(time).min(MAX_LEAVE),
            ..self
        }
    }

    /// Waits until one call against this quota may be sent. Dropping the future gives up.
    ///
    /// The call must be sent at once, or within the time that the handle was made for: how long it
    /// may take to reach the server is counted from there. [`Permit::departure`] tells that it left
    /// earlier.
    pub async fn acquire(&self, key: &QuotaKey, limit: Limit, priority: Priority) -> Permit {
        let queue = self.inner.queue(key);
        let request = PermitRequest {
            lane: queue.lane,
            waiter: None,
            limit: ConfiguredLimit::new(limit),
            priority,
            leave: self.leave,
        };
        queue.acquire(request).await
    }

    /// The calls of this process that wait for this quota now.
    pub fn queue(&self, key: &QuotaKey) -> QueueStatus {
        self.inner.queue(key).status()
    }

    /// Why the store of the quotas is out of use, or was for a time, in words for the user. `None`
    /// if it never was, and before the first call has needed it. The words may name a directory,
    /// never a password.
    pub fn trouble(&self) -> Option<String> {
        self.inner.outage.reason()
    }

    /// What the user should know of the store although it can be used.
    pub fn caveats(&self) -> Caveats {
        let server = self.inner.server.as_ref();
        server.map(|server| server.caveats()).unwrap_or_default()
    }

    /// The throttle of that place in this process. Several provider configurations that name the
    /// same place share one queue for each quota.
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

    /// The store of an account: the server if there is one, else the directory, else this process's
    /// memory. What comes after the first is its fallback.
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

/// Reads a record of the host's file, without its header, and writes it again. It is for the fuzz
/// target of that format.
#[doc(hidden)]
pub fn rewrite_host_record(body: &[u8]) -> Option<Vec<u8>> {
    host::rewrite(body)
}

#[cfg(test)]
mod tests;
