//! How credentials are fetched.

use std::time::{Duration, SystemTime};

use tokio::time::sleep;

use crate::client::Repeat;
use crate::openapi::Network;
use base::clock::Clock;
use base::random::Random;

use super::error::Result;

/// How often a request is sent at most before a refresh fails.
const ATTEMPTS: u32 = 3;

/// How long the first repeat waits at least, and at most twice that.
const FIRST_WAIT: Duration = Duration::from_millis(250);

/// How often a throttled request is sent at most. Other jobs of the same account use the same quota,
/// which is counted again each second or minute.
const THROTTLED_ATTEMPTS: u32 = 5;

/// How long the first repeat of a throttled request waits at least, and at most a third longer.
/// With the doubling, all repeats together wait from 6 to 8 seconds.
const FIRST_THROTTLED_WAIT: Duration = Duration::from_millis(400);

/// How credentials are fetched: what time it is, and how requests are made.
#[derive(Clone, Debug)]
pub struct FetchContext {
    /// Gives the date for signatures, and shows when credentials expire.
    pub clock: Clock,
    /// Gives nonces and jitter.
    pub random: Random,
    /// How this machine connects to the servers that provide credentials.
    pub network: Network,
}

impl FetchContext {
    /// What time it is, by the date of an answer if it has one: this machine's clock may be wrong.
    ///
    /// A date has no fraction of a second, so it may be up to a second later. If a short session
    /// counted as longer than it is, it would be used after its end.
    pub(crate) fn now(&self, date: Option<SystemTime>) -> SystemTime {
        let latest = date.and_then(|date| date.checked_add(Duration::from_secs(1)));
        latest.unwrap_or_else(|| self.clock.now())
    }

    /// Makes attempts, with pauses, until one succeeds or none is left. All requests for credentials
    /// may be repeated: a session that is not used does no harm.
    pub(crate) async fn repeat<T, F: Future<Output = Result<T>>>(
        &self,
        attempt: impl Fn() -> F,
    ) -> Result<T> {
        let mut sent = 0;
        loop {
            let error = match attempt().await {
                Ok(value) => return Ok(value),
                Err(error) => error,
            };
            sent += 1;
            let (most, first, jitter) = match error.repeat {
                Some(Repeat::Transient) => (ATTEMPTS, FIRST_WAIT, FIRST_WAIT),
                Some(Repeat::Throttled) => (
                    THROTTLED_ATTEMPTS,
                    FIRST_THROTTLED_WAIT,
                    FIRST_THROTTLED_WAIT / 3,
                ),
                _ => return Err(error),
            };
            if sent >= most {
                return Err(error);
            }
            let doubled = 1 << (sent - 1);
            sleep(first * doubled + self.random.up_to(jitter * doubled)).await;
        }
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;
    use std::time::UNIX_EPOCH;

    use tokio::time::Instant;

    use super::super::error::CredentialsErrorKind;
    use super::*;

    /// How often a request is sent that always ends with this error, and how long that takes.
    async fn all(repeat: Option<Repeat>, seed: u64) -> (u32, Duration) {
        let context = FetchContext {
            network: Network::default(),
            clock: Clock::fixed(UNIX_EPOCH),
            random: Random::seeded(seed),
        };
        let (sent, begin) = (Cell::new(0), Instant::now());
        let attempt = async || {
            sent.set(sent.get() + 1);
            let mut error = CredentialsErrorKind::Refused.error("as planned");
            error.repeat = repeat;
            Err::<(), _>(error)
        };
        context.repeat(attempt).await.expect_err("an error");
        (sent.get(), begin.elapsed())
    }

    #[tokio::test(start_paused = true)]
    async fn a_request_that_is_throttled_is_repeated_for_longer() {
        for seed in 0..20 {
            let (sent, took) = all(Some(Repeat::Throttled), seed).await;
            assert_eq!(sent, 5);
            assert!((6_000..=8_010).contains(&took.as_millis()), "{took:?}");
            let (sent, took) = all(Some(Repeat::Transient), seed).await;
            assert_eq!(sent, 3);
            assert!((750..=1_510).contains(&took.as_millis()), "{took:?}");
            let (sent, took) = all(None, seed).await;
            assert_eq!((sent, took), (1, Duration::ZERO));
        }
    }
}
