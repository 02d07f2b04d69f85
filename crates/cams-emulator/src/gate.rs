//! Authenticates requests: access key, security token, date, signature and nonce.

use std::collections::{HashSet, VecDeque};
use std::time::{Duration, SystemTime};

use base::clock::Utc;

use crate::issuance::RevokedAs;
use crate::keys::{Caller, KnownKeys};
use crate::refusal::Rejection;
use crate::request::IncomingRequest;
use crate::signature;

/// The most by which the date of a request may be earlier or later than the server's.
const TOLERANCE: Duration = Duration::from_secs(15 * 60);

/// The nonces of all requests whose dates could still be tolerated.
#[derive(Debug, Default)]
pub(crate) struct Authenticator {
    used: HashSet<String>,
    in_order: VecDeque<(SystemTime, String)>,
}

impl Authenticator {
    /// Admits a request that is signed with a known key, is dated within the tolerated time around
    /// `date`, and has a nonce that was not used before. Refuses any other. `now` is the date by
    /// which sessions end; it differs from `date` if the server's clock is wrong.
    pub(crate) fn enter(
        &mut self,
        request: &IncomingRequest,
        keys: &KnownKeys,
        revoked_as: RevokedAs,
        date: SystemTime,
        now: SystemTime,
    ) -> Result<Caller, Rejection> {
        let claim = signature::claim(request)?;
        let (secret, caller) = keys.find(&claim, revoked_as, now)?;
        check_date(claim.date, date)?;
        signature::verify(request, secret)?;
        if !self.is_first(claim.nonce, date) {
            let message = "Specified signature nonce was used already.";
            return Err(Rejection::new(400, "SignatureNonceUsed", message));
        }
        Ok(caller)
    }

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

/// Refuses a date that is malformed, or that is too far from `now`.
fn check_date(date: &str, now: SystemTime) -> Result<(), Rejection> {
    let Some(date) = Utc::parse(date) else {
        let message = "Specified time stamp or date value is not well formatted.";
        return Err(Rejection::new(400, "InvalidTimeStamp.Format", message));
    };
    let distance = now
        .duration_since(date)
        .unwrap_or_else(|later| later.duration());
    if distance > TOLERANCE {
        let message = "Specified time stamp or date value is expired.";
        return Err(Rejection::new(400, "InvalidTimeStamp.Expired", message));
    }
    Ok(())
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
        let mut gate = Authenticator::default();
        assert!(gate.is_first("a", at(0)));
        assert!(!gate.is_first("a", at(1800)));
        assert!(gate.is_first("a", at(1801)));
    }
}
