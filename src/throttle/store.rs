//! Where a quota's state lives: one face for all stores.

use std::path::PathBuf;
use std::sync::{Arc, OnceLock};

use super::QuotaKey;
use super::guarded::{Guarded, Told};
use super::host::{Host, Machine};
use super::keeper::{Answer, Keeper, Side};
use super::memory::Memory;
use super::redis::{Redis, Server};
use super::slots::Command;

/// What all quotas in a store have in common.
#[derive(Debug)]
pub(super) enum Scope {
    Host(HostScope),
    Memory,
    Redis(RedisScope),
}

impl Scope {
    pub(super) fn open(&self, key: &QuotaKey) -> Store {
        match self {
            Self::Host(host) => Store::Host(host.open(key)),
            Self::Memory => Store::Memory(Memory::new()),
            Self::Redis(redis) => Store::Redis(redis.open(key)),
        }
    }

    /// Why the store is out of use, if the last call that needed it found that out.
    pub(super) fn trouble(&self) -> Option<String> {
        match self {
            Self::Host(host) => host.told.reason(),
            Self::Memory => None,
            Self::Redis(redis) => redis.told.reason(),
        }
    }
}

/// Files in one directory.
#[derive(Debug)]
pub(super) struct HostScope {
    directory: Option<PathBuf>,
    fallback_calls: u32,
    machine: OnceLock<Machine>,
    told: Told,
}

impl HostScope {
    pub(super) fn new(directory: Option<PathBuf>, fallback_calls: u32) -> Self {
        Self {
            directory,
            fallback_calls,
            machine: OnceLock::new(),
            told: Told::default(),
        }
    }

    fn open(&self, key: &QuotaKey) -> Guarded<Host, Memory> {
        let machine = self.machine.get_or_init(Machine::this).clone();
        let host = Host::new(self.directory.as_deref(), key, machine);
        Guarded::new(host, Memory::new(), self.fallback_calls, self.told.clone())
    }
}

/// Keys on one server.
#[derive(Debug)]
pub(super) struct RedisScope {
    server: Arc<Server>,
    fallback: HostScope,
    told: Told,
}

impl RedisScope {
    pub(super) fn new(server: Arc<Server>, fallback: HostScope) -> Self {
        Self {
            server,
            fallback,
            told: Told::default(),
        }
    }

    fn open(&self, key: &QuotaKey) -> Guarded<Redis, Guarded<Host, Memory>> {
        let redis = Redis::new(Arc::clone(&self.server), key);
        let share = self.fallback.fallback_calls;
        Guarded::new(redis, self.fallback.open(key), share, self.told.clone())
    }
}

/// The store of one quota.
#[derive(Debug)]
pub(super) enum Store {
    Host(Guarded<Host, Memory>),
    Memory(Memory),
    Redis(Guarded<Redis, Guarded<Host, Memory>>),
}

impl Keeper for Store {
    fn try_step(&self, command: Command, side: Side) -> Option<Answer> {
        match self {
            Self::Host(host) => host.try_step(command, side),
            Self::Memory(memory) => memory.try_step(command, side),
            Self::Redis(redis) => redis.try_step(command, side),
        }
    }

    async fn step(&self, command: Command, side: Side) -> Answer {
        match self {
            Self::Host(host) => host.step(command, side).await,
            Self::Memory(memory) => memory.step(command, side).await,
            Self::Redis(redis) => redis.step(command, side).await,
        }
    }
}
