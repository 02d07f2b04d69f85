//! How far the service's clock is from this machine's, by the `Date` header of its answers.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use base::clock::Clock;

/// The header leaves out the fraction of the second: on average it is half a second.
const FRACTION: Duration = Duration::from_millis(500);

/// The difference of the two clocks, as the last answer with a date showed it.
#[derive(Debug)]
pub(super) struct ServiceClock {
    clock: Clock,
    ahead: Mutex<Option<i64>>,
}

impl ServiceClock {
    /// Nothing is known of the service's clock yet.
    pub(super) fn new(clock: Clock) -> Self {
        Self {
            clock,
            ahead: Mutex::new(None),
        }
    }

    /// Takes note of the date of an answer that came just now, after a call of this length. The
    /// service is assumed to have written the date halfway through the call.
    pub(super) fn observe(&self, date: SystemTime, round_trip: Duration) {
        let ours = self.clock.now();
        let ours = ours.checked_sub(round_trip / 2).unwrap_or(ours);
        let theirs = date.checked_add(FRACTION).unwrap_or(date);
        let ahead = match theirs.duration_since(ours) {
            Ok(ahead) => i64::try_from(ahead.as_secs()).unwrap_or(i64::MAX),
            Err(behind) => -i64::try_from(behind.duration().as_secs()).unwrap_or(i64::MAX),
        };
        *self.ahead.lock().unwrap_or_else(PoisonError::into_inner) = Some(ahead);
    }

    /// By how many whole seconds the service's clock is ahead of ours; negative if it is behind,
    /// `None` if no answer had a date yet.
    pub(super) fn ahead(&self) -> Option<i64> {
        *self.ahead.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use std::time::UNIX_EPOCH;

    use super::*;

    #[test]
    fn half_of_the_round_trip_and_the_fraction_of_a_second_do_not_count() {
        let at = |millis| UNIX_EPOCH + Duration::from_millis(millis);
        for (ours, round_trip, theirs, ahead) in [
            (10_999, 0, 10_000, 0),
            (10_000, 0, 10_000, 0),
            (12_000, 4_000, 10_000, 0),
            (10_000, 0, 3_610_000, 3_600),
            (3_610_000, 0, 10_000, -3_599),
        ] {
            let clock = ServiceClock::new(Clock::fixed(at(ours)));
            assert_eq!(clock.ahead(), None);
            clock.observe(at(theirs), Duration::from_millis(round_trip));
            assert_eq!(clock.ahead(), Some(ahead), "{ours} {round_trip} {theirs}");
        }
    }
}
