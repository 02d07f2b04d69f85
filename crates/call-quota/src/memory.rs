//! The state of an account's quota in the memory of this process.

use std::sync::{Mutex, PoisonError};

use tokio::time::Instant;

use super::constants::Micros;
use super::slots::{Command, Reply, State};
use super::store::{Store, Tier, TierReply};

/// The state of one account, shared by the tasks of this process.
#[derive(Debug)]
pub(super) struct Memory {
    /// The moment from which this store's times count.
    origin: Instant,
    state: Mutex<State>,
}

impl Memory {
    pub(super) fn new() -> Self {
        Self {
            origin: Instant::now(),
            state: Mutex::default(),
        }
    }

    fn reply(&self, command: Command) -> Reply {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        // The time is read under the lock, so that it never goes back from one step to the next.
        let now = Micros::try_from(self.origin.elapsed().as_micros()).unwrap_or(Micros::MAX / 2);
        state.step(now, command)
    }
}

impl Store for Memory {
    fn try_step(&self, command: Command, _tier: Tier) -> Option<TierReply> {
        let reply = self.reply(command);
        Some(TierReply { reply, tier: 0 })
    }

    async fn step(&self, command: Command, _tier: Tier) -> TierReply {
        let reply = self.reply(command);
        TierReply { reply, tier: 0 }
    }
}
