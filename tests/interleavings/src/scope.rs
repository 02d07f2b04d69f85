//! The slots in memory, with a clock that each step moves on.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::task::yield_now;

use super::constants::Micros;
use super::explore::{HOUR, Kind};
use super::limit::ConfiguredLimit;
use super::slots::{Command, LaneId, Priority, Reply, State};
use super::store::{Store, Tier, TierReply};

/// How far each step moves the clock.
const STEP: Micros = 100_000;

#[derive(Debug)]
pub(super) struct QuotaStore {
    kind: Kind,
    shared: Arc<Shared>,
}

/// No task is ever switched while this is locked, so the lock is none of the scheduler's business.
#[derive(Debug, Default)]
pub(super) struct Shared(Mutex<(Micros, State)>);

impl QuotaStore {
    pub(super) fn new(kind: Kind) -> Self {
        let shared = Arc::new(Shared::default());
        // A state that has never seen a call waits for what it may have forgotten.
        shared.pass(2 * HOUR);
        Self { kind, shared }
    }

    pub(super) fn shared(&self) -> Arc<Shared> {
        Arc::clone(&self.shared)
    }
}

impl Store for QuotaStore {
    fn try_step(&self, command: Command, _tier: Tier) -> Option<TierReply> {
        (self.kind == Kind::Swift).then(|| self.shared.step(command))
    }

    async fn step(&self, command: Command, _tier: Tier) -> TierReply {
        yield_now().await;
        let answer = self.shared.step(command);
        yield_now().await;
        answer
    }
}

impl Shared {
    fn step(&self, command: Command) -> TierReply {
        let mut inner = self.0.lock().expect("not poisoned");
        inner.0 += STEP;
        let now = inner.0;
        let reply = inner.1.step(now, command);
        TierReply { reply, tier: 0 }
    }

    /// Lets simulated time pass.
    pub(super) fn pass(&self, time: Duration) {
        self.0.lock().expect("not poisoned").0 += time.as_micros() as Micros;
    }

    /// How many calls could start now.
    pub(super) fn would_grant(&self, limit: ConfiguredLimit) -> usize {
        let (now, mut state) = self.0.lock().expect("not poisoned").clone();
        let acquire = Command::Acquire {
            lane: LaneId(1),
            waiter: None,
            priority: Priority::Normal,
            limit,
            leave: 0,
        };
        std::iter::repeat_with(|| state.step(now, acquire))
            .take_while(|reply| matches!(reply, Reply::Granted { .. }))
            .count()
    }
}
