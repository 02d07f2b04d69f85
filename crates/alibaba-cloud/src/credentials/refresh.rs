//! Keeps a key that is valid: fetched once for all who wait, and again before it ends.

use std::fmt;
use std::panic::AssertUnwindSafe;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};

use futures_util::FutureExt;
use futures_util::future::{BoxFuture, Shared};
use tokio::task::AbortHandle;
use tokio::time::Instant;

use crate::openapi::SigningKey;
use base::clock::Clock;
use base::random::Random;

use super::answer::Fetched;
use super::error::{Error, ErrorKind};

/// A key is fetched anew so long before it ends, or after two thirds of its life if that is later.
const AHEAD: Duration = Duration::from_secs(180);

/// A key is not used any more so long before it ends, or after five sixths of its life if that is
/// later: a request needs some time to arrive.
const RESERVE: Duration = Duration::from_secs(10);

/// How long nobody tries again after a failure, doubled with each further one.
const FIRST_PAUSE: Duration = Duration::from_secs(1);
const LONGEST_PAUSE: Duration = Duration::from_secs(30);

/// How long it is believed that there are no credentials at all, and that there is no other key
/// than one that was refused.
const SETTLED: Duration = Duration::from_secs(30);

/// What happened to a fetch that did not come to its end.
const BROKEN_OFF: &str = "Fetching credentials was broken off.";

/// Fetches a key, from wherever it comes.
pub(super) type Fetch = Box<dyn Fn() -> BoxFuture<'static, Result<Fetched, Error>> + Send + Sync>;

/// A key that is kept valid. Clones share it.
#[derive(Clone)]
pub(super) struct Refresh(Arc<Inner>);

struct Inner {
    fetch: Fetch,
    clock: Clock,
    random: Random,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    held: Option<Held>,
    /// The fetch that is under way, and what breaks it off. All who need its outcome wait for it.
    flight: Option<(Flight, AbortHandle)>,
    failed: Option<Failed>,
}

type Outcome = Result<Arc<SigningKey>, Error>;
type Flight = Shared<BoxFuture<'static, Outcome>>;

/// A key that was fetched.
struct Held {
    key: Arc<SigningKey>,
    /// `None` if nobody knows how long it is valid.
    times: Option<Times>,
    /// Whether the service has refused it since.
    refused: bool,
    /// Until then it is believed that there is no other key than this one.
    only_one_until: Option<Instant>,
}

/// When a key is to be replaced.
struct Times {
    refresh_at: Instant,
    unusable_at: Instant,
    /// The same by the wall clock, which goes on while the machine sleeps.
    ends_at: SystemTime,
}

/// The last fetch failed.
struct Failed {
    error: Error,
    retry_at: Instant,
    pause: Duration,
}

/// What is to be done with the key that is held.
enum Condition {
    /// It is used as it is.
    Fresh(Arc<SigningKey>),
    /// It is used, while another one is fetched.
    Ageing(Arc<SigningKey>),
    /// Another one is needed first.
    Gone,
}

impl Refresh {
    /// Makes the value, and fetches nothing yet.
    pub(super) fn new(fetch: Fetch, clock: Clock, random: Random) -> Self {
        Self(Arc::new(Inner {
            fetch,
            clock,
            random,
            state: Mutex::default(),
        }))
    }

    /// A key that is valid.
    pub(super) async fn current(&self) -> Outcome {
        let flight = {
            let mut state = self.lock();
            match self.condition(&state) {
                Condition::Fresh(key) => return Ok(key),
                Condition::Ageing(key) => {
                    if state.pausing().is_none() {
                        drop(self.flight(&mut state));
                    }
                    return Ok(key);
                }
                Condition::Gone => {}
            }
            if let (None, Some(error)) = (&state.flight, state.pausing()) {
                return Err(error);
            }
            self.flight(&mut state)
        };
        flight.await
    }

    /// The key that is valid, unless one has to be fetched first.
    pub(super) fn at_hand(&self) -> Option<Arc<SigningKey>> {
        match self.condition(&self.lock()) {
            Condition::Fresh(key) | Condition::Ageing(key) => Some(key),
            Condition::Gone => None,
        }
    }

    /// Another key than `refused`, or the same if there is no other one.
    pub(super) async fn renew(&self, refused: &SigningKey) -> Outcome {
        let flight = {
            let mut state = self.lock();
            if let Some(held) = &mut state.held {
                let other = held.key.access_key() != refused.access_key();
                let only_one = held
                    .only_one_until
                    .is_some_and(|until| Instant::now() < until);
                if (other && !held.refused) || only_one {
                    return Ok(Arc::clone(&held.key));
                }
                held.refused = true;
            }
            if let (None, Some(error)) = (&state.flight, state.pausing()) {
                return Err(error);
            }
            self.flight(&mut state)
        };
        flight.await
    }

    /// Breaks off the fetch that is under way, if there is one. Those that still wait for it get
    /// an error.
    pub(super) fn break_off(&self) {
        if let Some((_, fetch)) = self.lock().flight.take() {
            fetch.abort();
        }
    }

    fn condition(&self, state: &State) -> Condition {
        let Some(held) = state.held.as_ref().filter(|held| !held.refused) else {
            return Condition::Gone;
        };
        let key = Arc::clone(&held.key);
        let Some(times) = &held.times else {
            return Condition::Fresh(key);
        };
        let now = Instant::now();
        if now >= times.unusable_at || self.0.clock.now() >= times.ends_at {
            return Condition::Gone;
        }
        match now >= times.refresh_at {
            true => Condition::Ageing(key),
            false => Condition::Fresh(key),
        }
    }

    /// The fetch that is under way, or a new one. It goes on even if all who wait for it give up.
    fn flight(&self, state: &mut State) -> Flight {
        if let Some((flight, _)) = &state.flight {
            return flight.clone();
        }
        let refresh = self.clone();
        let task = tokio::spawn(async move {
            let fetched = AssertUnwindSafe((refresh.0.fetch)()).catch_unwind().await;
            let broken = Error::new(ErrorKind::Unreachable, BROKEN_OFF);
            refresh.settle(fetched.unwrap_or(Err(broken)))
        });
        let abort = task.abort_handle();
        let flight = async move {
            // A task that does not end well was broken off, or its runtime is shutting down.
            let broken = Error::new(ErrorKind::Unreachable, BROKEN_OFF);
            task.await.unwrap_or(Err(broken))
        };
        let flight = flight.boxed().shared();
        state.flight = Some((flight.clone(), abort));
        flight
    }

    /// Notes what came of a fetch, and returns what those get who wait for it.
    fn settle(&self, fetched: Result<Fetched, Error>) -> Outcome {
        let mut state = self.lock();
        state.flight = None;
        match fetched {
            Ok(fetched) => {
                state.failed = None;
                Ok(self.hold(&mut state, fetched))
            }
            Err(error) => {
                self.fail(&mut state, &error);
                Err(error)
            }
        }
    }

    fn hold(&self, state: &mut State, fetched: Fetched) -> Arc<SigningKey> {
        let now = Instant::now();
        let Fetched { key, life } = fetched;
        let same = state
            .held
            .take()
            .filter(|held| *held.key.access_key() == key);
        // It takes longer to make a signing key than to sign a request.
        let (key, refused) = match same {
            Some(held) => (held.key, held.refused),
            None => (Arc::new(SigningKey::new(key)), false),
        };
        let times = life.map(|life| Times {
            refresh_at: now + life - AHEAD.min(life / 3),
            unusable_at: now + life - RESERVE.min(life / 6),
            ends_at: self.0.clock.now() + life,
        });
        tracing::debug!(
            seconds = life.map(|life| life.as_secs()),
            "credentials were fetched"
        );
        state.held = Some(Held {
            key: Arc::clone(&key),
            times,
            // The service tells better what is wrong with it than a message from here could.
            refused: false,
            only_one_until: refused.then(|| now + SETTLED),
        });
        key
    }

    fn fail(&self, state: &mut State, error: &Error) {
        let pause = match (&state.failed, error.is_missing()) {
            (_, true) => SETTLED,
            (Some(failed), false) => (2 * failed.pause).min(LONGEST_PAUSE),
            (None, false) => FIRST_PAUSE,
        };
        let in_use = matches!(
            self.condition(state),
            Condition::Fresh(_) | Condition::Ageing(_)
        );
        if in_use {
            tracing::warn!("the credentials in use stay valid for a while, but: {error}");
        }
        state.failed = Some(Failed {
            error: error.clone(),
            retry_at: Instant::now() + pause + self.0.random.up_to(pause / 2),
            pause,
        });
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Refresh {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Refresh")
    }
}

impl State {
    /// The error of the last fetch, as long as nobody tries again.
    fn pausing(&self) -> Option<Error> {
        let failed = self.failed.as_ref()?;
        (Instant::now() < failed.retry_at).then(|| failed.error.clone())
    }
}

#[cfg(test)]
mod tests;
