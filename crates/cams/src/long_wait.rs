//! A wait for the quota that is long enough to be told to the user.

use std::num::NonZeroU32;
use std::time::Duration;

use call_quota::{Cause, Limit, QueueStatus};

/// After what time a wait is worth telling.
pub const LONG_WAIT: Duration = Duration::from_secs(60);

/// A long wait of a call that has ended with a permit.
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
    pub cause: Cause,
    /// How many calls of this process still wait.
    pub left: usize,
    /// In what time these are expected to have their turn. A pause is not part of it.
    pub rest: Duration,
    /// How many calls may be made in a window of the quota now.
    pub calls: NonZeroU32,
    /// The length of the window.
    pub window: Duration,
}

impl LongWait {
    /// A wait that has just ended. `joined`, `noticed` and `ended` are the queue when the call
    /// joined it, when the wait became long, and now; `limit` is what the call was allowed at most.
    pub(super) fn new(
        action: &'static str,
        waited: Duration,
        limit: Limit,
        [joined, noticed, ended]: [QueueStatus; 3],
    ) -> Self {
        let calls = NonZeroU32::new(noticed.calls).unwrap_or(limit.calls);
        let processes = joined.processes_ahead.max(noticed.processes_ahead);
        // Processes take turns, so that each call of this one lets one of every other pass.
        let in_line = ended.waiting as u64 * (u64::from(processes) + 1);
        let windows = in_line.div_ceil(u64::from(calls.get()));
        let windows = u32::try_from(windows).unwrap_or(u32::MAX);
        Self {
            action,
            waited,
            calls_ahead: joined.waiting,
            processes,
            cause: noticed.cause,
            left: ended.waiting,
            rest: limit.window.saturating_mul(windows),
            calls,
            window: limit.window,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn queue(waiting: usize, processes_ahead: u32, calls: u32) -> QueueStatus {
        QueueStatus {
            waiting,
            processes_ahead,
            calls,
            cause: Cause::Quota,
        }
    }

    #[test]
    fn the_rest_is_what_waits_at_the_rate_in_force() {
        let limit = Limit {
            calls: NonZeroU32::new(10).expect("not zero"),
            window: Duration::from_secs(1),
        };
        let rest = |noticed, left| {
            let queues = [queue(30, 0, 0), noticed, queue(left, 0, 0)];
            let wait = LongWait::new("A", LONG_WAIT, limit, queues);
            assert_eq!(wait.calls_ahead, 30);
            (wait.rest.as_secs(), wait.calls.get())
        };
        assert_eq!(rest(queue(1, 0, 10), 0), (0, 10));
        assert_eq!(rest(queue(1, 0, 10), 1), (1, 10));
        assert_eq!(rest(queue(1, 0, 10), 25), (3, 10));
        // The service allows less than the limit, and two others take their turns.
        assert_eq!(rest(queue(1, 2, 5), 25), (15, 5));
        // The queue does not know a rate while nobody waits.
        assert_eq!(rest(queue(0, 0, 0), 20), (2, 10));
    }
}
