//! The client of an API, for any product.
//!
//! Every call goes through one loop, [`Client::call`]: get a key, wait for a permit, send one HTTP
//! attempt, judge what it can have done, and perhaps wait and try again. There is no other layer of
//! repeats, so that the gate counts every request.
//!
//! In reading order:
//!
//! - `operation`: what is called.
//! - `bounds`: how long a call may take. `gate`: what limits it, and where its keys come from.
//! - `kind`: the table of what each kind of error means. `codes`: which refusal is of which kind.
//! - `error`: how a call fails. `long_wait`: a wait that a user should hear about.
//! - `repeats`: how often it is tried.

mod bounds;
mod codes;
mod error;
mod gate;
mod kind;
mod long_wait;
mod operation;
mod repeats;

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use tokio::time::{Instant, sleep_until};

use base::clock::Clock;
use base::random::Random;

use crate::openapi::{
    self, Failure, Http, ServiceClock, Settings, SigningKey, Success, read_answer,
};

pub use bounds::{Bounds, Ended};
pub use error::Error;
pub use gate::{Gate, Keys, OpenGate, Permit};
pub use kind::{ErrorKind, Meaning, Reach, Repeat};
pub use long_wait::{LONG_WAIT, LongWait, WaitCause};
pub use operation::{Api, Operation, Raw};
use repeats::{Repeats, RetryBudget};

/// The message of a call whose deadline came before there was a key to sign it with.
const NO_KEY_YET: &str = "the timeout expired while credentials were being fetched";

/// The message of a call whose condition does not hold any more.
const WITHHELD: &str = "the precondition of the request was no longer met";

/// A client of an API, with keys `K`, whose calls `G` limits.
#[derive(Debug)]
pub struct Client<K, G> {
    http: Http,
    keys: K,
    gate: G,
    random: Random,
    budget: RetryBudget,
}

/// What all attempts of a call have in common.
struct PreparedCall<'a> {
    api: &'static Api,
    action: &'static str,
    reads: bool,
    to_sign: openapi::Request<'a>,
    subject: String,
}

/// An attempt that did not succeed.
struct FailedAttempt {
    error: Error,
    /// How long the service asked to wait.
    retry_after: Option<Duration>,
    /// The date of the answer.
    date: Option<SystemTime>,
}

impl<K: Keys, G: Gate> Client<K, G> {
    /// Makes a client. Connects to nothing yet.
    ///
    /// # Errors
    ///
    /// If the proxy or the certificates of this machine cannot be used.
    pub fn new(
        settings: Settings,
        keys: K,
        gate: G,
        clock: Clock,
        random: Random,
    ) -> Result<Self, Failure> {
        Ok(Self {
            http: Http::new(settings, clock, random.clone())?,
            keys,
            gate,
            random,
            budget: RetryBudget::new(),
        })
    }

    /// The keys that sign the requests.
    pub fn keys(&self) -> &K {
        &self.keys
    }

    /// What limits the calls.
    pub fn gate(&self) -> &G {
        &self.gate
    }

    /// The service's clock, as its answers show it.
    pub fn clock(&self) -> &ServiceClock {
        self.http.clock()
    }

    /// Calls an operation: sends attempts until one succeeds or fails for good, or until the bounds
    /// end the call.
    ///
    /// # Errors
    ///
    /// If no attempt succeeded. [`Error::may_have_had_effect`] says whether the operation may have
    /// been carried out all the same.
    pub async fn call<O: Operation>(
        &self,
        bounds: &Bounds,
        operation: &O,
    ) -> Result<O::Answer, Error> {
        let parameters = operation.parameters();
        let parameters = parameters.iter().map(|(name, value)| (*name, &**value));
        let to_sign = openapi::Request {
            action: O::ACTION,
            version: O::API.version,
            parameters: &parameters.collect(),
            secrets: &operation.secrets(),
            max_answer: O::MAX_ANSWER,
        };
        let request = PreparedCall {
            api: O::API,
            action: O::ACTION,
            reads: O::READS,
            to_sign,
            subject: operation.subject(),
        };
        let success = self.send(bounds, &request).await?;
        let incomplete = |why: &str| Error {
            code: O::API.code_on_success.then(|| "OK".to_owned()),
            request_id: success.request_id.clone(),
            may_have_had_effect: !O::READS,
            ..Error::unanswered(
                ErrorKind::Incomplete,
                O::ACTION,
                format!("the service reported success {why}"),
            )
        };
        let mut answer: O::Answer = success
            .read()
            .map_err(|error| incomplete(&format!("without the data it documents: {error}")))?;
        operation.check(&mut answer).map_err(incomplete)?;
        Ok(answer)
    }

    async fn send(&self, bounds: &Bounds, request: &PreparedCall<'_>) -> Result<Success, Error> {
        let mut repeats = Repeats::new(request.api.max_repeats);
        let mut last: Option<Error> = None;
        let mut number = 0_u64;
        loop {
            number += 1;
            // While the call waits, nothing is under way: a stop or the deadline ends it at once.
            let was_throttled = last.as_ref().map(|error| error.kind) == Some(ErrorKind::Throttled);
            let (permit, key) = match self.admission(bounds, request, was_throttled).await {
                Ok(admission) => admission,
                Err(ended) => return Err(Error::ended(request.action, &ended, last)),
            };
            if !bounds.may_send() {
                permit.unsent();
                let (kind, message) = (ErrorKind::Withheld, WITHHELD.to_owned());
                return Err(Error::ended(request.action, &Ended { kind, message }, last));
            }
            let attempt = self.attempt(bounds, request, &key, permit, number).await;
            let mut failed = match attempt {
                Ok(success) => {
                    self.budget.reward();
                    return Ok(success);
                }
                Err(failed) => failed,
            };
            let Some(wait) = self.repeat(bounds, &key, &mut failed, &mut repeats).await else {
                return Err(failed.error);
            };
            tracing::info!(
                action = request.action,
                attempt = number,
                code = failed.error.code,
                wait_ms = wait.as_millis() as u64,
                "calling again: {}",
                failed.error.message
            );
            last = Some(failed.error);
            if let Err(ended) = pause(bounds, wait).await {
                return Err(Error::ended(request.action, &ended, last));
            }
        }
    }

    /// The wait before the next attempt after one that failed. `None` if there is to be none.
    ///
    /// A write is never sent again after an attempt that may have had its effect.
    async fn repeat(
        &self,
        bounds: &Bounds,
        key: &SigningKey,
        failed: &mut FailedAttempt,
        repeats: &mut Repeats,
    ) -> Option<Duration> {
        let error = &mut failed.error;
        if error.may_have_had_effect {
            return None;
        }
        let repeat = error.kind.meaning().repeat?;
        match repeat {
            Repeat::Clock => {
                // The refusal comes with the date of the service, which signs the next attempt.
                let correction = self.clock().correct(failed.date);
                let (Ok(difference) | Err(difference)) = &correction;
                error.message.push_str(&format!(" ({difference})"));
                correction.ok()?;
            }
            Repeat::Key if !self.has_another_key(bounds, key).await => return None,
            Repeat::Key | Repeat::Throttled | Repeat::Transient => {}
        }
        repeats.next(repeat, failed.retry_after, &self.budget, &self.random)
    }

    /// Waits until a request may be sent: for a key to sign it with, and for a permit.
    async fn admission(
        &self,
        bounds: &Bounds,
        request: &PreparedCall<'_>,
        was_throttled: bool,
    ) -> Result<(G::Permit, Arc<SigningKey>), Ended> {
        loop {
            if bounds.time_left().is_zero() {
                let text = "the timeout expired before the request could be sent";
                return Err(Ended::timed_out(text));
            }
            let key = self.for_key(bounds, self.keys.current()).await?;
            let key = key.map_err(|message| Ended {
                kind: ErrorKind::CredentialsUnavailable,
                message,
            })?;
            let permit = self.gate.admit(bounds, &key, request.action, was_throttled);
            let permit = permit.await?;
            // The wait may have outlasted the key. A permit is not held while another is fetched.
            match self.keys.cached() {
                Some(key) => return Ok((permit, key)),
                None => permit.unsent(),
            }
        }
    }

    /// Sends one attempt and settles the permit by its result, which decides when its slot is free
    /// again.
    ///
    /// The effect of a request that is abandoned on its way is unknown. So a stop or the end of the
    /// time abandons it only after a grace period.
    async fn attempt(
        &self,
        bounds: &Bounds,
        request: &PreparedCall<'_>,
        key: &SigningKey,
        permit: G::Permit,
        number: u64,
    ) -> Result<Success, FailedAttempt> {
        let started = Instant::now();
        let action = request.action;
        let sent = tokio::select! {
            sent = self.http.attempt(key, request.to_sign, permit.departure()) => {
                sent.map_err(|failure| Error::failed(action, failure))
            }
            ended = bounds.abandoned() => Err(Error {
                may_have_had_effect: true,
                ..Error::unanswered(ended.kind, action, ended.message)
            }),
        };
        let (mut retry_after, mut date) = (None, None);
        let result = sent.and_then(|response| {
            (retry_after, date) = (response.retry_after, response.date);
            if !request.api.code_on_success && (200..300).contains(&response.status) {
                return Ok(Success::without_envelope(response));
            }
            read_answer(response).map_err(|error| Error::refused(action, request.api, error))
        });
        let error = result.as_ref().err();
        let answered = error.is_none_or(|error| error.http_status.is_some());
        match error.map(|error| error.kind) {
            Some(ErrorKind::Throttled) => permit.throttled(retry_after),
            Some(ErrorKind::Unreachable | ErrorKind::Untrusted) => permit.unsent(),
            _ if answered => permit.answered(),
            // It is unknown when the service counts the call: dropping the permit assumes the
            // latest possible time.
            _ => drop(permit),
        }
        log(request, number, started, &result);
        result.map_err(|mut error| {
            let effect = error.may_have_had_effect || error.kind.meaning().effect;
            error.may_have_had_effect = effect && !request.reads;
            FailedAttempt {
                error,
                retry_after,
                date,
            }
        })
    }

    /// Waits for a key. A stop is for all operations of this process, so it also interrupts the
    /// fetch, which would otherwise go on for those that wait later.
    async fn for_key<T>(&self, bounds: &Bounds, key: impl Future<Output = T>) -> Result<T, Ended> {
        let key = bounds.within(NO_KEY_YET, key).await;
        if bounds.is_stopped() {
            self.keys.interrupt();
        }
        key
    }

    /// Whether there is another key than `refused`, which the service does not accept.
    async fn has_another_key(&self, bounds: &Bounds, refused: &SigningKey) -> bool {
        match self.for_key(bounds, self.keys.renew(refused)).await {
            Ok(Ok(other)) => other,
            Ok(Err(error)) => {
                tracing::warn!("no other credentials for those that were refused: {error}");
                false
            }
            Err(_) => false,
        }
    }
}

async fn pause(bounds: &Bounds, wait: Duration) -> Result<(), Ended> {
    let until = Instant::now() + wait;
    if until >= bounds.deadline() {
        return Err(Ended::timed_out(
            "the timeout would expire before the call could be repeated",
        ));
    }
    bounds.within("", sleep_until(until)).await
}

fn log(
    request: &PreparedCall<'_>,
    attempt: u64,
    started: Instant,
    result: &Result<Success, Error>,
) {
    let error = result.as_ref().err();
    let request_id = match result {
        Ok(success) => success.request_id.as_deref(),
        Err(error) => error.request_id.as_deref(),
    };
    let status = error.map_or(Some(200), |error| error.http_status);
    let code = error.map_or(Some("OK"), |error| error.code.as_deref());
    let failure = error.filter(|error| error.http_status.is_none());
    tracing::debug!(
        action = request.action,
        attempt,
        subject = (!request.subject.is_empty()).then_some(&*request.subject),
        status,
        code,
        request_id,
        failure = failure.map(|error| &*error.message),
        duration_ms = started.elapsed().as_millis() as u64,
        "called the API"
    );
}
