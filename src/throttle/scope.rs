//! With whom quotas are shared, which decides where their state is kept.

use std::num::NonZeroU32;
use std::path::PathBuf;
use std::sync::{Arc, OnceLock};

use super::QuotaKey;
use super::fallback::{Warned, WithFallback};
use super::host::{Host, HostClock};
use super::memory::Memory;
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
    /// The store of one quota in this scope. It is not opened before its first use.
    pub(super) fn store(&self, key: &QuotaKey) -> QuotaStore {
        match self {
            Self::Host(host) => QuotaStore::Host(host.store(key)),
            Self::Memory => QuotaStore::Memory(Memory::new()),
            Self::Redis(redis) => QuotaStore::Redis(redis.store(key)),
        }
    }
}

/// Quotas that are kept in files of one directory, shared by the processes of this host.
#[derive(Debug)]
pub(super) struct HostScope {
    directory: Option<PathBuf>,
    fallback_calls: NonZeroU32,
    clock: OnceLock<HostClock>,
    warned: Warned,
}

impl HostScope {
    pub(super) fn new(directory: Option<PathBuf>, fallback_calls: NonZeroU32) -> Self {
        Self {
            directory,
            fallback_calls,
            clock: OnceLock::new(),
            warned: Warned::default(),
        }
    }

    fn store(&self, key: &QuotaKey) -> WithFallback<Host, Memory> {
        let clock = self.clock.get_or_init(HostClock::system).clone();
        let host = Host::new(self.directory.as_deref(), key, clock);
        let warned = self.warned.clone();
        WithFallback::new(host, Memory::new(), self.fallback_calls, warned)
    }
}

/// Quotas that are kept in keys of one Redis server, shared by the hosts that use it.
#[derive(Debug)]
pub(super) struct RedisScope {
    server: Arc<Server>,
    fallback: HostScope,
    warned: Warned,
}

impl RedisScope {
    pub(super) fn new(server: Arc<Server>, fallback: HostScope) -> Self {
        Self {
            server,
            fallback,
            warned: Warned::default(),
        }
    }

    fn store(&self, key: &QuotaKey) -> WithFallback<Redis, WithFallback<Host, Memory>> {
        let redis = Redis::new(Arc::clone(&self.server), key);
        let share = self.fallback.fallback_calls;
        WithFallback::new(redis, self.fallback.store(key), share, self.warned.clone())
    }
}

/// The store of one quota.
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
}
