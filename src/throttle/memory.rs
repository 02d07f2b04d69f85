//! A quota's state in the memory of this process.

use std::sync::{Mutex, PoisonError};

use tokio::time::Instant;

use super::keeper::{Answer, Keeper, Side};
use super::slots::{Command, Micros, State};

/// One quota, shared by the tasks of this process.
#[derive(Debug)]
pub(super) struct Memory {
    /// Where this store's time begins.
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
}

impl Keeper for Memory {
    fn try_step(&self, command: Command, _side: Side) -> Option<Answer> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        // Read under the lock, so that time never runs backwards from one step to the next.
        let now = Micros::try_from(self.origin.elapsed().as_micros()).unwrap_or(Micros::MAX / 2);
        let reply = state.step(now, command);
        Some(Answer { reply, side: 0 })
    }

    async fn step(&self, command: Command, side: Side) -> Answer {
        self.try_step(command, side).expect("memory never waits")
    }
}
