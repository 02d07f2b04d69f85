//! Where the state of an account is kept: what every store does, and what it says of itself.

use std::time::Duration;

use futures_util::future::BoxFuture;

use super::slots::{Command, Reply};

/// Keeps the state of one account.
pub(crate) trait Store: Send + Sync {
    /// Carries the command out if that is possible without waiting.
    fn try_step(&self, _command: Command) -> Option<Result<Reply, StoreError>> {
        None
    }

    /// Carries the command out.
    fn step(&self, command: Command) -> BoxFuture<'_, Result<Reply, StoreError>>;

    /// Carries the command out for a process that uses another store and finds out by this whether
    /// this one works again.
    fn trial(&self, command: Command) -> BoxFuture<'_, Result<Reply, StoreError>> {
        self.step(command)
    }

    /// Why the state may be lost repeatedly.
    fn loss(&self) -> StoreError;

    /// How fast the store is, and how fast others notice that this process does not use it.
    fn timing(&self) -> Timing {
        Timing::default()
    }
}

/// How fast a store is. The default is that of a store on this machine.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Timing {
    /// How old a permit can be when the reply with it arrives.
    pub(crate) reply: Duration,
    /// Within what time a trial has to be carried out if the store is to count as one that works.
    pub(crate) trial: Option<Duration>,
    /// How long after the store works again this process has returned to it or has been heard of by
    /// a trial, if other processes rely on that.
    pub(crate) returns_within: Option<Duration>,
    /// After what time the other processes take into account that this one cannot reach the store.
    pub(crate) noticed_after: Duration,
}

/// Why a store cannot be used, in words for the user.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct StoreError(pub(crate) String);
