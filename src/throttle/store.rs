//! Where a quota's state lives: one face for all stores.

use super::memory::Memory;
use super::slots::{Command, Reply};

/// The state of one quota.
#[derive(Debug)]
pub(super) enum Store {
    Memory(Memory),
}

/// Which of a store and its fallbacks granted a call: 0 is the store itself. Only it can settle the call.
pub(super) type Side = u8;

/// A reply and who gave it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Answer {
    pub(super) reply: Reply,
    pub(super) side: Side,
}

impl Store {
    /// Carries the command out if that takes no waiting.
    pub(super) fn try_step(&self, command: Command, _side: Side) -> Option<Answer> {
        match self {
            Self::Memory(memory) => Some(Answer {
                reply: memory.step(command),
                side: 0,
            }),
        }
    }

    /// Carries the command out. `side` matters to those that settle a call.
    pub(super) async fn step(&self, command: Command, _side: Side) -> Answer {
        match self {
            Self::Memory(memory) => Answer {
                reply: memory.step(command),
                side: 0,
            },
        }
    }
}
