//! What a quota's queue asks of the store that keeps the quota's state.

use std::fmt;
use std::time::Duration;

use super::slots::{Command, Reply};

/// Which store of a chain replied: 0 is the first, 1 its fallback, 2 the fallback of that. A permit
/// has to be settled with the store that granted it, because no other knows it.
pub(super) type Tier = u8;

/// A reply, and the store that gave it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct TierReply {
    pub(super) reply: Reply,
    pub(super) tier: Tier,
}

/// Keeps the state of one quota, and never fails: a chain of stores ends with one in memory.
pub(super) trait Store: Send + Sync {
    /// Carries the command out if that is possible without waiting. `tier` tells where to settle a
    /// permit; [`Command::Acquire`] ignores it.
    fn try_step(&self, command: Command, tier: Tier) -> Option<TierReply>;

    /// Carries the command out.
    fn step(&self, command: Command, tier: Tier) -> impl Future<Output = TierReply> + Send;

    /// How old a permit of this store can be when the reply with it arrives.
    fn replies_within(&self, _tier: Tier) -> Duration {
        Duration::ZERO
    }
}

/// Keeps the state of one quota where it can be out of reach.
pub(super) trait FallibleStore: Send + Sync + 'static {
    /// Carries the command out if that is possible without waiting.
    fn try_step(&self, command: Command) -> Option<Result<Reply, Failure>>;

    /// Carries the command out.
    fn step(&self, command: Command) -> impl Future<Output = Result<Reply, Failure>> + Send;

    /// Carries the command out for a process that uses its fallback and finds out by this whether
    /// the store works again. Those who use the store leave room for its share meanwhile, if they
    /// can.
    fn trial(&self, command: Command) -> impl Future<Output = Result<Reply, Failure>> + Send {
        self.step(command)
    }

    /// Within what time a trial has to be carried out if the store is to count as one that works.
    fn trial_within(&self) -> Duration {
        Duration::MAX
    }

    /// Why the state may be lost again and again.
    fn loss(&self) -> Failure;

    /// How old a permit can be when the reply with it arrives.
    fn replies_within(&self) -> Duration {
        Duration::ZERO
    }

    /// How long after the store works again this process has stopped using its fallback or has been
    /// heard of by a trial, if others rely on that.
    fn returns_within(&self) -> Option<Duration> {
        None
    }

    /// After what time the others that use the store take it into account if this process cannot
    /// reach it any more.
    fn noticed_after(&self) -> Duration;
}

/// Why a store cannot be used, in words for the user.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Failure(pub(super) String);

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
