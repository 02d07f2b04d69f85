//! What a quota's queue asks of whoever keeps the quota's state.

use super::slots::{Command, Reply};

/// Which of a store and its fallbacks granted a call: 0 is the store itself. Only it can settle the call.
pub(super) type Side = u8;

/// A reply and who gave it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Answer {
    pub(super) reply: Reply,
    pub(super) side: Side,
}

/// Keeps the state of one quota, and never fails.
pub(super) trait Keeper: Send + Sync {
    /// Carries the command out if that takes no waiting. `side` matters to those that settle a call.
    fn try_step(&self, command: Command, side: Side) -> Option<Answer>;

    /// Carries the command out.
    fn step(&self, command: Command, side: Side) -> impl Future<Output = Answer> + Send;
}
