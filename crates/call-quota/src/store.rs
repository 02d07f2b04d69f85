//! The interface of the stores that keep the state of an account.

use std::time::Duration;

use futures_util::future::BoxFuture;

use super::slots::{Command, Reply};

/// Keeps the state of one account.
pub(crate) trait Store: Send + Sync {
    /// Executes the command if that is possible without waiting.
    fn try_step(&self, _command: Command) -> Option<Result<Reply, StoreError>> {
        None
    }

    /// Executes the command.
    fn step(&self, command: Command) -> BoxFuture<'_, Result<Reply, StoreError>>;

    /// Executes the command for a process that currently uses another store and tests whether this
    /// one works again.
    fn trial(&self, command: Command) -> BoxFuture<'_, Result<Reply, StoreError>> {
        self.step(command)
    }

    /// Why the state may be lost repeatedly.
    fn loss_reason(&self) -> StoreError;

    /// How fast the store is, and how soon others notice that this process does not use it.
    fn timing(&self) -> Timing {
        Timing::default()
    }
}

/// How fast a store is. The default is for a store on this machine.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Timing {
    /// How old a permit can be when the reply with it arrives.
    pub(crate) reply: Duration,
    /// The time limit of a successful trial.
    pub(crate) trial: Option<Duration>,
    /// How long after the store works again this process has returned to it or has sent it a trial,
    /// if other processes rely on that.
    pub(crate) returns_within: Option<Duration>,
    /// The time after which other processes take into account that this one cannot reach the store.
    pub(crate) noticed_after: Duration,
}

/// Why a store cannot be used, as a text for the user.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct StoreError(pub(crate) String);
