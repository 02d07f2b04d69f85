//! Keeps the request quotas that the API grants to an account.
//!
//! In reading order:
//!
//! - `constants`: the numbers of the algorithm, which the Redis script is given too.
//! - `limit`, `slots`, `sharing`: the algorithm, without I/O: how many calls may go, who may call
//!   when, and what is done if the API counts all operations of an account together.
//! - `queue`: the calls of this process that wait for a permit.
//! - `store`: what a queue asks of the place where a quota's state is kept.
//! - `memory`, `host` (a file, whose bytes `record` describes, at which machines take `turns`, and
//!   whose users show their `presence`), `redis`: three such places. Each holds one state for each
//!   account and region.
//! - `fallback`: what happens while the file or the Redis server is out of reach.
//! - `scope`: which of these stores a quota uses.
//!
//! This file is longer than 300 lines because what callers may do, and what names a quota for all
//! who share it, are read together.

#![forbid(unsafe_code)]

mod constants;
mod fallback;
mod host;
mod limit;
mod memory;
mod presence;
mod queue;
mod record;
mod redis;
mod scope;
mod sharing;
mod slots;
mod store;
mod turns;

use std::collections::HashMap;
use std::fmt;
use std::num::NonZeroU32;
use std::path::PathBuf;
use std::sync::{Arc, LazyLock, Mutex, PoisonError};
use std::time::Duration;

use base::fingerprint::fingerprint;
use constants::{MAX_LEAVE, Micros};
use limit::ConfiguredLimit;
pub use limit::Limit;
use queue::{Demand, Queue};
pub use queue::{Departure, Permit, QueueStatus};
use redis::Server;
pub use redis::{InvalidRedisUrl, RIGHTS as REDIS_RIGHTS, RedisTimeouts, RedisUrl};
pub use scope::Caveats;
use scope::{HostScope, QuotaStore, RedisScope, Scope};
use slots::LaneId;
pub use slots::{Cause, Priority};

/// The synchronisation that the queue uses: that of std here, that of the schedule explorer where
/// `tests/interleavings` compiles the same file.
mod sync {
    pub(super) use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
}

/// Names a quota: Alibaba Cloud counts calls by account, region and operation.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct QuotaKey {
    /// The account's id, or a hash that stands for it. Never an access key id in the clear.
    pub account: String,
    /// The id of the region.
    pub region: String,
    /// The API's name of the operation.
    pub action: &'static str,
}

/// Names an account in a region, whose operations have one state.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct AccountKey {
    account: String,
    region: String,
}

impl AccountKey {
    /// The name of the file or key that holds this account's state. All processes that mean the
    /// same account derive the same name, which tells nothing about it.
    fn fingerprint(&self) -> String {
        fingerprint(&[&self.account, &self.region])
    }
}

impl QuotaKey {
    fn account(&self) -> AccountKey {
        AccountKey {
            account: self.account.clone(),
            region: self.region.clone(),
        }
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

/// Keeps every quota, for all who share its scope. Clones are the same throttle.
#[derive(Clone, Debug)]
pub struct Throttle {
    inner: Arc<Inner>,
    /// How long after its permit was granted a call of this handle leaves at the latest.
    leave: Micros,
}

#[derive(Debug)]
struct Inner {
    scope: Scope,
    stores: Mutex<HashMap<AccountKey, Arc<QuotaStore>>>,
    queues: Mutex<HashMap<QuotaKey, Arc<Queue>>>,
}

impl Throttle {
    /// Keeps quotas among those who hold a clone of this value.
    pub fn in_memory() -> Self {
        Self::of(Arc::new(Inner::new(Scope::Memory)))
    }

    /// Keeps quotas among all who call this function in this process.
    pub fn process() -> Self {
        Self::shared(ScopeName::Process, || Scope::Memory)
    }

    /// Keeps quotas among all processes of this host that name the same directory, which
    /// [`state_directory`](base::state_directory::state_directory) proposes.
    ///
    /// Nothing is opened before the first use, when the directory is created, for this user only.
    /// While it cannot be used, which is logged once, this process makes at most `fallback_calls`
    /// calls against each quota in a window.
    pub fn host(directory: PathBuf, fallback_calls: NonZeroU32) -> Self {
        let name = ScopeName::Host {
            directory: directory.clone(),
            fallback_calls,
        };
        Self::shared(name, || {
            Scope::Host(HostScope::new(directory, fallback_calls))
        })
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
        let name = ScopeName::Redis {
            url: url.fingerprint.clone(),
            timeouts,
            directory: directory.clone(),
            fallback_calls,
        };
        Self::shared(name, || {
            let fallback = HostScope::new(directory, fallback_calls);
            let server = Server::new(url, timeouts);
            Scope::Redis(RedisScope::new(Arc::new(server), fallback))
        })
    }

    /// The same throttle for calls that may have to wait for a connection: each leaves at most this
    /// long after its permit was granted. More than ten minutes count as ten.
    #[must_use]
    pub fn for_calls_that_leave_within(self, time: Duration) -> Self {
        let leave = Micros::try_from(time.as_micros()).unwrap_or(MAX_LEAVE);
        Self {
            leave: leave.min(MAX_LEAVE),
            ..self
        }
    }

    /// Waits until one call against this quota may be sent. Dropping the future gives up.
    ///
    /// The call must be sent at once, or within the time that the handle was made for: how long it
    /// may take to reach the server is counted from there. [`Permit::departure`] tells that it left
    /// earlier.
    pub async fn acquire(&self, key: &QuotaKey, limit: Limit, priority: Priority) -> Permit {
        let demand = Demand {
            limit: ConfiguredLimit::new(limit),
            leave: self.leave,
        };
        self.queue_of(key).acquire(demand, priority).await
    }

    /// The calls of this process that wait for this quota now.
    pub fn queue(&self, key: &QuotaKey) -> QueueStatus {
        self.queue_of(key).status()
    }

    /// Why the store of the quotas is out of use, or was for a time, in words for the user. `None`
    /// if it never was, and before the first call has needed it. The words may name a directory,
    /// never a password.
    pub fn trouble(&self) -> Option<String> {
        self.inner.scope.trouble()
    }

    /// What the user should know of the store although it can be used.
    pub fn caveats(&self) -> Caveats {
        self.inner.scope.caveats()
    }

    /// The throttle of that name in this process. Several provider configurations that name the
    /// same scope share one queue for each quota.
    fn shared(name: ScopeName, scope: impl FnOnce() -> Scope) -> Self {
        static THROTTLES: LazyLock<Mutex<HashMap<ScopeName, Arc<Inner>>>> =
            LazyLock::new(Mutex::default);
        let mut throttles = THROTTLES.lock().unwrap_or_else(PoisonError::into_inner);
        let inner = throttles
            .entry(name)
            .or_insert_with(|| Arc::new(Inner::new(scope())));
        Self::of(Arc::clone(inner))
    }

    fn of(inner: Arc<Inner>) -> Self {
        Self { inner, leave: 0 }
    }

    fn queue_of(&self, key: &QuotaKey) -> Arc<Queue> {
        let mut queues = self
            .inner
            .queues
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        if let Some(queue) = queues.get(key) {
            return Arc::clone(queue);
        }
        let store = self.inner.store(&key.account());
        let queue = Arc::new(Queue::new(key.clone(), key.lane(), store));
        queues.insert(key.clone(), Arc::clone(&queue));
        queue
    }
}

/// Names a scope that is shared within this process and perhaps beyond it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum ScopeName {
    Host {
        directory: PathBuf,
        fallback_calls: NonZeroU32,
    },
    Process,
    Redis {
        /// The fingerprint of the URL, which may hold a password.
        url: String,
        timeouts: RedisTimeouts,
        directory: PathBuf,
        fallback_calls: NonZeroU32,
    },
}

impl Inner {
    fn new(scope: Scope) -> Self {
        Self {
            scope,
            stores: Mutex::default(),
            queues: Mutex::default(),
        }
    }

    fn store(&self, account: &AccountKey) -> Arc<QuotaStore> {
        let mut stores = self.stores.lock().unwrap_or_else(PoisonError::into_inner);
        let store = stores
            .entry(account.clone())
            .or_insert_with(|| Arc::new(self.scope.store(account)));
        Arc::clone(store)
    }
}

/// Decodes a record of the host's file and encodes it again. It is for the fuzz target of that
/// format.
#[doc(hidden)]
pub fn rewrite_host_record(bytes: &[u8]) -> Option<Vec<u8>> {
    record::rewrite(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_names_the_same_store_shares_it() {
        let host = |calls| Throttle::host("/nowhere".into(), NonZeroU32::new(calls).unwrap());
        assert!(Arc::ptr_eq(&host(1).inner, &host(1).inner));
        assert!(!Arc::ptr_eq(&host(1).inner, &host(2).inner));
        assert!(Arc::ptr_eq(
            &Throttle::process().inner,
            &Throttle::process().inner
        ));
        assert!(!Arc::ptr_eq(
            &Throttle::in_memory().inner,
            &Throttle::in_memory().inner
        ));
    }

    #[test]
    fn only_an_account_id_is_shown() {
        let key = |account: &str| QuotaKey {
            account: account.into(),
            region: "ap-southeast-1".into(),
            action: "A",
        };
        assert_eq!(
            key("1234").to_string(),
            "A in ap-southeast-1 of account 1234"
        );
        assert_eq!(key("LTAI5t").to_string(), "A in ap-southeast-1");
    }
}
