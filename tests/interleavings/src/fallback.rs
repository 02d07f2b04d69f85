//! The slots in memory, with a clock that each step moves on.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::task::yield_now;

use super::constants::Micros;
use super::explore::{HOUR, Kind};
use super::limit::Limit;
use super::slots::{Command, LaneId, PermitRequest, Priority, QuotaState, Reply};

/// How far each step moves the clock.
const STEP: Micros = 100_000;

/// The place of a store among those of an account: there is one here.
pub(crate) type Tier = usize;

#[derive(Debug)]
pub(crate) struct AccountStore {
    kind: Kind,
    shared: Arc<Shared>,
}

/// No task is ever switched while this is locked, so the lock is none of the scheduler's business.
#[derive(Debug, Default)]
pub(crate) struct Shared(Mutex<(Micros, QuotaState)>);

impl AccountStore {
    pub(crate) fn new(kind: Kind) -> Self {
        let shared = Arc::new(Shared::default());
        // A state that has never seen a call waits for what it may have forgotten.
        shared.pass(2 * HOUR);
        Self { kind, shared }
    }

    pub(crate) fn shared(&self) -> Arc<Shared> {
        Arc::clone(&self.shared)
    }

    pub(crate) fn try_step(&self, command: Command, tier: Tier) -> Option<(Reply, Tier)> {
        (self.kind == Kind::Swift).then(|| (self.shared.step(command), tier))
    }

    pub(crate) async fn step(&self, command: Command, tier: Tier) -> (Reply, Tier) {
        yield_now().await;
        let answer = self.shared.step(command);
        yield_now().await;
        (answer, tier)
    }

    pub(crate) fn replies_within(&self, _tier: Tier) -> Duration {
        Duration::ZERO
    }
}

impl Shared {
    fn step(&self, command: Command) -> Reply {
        let mut inner = self.0.lock().expect("not poisoned");
        inner.0 += STEP;
        let now = inner.0;
        inner.1.step(now, command)
    }

    /// Lets simulated time pass.
    pub(crate) fn pass(&self, time: Duration) {
        self.0.lock().expect("not poisoned").0 += time.as_micros() as Micros;
    }

    /// How many calls could start now.
    pub(crate) fn would_grant(&self, limit: Limit) -> usize {
        let (now, mut state) = self.0.lock().expect("not poisoned").clone();
        let acquire = Command::Acquire(PermitRequest {
            lane: LaneId(1),
            waiter: None,
            priority: Priority::Normal,
            limit,
            leave: 0,
        });
        std::iter::repeat_with(|| state.step(now, acquire))
            .take_while(|reply| matches!(reply, Reply::Granted(_)))
            .count()
    }
}
