//! Authenticates requests: access key, security token, date, signature and nonce.

use std::collections::{HashSet, VecDeque};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use super::issuance::Issuance;
use super::keys::{Caller, Keys};
use super::refusal::Refusal;
use super::request::Request;
use super::signature;

/// The most by which the date of a request may be earlier or later than the server's.
const TOLERANCE: Duration = Duration::from_secs(15 * 60);

/// What the gate remembers: the nonces that were used.
#[derive(Debug, Default)]
pub(super) struct Gate {
    nonces: Nonces,
}

impl Gate {
    /// Admits a request that is signed with a known key, is dated within the tolerated time around
    /// `date`, and has a nonce that was not used before. Refuses any other. `now` is the date by
    /// which sessions end; it may differ from `date` if the server's clock is wrong.
    pub(super) fn enter(
        &mut self,
        request: &Request<'_>,
        keys: &Keys,
        issuance: &Issuance,
        date: SystemTime,
        now: SystemTime,
    ) -> Result<Caller, Refusal> {
        let claim = signature::claim(request)?;
        let (secret, caller) = keys.find(&claim, issuance, now)?;
        check_date(claim.date, date)?;
        signature::verify(request, secret)?;
        if !self.nonces.is_first(claim.nonce, date) {
            let message = "Specified signature nonce was used already.";
            return Err(Refusal::new(400, "SignatureNonceUsed", message));
        }
        Ok(caller)
    }
}

/// Refuses a date that is malformed, or that is too far from `now`.
fn check_date(date: &str, now: SystemTime) -> Result<(), Refusal> {
    let Some(date) = parse_date(date) else {
        let message = "Specified time stamp or date value is not well formatted.";
        return Err(Refusal::new(400, "InvalidTimeStamp.Format", message));
    };
    let distance = now
        .duration_since(date)
        .unwrap_or_else(|later| later.duration());
    if distance > TOLERANCE {
        let message = "Specified time stamp or date value is expired.";
        return Err(Refusal::new(400, "InvalidTimeStamp.Expired", message));
    }
    Ok(())
}

/// Reads a date as in `2025-01-02T03:04:05Z`, in the years 1970 to 9999.
fn parse_date(text: &str) -> Option<SystemTime> {
    let shape = |(byte, expected): (u8, u8)| match expected {
        b'0' => byte.is_ascii_digit(),
        other => byte == other,
    };
    let template = b"0000-00-00T00:00:00Z";
    if text.len() != template.len() || !text.bytes().zip(*template).all(shape) {
        return None;
    }
    let number = |from: usize, to: usize| text.get(from..to)?.parse::<u64>().ok();
    let (year, month, day) = (number(0, 4)?, number(5, 7)?, number(8, 10)?);
    let (hour, minute, second) = (number(11, 13)?, number(14, 16)?, number(17, 19)?);
    let days = days_since_1970(year, month, day)?;
    if hour > 23 || minute > 59 || second > 59 {
        return None;
    }
    let seconds = days * 86_400 + hour * 3600 + minute * 60 + second;
    Some(UNIX_EPOCH + Duration::from_secs(seconds))
}

/// The days from 1970-01-01 to this date, or `None` if there is no such date.
fn days_since_1970(year: u64, month: u64, day: u64) -> Option<u64> {
    let leap = |year: u64| {
        year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400))
    };
    let february = if leap(year) { 29 } else { 28 };
    let lengths = [31, february, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
    let month = usize::try_from(month.checked_sub(1)?).ok()?;
    if year < 1970 || day == 0 || day > *lengths.get(month)? {
        return None;
    }
    let years: u64 = (1970..year)
        .map(|year| if leap(year) { 366 } else { 365 })
        .sum();
    Some(years + lengths.iter().take(month).sum::<u64>() + day - 1)
}

/// The nonces of all requests whose dates could still be tolerated.
#[derive(Debug, Default)]
struct Nonces {
    used: HashSet<String>,
    in_order: VecDeque<(SystemTime, String)>,
}

impl Nonces {
    /// Whether the nonce was not used before. It counts as used from now on.
    fn is_first(&mut self, nonce: &str, now: SystemTime) -> bool {
        while let Some((at, _)) = self.in_order.front()
            && now.duration_since(*at).is_ok_and(|age| age > 2 * TOLERANCE)
            && let Some((_, old)) = self.in_order.pop_front()
        {
            self.used.remove(&old);
        }
        let first = self.used.insert(nonce.to_owned());
        if first {
            self.in_order.push_back((now, nonce.to_owned()));
        }
        first
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use base::clock::Utc;

    fn at(seconds: u64) -> SystemTime {
        UNIX_EPOCH + Duration::from_secs(seconds)
    }

    #[test]
    fn dates_are_read_as_the_clock_writes_them() {
        for seconds in [0, 951_782_400, 1_735_787_045, 4_107_542_399, 4_107_542_400] {
            let written = Utc::from(at(seconds)).seconds();
            assert_eq!(parse_date(&written), Some(at(seconds)), "{written}");
        }
    }

    #[test]
    fn malformed_dates_are_refused() {
        for text in [
            "",
            "2025-01-02 03:04:05Z",
            "2025-01-02T03:04:05",
            "2025-13-01T00:00:00Z",
            "2025-02-29T00:00:00Z",
            "2025-01-00T00:00:00Z",
            "2025-01-01T24:00:00Z",
            "1969-12-31T23:59:59Z",
            "2025-01-01T00:00:0éZ",
        ] {
            assert_eq!(parse_date(text), None, "{text}");
        }
    }

    #[test]
    fn fifteen_minutes_either_way_are_tolerated_and_no_more() {
        let date = "2025-01-02T03:04:05Z";
        let signed = 1_735_787_045;
        for now in [signed - 900, signed, signed + 900] {
            assert_eq!(check_date(date, at(now)), Ok(()));
        }
        for now in [signed - 901, signed + 901] {
            let refusal = check_date(date, at(now)).expect_err("too far away");
            assert_eq!(refusal.code, "InvalidTimeStamp.Expired");
        }
    }

    #[test]
    fn a_nonce_is_remembered_for_as_long_as_its_request_could_be_replayed() {
        let mut nonces = Nonces::default();
        assert!(nonces.is_first("a", at(0)));
        assert!(!nonces.is_first("a", at(1800)));
        assert!(nonces.is_first("a", at(1801)));
    }
}
