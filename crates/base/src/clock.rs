//! The wall clock as a value that is passed in, and the two ways in which a date is written.
//!
//! Durations and deadlines use `tokio::time`, which tests can pause. This clock is for dates that
//! leave the process.

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use time::format_description::well_known::Rfc3339;
use time::{OffsetDateTime, PrimitiveDateTime};

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
    pub fn from_fn(show: impl Fn() -> SystemTime + Send + Sync + 'static) -> Self {
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

/// A date in UTC from 1970 to 9999. An earlier date counts as the first second of
/// these years, and a later date as the last.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Utc(OffsetDateTime);

impl Utc {
    /// Reads a date as in `2025-01-02T03:04:05Z`, and in no other form.
    pub fn parse(text: &str) -> Option<SystemTime> {
        let date = SystemTime::from(OffsetDateTime::parse(text, &Rfc3339).ok()?);
        (Self::from(date).seconds() == text).then_some(date)
    }

    /// Writes the date as in `2025-01-02T03:04:05Z`, the form that Alibaba Cloud signs.
    pub fn seconds(&self) -> String {
        format!("{}Z", self.without_zone())
    }

    /// Writes the date as in `2025-01-02T03:04:05.000006Z`, the only form that the log reader of
    /// go-plugin understands.
    pub fn micros(&self) -> String {
        format!("{}.{:06}Z", self.without_zone(), self.0.microsecond())
    }

    fn without_zone(self) -> String {
        let (year, month, day) = self.0.to_calendar_date();
        let (hour, minute, second) = self.0.to_hms();
        let month = u8::from(month);
        format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}")
    }
}

impl From<SystemTime> for Utc {
    fn from(at: SystemTime) -> Self {
        let since = at.duration_since(UNIX_EPOCH).unwrap_or(Duration::ZERO);
        let nanos = i128::try_from(since.as_nanos()).unwrap_or_default();
        let date = OffsetDateTime::from_unix_timestamp_nanos(nanos);
        Self(date.unwrap_or(PrimitiveDateTime::MAX.assume_utc()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: u64) -> SystemTime {
        UNIX_EPOCH + Duration::from_secs(seconds)
    }

    #[test]
    fn dates_are_right_across_leap_years_and_read_as_they_are_written() {
        for (seconds, written) in [
            (0, "1970-01-01T00:00:00Z"),
            (951_782_400, "2000-02-29T00:00:00Z"),
            (1_735_787_045, "2025-01-02T03:04:05Z"),
            (4_107_542_399, "2100-02-28T23:59:59Z"),
            (4_107_542_400, "2100-03-01T00:00:00Z"),
        ] {
            assert_eq!(Utc::from(at(seconds)).seconds(), written);
            assert_eq!(Utc::parse(written), Some(at(seconds)), "{written}");
        }
    }

    #[test]
    fn no_date_is_too_late_to_be_written() {
        assert_eq!(Utc::from(at(1 << 60)).seconds(), "9999-12-31T23:59:59Z");
    }

    #[test]
    fn other_forms_of_a_date_are_not_read() {
        for text in [
            "",
            "2025-01-02 03:04:05Z",
            "2025-01-02T03:04:05",
            "2025-01-02T03:04:05.0Z",
            "2025-01-02T03:04:05+01:00",
            "2025-01-02t03:04:05z",
            "2025-13-01T00:00:00Z",
            "2025-02-29T00:00:00Z",
            "2025-01-00T00:00:00Z",
            "2025-01-01T24:00:00Z",
            "1969-12-31T23:59:59Z",
            "2025-01-01T00:00:0éZ",
        ] {
            assert_eq!(Utc::parse(text), None, "{text}");
        }
    }

    #[test]
    fn log_form_has_six_digits() {
        let at = Utc::from(UNIX_EPOCH + Duration::new(1_735_787_045, 6_999));
        assert_eq!(at.micros(), "2025-01-02T03:04:05.000006Z");
    }
}
