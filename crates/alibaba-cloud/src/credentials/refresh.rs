//! Credentials: a key that is fetched once for all callers that wait, and again before it ends.
//!
//! This file is longer than 300 lines because all of it changes one state.

use std::fmt;
use std::panic::AssertUnwindSafe;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::{Duration, SystemTime};

use futures_util::FutureExt;
use futures_util::future::{BoxFuture, Shared};
use tokio::task::AbortHandle;
use tokio::time::Instant;

use crate::client::Keys;
use crate::openapi::SigningKey;
use base::sync::lock;

use super::answer::Fetched;
use super::context::FetchContext;
use super::error::{CredentialsError, CredentialsErrorKind, Result};
use super::fetch::fetch;
use super::source::{KeyProvider, Source};

/// The time before the end of a key at which another one is fetched. If two thirds of its life end
/// later, it is fetched then.
const REFRESH_BEFORE_END: Duration = Duration::from_secs(180);

/// The time before the end of a key at which it is no longer used, because a request needs some time
/// to arrive. If five sixths of its life end later, it is used until then.
const END_MARGIN: Duration = Duration::from_secs(10);

/// How long the first pause after a failure is. Each further failure doubles it.
const FIRST_PAUSE: Duration = Duration::from_secs(1);
const LONGEST_PAUSE: Duration = Duration::from_secs(30);

/// How long no other key is looked for after there was none, or after only a refused key was found.
const RECHECK_INTERVAL: Duration = Duration::from_secs(30);

/// The error for a fetch that was interrupted.
const INTERRUPTED: &str = "Fetching credentials was interrupted.";

/// Fetches a key from its source.
type Fetch = Box<
    dyn for<'a> Fn(&'a Source, &'a FetchContext) -> BoxFuture<'a, Result<Fetched>> + Send + Sync,
>;

/// Credentials that sign requests. Clones share the key that was fetched.
#[derive(Clone)]
pub struct Credentials(Arc<CredentialsInner>);

struct CredentialsInner {
    source: Source,
    context: FetchContext,
    fetch: Fetch,
    state: Mutex<KeyState>,
}

#[derive(Default)]
struct KeyState {
    held: Option<HeldKey>,
    /// The fetch in progress, which all callers that need a key wait for, and what ends it early.
    pending: Option<(PendingFetch, AbortHandle)>,
    failed: Option<FailedFetch>,
}

type KeyResult = Result<Arc<SigningKey>>;
type PendingFetch = Shared<BoxFuture<'static, KeyResult>>;

/// A key that was fetched.
struct HeldKey {
    key: Arc<SigningKey>,
    /// `None` if it is not known how long it is valid.
    times: Option<KeyTimes>,
    /// Whether the service has refused it since.
    refused: bool,
    /// Until then it is believed that there is no other key than this one.
    only_one_until: Option<Instant>,
}

/// When a key is to be replaced.
struct KeyTimes {
    refresh_at: Instant,
    unusable_at: Instant,
    /// The same by the wall clock, which goes on while the machine sleeps.
    ends_at: SystemTime,
}

/// The last fetch failed.
struct FailedFetch {
    error: CredentialsError,
    retry_at: Instant,
    pause: Duration,
}

impl Credentials {
    /// Credentials that are fetched from their source when they are needed first.
    pub fn new(source: Source, context: FetchContext) -> Self {
        let fetch: Fetch = Box::new(|source, context| fetch(&source.provider, source, context));
        let credentials = Self::with_fetch(source, context, fetch);
        if let KeyProvider::Key(key) = &credentials.source().provider {
            let (key, life) = (key.clone(), None);
            credentials.hold(&mut credentials.lock(), Fetched { key, life });
        }
        credentials
    }

    fn with_fetch(source: Source, context: FetchContext, fetch: Fetch) -> Self {
        Self(Arc::new(CredentialsInner {
            source,
            context,
            fetch,
            state: Mutex::default(),
        }))
    }

    /// A key that is valid now. Temporary credentials are fetched or refreshed where they have to
    /// be, once for all callers that wait.
    ///
    /// # Errors
    ///
    /// If no valid key can be had.
    pub async fn current(&self) -> Result<Arc<SigningKey>> {
        let fetch = {
            let mut state = self.lock();
            if let Some((key, due)) = self.usable(&state) {
                if due && state.pausing().is_none() {
                    drop(self.pending_fetch(&mut state));
                }
                return Ok(key);
            }
            self.fetch_to_await(&mut state)?
        };
        fetch.await
    }

    /// The key that is valid now, unless one has to be fetched first.
    pub fn cached(&self) -> Option<Arc<SigningKey>> {
        self.usable(&self.lock()).map(|(key, _)| key)
    }

    /// Another key than `refused`, which the service no longer takes although it should be valid.
    /// `None` if there is no other: a key that was configured stays as it is.
    ///
    /// # Errors
    ///
    /// If there should be another key and it cannot be had.
    pub async fn renew(&self, refused: &SigningKey) -> Result<Option<Arc<SigningKey>>> {
        let is_other = |key: &Arc<SigningKey>| key.access_key() != refused.access_key();
        let fetch = {
            let mut state = self.lock();
            if let Some(held) = &mut state.held {
                let only_one = held
                    .only_one_until
                    .is_some_and(|until| Instant::now() < until);
                if (is_other(&held.key) && !held.refused) || only_one {
                    return Ok(Some(Arc::clone(&held.key)).filter(is_other));
                }
                held.refused = true;
            }
            self.fetch_to_await(&mut state)?
        };
        Ok(Some(fetch.await?).filter(is_other))
    }

    /// Where the credentials come from.
    pub fn source(&self) -> &Source {
        &self.0.source
    }

    /// How credentials are fetched.
    pub(crate) fn context(&self) -> &FetchContext {
        &self.0.context
    }

    /// The key that is held, if it can still be used, and whether another one should be fetched
    /// meanwhile.
    fn usable(&self, state: &KeyState) -> Option<(Arc<SigningKey>, bool)> {
        let held = state.held.as_ref().filter(|held| !held.refused)?;
        let key = Arc::clone(&held.key);
        let Some(times) = &held.times else {
            return Some((key, false));
        };
        let now = Instant::now();
        let ended = now >= times.unusable_at || self.0.context.clock.now() >= times.ends_at;
        (!ended).then_some((key, now >= times.refresh_at))
    }

    /// The fetch to wait for. The error of the last one, as long as there is a pause after it.
    fn fetch_to_await(&self, state: &mut KeyState) -> Result<PendingFetch> {
        match (&state.pending, state.pausing()) {
            (None, Some(error)) => Err(error),
            _ => Ok(self.pending_fetch(state)),
        }
    }

    /// The fetch in progress, or a new one. It continues even if all callers stop waiting for it.
    fn pending_fetch(&self, state: &mut KeyState) -> PendingFetch {
        if let Some((fetch, _)) = &state.pending {
            return fetch.clone();
        }
        let interrupted = || CredentialsErrorKind::Unreachable.error(INTERRUPTED);
        let credentials = self.clone();
        let task = tokio::spawn(async move {
            let inner = &*credentials.0;
            let fetch = AssertUnwindSafe((inner.fetch)(&inner.source, &inner.context));
            let fetched = fetch.catch_unwind().await;
            credentials.settle(fetched.unwrap_or_else(|_| Err(interrupted())))
        });
        let abort = task.abort_handle();
        // A task that does not end well was aborted, or its runtime is shutting down.
        let fetch = async move { task.await.unwrap_or_else(|_| Err(interrupted())) };
        let fetch = fetch.boxed().shared();
        state.pending = Some((fetch.clone(), abort));
        fetch
    }

    /// Stores the outcome of a fetch, and returns it for the callers that wait.
    fn settle(&self, fetched: Result<Fetched>) -> KeyResult {
        let mut state = self.lock();
        state.pending = None;
        let outcome = fetched.map(|fetched| self.hold(&mut state, fetched));
        match &outcome {
            Ok(_) => state.failed = None,
            Err(error) => self.fail(&mut state, error),
        }
        outcome
    }

    fn hold(&self, state: &mut KeyState, fetched: Fetched) -> Arc<SigningKey> {
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
        let times = life.map(|life| KeyTimes {
            refresh_at: now + life - REFRESH_BEFORE_END.min(life / 3),
            unusable_at: now + life - END_MARGIN.min(life / 6),
            ends_at: self.0.context.clock.now() + life,
        });
        tracing::debug!(
            seconds = life.map(|life| life.as_secs()),
            "credentials were fetched"
        );
        state.held = Some(HeldKey {
            key: Arc::clone(&key),
            times,
            // If it is refused again, the service's message says why.
            refused: false,
            only_one_until: refused.then(|| now + RECHECK_INTERVAL),
        });
        key
    }

    fn fail(&self, state: &mut KeyState, error: &CredentialsError) {
        let pause = match (&state.failed, error.is_missing()) {
            (_, true) => RECHECK_INTERVAL,
            (Some(failed), false) => (2 * failed.pause).min(LONGEST_PAUSE),
            (None, false) => FIRST_PAUSE,
        };
        if self.usable(state).is_some() {
            tracing::warn!("the credentials in use stay valid for a while, but: {error}");
        }
        state.failed = Some(FailedFetch {
            error: error.clone(),
            retry_at: Instant::now() + pause + self.0.context.random.up_to(pause / 2),
            pause,
        });
    }

    fn lock(&self) -> MutexGuard<'_, KeyState> {
        lock(&self.0.state)
    }
}

impl Keys for Credentials {
    async fn current(&self) -> Result<Arc<SigningKey>, String> {
        let key = Credentials::current(self).await;
        key.map_err(|error| error.to_string())
    }

    fn cached(&self) -> Option<Arc<SigningKey>> {
        Credentials::cached(self)
    }

    async fn renew(&self, refused: &SigningKey) -> Result<bool, String> {
        let other = Credentials::renew(self, refused).await;
        other
            .map(|other| other.is_some())
            .map_err(|error| error.to_string())
    }

    /// Ends a fetch that is in progress: a program that provides credentials may run for a minute.
    /// The callers that still wait for it get an error.
    fn interrupt(&self) {
        if let Some((_, fetch)) = self.lock().pending.take() {
            fetch.abort();
        }
    }
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Credentials")
            .field("source", &self.0.source.describe())
            .finish_non_exhaustive()
    }
}

impl KeyState {
    /// The error of the last fetch, as long as there is a pause after it.
    fn pausing(&self) -> Option<CredentialsError> {
        let failed = self.failed.as_ref()?;
        (Instant::now() < failed.retry_at).then(|| failed.error.clone())
    }
}

#[cfg(test)]
mod tests;
