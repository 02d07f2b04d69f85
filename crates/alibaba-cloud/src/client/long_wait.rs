//! A wait that a user should hear about.

use std::num::NonZeroU32;
use std::time::Duration;

/// The wait after which a user should hear about it.
pub const LONG_WAIT: Duration = Duration::from_secs(60);

/// A long wait for a permit that has ended with one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LongWait {
    /// The name of the operation.
    pub action: &'static str,
    /// How long the call waited.
    pub waited: Duration,
    /// How many calls of this process waited already when it joined them.
    pub calls_ahead: usize,
    /// How many other processes waited beside this one.
    pub processes: u32,
    /// What kept the quota from being used.
    pub cause: WaitCause,
    /// How many calls of this process still wait.
    pub left: usize,
    /// In what time these are expected to be sent. A pause is not part of it.
    pub rest: Duration,
    /// How many calls a second the quota allows now.
    pub calls: NonZeroU32,
}

/// What a call waits for at the gate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WaitCause {
    /// The service throttled a call and asked for a pause.
    Paused,
    /// The quota is in use.
    Quota,
    /// It is not known yet how much of the quota others use.
    Recovering,
}
