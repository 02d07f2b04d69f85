//! When keys are fetched, by the paused clock.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::UNIX_EPOCH;

use tokio::time::{advance, sleep};

use super::super::{Configured, Files, resolve};
use super::*;
use crate::openapi::{AccessKey, Network};
use base::clock::Clock;
use base::environment::Environment;
use base::random::Random;
use base::secret::Secret;

/// A source whose fetches take 100 ms and have these outcomes, the last one again and again.
struct Planned {
    credentials: Credentials,
    fetches: Arc<AtomicUsize>,
}

/// An outcome: the number in the key's id and the seconds of its life, or a failure.
type PlannedOutcome = Result<(u32, Option<u64>), CredentialsErrorKind>;

fn source(outcomes: &[PlannedOutcome]) -> Planned {
    let fetches = Arc::new(AtomicUsize::new(0));
    let outcomes = Mutex::new(outcomes.iter().copied().collect::<VecDeque<_>>());
    let counter = Arc::clone(&fetches);
    let fetch: Fetch = Box::new(move |_, _| {
        counter.fetch_add(1, Ordering::Relaxed);
        let mut outcomes = outcomes.lock().expect("a lock");
        let outcome = match outcomes.len() {
            1 => outcomes.front().copied(),
            _ => outcomes.pop_front(),
        };
        let outcome = outcome.expect("an outcome");
        Box::pin(async move {
            sleep(Duration::from_millis(100)).await;
            let (number, life) = outcome.map_err(|kind| kind.error("as planned"))?;
            Ok(Fetched {
                key: key(number),
                life: life.map(Duration::from_secs),
            })
        })
    });
    Planned {
        credentials: credentials(fetch),
        fetches,
    }
}

fn credentials(fetch: Fetch) -> Credentials {
    let configured: Configured = [("access_key", "id"), ("secret_key", "secret")]
        .into_iter()
        .collect();
    let source = resolve(&configured, &Environment::default(), &Files::of_system());
    let context = FetchContext {
        clock: Clock::fixed(UNIX_EPOCH),
        random: Random::seeded(0),
        network: Network::default(),
    };
    Credentials::with_fetch(source.expect("a source"), context, fetch)
}

fn key(number: u32) -> AccessKey {
    AccessKey {
        id: format!("key-{number}"),
        secret: Secret::new("secret"),
        security_token: Some(Secret::new("token")),
    }
}

impl Planned {
    async fn current(&self) -> Result<String, String> {
        id(self.credentials.current().await)
    }

    async fn renew(&self, number: u32) -> Result<String, String> {
        let refused = SigningKey::new(key(number));
        let other = self.credentials.renew(&refused).await;
        id(other.map(|other| other.unwrap_or_else(|| Arc::new(refused))))
    }

    fn cached(&self) -> Option<String> {
        Some(self.credentials.cached()?.access_key().id.clone())
    }

    fn fetches(&self) -> usize {
        self.fetches.load(Ordering::Relaxed)
    }
}

fn id(outcome: KeyResult) -> Result<String, String> {
    let key = outcome.map_err(|error| error.to_string())?;
    Ok(key.access_key().id.clone())
}

fn ok(number: u32) -> Result<String, String> {
    Ok(format!("key-{number}"))
}

async fn seconds(seconds: f64) {
    sleep(Duration::from_secs_f64(seconds)).await;
}

#[tokio::test(start_paused = true)]
async fn one_fetch_serves_all_who_wait() {
    let source = source(&[Ok((1, Some(3600)))]);
    assert_eq!((source.cached(), source.fetches()), (None, 0));
    let all = (0..50).map(|_| source.current());
    for outcome in futures_util::future::join_all(all).await {
        assert_eq!(outcome, ok(1));
    }
    assert_eq!(source.fetches(), 1);
    assert_eq!(source.cached().as_deref(), Some("key-1"));
}

#[tokio::test(start_paused = true)]
async fn a_caller_that_gives_up_does_not_end_the_fetch() {
    let source = source(&[Ok((1, Some(3600)))]);
    let given_up = tokio::time::timeout(Duration::from_millis(50), source.current()).await;
    assert!(given_up.is_err());
    seconds(0.06).await;
    assert_eq!(source.cached().as_deref(), Some("key-1"));
    assert_eq!((source.current().await, source.fetches()), (ok(1), 1));
}

#[tokio::test(start_paused = true)]
async fn a_fetch_that_is_interrupted_is_an_error_and_the_next_call_fetches_again() {
    let source = source(&[Ok((1, Some(3600))), Ok((2, Some(3600)))]);
    source.credentials.interrupt();
    let waiting = async {
        tokio::task::yield_now().await;
        source.credentials.interrupt();
    };
    let (outcome, ()) = tokio::join!(source.current(), waiting);
    assert_eq!(outcome, Err(INTERRUPTED.to_owned()));
    assert_eq!((source.current().await, source.fetches()), (ok(2), 2));
}

#[tokio::test(start_paused = true)]
async fn a_key_is_replaced_before_it_ends_while_it_is_used() {
    for (life, refresh_at) in [(3600, 3420.0), (60, 40.0)] {
        let source = source(&[Ok((1, Some(life))), Ok((2, Some(life)))]);
        assert_eq!(source.current().await, ok(1));
        seconds(refresh_at - 0.5).await;
        assert_eq!(
            (source.current().await, source.fetches()),
            (ok(1), 1),
            "{life}"
        );
        seconds(1.0).await;
        let asked = Instant::now();
        assert_eq!(source.current().await, ok(1), "{life}");
        assert_eq!(asked.elapsed(), Duration::ZERO);
        seconds(0.2).await;
        assert_eq!(
            (source.current().await, source.fetches()),
            (ok(2), 2),
            "{life}"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn a_key_that_is_about_to_end_is_not_used() {
    let source = source(&[Ok((1, Some(60))), Ok((2, Some(60)))]);
    assert_eq!(source.current().await, ok(1));
    seconds(50.1).await;
    assert_eq!(source.cached(), None);
    assert_eq!(source.current().await, ok(2));
}

#[tokio::test(start_paused = true)]
async fn a_machine_that_slept_notices_by_the_wall_clock() {
    let at = Arc::new(Mutex::new(UNIX_EPOCH));
    let shown = Arc::clone(&at);
    let mut source = source(&[Ok((1, Some(3600))), Ok((2, Some(3600)))]);
    let inner = Arc::get_mut(&mut source.credentials.0).expect("the only owner");
    inner.context.clock = Clock::from_fn(move || *shown.lock().expect("a lock"));
    assert_eq!(source.current().await, ok(1));
    *at.lock().expect("a lock") += Duration::from_secs(3600);
    assert_eq!(source.cached(), None);
    assert_eq!(source.current().await, ok(2));
}

#[tokio::test(start_paused = true)]
async fn a_failing_refresh_keeps_what_is_valid() {
    let source = source(&[
        Ok((1, Some(600))),
        Err(CredentialsErrorKind::Unreachable),
        Err(CredentialsErrorKind::Unreachable),
        Ok((2, Some(600))),
    ]);
    assert_eq!(source.current().await, ok(1));
    seconds(421.0).await;
    for _ in 0..100 {
        assert_eq!(source.current().await, ok(1));
        seconds(0.01).await;
    }
    assert_eq!(source.fetches(), 2, "after a failure there is a pause");
    seconds(10.0).await;
    assert_eq!(source.current().await, ok(1));
    seconds(10.0).await;
    assert_eq!(source.current().await, ok(1));
    seconds(0.2).await;
    assert_eq!((source.current().await, source.fetches()), (ok(2), 4));
}

#[tokio::test(start_paused = true)]
async fn without_a_valid_key_the_failure_is_returned_and_not_repeated_at_once() {
    let source = source(&[Err(CredentialsErrorKind::Unreachable), Ok((1, None))]);
    let failure = Err("as planned".to_owned());
    assert_eq!(source.current().await, failure);
    let asked = Instant::now();
    assert_eq!(source.current().await, failure);
    assert_eq!((asked.elapsed(), source.fetches()), (Duration::ZERO, 1));
    seconds(1.6).await;
    assert_eq!(source.current().await, ok(1));
}

#[tokio::test(start_paused = true)]
async fn missing_credentials_are_not_looked_for_again_soon() {
    let source = source(&[Err(CredentialsErrorKind::Missing)]);
    assert!(source.current().await.is_err());
    seconds(29.0).await;
    assert!(source.current().await.is_err());
    assert_eq!(source.fetches(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_refused_key_is_replaced_once_for_all() {
    let source = source(&[Ok((1, Some(3600))), Ok((2, Some(3600)))]);
    assert_eq!(source.current().await, ok(1));
    let all = (0..20).map(|_| source.renew(1));
    for outcome in futures_util::future::join_all(all).await {
        assert_eq!(outcome, ok(2));
    }
    assert_eq!(source.renew(1).await, ok(2), "it was replaced already");
    assert_eq!(source.fetches(), 2);
}

#[tokio::test(start_paused = true)]
async fn a_refused_key_that_is_the_only_one_stays_and_is_not_fetched_each_time() {
    let source = source(&[Ok((1, None))]);
    assert_eq!(source.current().await, ok(1));
    for _ in 0..10 {
        assert_eq!(source.renew(1).await, ok(1));
        assert_eq!(source.current().await, ok(1));
    }
    assert_eq!(source.fetches(), 2);
    seconds(31.0).await;
    assert_eq!(source.renew(1).await, ok(1));
    assert_eq!(source.fetches(), 3);
}

#[tokio::test(start_paused = true)]
async fn a_refused_key_is_not_given_again_while_another_one_cannot_be_had() {
    let source = source(&[
        Ok((1, Some(3600))),
        Err(CredentialsErrorKind::Unreachable),
        Ok((2, Some(3600))),
    ]);
    assert_eq!(source.current().await, ok(1));
    assert!(source.renew(1).await.is_err());
    assert_eq!(source.cached(), None);
    assert!(source.current().await.is_err());
    advance(Duration::from_secs(2)).await;
    assert_eq!(source.current().await, ok(2));
}

#[tokio::test(start_paused = true)]
async fn a_fetch_that_panics_is_a_failure_and_not_the_end() {
    let fetches = Arc::new(AtomicUsize::new(0));
    let counter = Arc::clone(&fetches);
    let fetch: Fetch = Box::new(move |_, _| {
        let first = counter.fetch_add(1, Ordering::Relaxed) == 0;
        Box::pin(async move {
            assert!(!first, "as planned");
            Ok(Fetched {
                key: key(1),
                life: None,
            })
        })
    });
    let source = Planned {
        credentials: credentials(fetch),
        fetches,
    };
    assert!(source.current().await.is_err());
    seconds(2.0).await;
    assert_eq!(source.current().await, ok(1));
}
