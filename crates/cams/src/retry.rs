//! Whether a request can have had its effect, and whether it is sent again.
//!
//! These are functions without I/O: the loop that sends is in [`super::client`]. The rule protects
//! writes, because the API has no idempotency token: a request that may have started a migration is
//! never sent again. A read may be, whatever became of it.
//!
//! This file is longer than 300 lines because the table that tests the rule is in it.

use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use alibaba_cloud::openapi::{Answer, Failure, Obstacle};
use base::random::Random;

use super::codes::{is_clock, is_credentials, is_throttling};

/// The bound of the first wait after a throttled call. It doubles with each further one.
const THROTTLED_BASE: Duration = Duration::from_secs(1);
/// The bound of the first wait after a failure that may pass. Four waits, each with twice the bound
/// of the one before, bridge some seconds without network.
const TRANSIENT_BASE: Duration = Duration::from_millis(500);
/// No bound is larger than this. Only the service itself can ask for a longer wait.
const MAX_WAIT: Duration = Duration::from_secs(20);
/// How often a call is tried at most. Throttled attempts do not count: they have no effect, and the
/// call's deadline ends them.
const MAX_TRANSIENT: u32 = 5;

/// What an attempt can have done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Class {
    /// It may have had its effect: nobody knows.
    Ambiguous,
    /// It was answered, and asking again would be answered alike.
    Final,
    /// It never left this machine.
    NeverSent,
    /// The service turned it away before it did anything.
    Refused,
}

/// Why an attempt is repeated, which decides how patiently.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Repeat {
    /// The clocks differ: at once, with the service's.
    ClockSkew,
    /// The key is not accepted, as after its end: at once and once, with another one if there is
    /// one. The gateway checks the key before anything else, so nothing was done.
    RefusedKey,
    /// The quota is exhausted.
    Throttled,
    /// A failure that may pass.
    Transient,
}

/// What an attempt can have done, given what earlier attempts of the same call left open.
///
/// `ambiguous_before` says whether one of the earlier attempts may have had its effect. Then the
/// call stays ambiguous unless this attempt was answered for good, because a throttled or failed
/// attempt says nothing about the earlier one.
pub fn classify(outcome: &Result<Answer, Failure>, ambiguous_before: bool) -> Class {
    let class = match outcome {
        Err(Failure::Unsent { .. }) => Class::NeverSent,
        Err(Failure::Lost(_)) | Ok(Answer::Success(_)) => Class::Ambiguous,
        Ok(Answer::Unreadable(error)) => match error.http_status {
            429 => Class::Refused,
            408 => Class::Ambiguous,
            400..=499 => Class::Final,
            _ => Class::Ambiguous,
        },
        Ok(Answer::Refusal(error)) => match error.code.as_deref().unwrap_or_default() {
            code if is_throttling(code) => Class::Refused,
            code if is_clock(code) => Class::Refused,
            // Our nonces do not repeat, so the gateway has met this very request before, perhaps
            // because a proxy sent it twice.
            "SignatureNonceUsed" => Class::Ambiguous,
            "InternalError" | "ServiceUnavailable" | "UnknownError" => Class::Ambiguous,
            // The status says that it failed, and the code that it did not.
            code if code.eq_ignore_ascii_case("OK") => Class::Ambiguous,
            _ if error.http_status == 429 => Class::Refused,
            _ if error.http_status >= 500 => Class::Ambiguous,
            _ => Class::Final,
        },
    };
    if ambiguous_before && class != Class::Final {
        Class::Ambiguous
    } else {
        class
    }
}

/// Why an attempt with this outcome is repeated; `None` if it is not. After an ambiguous attempt
/// only an operation that reads is repeated.
pub fn repeat(outcome: &Result<Answer, Failure>, class: Class, reads: bool) -> Option<Repeat> {
    match (class, outcome) {
        (Class::Ambiguous, _) if !reads => None,
        (Class::Final, Ok(Answer::Refusal(error))) => {
            let code = error.code.as_deref().unwrap_or_default();
            is_credentials(code, &error.message).then_some(Repeat::RefusedKey)
        }
        (Class::Final, _) => None,
        // It stays the same, and so does what this machine trusts.
        (
            _,
            Err(Failure::Unsent {
                obstacle: Obstacle::Certificate(_),
                ..
            }),
        ) => None,
        (_, Ok(Answer::Refusal(error))) => match error.code.as_deref().unwrap_or_default() {
            code if is_throttling(code) => Some(Repeat::Throttled),
            code if is_clock(code) => Some(Repeat::ClockSkew),
            _ if error.http_status == 429 => Some(Repeat::Throttled),
            _ => Some(Repeat::Transient),
        },
        (_, Ok(Answer::Unreadable(error))) if error.http_status == 429 => Some(Repeat::Throttled),
        _ => Some(Repeat::Transient),
    }
}

/// How often one call was repeated, and why.
#[derive(Clone, Copy, Debug, Default)]
pub struct Repeats {
    skewed: bool,
    refused_key: bool,
    throttled: u32,
    transient: u32,
}

impl Repeats {
    /// The wait before the next attempt; `None` when there is to be none.
    ///
    /// The wait has full jitter: it is drawn evenly between zero and a bound that doubles from one
    /// repeat to the next. It is never shorter than the service asked for.
    pub fn next(
        &mut self,
        repeat: Repeat,
        retry_after: Option<Duration>,
        budget: &Budget,
        random: &Random,
    ) -> Option<Duration> {
        let (base, exponent) = match repeat {
            Repeat::ClockSkew if self.skewed => return None,
            Repeat::ClockSkew => {
                self.skewed = true;
                return Some(Duration::ZERO);
            }
            Repeat::RefusedKey if self.refused_key => return None,
            Repeat::RefusedKey => {
                self.refused_key = true;
                return Some(Duration::ZERO);
            }
            Repeat::Throttled => {
                self.throttled = self.throttled.saturating_add(1);
                (THROTTLED_BASE, self.throttled - 1)
            }
            Repeat::Transient => {
                if self.transient + 1 >= MAX_TRANSIENT || !budget.spend() {
                    return None;
                }
                self.transient += 1;
                (TRANSIENT_BASE, self.transient - 1)
            }
        };
        let bound = base
            .saturating_mul(2_u32.saturating_pow(exponent))
            .min(MAX_WAIT);
        Some(random.up_to(bound).max(retry_after.unwrap_or_default()))
    }
}

/// How many repeats all calls of a process may make together.
///
/// Each repeat after a transient failure takes some tokens, and each success gives one back. So a
/// service that fails for everybody is not burdened with repeats on top.
#[derive(Debug)]
pub struct Budget(AtomicU32);

impl Budget {
    const FULL: u32 = 500;
    const PRICE: u32 = 5;

    /// Makes a full budget.
    pub fn new() -> Self {
        Self(AtomicU32::new(Self::FULL))
    }

    /// Gives a token back after a success.
    pub fn reward(&self) {
        let more = |left: u32| (left < Self::FULL).then_some(left + 1);
        // The update fails only when the budget is full already, which is fine.
        let _ = self
            .0
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, more);
    }

    fn spend(&self) -> bool {
        self.0
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| {
                left.checked_sub(Self::PRICE)
            })
            .is_ok()
    }
}

impl Default for Budget {
    fn default() -> Self {
        Self::new()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use alibaba_cloud::openapi::{ServiceError, Untrusted};

    use super::*;

    fn refusal(http_status: u16, code: &str) -> Result<Answer, Failure> {
        Ok(Answer::Refusal(ServiceError {
            code: Some(code.into()),
            http_status,
            ..ServiceError::default()
        }))
    }

    fn unsent(obstacle: Obstacle) -> Result<Answer, Failure> {
        let text = "no connection".to_owned();
        Err(Failure::Unsent { obstacle, text })
    }

    fn unreadable(http_status: u16) -> Result<Answer, Failure> {
        Ok(Answer::Unreadable(ServiceError {
            http_status,
            ..ServiceError::default()
        }))
    }

    /// An outcome, its class, and why a write and a read are repeated.
    type Row = (
        Result<Answer, Failure>,
        Class,
        Option<Repeat>,
        Option<Repeat>,
    );

    fn table() -> Vec<Row> {
        use Class::{Ambiguous, Final, NeverSent, Refused};
        use Repeat::{ClockSkew, RefusedKey, Throttled, Transient};
        vec![
            (
                unsent(Obstacle::Refused),
                NeverSent,
                Some(Transient),
                Some(Transient),
            ),
            (
                unsent(Obstacle::Certificate(Untrusted::Issuer)),
                NeverSent,
                None,
                None,
            ),
            (
                Err(Failure::Lost("reset".into())),
                Ambiguous,
                None,
                Some(Transient),
            ),
            (
                refusal(400, "Throttling.User"),
                Refused,
                Some(Throttled),
                Some(Throttled),
            ),
            (
                refusal(400, "Rejected.Throttling"),
                Refused,
                Some(Throttled),
                Some(Throttled),
            ),
            (
                refusal(200, "System.LimitControl"),
                Refused,
                Some(Throttled),
                Some(Throttled),
            ),
            (
                refusal(503, "Throttling"),
                Refused,
                Some(Throttled),
                Some(Throttled),
            ),
            (
                refusal(429, "Busy"),
                Refused,
                Some(Throttled),
                Some(Throttled),
            ),
            (unreadable(429), Refused, Some(Throttled), Some(Throttled)),
            (
                refusal(400, "InvalidTimeStamp.Expired"),
                Refused,
                Some(ClockSkew),
                Some(ClockSkew),
            ),
            (
                refusal(400, "SignatureNonceUsed"),
                Ambiguous,
                None,
                Some(Transient),
            ),
            (
                refusal(503, "ServiceUnavailable"),
                Ambiguous,
                None,
                Some(Transient),
            ),
            (
                refusal(500, "InternalError"),
                Ambiguous,
                None,
                Some(Transient),
            ),
            (
                refusal(200, "UnknownError"),
                Ambiguous,
                None,
                Some(Transient),
            ),
            (refusal(502, "Anything"), Ambiguous, None, Some(Transient)),
            (unreadable(200), Ambiguous, None, Some(Transient)),
            (unreadable(408), Ambiguous, None, Some(Transient)),
            (unreadable(502), Ambiguous, None, Some(Transient)),
            (refusal(400, "OK"), Ambiguous, None, Some(Transient)),
            (unreadable(403), Final, None, None),
            (refusal(400, "Ram.PermissionDeny"), Final, None, None),
            // "System error.", seen each time for a value that the service does not admit.
            (refusal(400, "ERR-COMMON-001"), Final, None, None),
            (refusal(200, "ERR-COMMON-001"), Final, None, None),
            // The number of an error of Meta decides nothing.
            (refusal(400, "#131215"), Final, None, None),
            (refusal(200, "Product.Unsubscript"), Final, None, None),
            (
                refusal(404, "InvalidAccessKeyId.NotFound"),
                Final,
                Some(RefusedKey),
                Some(RefusedKey),
            ),
            (
                refusal(400, "InvalidSecurityToken.Expired"),
                Final,
                Some(RefusedKey),
                Some(RefusedKey),
            ),
        ]
    }

    #[test]
    fn every_outcome_has_its_class_and_is_repeated_only_where_that_is_safe() {
        for (outcome, class, write, read) in table() {
            assert_eq!(classify(&outcome, false), class, "{outcome:?}");
            assert_eq!(repeat(&outcome, class, false), write, "write: {outcome:?}");
            assert_eq!(repeat(&outcome, class, true), read, "read: {outcome:?}");
        }
    }

    #[test]
    fn what_was_open_before_stays_open_unless_the_answer_is_final() {
        for (outcome, class, _, _) in table() {
            let expected = if class == Class::Final {
                Class::Final
            } else {
                Class::Ambiguous
            };
            assert_eq!(classify(&outcome, true), expected, "{outcome:?}");
        }
    }

    #[test]
    fn transient_failures_are_repeated_four_times_and_what_can_be_corrected_once() {
        let (budget, random) = (Budget::new(), Random::seeded(1));
        let mut repeats = Repeats::default();
        let count =
            std::iter::from_fn(|| repeats.next(Repeat::Transient, None, &budget, &random)).count();
        assert_eq!(count, 4);
        assert_eq!(
            repeats.next(Repeat::ClockSkew, None, &budget, &random),
            Some(Duration::ZERO)
        );
        assert_eq!(
            repeats.next(Repeat::ClockSkew, None, &budget, &random),
            None
        );
        assert_eq!(
            repeats.next(Repeat::RefusedKey, None, &budget, &random),
            Some(Duration::ZERO)
        );
        assert_eq!(
            repeats.next(Repeat::RefusedKey, None, &budget, &random),
            None
        );
        assert!(
            repeats
                .next(Repeat::Throttled, None, &budget, &random)
                .is_some()
        );
    }

    #[test]
    fn an_exhausted_budget_ends_transient_repeats_for_all_and_answers_refill_it() {
        let (budget, random) = (Budget::new(), Random::seeded(1));
        let next = || Repeats::default().next(Repeat::Transient, None, &budget, &random);
        assert_eq!(std::iter::from_fn(next).take(1000).count(), 100);
        (0..5).for_each(|_| budget.reward());
        assert!(next().is_some());
        assert!(next().is_none());
    }

    proptest! {
        #[test]
        fn waits_are_bounded_and_never_below_the_services_wish(
            seed: u64,
            count in 1_u32..40,
            wish in 0_u64..30_000,
        ) {
            let (budget, random) = (Budget::new(), Random::seeded(seed));
            let wish = Duration::from_millis(wish);
            let mut repeats = Repeats::default();
            for _ in 0..count {
                let wait = repeats.next(Repeat::Throttled, Some(wish), &budget, &random);
                let wait = wait.expect("throttling has no end");
                prop_assert!(wait >= wish && wait <= MAX_WAIT.max(wish));
            }
        }
    }
}
