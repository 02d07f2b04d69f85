//! With whom quotas are shared, which decides where their state is kept.

use std::num::NonZeroU32;
use std::path::PathBuf;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use super::AccountKey;
use super::fallback::{Outage, WithFallback};
use super::host::{Host, HostClock};
use super::memory::Memory;
use super::presence::Presence;
use super::redis::{Redis, Server};
use super::slots::Command;
use super::store::{Store, Tier, TierReply};

/// What the quotas of one scope have in common.
#[derive(Debug)]
pub(super) enum Scope {
    Host(HostScope),
    Memory,
    Redis(RedisScope),
}

impl Scope {
    /// The store of an account in this scope. It is not opened before its first use.
    pub(super) fn store(&self, account: &AccountKey) -> QuotaStore {
        match self {
            Self::Host(host) => QuotaStore::Host(host.store(account)),
            Self::Memory => QuotaStore::Memory(Memory::new()),
            Self::Redis(redis) => QuotaStore::Redis(redis.store(account)),
        }
    }

    /// What is not as it should be although the store can be used.
    pub(super) fn caveats(&self) -> Caveats {
        let Self::Redis(redis) = self else {
            return Caveats::default();
        };
        Caveats {
            runs_unknown: redis.server.run_is_known() == Some(false),
            eviction_policy: redis.server.known().may_delete().map(str::to_owned),
        }
    }

    /// Why the store is out of use, or was.
    pub(super) fn trouble(&self) -> Option<String> {
        match self {
            Self::Host(host) => host.outage.reason(),
            Self::Memory => None,
            Self::Redis(redis) => {
                let reason = redis.outage.reason()?;
                Some(match redis.fallback.outage.reason() {
                    Some(here) => format!("{reason}; nor can this machine's directory: {here}"),
                    None => reason,
                })
            }
        }
    }
}

/// What is not as it should be with a store that can be used.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Caveats {
    /// The user of the Redis server may not ask which run of the server this is.
    pub runs_unknown: bool,
    /// The setting `maxmemory-policy` of the Redis server, if it lets the server delete the state.
    pub eviction_policy: Option<String>,
}

/// Quotas that are kept in files of one directory, shared by the processes of this host.
#[derive(Debug)]
pub(super) struct HostScope {
    directory: PathBuf,
    presence: Arc<Presence>,
    fallback_calls: NonZeroU32,
    clock: OnceLock<HostClock>,
    outage: Outage,
}

impl HostScope {
    pub(super) fn new(directory: PathBuf, fallback_calls: NonZeroU32) -> Self {
        Self {
            presence: Arc::new(Presence::new(&directory)),
            directory,
            fallback_calls,
            clock: OnceLock::new(),
            outage: Outage::default(),
        }
    }

    fn store(&self, account: &AccountKey) -> WithFallback<Host, Memory> {
        let clock = self.clock.get_or_init(HostClock::system).clone();
        let presence = Arc::clone(&self.presence);
        let host = Host::new(&self.directory, presence, account, clock);
        let outage = self.outage.clone();
        WithFallback::new(host, Memory::new(), self.fallback_calls, outage)
    }
}

/// Quotas that are kept in keys of one Redis server, shared by the hosts that use it.
#[derive(Debug)]
pub(super) struct RedisScope {
    server: Arc<Server>,
    fallback: HostScope,
    outage: Outage,
}

impl RedisScope {
    pub(super) fn new(server: Arc<Server>, fallback: HostScope) -> Self {
        Self {
            server,
            fallback,
            outage: Outage::default(),
        }
    }

    fn store(&self, account: &AccountKey) -> WithFallback<Redis, WithFallback<Host, Memory>> {
        let share = self.fallback.fallback_calls;
        let redis = Redis::new(Arc::clone(&self.server), account, share);
        WithFallback::new(
            redis,
            self.fallback.store(account),
            share,
            self.outage.clone(),
        )
    }
}

/// The store of one account.
#[derive(Debug)]
pub(super) enum QuotaStore {
    Host(WithFallback<Host, Memory>),
    Memory(Memory),
    Redis(WithFallback<Redis, WithFallback<Host, Memory>>),
}

impl Store for QuotaStore {
    fn try_step(&self, command: Command, tier: Tier) -> Option<TierReply> {
        match self {
            Self::Host(host) => host.try_step(command, tier),
            Self::Memory(memory) => memory.try_step(command, tier),
            Self::Redis(redis) => redis.try_step(command, tier),
        }
    }

    async fn step(&self, command: Command, tier: Tier) -> TierReply {
        match self {
            Self::Host(host) => host.step(command, tier).await,
            Self::Memory(memory) => memory.step(command, tier).await,
            Self::Redis(redis) => redis.step(command, tier).await,
        }
    }

    fn replies_within(&self, tier: Tier) -> Duration {
        match self {
            Self::Host(host) => host.replies_within(tier),
            Self::Memory(memory) => memory.replies_within(tier),
            Self::Redis(redis) => redis.replies_within(tier),
        }
    }
}
