//! How long a server may take.

use std::time::Duration;

use crate::constants::RETRY_AFTER;

/// How long the server may take. All processes that share a quota have to agree on these, because
/// they derive from them how long others may not have noticed something.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct RedisTimeouts {
    /// Until a connection is made, TLS and password included.
    pub connect: Duration,
    /// Until a command is answered.
    pub command: Duration,
}

impl RedisTimeouts {
    /// How long one step takes at most, with the connection that it may have to make.
    pub(crate) fn step(self) -> Duration {
        self.connect + self.command
    }

    /// The longest time until the server has heard of every process that can reach it and uses its
    /// fallback: a trial that began before the server could be reached may take a whole step to
    /// fail, and the one that follows after [`RETRY_AFTER`] as long to succeed.
    pub(crate) fn fallback_return(self) -> Duration {
        2 * self.step() + Duration::from_micros(RETRY_AFTER)
    }
}
