//! How often a call is repeated, and after which waits.

use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use base::random::Random;

use super::kind::Repeat;

/// The bound of the first wait after a throttled call. It doubles with each further one.
const THROTTLED_BASE: Duration = Duration::from_secs(1);
/// The bound of the first wait after a failure that may pass. It doubles with each further one.
const TRANSIENT_BASE: Duration = Duration::from_millis(500);
/// No bound is larger than this. Only the service itself can ask for a longer wait.
const MAX_WAIT: Duration = Duration::from_secs(20);

/// How often one call was repeated, and why.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Repeats {
    /// How often it is repeated at most after transient failures. Throttled attempts do not count:
    /// they have no effect, and the call's deadline ends them.
    max_transient: u32,
    clock: u32,
    key: u32,
    throttled: u32,
    transient: u32,
}

impl Repeats {
    /// None so far.
    pub(crate) fn new(max_transient: u32) -> Self {
        Self {
            max_transient,
            ..Self::default()
        }
    }

    /// The wait before the next attempt; `None` when there is to be none.
    ///
    /// The wait has full jitter: it is drawn evenly between zero and a bound that doubles from one
    /// repeat to the next. It is never shorter than the service asked for.
    pub(crate) fn next(
        &mut self,
        repeat: Repeat,
        retry_after: Option<Duration>,
        budget: &RetryBudget,
        random: &Random,
    ) -> Option<Duration> {
        let (count, most, base) = match repeat {
            Repeat::Clock => (&mut self.clock, 1, Duration::ZERO),
            Repeat::Key => (&mut self.key, 1, Duration::ZERO),
            Repeat::Throttled => (&mut self.throttled, u32::MAX, THROTTLED_BASE),
            Repeat::Transient => (&mut self.transient, self.max_transient, TRANSIENT_BASE),
        };
        if *count >= most || (repeat == Repeat::Transient && !budget.spend()) {
            return None;
        }
        let factor = 2_u32.saturating_pow(*count);
        *count += 1;
        if base.is_zero() {
            return Some(base);
        }
        let bound = base.saturating_mul(factor).min(MAX_WAIT);
        Some(random.up_to(bound).max(retry_after.unwrap_or_default()))
    }
}

/// How many repeats all calls of a client may make together.
///
/// Each repeat after a transient failure takes some tokens, and each success gives one back. So a
/// service that fails for all callers is not burdened with repeats on top.
#[derive(Debug)]
pub(crate) struct RetryBudget(AtomicU32);

impl RetryBudget {
    const FULL: u32 = 500;
    const PRICE: u32 = 5;

    /// Makes a full budget.
    pub(crate) fn new() -> Self {
        Self(AtomicU32::new(Self::FULL))
    }

    /// Gives a token back after a success.
    pub(crate) fn reward(&self) {
        self.update(|left| Some(left + 1).filter(|left| *left <= Self::FULL));
    }

    fn spend(&self) -> bool {
        self.update(|left| left.checked_sub(Self::PRICE))
    }

    fn update(&self, change: impl FnMut(u32) -> Option<u32>) -> bool {
        let updated = self
            .0
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, change);
        updated.is_ok()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn transient_failures_are_repeated_four_times_and_what_can_be_corrected_once() {
        let (budget, random) = (RetryBudget::new(), Random::seeded(1));
        let mut repeats = Repeats::new(4);
        let mut next = |repeat| repeats.next(repeat, None, &budget, &random);
        assert_eq!(std::iter::from_fn(|| next(Repeat::Transient)).count(), 4);
        for once in [Repeat::Clock, Repeat::Key] {
            assert_eq!(next(once), Some(Duration::ZERO));
            assert_eq!(next(once), None);
        }
        assert!(next(Repeat::Throttled).is_some());
    }

    #[test]
    fn an_exhausted_budget_ends_transient_repeats_for_all_and_answers_refill_it() {
        let (budget, random) = (RetryBudget::new(), Random::seeded(1));
        let next = || Repeats::new(4).next(Repeat::Transient, None, &budget, &random);
        assert_eq!(std::iter::from_fn(next).take(1000).count(), 100);
        (0..5).for_each(|_| budget.reward());
        assert!(next().is_some());
        assert!(next().is_none());
    }

    proptest! {
        #[test]
        fn waits_are_bounded_and_never_shorter_than_the_service_asked_for(
            seed: u64,
            count in 1_u32..40,
            asked in 0_u64..30_000,
        ) {
            let (budget, random) = (RetryBudget::new(), Random::seeded(seed));
            let asked = Duration::from_millis(asked);
            let mut repeats = Repeats::new(4);
            for _ in 0..count {
                let wait = repeats.next(Repeat::Throttled, Some(asked), &budget, &random);
                let wait = wait.expect("throttling has no end");
                prop_assert!(wait >= asked && wait <= MAX_WAIT.max(asked));
            }
        }
    }
}
