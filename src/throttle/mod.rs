//! The slot algorithm that keeps the quota, and where its state lives.
//!
//! - `slots`, `pace`: the algorithm, without I/O: who may call when, and how many.
//! - `queue`: the calls of this process that wait.
//! - `keeper`, `store`: where the state is kept: `memory`, `host` (a file, whose bytes are in `record`), `redis`, and `guarded`, which
//!   puts one behind another.

mod guarded;
mod host;
mod keeper;
mod memory;
mod pace;
mod queue;
mod record;
mod redis;
#[cfg(test)]
mod simulation;
mod slots;
mod store;

use std::collections::HashMap;
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, LazyLock, Mutex, PoisonError};
use std::time::Duration;

use aws_lc_rs::digest::{SHA256, digest};

use crate::environment::Environment;
pub use pace::Limit;
use pace::Terms;
use queue::{Grant, Queue};
pub use queue::{Place, QueueStatus};
use redis::Server;
pub use redis::{InvalidRedisUrl, RedisUrl};
pub use slots::Cause;
use store::{HostScope, RedisScope, Scope};

/// What the queue is shared by: std's, and the explorer's where `tests/interleavings` compiles it.
mod sync {
    pub(super) use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
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

impl QuotaKey {
    /// A short name, the same for all who mean the same quota, that tells nothing about the account.
    fn fingerprint(&self) -> String {
        let name = format!("{}\0{}\0{}", self.account, self.region, self.action);
        let digest = digest(&SHA256, name.as_bytes());
        digest
            .as_ref()
            .iter()
            .take(16)
            .fold(String::new(), |text, byte| format!("{text}{byte:02x}"))
    }
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

/// Keeps every quota, for all who share its store. Clones share; making one does no I/O.
#[derive(Clone, Debug)]
pub struct Throttle(Arc<Hub>);

#[derive(Debug)]
struct Hub {
    scope: Scope,
    queues: Mutex<HashMap<QuotaKey, Arc<Queue>>>,
}

impl Throttle {
    /// Keeps quotas among those who hold a clone of this value.
    pub fn in_memory() -> Self {
        Self(Arc::new(Hub::new(Scope::Memory)))
    }

    /// Keeps quotas among all who call this in this process.
    pub fn process() -> Self {
        Self::shared(Name::Process, || Scope::Memory)
    }

    /// Keeps quotas among all processes of this host that name the same directory, which [`state_directory`] proposes.
    ///
    /// The directory is made at first use, for this user only. While it can't be used, which is logged once, each quota is at
    /// most `fallback_calls` in a window for this process.
    pub fn host(directory: Option<PathBuf>, fallback_calls: u32) -> Self {
        let name = Name::Host {
            directory: directory.clone(),
            fallback_calls,
        };
        Self::shared(name, || {
            Scope::Host(HostScope::new(directory, fallback_calls))
        })
    }

    /// Keeps quotas among all hosts that name the same Redis or Valkey server.
    ///
    /// It is connected to at first use. While it can't be used, which is logged once, each quota is at most `fallback_calls`
    /// in a window for this host, by way of the directory, as in [`Throttle::host`].
    pub fn redis(url: RedisUrl, directory: Option<PathBuf>, fallback_calls: u32) -> Self {
        let name = Name::Redis {
            url: url.digest.clone(),
            directory: directory.clone(),
            fallback_calls,
        };
        Self::shared(name, || {
            let fallback = HostScope::new(directory, fallback_calls);
            Scope::Redis(RedisScope::new(Arc::new(Server::new(url)), fallback))
        })
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

    /// Why the store of the quotas is out of use, in words for the user. `None` while it is in
    /// use, and before the first call has needed it. The words may name a directory, never a
    /// password.
    pub fn trouble(&self) -> Option<String> {
        self.0.scope.trouble()
    }

    /// Those who name the same store in one process share one queue, whoever made it first.
    fn shared(name: Name, scope: impl FnOnce() -> Scope) -> Self {
        static HUBS: LazyLock<Mutex<HashMap<Name, Arc<Hub>>>> = LazyLock::new(Mutex::default);
        let mut hubs = HUBS.lock().unwrap_or_else(PoisonError::into_inner);
        let hub = hubs
            .entry(name)
            .or_insert_with(|| Arc::new(Hub::new(scope())));
        Self(Arc::clone(hub))
    }

    fn queue_of(&self, key: &QuotaKey) -> Arc<Queue> {
        let mut queues = self.0.queues.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(queue) = queues.get(key) {
            return Arc::clone(queue);
        }
        let queue = Arc::new(Queue::new(key.clone(), self.0.scope.open(key)));
        queues.insert(key.clone(), Arc::clone(&queue));
        queue
    }
}

/// Names a store that is shared within this process and beyond.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Name {
    Host {
        directory: Option<PathBuf>,
        fallback_calls: u32,
    },
    Process,
    Redis {
        /// Its digest.
        url: Vec<u8>,
        directory: Option<PathBuf>,
        fallback_calls: u32,
    },
}

impl Hub {
    fn new(scope: Scope) -> Self {
        Self {
            scope,
            queues: Mutex::default(),
        }
    }
}

/// Where processes of this user on this host meet: under `XDG_RUNTIME_DIR`, else `XDG_CACHE_HOME`, else `~/.cache`.
pub fn state_directory(environment: &Environment) -> Option<PathBuf> {
    let home = || Some(Path::new(environment.get("HOME")?).join(".cache"));
    let base = environment
        .first(&["XDG_RUNTIME_DIR", "XDG_CACHE_HOME"])
        .map(|(_, path)| PathBuf::from(path))
        .or_else(home)?;
    base.is_absolute()
        .then(|| base.join("terraform-provider-cams"))
}

/// Reads a record of the host's file and writes it again, for the fuzz target of that format.
#[doc(hidden)]
pub fn rewrite_host_record(bytes: &[u8]) -> Option<Vec<u8>> {
    record::rewrite(bytes)
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_state_directory_is_the_first_that_is_set_and_absolute() {
        let directory =
            |variables: &[(&str, &str)]| state_directory(&variables.iter().copied().collect());
        let all = [
            ("HOME", "/h"),
            ("XDG_CACHE_HOME", "/c"),
            ("XDG_RUNTIME_DIR", "/r"),
        ];
        let path = |path| Some(PathBuf::from(path));
        assert_eq!(directory(&all), path("/r/terraform-provider-cams"));
        assert_eq!(directory(&all[..2]), path("/c/terraform-provider-cams"));
        assert_eq!(
            directory(&all[..1]),
            path("/h/.cache/terraform-provider-cams")
        );
        assert_eq!(directory(&[("XDG_RUNTIME_DIR", "r")]), None);
        assert_eq!(directory(&[]), None);
    }

    #[test]
    fn who_names_the_same_store_shares_it() {
        let host = |calls| Throttle::host(Some("/nowhere".into()), calls);
        assert!(Arc::ptr_eq(&host(1).0, &host(1).0));
        assert!(!Arc::ptr_eq(&host(1).0, &host(2).0));
        assert!(Arc::ptr_eq(&Throttle::process().0, &Throttle::process().0));
        assert!(!Arc::ptr_eq(
            &Throttle::in_memory().0,
            &Throttle::in_memory().0
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
