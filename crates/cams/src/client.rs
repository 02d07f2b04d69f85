//! The client of the API.
//!
//! Every call goes through one loop, [`Client::send`]: wait for a permit of the throttle, send one
//! HTTP attempt, judge what it can have done, and perhaps wait and go on. There is no other layer
//! of repeats, so that the throttle counts every request.
//!
//! This file is longer than 300 lines because the loop and its parts are read together.

use std::collections::BTreeMap;
use std::num::NonZeroU32;
use std::path::PathBuf;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use tokio::time::{Instant, sleep_until};

use alibaba_cloud::credentials::Credentials;
use alibaba_cloud::openapi::{
    self, Answer, Body, ClockDifference, Failure, Http, Response, Settings, SigningKey, read_answer,
};
use base::clock::Clock;
use base::random::Random;
use call_quota::{Cause, Limit, Permit, Priority, QueueStatus, QuotaKey, Throttle};

use super::account::Account;
use super::call::GivenUp;
use super::clock_words;
use super::listing::Listings;
use super::operation::VERSION;
use super::retry::{self, Budget, Class, Repeat, Repeats};
use super::service_clock::ServiceClock;
use super::{Call, Error, ErrorKind, LongWait, Operation};

/// The message of a call that the user stopped.
const STOPPED: &str = "stopped before the request was sent";

/// The message of a call whose time was over before it began.
const OVER: &str = "the time was over before the request could be sent";

/// The message of a call whose deadline came before there was a key to sign it with.
const OF_KEY: &str = "the time was over while credentials were fetched";

/// The message of a call whose deadline came before it was known whose quota it uses.
const OF_ACCOUNT: &str = "the time was over while STS was asked which account the credentials \
    belong to; set the provider's account_id, or sts_endpoint to where STS can be reached";

/// The message of a call whose condition does not hold any more.
const WITHHELD: &str = "what allowed the request no longer holds";

/// What a client needs to be made.
#[derive(Debug)]
pub struct Config {
    /// The endpoint and the timeouts.
    pub http: Settings,
    /// What signs the requests.
    pub credentials: Credentials,
    /// The account whose quotas are used.
    pub account: Account,
    /// The region. The service counts each region by itself.
    pub region: String,
    /// The throttle that keeps the quotas.
    pub throttle: Throttle,
    /// How many calls a second each operation may make. `None` stands for its documented limit.
    pub requests_per_second: Option<NonZeroU32>,
    /// After what time a wait for the quota is told to the user:
    /// [`LONG_WAIT`](super::LONG_WAIT).
    pub long_wait: Duration,
    /// Gives the date for the signature.
    pub clock: Clock,
    /// Gives nonces and jitter.
    pub random: Random,
}

/// A client of the API. Clones share connections, quotas and lists.
#[derive(Clone, Debug)]
pub struct Client(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    http: Http,
    credentials: Credentials,
    account: Account,
    region: String,
    throttle: Throttle,
    requests_per_second: Option<NonZeroU32>,
    long_wait: Duration,
    random: Random,
    budget: Budget,
    listings: Listings,
    service_clock: ServiceClock,
}

/// What all attempts of a call have in common.
struct Request<'a> {
    operation: Operation,
    parameters: BTreeMap<&'a str, &'a str>,
    /// The masked number that the call is about, for the log; empty if there is none.
    about: &'a str,
}

impl Request<'_> {
    fn to_sign(&self) -> openapi::Request<'_> {
        openapi::Request {
            action: self.operation.action,
            version: VERSION,
            parameters: &self.parameters,
            reading: self.operation.reading,
        }
    }
}

/// The outcome of one attempt, and the response with its headers if there was one.
struct Attempt {
    outcome: Result<Answer, Failure>,
    response: Option<Response>,
    /// Whether it was given up because the time was over.
    out_of_time: bool,
}

impl Client {
    /// Makes a client. Connects to nothing yet.
    pub fn new(config: Config) -> Result<Self, Failure> {
        let service_clock = ServiceClock::new(config.clock.clone());
        let leave_within = config.http.connect_timeout;
        let http = Http::new(config.http, config.clock, config.random.clone())?;
        Ok(Self(Arc::new(Inner {
            http,
            credentials: config.credentials,
            account: config.account,
            region: config.region,
            throttle: config.throttle.for_calls_that_leave_within(leave_within),
            requests_per_second: config.requests_per_second,
            long_wait: config.long_wait,
            random: config.random,
            budget: Budget::new(),
            listings: Listings::default(),
            service_clock,
        })))
    }

    pub(super) fn listings(&self) -> &Listings {
        &self.0.listings
    }

    pub(super) fn service_clock(&self) -> &ServiceClock {
        &self.0.service_clock
    }

    /// By how much the service's clock differs from this machine's, in words. `None` unless the
    /// service refused a date, since when requests are signed with the service's clock.
    pub fn clock_difference(&self) -> Option<String> {
        let ahead = self.0.http.clock_correction();
        (ahead != 0).then(|| clock_words::difference(ahead))
    }

    /// Why the quota is counted for the access key and not for the account, in words. `None` if it
    /// is the account's, or if no call was made yet.
    pub fn account_trouble(&self) -> Option<String> {
        self.0.account.trouble()
    }

    /// The file by which processes agree on the account, if another one does not give it free.
    pub fn account_locked(&self) -> Option<PathBuf> {
        self.0.account.locked()
    }

    /// The credentials that sign the requests.
    pub fn credentials(&self) -> &Credentials {
        &self.0.credentials
    }

    /// The error for a read that succeeded without the data that it is made for.
    pub(super) fn incomplete(operation: Operation, body: &Body) -> Error {
        let message = "the service reported success without the data it documents".to_owned();
        Error {
            request_id: body.text(&["RequestId"]),
            code: body.text(&["Code"]),
            ..Error::local(
                ErrorKind::Incomplete,
                operation.action,
                message,
                Class::Final,
            )
        }
    }

    /// Makes a call: sends attempts until one succeeds or fails for good, or until the deadline or
    /// a stop in `call` ends it. `about` is a masked number for the log.
    pub(super) async fn send(
        &self,
        call: &Call,
        operation: Operation,
        parameters: &[(&str, &str)],
        about: &str,
    ) -> Result<Body, Error> {
        let request = Request {
            operation,
            parameters: parameters.iter().copied().collect(),
            about,
        };
        let (mut repeats, mut priority, mut ambiguous) =
            (Repeats::default(), Priority::Normal, false);
        let mut last: Option<Error> = None;
        for attempts in 1.. {
            // While the call waits, nothing is under way: a stop or the deadline ends it at once.
            let (permit, key) = match self.admission(call, operation, priority).await {
                Ok(admission) => admission,
                Err(end) => return Err(ended(end, operation, last, ambiguous)),
            };
            if !call.may_send() {
                permit.unsent();
                let end = (ErrorKind::Withheld, WITHHELD.to_owned());
                return Err(ended(end, operation, last, ambiguous));
            }
            let attempt = self.attempt(call, &request, &key, permit, attempts).await;
            // Once an attempt may have had its effect, only a final answer settles the call again.
            let class = retry::classify(&attempt.outcome, ambiguous);
            let retry_after = attempt
                .response
                .as_ref()
                .and_then(|response| response.retry_after);
            let repeat = retry::repeat(&attempt.outcome, class, operation.reads);
            // The refusal of the date comes with the date of the service, which signs the next
            // attempt.
            let mut differs = None;
            if let (Some(Repeat::ClockSkew), Some(response)) = (repeat, &attempt.response) {
                differs = Some(self.0.http.correct_clock(response));
            }
            // With a clock that is not believed, the next attempt would be refused as this one was.
            let repeat = repeat.filter(|_| !matches!(differs, Some(ClockDifference::Refused(_))));
            // A key that the service refuses is no longer used, if there is another one.
            let repeat = match repeat {
                Some(Repeat::RefusedKey) if !self.has_another(call, &key).await => None,
                other => other,
            };
            let mut error = match attempt.outcome {
                Ok(Answer::Success(body)) => {
                    self.0.budget.reward();
                    return Ok(body);
                }
                Ok(Answer::Refusal(error) | Answer::Unreadable(error)) => {
                    Error::of_service(operation.action, error, class)
                }
                Err(Failure::Lost(message)) if attempt.out_of_time => {
                    // Nothing may be begun any more.
                    let kind = ErrorKind::TimedOut;
                    return Err(Error::local(kind, operation.action, message, class));
                }
                Err(Failure::Lost(message)) => {
                    Error::local(ErrorKind::Unanswered, operation.action, message, class)
                }
                Err(Failure::Unsent { obstacle, text }) => {
                    Error::unconnected(operation.action, obstacle, text, class)
                }
            };
            if error.kind == ErrorKind::ClockDiffers {
                let corrected = self.0.http.clock_correction();
                error
                    .message
                    .push_str(&clock_words::told(differs, corrected));
            }
            let wait = repeat.and_then(|repeat| {
                repeats.next(repeat, retry_after, &self.0.budget, &self.0.random)
            });
            let Some(wait) = wait else { return Err(error) };
            tracing::info!(
                action = operation.action,
                attempt = attempts,
                code = error.code,
                wait_ms = wait.as_millis() as u64,
                "asking again: {}",
                error.message
            );
            ambiguous |= class == Class::Ambiguous;
            priority = if repeat == Some(Repeat::Throttled) {
                Priority::Retry
            } else {
                Priority::Normal
            };
            last = Some(error);
            if let Err(end) = pause(call, wait).await {
                return Err(ended(end, operation, last, ambiguous));
            }
        }
        unreachable!("a call is not repeated four thousand million times")
    }

    /// Waits until a request may be sent: for a key to sign it with, and for a permit.
    ///
    /// The error says what ended the wait: a stop, the deadline, or that there is no key.
    async fn admission(
        &self,
        call: &Call,
        operation: Operation,
        priority: Priority,
    ) -> Result<(Permit, Arc<SigningKey>), (ErrorKind, String)> {
        loop {
            if call.is_over() {
                return Err((ErrorKind::TimedOut, OVER.to_owned()));
            }
            let key = self.for_key(call, self.0.credentials.current()).await?;
            let key =
                key.map_err(|error| (ErrorKind::CredentialsUnavailable, error.to_string()))?;
            let name = self.0.account.name(&self.0.credentials, &key);
            let quota = QuotaKey {
                account: bounded(call, OF_ACCOUNT, name).await?,
                region: self.0.region.clone(),
                action: operation.action,
            };
            let permit = self.permit(call, operation, &quota, priority).await?;
            // The wait may have outlasted the key. A permit is not held while another is fetched.
            match self.0.credentials.at_hand() {
                Some(key) => return Ok((permit, key)),
                None => permit.unsent(),
            }
        }
    }

    /// Waits for a permit. The error says what ended the wait: a stop, or the deadline, and then
    /// how many calls were ahead.
    async fn permit(
        &self,
        call: &Call,
        operation: Operation,
        key: &QuotaKey,
        priority: Priority,
    ) -> Result<Permit, (ErrorKind, String)> {
        let calls = self.0.requests_per_second.unwrap_or(operation.limit.calls);
        let limit = Limit {
            calls,
            ..operation.limit
        };
        let queue = || self.0.throttle.queue(key);
        let (joined, began) = (queue(), Instant::now());
        let mut noticed = None;
        let mut acquire = pin!(self.0.throttle.acquire(key, limit, priority));
        loop {
            // The queue is asked while this call still waits in it, so that the count includes it.
            tokio::select! {
                biased;
                () = call.stopped() => return Err((ErrorKind::Cancelled, STOPPED.to_owned())),
                permit = &mut acquire => {
                    if let Some(noticed) = noticed {
                        let queues = [joined, noticed, queue()];
                        let waited = began.elapsed();
                        call.note(LongWait::new(operation.action, waited, limit, queues));
                    }
                    return Ok(permit);
                }
                () = sleep_until(call.deadline()) => {
                    return Err((ErrorKind::TimedOut, waiting(&queue(), key)));
                }
                () = sleep_until(began + self.0.long_wait), if noticed.is_none() => {
                    noticed = Some(queue());
                }
            }
        }
    }

    /// Sends one attempt and settles the permit.
    ///
    /// What a request did that is given up on its way is unknown. So a stop or the end of the time
    /// gives it up only after a grace period.
    async fn attempt(
        &self,
        call: &Call,
        request: &Request<'_>,
        key: &SigningKey,
        permit: Permit,
        number: u32,
    ) -> Attempt {
        let started = Instant::now();
        let mut out_of_time = false;
        let left = permit.departure();
        let sent = tokio::select! {
            sent = self.0.http.attempt(key, request.to_sign(), move || left.note()) => sent,
            why = call.given_up() => {
                out_of_time = why == GivenUp::OutOfTime;
                Err(Failure::Lost(match why {
                    GivenUp::OutOfTime => "the time was over while the request had no answer",
                    GivenUp::Stopped => "stopped while waiting for the answer",
                }.to_owned()))
            }
        };
        let (outcome, response) = match sent {
            Ok(response) => (Ok(read_answer(&response)), Some(response)),
            Err(failure) => (Err(failure), None),
        };
        if let Some(date) = response.as_ref().and_then(|response| response.date) {
            self.0.service_clock.observe(date, started.elapsed());
        }
        log(request, number, started, &outcome);
        settle(permit, &outcome, response.as_ref());
        Attempt {
            outcome,
            response,
            out_of_time,
        }
    }

    /// Waits for a key. A stop is for all operations of this process, so it breaks off the fetch,
    /// which would otherwise go on for those that wait later.
    async fn for_key<T>(
        &self,
        call: &Call,
        key: impl Future<Output = T>,
    ) -> Result<T, (ErrorKind, String)> {
        let key = bounded(call, OF_KEY, key).await;
        if call.is_stopped() {
            self.0.credentials.break_off();
        }
        key
    }

    /// Whether there is another key than `refused`, which the service does not take.
    async fn has_another(&self, call: &Call, refused: &SigningKey) -> bool {
        match self.for_key(call, self.0.credentials.renew(refused)).await {
            Ok(Ok(other)) => other.is_some(),
            Ok(Err(error)) => {
                tracing::warn!("no other credentials for those that were refused: {error}");
                false
            }
            Err(_) => false,
        }
    }
}

/// Settles the permit by what became of the attempt, which decides when its slot is free again.
///
/// Without an answer nobody knows when the service counted the call, so the permit is dropped,
/// which assumes the latest possible time.
fn settle(permit: Permit, outcome: &Result<Answer, Failure>, response: Option<&Response>) {
    match outcome {
        Ok(_)
            if retry::repeat(outcome, retry::classify(outcome, false), true)
                == Some(Repeat::Throttled) =>
        {
            permit.throttled(response.and_then(|response| response.retry_after));
        }
        Ok(_) => permit.answered(),
        Err(Failure::Unsent { .. }) => permit.unsent(),
        Err(Failure::Lost(_)) => drop(permit),
    }
}

/// What the future gives, unless the call is stopped or its deadline comes first.
async fn bounded<T>(
    call: &Call,
    out_of_time: &str,
    future: impl Future<Output = T>,
) -> Result<T, (ErrorKind, String)> {
    tokio::select! {
        biased;
        () = call.stopped() => Err((ErrorKind::Cancelled, STOPPED.to_owned())),
        given = future => Ok(given),
        () = sleep_until(call.deadline()) => {
            Err((ErrorKind::TimedOut, out_of_time.to_owned()))
        }
    }
}

async fn pause(call: &Call, wait: Duration) -> Result<(), (ErrorKind, String)> {
    let until = Instant::now() + wait;
    if until >= call.deadline() {
        let text = "the time was over before it could be tried again";
        return Err((ErrorKind::TimedOut, text.to_owned()));
    }
    tokio::select! {
        () = call.stopped() => Err((ErrorKind::Cancelled, STOPPED.to_owned())),
        () = sleep_until(until) => Ok(()),
    }
}

/// Says what a call waited for when its deadline came.
fn waiting(queue: &QueueStatus, key: &QuotaKey) -> String {
    let cause = match queue.cause {
        Cause::Paused => ", which the service had paused",
        Cause::Quota => "",
        Cause::Recovering => ", whose use by others was not known",
    };
    let calls = match queue.waiting {
        1 => "one call".to_owned(),
        waiting => format!("{waiting} calls"),
    };
    let processes = match queue.processes_ahead {
        0 => "no other process".to_owned(),
        1 => "one other process".to_owned(),
        ahead => format!("{ahead} other processes"),
    };
    format!(
        "the time was over while the call waited for its quota, {key}{cause}: {calls} of this \
         process waited, and {processes} went before it"
    )
}

/// The error of a call that was ended between two attempts, by its deadline or by a stop. If the
/// last attempt failed, its error tells more than the deadline does.
fn ended(
    (kind, message): (ErrorKind, String),
    operation: Operation,
    last: Option<Error>,
    ambiguous: bool,
) -> Error {
    let class = match ambiguous {
        true => Class::Ambiguous,
        false => Class::NeverSent,
    };
    match (kind, last) {
        // The last failure is the reason, and the deadline only ended the repeats.
        (ErrorKind::TimedOut, Some(last)) => Error {
            class,
            out_of_time: true,
            message: format!("{} ({message})", last.message),
            ..last
        },
        (_, last) => {
            let said = last.map(|last| format!("; before that: {}", last.message));
            let message = format!("{message}{}", said.unwrap_or_default());
            Error::local(kind, operation.action, message, class)
        }
    }
}

fn log(request: &Request<'_>, attempt: u32, started: Instant, outcome: &Result<Answer, Failure>) {
    let (status, code, request_id, failure) = match outcome {
        Ok(Answer::Success(body)) => (Some(200), Some("OK"), body.text(&["RequestId"]), None),
        Ok(Answer::Refusal(error) | Answer::Unreadable(error)) => (
            Some(error.http_status),
            error.code.as_deref(),
            error.request_id.clone(),
            None,
        ),
        Err(failure) => (None, None, None, Some(failure.to_string())),
    };
    tracing::debug!(
        action = request.operation.action,
        attempt,
        phone_number = (!request.about.is_empty()).then_some(request.about),
        status,
        code,
        request_id,
        failure,
        duration_ms = started.elapsed().as_millis() as u64,
        "called the API"
    );
}

#[cfg(test)]
mod tests;
