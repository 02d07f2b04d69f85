//! How credentials are fetched.

use std::time::{Duration, SystemTime};

use tokio::time::sleep;

use crate::clock::Clock;
use crate::openapi::{Network, PlainSettings};
use crate::random::Random;

use super::answer::Now;

/// How often a request is sent at most before a refresh fails.
const ATTEMPTS: u32 = 3;

/// How long the first repeat waits at least, and at most twice that.
const FIRST_WAIT: Duration = Duration::from_millis(250);

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
            left: ATTEMPTS - 1,
            wait: FIRST_WAIT,
            random: self.random.clone(),
        }
    }
}

/// How often a request may still be repeated. All requests for credentials may be: nobody loses
/// anything by a session that is not used.
pub(super) struct Repeats {
    left: u32,
    wait: Duration,
    random: Random,
}

impl Repeats {
    /// Waits before a repeat. `false` if there is none left.
    pub(super) async fn pause(&mut self) -> bool {
        if self.left == 0 {
            return false;
        }
        sleep(self.wait + self.random.up_to(self.wait)).await;
        self.left -= 1;
        self.wait *= 2;
        true
    }
}
