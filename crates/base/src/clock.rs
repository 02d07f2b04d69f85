//! The wall clock as a value that is passed in, and the two ways in which a date is written.
//!
//! Durations and deadlines use `tokio::time`, which tests can pause. This clock is for dates that
//! leave the process.

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// A source of the date, which tests can fix.
#[derive(Clone)]
pub struct Clock(Arc<dyn Fn() -> SystemTime + Send + Sync>);

impl Clock {
    /// The clock of the system.
    #[expect(
        clippy::disallowed_methods,
        reason = "the one place that reads the wall clock"
    )]
    pub fn system() -> Self {
        Self(Arc::new(SystemTime::now))
    }

    /// A clock that always shows the same date, for tests.
    pub fn fixed(at: SystemTime) -> Self {
        Self(Arc::new(move || at))
    }

    /// A clock that shows what `show` says, for tests.
    pub fn of(show: impl Fn() -> SystemTime + Send + Sync + 'static) -> Self {
        Self(Arc::new(show))
    }

    /// The date that the clock shows.
    pub fn now(&self) -> SystemTime {
        (self.0)()
    }
}

impl fmt::Debug for Clock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Clock")
    }
}

/// A date in UTC, in years, months, days and so on. Dates before 1970 count as the beginning of
/// 1970.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Utc {
    year: u64,
    month: u64,
    day: u64,
    hour: u64,
    minute: u64,
    second: u64,
    micros: u32,
}

impl Utc {
    /// Writes the date as in `2025-01-02T03:04:05Z`, which is how Alibaba Cloud wants it to be
    /// signed.
    pub fn seconds(&self) -> String {
        let Self {
            year,
            month,
            day,
            hour,
            minute,
            second,
            ..
        } = self;
        format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}Z")
    }

    /// Writes the date as in `2025-01-02T03:04:05.000006Z`, the only form that the log reader of
    /// go-plugin understands.
    pub fn micros(&self) -> String {
        let seconds = self.seconds();
        format!("{}.{:06}Z", &seconds[..seconds.len() - 1], self.micros)
    }
}

impl From<SystemTime> for Utc {
    fn from(at: SystemTime) -> Self {
        let since = at.duration_since(UNIX_EPOCH).unwrap_or(Duration::ZERO);
        let (days, of_day) = (since.as_secs() / 86_400, since.as_secs() % 86_400);
        let (year, month, day) = civil(days);
        Self {
            year,
            month,
            day,
            hour: of_day / 3600,
            minute: of_day / 60 % 60,
            second: of_day % 60,
            micros: since.subsec_micros(),
        }
    }
}

/// The year, month and day of the day that is so many days after 1970-01-01.
///
/// It counts in eras of 400 years, which all have the same number of days, and in years that
/// begin in March, so that the leap day is the last day of a year.
fn civil(days: u64) -> (u64, u64, u64) {
    let shifted = days + 719_468;
    let (era, of_era) = (shifted / 146_097, shifted % 146_097);
    let year_of_era = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let march_month = (5 * of_year + 2) / 153;
    let day = of_year - (153 * march_month + 2) / 5 + 1;
    let month = if march_month < 10 {
        march_month + 3
    } else {
        march_month - 9
    };
    (era * 400 + year_of_era + u64::from(month <= 2), month, day)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn utc(seconds: u64) -> String {
        Utc::from(UNIX_EPOCH + Duration::from_secs(seconds)).seconds()
    }

    #[test]
    fn dates_are_right_across_leap_years() {
        assert_eq!(utc(0), "1970-01-01T00:00:00Z");
        assert_eq!(utc(951_782_400), "2000-02-29T00:00:00Z");
        assert_eq!(utc(1_735_787_045), "2025-01-02T03:04:05Z");
        assert_eq!(utc(4_107_542_399), "2100-02-28T23:59:59Z");
        assert_eq!(utc(4_107_542_400), "2100-03-01T00:00:00Z");
    }

    #[test]
    fn log_form_has_six_digits() {
        let at = Utc::from(UNIX_EPOCH + Duration::new(1_735_787_045, 6_999));
        assert_eq!(at.micros(), "2025-01-02T03:04:05.000006Z");
    }
}
