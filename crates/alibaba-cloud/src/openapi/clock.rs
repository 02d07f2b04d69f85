//! The service's clock, as the `Date` headers of its answers show it.
//!
//! Requests are signed with the clock of this machine. When the service refuses a request because
//! of its date, the next ones are signed with the service's clock.

use std::sync::{Mutex, MutexGuard};
use std::time::{Duration, SystemTime};

use base::clock::Clock;
use base::sync::lock;

/// The header leaves out the fraction of the second: on average it is half a second.
const FRACTION: Duration = Duration::from_millis(500);

/// How far the service's clock may differ from ours to be believed, in seconds.
///
/// A clock that is set by hand is off by minutes or by time zones. A larger difference is more
/// likely a fault at the other end, or an attacker who wants requests that are signed for another
/// day.
const MAX_DIFFERENCE: u64 = 24 * 60 * 60;

/// The clock that signs requests, and what is known of the service's clock.
#[derive(Debug)]
pub struct ServiceClock {
    clock: Clock,
    offsets: Mutex<Offsets>,
}

/// By how many seconds the service's clock is ahead of this machine's.
#[derive(Clone, Copy, Debug, Default)]
struct Offsets {
    /// As the last answer with a date showed it.
    observed: Option<i64>,
    /// As it is used to sign: zero until the service refuses a date.
    signing: i64,
}

impl ServiceClock {
    /// Starts with the clock of this machine.
    pub(crate) fn new(clock: Clock) -> Self {
        Self {
            clock,
            offsets: Mutex::default(),
        }
    }

    /// The time to sign with.
    pub(crate) fn now(&self) -> SystemTime {
        let ahead = self.offsets().signing;
        self.shifted(ahead)
    }

    /// Records the date of an answer that has just arrived, after an attempt of this length. The
    /// service is assumed to have written the date half-way through the attempt.
    pub(crate) fn observe(&self, date: SystemTime, round_trip: Duration) {
        let ours = self.clock.now();
        let ours = ours.checked_sub(round_trip / 2).unwrap_or(ours);
        let theirs = date.checked_add(FRACTION).unwrap_or(date);
        self.offsets().observed = Some(seconds_ahead(theirs, ours));
    }

    /// Signs with the service's clock from now on, given the date of an answer that refused ours.
    /// Returns how the clocks differ, in words.
    ///
    /// # Errors
    ///
    /// If the clocks differ by more than a day, which is not believed.
    pub(crate) fn correct(&self, date: Option<SystemTime>) -> Result<String, String> {
        let Some(date) = date else {
            return Ok("the answer does not show the service's time".to_owned());
        };
        let ahead = seconds_ahead(date, self.clock.now());
        let difference = difference(ahead);
        if ahead.unsigned_abs() > MAX_DIFFERENCE {
            tracing::warn!("{difference}, which is more than a day: ignored");
            return Err(format!(
                "{difference}, which is more than a day and therefore not believed"
            ));
        }
        tracing::warn!("{difference}: signing with the service's clock");
        self.offsets().signing = ahead;
        Ok(difference)
    }

    /// By how many seconds the service's clock is ahead, as the last answer with a date showed.
    pub fn observed(&self) -> Option<i64> {
        self.offsets().observed
    }

    /// What time it is at the service, as the last answer with a date showed.
    pub fn service_time(&self) -> Option<SystemTime> {
        Some(self.shifted(self.observed()?))
    }

    /// How the clocks differ, in words. `None` unless requests are signed with the service's clock.
    pub fn correction(&self) -> Option<String> {
        let ahead = self.offsets().signing;
        (ahead != 0).then(|| difference(ahead))
    }

    /// The time of this machine and so many seconds more.
    fn shifted(&self, ahead: i64) -> SystemTime {
        let offset = Duration::from_secs(ahead.unsigned_abs());
        let now = self.clock.now();
        let shifted = match ahead < 0 {
            true => now.checked_sub(offset),
            false => now.checked_add(offset),
        };
        shifted.unwrap_or(now)
    }

    fn offsets(&self) -> MutexGuard<'_, Offsets> {
        lock(&self.offsets)
    }
}

fn seconds_ahead(theirs: SystemTime, ours: SystemTime) -> i64 {
    match theirs.duration_since(ours) {
        Ok(ahead) => i64::try_from(ahead.as_secs()).unwrap_or(i64::MAX),
        Err(behind) => -i64::try_from(behind.duration().as_secs()).unwrap_or(i64::MAX),
    }
}

/// Writes a difference in its two largest units, such as `the service's clock is 2 h 5 min ahead of
/// this machine's`.
fn difference(ahead: i64) -> String {
    let direction = if ahead < 0 { "behind" } else { "ahead of" };
    let exact = ahead.unsigned_abs();
    // The service's time is in whole seconds, and a little old when it arrives.
    let seconds = match exact >= 3600 {
        true => (exact + 30) / 60 * 60,
        false => exact,
    };
    let units = [
        (seconds / 86_400, "d"),
        (seconds / 3600 % 24, "h"),
        (seconds / 60 % 60, "min"),
        (seconds % 60, "s"),
    ];
    let first = units.iter().position(|(amount, _)| *amount > 0);
    let shown = units.iter().skip(first.unwrap_or(3)).take(2);
    let shown: Vec<String> = shown
        .filter(|(amount, unit)| *amount > 0 || *unit == "s")
        .map(|(amount, unit)| format!("{amount} {unit}"))
        .collect();
    format!(
        "the service's clock is {} {direction} this machine's",
        shown.join(" ")
    )
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
            assert_eq!(clock.observed(), None);
            clock.observe(at(theirs), Duration::from_millis(round_trip));
            assert_eq!(
                clock.observed(),
                Some(ahead),
                "{ours} {round_trip} {theirs}"
            );
            assert_eq!(clock.now(), at(ours), "observing does not correct");
        }
    }

    #[test]
    fn a_clock_is_believed_within_a_day_only() {
        let ours = UNIX_EPOCH + Duration::from_secs(1_735_787_045);
        for (ahead, believed) in [
            (86_400, true),
            (-86_400, true),
            (86_401, false),
            (-86_401, false),
            (8_000_000_000, false),
        ] {
            let clock = ServiceClock::new(Clock::fixed(ours));
            let theirs = Duration::from_secs(1_735_787_045_u64.saturating_add_signed(ahead));
            let theirs = UNIX_EPOCH + theirs;
            assert_eq!(clock.correct(Some(theirs)).is_ok(), believed);
            assert_eq!(clock.now(), if believed { theirs } else { ours });
            assert_eq!(clock.correction().is_some(), believed);
        }
        let clock = ServiceClock::new(Clock::fixed(ours));
        assert!(clock.correct(None).is_ok());
        assert_eq!(clock.correction(), None);
    }

    #[test]
    fn a_difference_is_written_in_its_two_largest_units() {
        for (ahead, expected) in [
            (7200, "2 h ahead of"),
            (7500, "2 h 5 min ahead of"),
            (-61, "1 min 1 s behind"),
            (172_800 + 3600, "2 d 1 h ahead of"),
            (0, "0 s ahead of"),
            (i64::MIN, "106751991167300 d 15 h behind"),
        ] {
            let expected = format!("the service's clock is {expected} this machine's");
            assert_eq!(difference(ahead), expected);
        }
    }
}
