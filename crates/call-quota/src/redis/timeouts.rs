//! The time limits of a server.

use std::time::Duration;

use crate::constants::RETRY_AFTER;

/// The time limits of a server. All processes that share a quota must use the same values, because
/// each derives from them how long the others may take to notice a failure.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct RedisTimeouts {
    /// For a connection, including TLS and authentication.
    pub connect: Duration,
    /// For the reply to a command.
    pub command: Duration,
}

impl RedisTimeouts {
    /// The longest time of one step, including a new connection.
    pub(crate) fn step(self) -> Duration {
        self.connect + self.command
    }

    /// The longest time until every process that can reach the server again and uses its fallback has
    /// sent it a trial: a trial that began before the server became reachable may take a whole step
    /// to fail, and the next one, after [`RETRY_AFTER`], a whole step to succeed.
    pub(crate) fn fallback_return(self) -> Duration {
        2 * self.step() + Duration::from_micros(RETRY_AFTER)
    }
}
