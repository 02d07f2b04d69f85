//! Keeps out requests that could be replays: by their dates and nonces.

use std::collections::{HashSet, VecDeque};
use std::time::{Duration, SystemTime};

use base::clock::Utc;

use crate::refusal::{Rejection, Result, refuse_if};

/// The most by which the date of a request may be earlier or later than the server's.
const TOLERANCE: Duration = Duration::from_secs(15 * 60);

/// The nonces of all requests whose dates could still be tolerated.
#[derive(Default)]
pub(crate) struct UsedNonces {
    used: HashSet<String>,
    in_order: VecDeque<(SystemTime, String)>,
}

impl UsedNonces {
    /// Whether the nonce was not used before. It counts as used from now on.
    pub(crate) fn is_first(&mut self, nonce: &str, now: SystemTime) -> bool {
        let is_old = |at| now.duration_since(at).is_ok_and(|age| age > 2 * TOLERANCE);
        while let Some((_, old)) = self.in_order.pop_front_if(|(at, _)| is_old(*at)) {
            self.used.remove(&old);
        }
        let first = self.used.insert(nonce.to_owned());
        if first {
            self.in_order.push_back((now, nonce.to_owned()));
        }
        first
    }
}

/// Refuses a date that is malformed, or that is too far from `now`.
pub(crate) fn check_date(date: &str, now: SystemTime) -> Result<()> {
    let Some(date) = Utc::parse(date) else {
        let message = "Specified time stamp or date value is not well formatted.";
        return Err(Rejection::new(400, "InvalidTimeStamp.Format", message));
    };
    let since = now.duration_since(date);
    let distance = since.unwrap_or_else(|later| later.duration());
    let message = "Specified time stamp or date value is expired.";
    let is_too_far = distance > TOLERANCE;
    refuse_if(is_too_far, 400, "InvalidTimeStamp.Expired", message)
}

#[cfg(test)]
mod tests {
    use std::time::UNIX_EPOCH;

    use super::*;

    fn at(seconds: u64) -> SystemTime {
        UNIX_EPOCH + Duration::from_secs(seconds)
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
        let mut gate = UsedNonces::default();
        assert!(gate.is_first("a", at(0)));
        assert!(!gate.is_first("a", at(1800)));
        assert!(gate.is_first("a", at(1801)));
    }
}
