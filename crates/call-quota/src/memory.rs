//! The state of an account in the memory of this process.

use std::sync::Mutex;

use futures_util::future::BoxFuture;
use tokio::time::Instant;

use super::constants::micros;
use super::slots::{Command, QuotaState, Reply};
use super::store::{Store, StoreError};
use base::sync::lock;

/// The state of one account, shared by the tasks of this process.
pub(crate) struct Memory {
    /// The origin of this store's times.
    origin: Instant,
    state: Mutex<QuotaState>,
}

impl Memory {
    pub(crate) fn new() -> Self {
        Self {
            origin: Instant::now(),
            state: Mutex::default(),
        }
    }

    fn reply(&self, command: Command) -> Reply {
        let mut state = lock(&self.state);
        // The time is read under the lock, so that it never decreases from one step to the next.
        let now = micros(self.origin.elapsed());
        state.step(now, command)
    }
}

impl Store for Memory {
    fn try_step(&self, command: Command) -> Option<Result<Reply, StoreError>> {
        Some(Ok(self.reply(command)))
    }

    fn step(&self, command: Command) -> BoxFuture<'_, Result<Reply, StoreError>> {
        Box::pin(async move { Ok(self.reply(command)) })
    }

    fn loss_reason(&self) -> StoreError {
        StoreError("the memory of this process lost the state".to_owned())
    }
}
