//! How credentials are fetched.

use std::time::{Duration, SystemTime};

use tokio::time::sleep;

use crate::openapi::{Network, PlainSettings};
use base::clock::Clock;
use base::random::Random;

use super::answer::Now;

/// How often a request is sent at most before a refresh fails.
const ATTEMPTS: u32 = 3;

/// How long the first repeat waits at least, and at most twice that.
const FIRST_WAIT: Duration = Duration::from_millis(250);

/// How often a request is sent at most that is throttled. Other jobs of the same account use up its
/// calls, and the count begins anew each second or minute.
const THROTTLED_ATTEMPTS: u32 = 5;

/// How long the first repeat of a throttled request waits at least, and at most a third longer.
/// With the doubling, all repeats together wait from 6 to 8 seconds.
const FIRST_THROTTLED_WAIT: Duration = Duration::from_millis(400);

/// How credentials are fetched: what time it is, and how requests are made.
#[derive(Clone, Debug)]
pub struct Context {
    /// Gives the date for signatures, and tells when credentials end.
    pub clock: Clock,
    /// Gives nonces and jitter.
    pub random: Random,
    /// The text of the header `User-Agent`.
    pub user_agent: String,
    /// By which proxies others are reached, and which certificates are trusted.
    pub network: Network,
    /// How long until connected, TLS included.
    pub connect_timeout: Duration,
    /// How long from sending until the whole answer is there.
    pub read_timeout: Duration,
}

impl Context {
    /// How requests are made that are not signed.
    pub(super) fn plain(&self) -> PlainSettings {
        PlainSettings {
            connect_timeout: self.connect_timeout,
            read_timeout: self.read_timeout,
            user_agent: self.user_agent.clone(),
            network: self.network.clone(),
        }
    }

    /// What time it is, by the date of an answer if it has one: this machine's clock may be wrong.
    ///
    /// A date is whole seconds, the rest of which is cut off, so it may be a second later. To take
    /// a short session for longer than it is would use it after its end.
    pub(super) fn now(&self, date: Option<SystemTime>) -> Now {
        let latest = date.and_then(|date| date.checked_add(Duration::from_secs(1)));
        Now(latest.unwrap_or_else(|| self.clock.now()))
    }

    /// A few repeats of a request.
    pub(super) fn repeats(&self) -> Repeats {
        Repeats {
            sent: 1,
            random: self.random.clone(),
        }
    }
}

/// Why a request is repeated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Cause {
    /// It failed, or got no answer.
    Failed,
    /// There were too many requests.
    Throttled,
}

/// How often a request may still be repeated. All requests for credentials may be: nobody loses
/// anything by a session that is not used.
pub(super) struct Repeats {
    /// How often the request was sent.
    sent: u32,
    random: Random,
}

impl Repeats {
    /// Waits before a repeat. `false` if there is none left.
    pub(super) async fn pause(&mut self, cause: Cause) -> bool {
        let (most, first, jitter) = match cause {
            Cause::Failed => (ATTEMPTS, FIRST_WAIT, FIRST_WAIT),
            Cause::Throttled => {
                let jitter = FIRST_THROTTLED_WAIT / 3;
                (THROTTLED_ATTEMPTS, FIRST_THROTTLED_WAIT, jitter)
            }
        };
        if self.sent >= most {
            return false;
        }
        let doubled = 1 << (self.sent - 1);
        sleep(first * doubled + self.random.up_to(jitter * doubled)).await;
        self.sent += 1;
        true
    }
}

#[cfg(test)]
mod tests {
    use tokio::time::Instant;

    use super::*;

    /// How often a request is sent that always ends with this cause, and how long that takes.
    async fn all(cause: Cause, seed: u64) -> (u32, Duration) {
        let random = Random::seeded(seed);
        let mut repeats = Repeats { sent: 1, random };
        let begin = Instant::now();
        while repeats.pause(cause).await {}
        (repeats.sent, begin.elapsed())
    }

    #[tokio::test(start_paused = true)]
    async fn a_request_that_is_throttled_is_repeated_for_longer() {
        for seed in 0..20 {
            let (sent, took) = all(Cause::Throttled, seed).await;
            assert_eq!(sent, 5);
            assert!((6_000..=8_010).contains(&took.as_millis()), "{took:?}");
            let (sent, took) = all(Cause::Failed, seed).await;
            assert_eq!(sent, 3);
            assert!((750..=1_510).contains(&took.as_millis()), "{took:?}");
        }
    }
}
