//! The client of the API.
//!
//! Every call goes through one loop, [`Client::send`]: wait for a permit of the throttle, send one
//! HTTP attempt, judge what it can have done, and perhaps wait and go on. There is no other layer
//! of repeats, so that the throttle counts every request.
//!
//! This file is longer than 300 lines because the loop and its parts are read together.

use std::collections::BTreeMap;
use std::num::NonZeroU32;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use tokio::time::{Instant, sleep_until};

use crate::clock::Clock;
use crate::openapi::{
    Answer, Body, ClockDifference, Failure, Http, Response, Settings, read_answer,
};
use crate::random::Random;
use crate::throttle::{Cause, Limit, Permit, Priority, QueueStatus, QuotaKey, Throttle};

use super::clock_words;
use super::listing::Listings;
use super::operation::VERSION;
use super::phone::PhoneNumber;
use super::retry::{self, Budget, Class, Repeat, Repeats};
use super::service_clock::ServiceClock;
use super::{Call, Error, ErrorKind, Operation};

/// The message of a call that the user stopped.
const STOPPED: &str = "stopped before the request was sent";

/// The message of a call whose condition does not hold any more.
const WITHHELD: &str = "what allowed the request no longer holds";

/// What a client needs to be made.
#[derive(Debug)]
pub struct Config {
    /// The endpoint, the credentials and the timeouts.
    pub http: Settings,
    /// The account whose quotas are used, or a name that stands for it.
    pub account: String,
    /// The region. The service counts each region by itself.
    pub region: String,
    /// The throttle that keeps the quotas.
    pub throttle: Throttle,
    /// How many calls a second each operation may make. `None` stands for its documented limit.
    pub requests_per_second: Option<NonZeroU32>,
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
    account: String,
    region: String,
    throttle: Throttle,
    requests_per_second: Option<NonZeroU32>,
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

/// The outcome of one attempt, and the response with its headers if there was one.
struct Attempt {
    outcome: Result<Answer, Failure>,
    response: Option<Response>,
}

impl Client {
    /// Makes a client. Connects to nothing yet.
    pub fn new(config: Config) -> Result<Self, Failure> {
        let service_clock = ServiceClock::new(config.clock.clone());
        let leave_within = config.http.connect_timeout;
        let http = Http::new(config.http, config.clock, config.random.clone())?;
        Ok(Self(Arc::new(Inner {
            http,
            account: config.account,
            region: config.region,
            throttle: config.throttle.for_calls_that_leave_within(leave_within),
            requests_per_second: config.requests_per_second,
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

    /// Refuses an answer whose `data` is about another number than `number`: it says nothing of
    /// ours. `class` tells whether the call may have had its effect all the same.
    ///
    /// # Errors
    ///
    /// One of kind [`ErrorKind::Incomplete`]. The other number is not in it.
    pub(super) fn check_number(
        operation: Operation,
        body: &Body,
        data: &Body,
        number: &PhoneNumber,
        class: Class,
    ) -> Result<(), Error> {
        if data.judge("PhoneNumber", |named| number.can_be_named(named)) != Some(false) {
            return Ok(());
        }
        Err(Error {
            class,
            message: "the service reported success with data about another phone number".to_owned(),
            ..Self::incomplete(operation, body)
        })
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
        let key = self.quota(operation);
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
            let permit = match self.permit(call, operation, &key, priority).await {
                Ok(permit) => permit,
                Err(end) => return Err(ended(end, operation, last, ambiguous)),
            };
            if !call.may_send() {
                permit.unsent();
                let end = (ErrorKind::Withheld, WITHHELD.to_owned());
                return Err(ended(end, operation, last, ambiguous));
            }
            let attempt = self.attempt(call, &request, permit, attempts).await;
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
            let mut error = match attempt.outcome {
                Ok(Answer::Success(body)) => {
                    self.0.budget.reward();
                    return Ok(body);
                }
                Ok(Answer::Refusal(error) | Answer::Unreadable(error)) => {
                    Error::of_service(operation.action, error, class)
                }
                Err(Failure::Lost(message)) => {
                    Error::local(ErrorKind::Unanswered, operation.action, message, class)
                }
                Err(Failure::Unsent(message)) => {
                    Error::local(ErrorKind::Unreachable, operation.action, message, class)
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
        let mut acquire = pin!(self.0.throttle.acquire(key, limit, priority));
        tokio::select! {
            biased;
            () = call.stopped() => Err((ErrorKind::Cancelled, STOPPED.to_owned())),
            permit = &mut acquire => Ok(permit),
            // The queue is asked while this call still waits in it, so that the count includes it.
            () = sleep_until(call.deadline()) => {
                Err((ErrorKind::TimedOut, waiting(&self.0.throttle.queue(key), key)))
            }
        }
    }

    /// Sends one attempt and settles the permit.
    ///
    /// The deadline does not end a request that is on its way: it has a timeout of its own, and
    /// what it did would be unknown. After a stop it is given up, but only after a grace period.
    async fn attempt(
        &self,
        call: &Call,
        request: &Request<'_>,
        permit: Permit,
        number: u32,
    ) -> Attempt {
        let started = Instant::now();
        let left = permit.departure();
        let sent = tokio::select! {
            sent = self.0.http.attempt(
                request.operation.action,
                VERSION,
                &request.parameters,
                request.operation.reading,
                move || left.note(),
            ) => sent,
            () = call.given_up() => Err(Failure::Lost("stopped while waiting for the \
                 answer".into())),
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
        Attempt { outcome, response }
    }

    fn quota(&self, operation: Operation) -> QuotaKey {
        QuotaKey {
            account: self.0.account.clone(),
            region: self.0.region.clone(),
            action: operation.action,
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
        Err(Failure::Unsent(_)) => permit.unsent(),
        Err(Failure::Lost(_)) => drop(permit),
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
    format!(
        "the time was over while the call waited for its quota, {key}{cause}: {} calls of this \
         process were waiting, and {} \
         other processes were ahead",
        queue.waiting, queue.processes_ahead
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
