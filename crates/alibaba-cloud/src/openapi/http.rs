//! One HTTP attempt: signed, sent once, and told apart by whether it can have had an effect.
//!
//! This file is longer than 300 lines because one attempt is followed from its request to every way
//! to fail.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, SystemTime};

use base::clock::{Clock, Utc};
use base::foreign_text::Cleaner;
use base::random::Random;

use super::budget::Budget;
use super::failure::Destination;
use super::list::Reader;
use super::rows::CutError;
use super::sending::{self, NoticeConnections};
use super::signature::{self, Unsigned};
use super::{
    Endpoint, Failure, List, Network, Rows, Share, SignatureMethod, SigningKey, retry_after,
};

/// No documented answer comes near, its list not counted.
const MAX_BODY: usize = 1 << 20;

/// How much is read of an answer with a list, whose rows are not kept as they come: ten thousand
/// numbers take some 5 MiB.
const MAX_LIST: u64 = 128 << 20;

/// How much is kept of an answer with a list of which everything is wanted. That is three times the
/// list of ten thousand numbers.
const MAX_WHOLE_LIST: usize = 16 << 20;

/// How an answer is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reading {
    /// The rows of its list are read while it arrives. The rest is kept as it is, up to 1 MiB.
    Rows(List),
    /// It is kept as it is, up to 1 MiB.
    Whole,
    /// It is kept as it is, up to 16 MiB, because all fields of its list are wanted.
    WholeList,
}

impl Reading {
    fn list(self) -> Option<List> {
        match self {
            Self::Rows(list) => Some(list),
            Self::Whole | Self::WholeList => None,
        }
    }

    /// How many bytes of the answer are kept at most, the rows of a list that is read not counted.
    fn kept(self) -> usize {
        match self {
            Self::Rows(_) | Self::Whole => MAX_BODY,
            Self::WholeList => MAX_WHOLE_LIST,
        }
    }
}

/// How long a connection is kept that nothing is sent on.
///
/// A request on a connection that the service is just closing may be lost, and nobody can tell
/// whether it was processed. So the client closes an idle connection before the service does.
/// Alibaba Cloud's load balancers do after 15 seconds, unless they are set up otherwise.
const IDLE_LIMIT: Duration = Duration::from_secs(10);

/// How far the service's clock may differ from ours to be believed.
const MAX_SKEW: Duration = Duration::from_secs(24 * 60 * 60);

/// What came of taking over the service's clock. The figure says how many seconds it is ahead of
/// this machine's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ClockDifference {
    /// It differs too much to be believed.
    Refused(i64),
    /// Requests are signed with the service's clock from now on.
    TakenOver(i64),
    /// The answer has no date.
    Unknown,
}

/// How requests are made.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The address that requests go to.
    pub endpoint: Endpoint,
    /// The method by which requests are signed.
    pub signature_method: SignatureMethod,
    /// How long until connected, TLS included.
    pub connect_timeout: Duration,
    /// How long from sending until the whole answer is there.
    pub read_timeout: Duration,
    /// The text of the header `User-Agent`.
    pub user_agent: String,
    /// The proxies and certificates of this machine.
    pub network: Network,
}

/// One request, without what differs from attempt to attempt.
#[derive(Clone, Copy, Debug)]
pub struct Request<'a> {
    /// The name of the operation.
    pub action: &'a str,
    /// The version of the API.
    pub version: &'a str,
    /// The parameters of the operation.
    pub parameters: &'a BTreeMap<&'a str, &'a str>,
    /// How the answer is read.
    pub reading: Reading,
}

/// An HTTP client that sends each request once, and never anywhere else than to its endpoint.
#[derive(Debug)]
pub struct Http {
    client: reqwest::Client,
    destination: Destination,
    settings: Settings,
    clock: Clock,
    random: Random,
    budget: Budget,
    /// How far the service's clock is ahead of ours, in seconds, as far as known.
    skew: AtomicI64,
}

/// Whatever the service answered.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Response {
    /// The status code of HTTP.
    pub status: u16,
    /// The whole body, but for the rows of a list that was asked for.
    pub body: Vec<u8>,
    /// The rows of the list that was asked for.
    pub rows: Rows,
    /// The type of the body.
    pub content_type: Option<String>,
    /// From the header, for answers whose body has none.
    pub request_id: Option<String>,
    /// How long the service asks to be left alone.
    pub retry_after: Option<Duration>,
    /// What time it is at the service.
    pub date: Option<SystemTime>,
    /// Takes the secrets of the request out of every text of the answer.
    pub cleaner: Cleaner,
    /// The memory for the body.
    pub share: Share,
}

impl Http {
    /// Makes a client. Connects to nothing yet.
    pub fn new(settings: Settings, clock: Clock, random: Random) -> Result<Self, Failure> {
        Self::with(settings, clock, random, |builder| builder)
    }

    fn with(
        settings: Settings,
        clock: Clock,
        random: Random,
        adjust: impl FnOnce(reqwest::ClientBuilder) -> reqwest::ClientBuilder,
    ) -> Result<Self, Failure> {
        let (builder, destination) = settings.network.client(
            settings.endpoint.url(),
            [settings.connect_timeout, settings.read_timeout],
            &settings.user_agent,
        )?;
        let builder = builder
            .connector_layer(NoticeConnections)
            .pool_idle_timeout(IDLE_LIMIT);
        let client = adjust(builder).build();
        let client = client.map_err(|error| destination.unusable(error))?;
        Ok(Self {
            budget: Budget::new(),
            client,
            destination,
            settings,
            clock,
            random,
            skew: AtomicI64::new(0),
        })
    }

    /// Makes one request, signed by `key`, with a nonce and a date of its own. `on_departure` is
    /// called when the request leaves on a connection that was there already; on a new one, no
    /// sooner than its answer shows that it arrived.
    pub async fn attempt(
        &self,
        key: &SigningKey,
        request: Request<'_>,
        on_departure: impl Fn() + Send + Sync + 'static,
    ) -> Result<Response, Failure> {
        let (date, nonce) = (Utc::from(self.now()).seconds(), self.random.nonce());
        let signed = signature::sign(
            self.settings.signature_method,
            &Unsigned {
                method: "POST",
                host: self.settings.endpoint.host(),
                action: request.action,
                version: request.version,
                date: &date,
                nonce: &nonce,
                parameters: request.parameters,
            },
            key.access_key(),
        );
        let reading = request.reading;
        let mut request = self
            .client
            .post(self.settings.endpoint.with_query(&signed.query));
        for (name, value) in signed.headers {
            request = request.header(name, value.as_str());
        }
        let request = request
            .header("accept", "application/json")
            .header("content-length", "0");
        let cleaner = key.cleaner().with(signed.signature.expose());
        let response = sending::noticing(on_departure, |body| request.body(body).send()).await;
        let response = response.map_err(|error| self.destination.failure(error, &cleaner))?;
        self.read(response, cleaner, reading).await
    }

    /// Takes over the service's clock, where it is known to refuse ours: requests are signed with
    /// its date from now on.
    ///
    /// A date that is more than a day away is not believed. A clock that is set by hand is off by
    /// minutes or by time zones; a larger difference is more likely a fault at the other end, or
    /// somebody who wants requests that are signed for another day.
    pub fn correct_clock(&self, response: &Response) -> ClockDifference {
        let Some(theirs) = response.date else {
            return ClockDifference::Unknown;
        };
        let ours = self.clock.now();
        let skew = match theirs.duration_since(ours) {
            Ok(ahead) => i64::try_from(ahead.as_secs()).unwrap_or(i64::MAX),
            Err(behind) => -i64::try_from(behind.duration().as_secs()).unwrap_or(i64::MAX),
        };
        if skew.unsigned_abs() > MAX_SKEW.as_secs() {
            tracing::warn!(
                skew_seconds = skew,
                "the service's clock differs by more than a day from this machine's: not believed"
            );
            return ClockDifference::Refused(skew);
        }
        tracing::warn!(
            skew_seconds = skew,
            "this machine's clock differs from the service's; signing with the service's"
        );
        self.skew.store(skew, Ordering::Relaxed);
        ClockDifference::TakenOver(skew)
    }

    /// How far the clock that signs is ahead of this machine's, in seconds: zero unless it was
    /// corrected.
    pub fn clock_correction(&self) -> i64 {
        self.skew.load(Ordering::Relaxed)
    }

    fn now(&self) -> SystemTime {
        let skew = self.skew.load(Ordering::Relaxed);
        let shift = Duration::from_secs(skew.unsigned_abs());
        let now = self.clock.now();
        let shifted = if skew < 0 {
            now.checked_sub(shift)
        } else {
            now.checked_add(shift)
        };
        shifted.unwrap_or(now)
    }

    async fn read(
        &self,
        mut response: reqwest::Response,
        cleaner: Cleaner,
        reading: Reading,
    ) -> Result<Response, Failure> {
        let headers = response.headers();
        let text = |name: &str| {
            headers
                .get(name)
                .and_then(|value| value.to_str().ok())
                .map(str::to_owned)
        };
        let mut read = Response {
            status: response.status().as_u16(),
            body: Vec::new(),
            rows: Rows::default(),
            content_type: text("content-type"),
            request_id: text("x-acs-request-id"),
            retry_after: retry_after::read(headers, self.now()),
            date: text("date").and_then(|date| httpdate::parse_http_date(&date).ok()),
            cleaner,
            share: Share::default(),
        };
        let announced = response.content_length();
        let (list, most_kept) = (reading.list(), reading.kept());
        let most = list.map_or(most_kept as u64, |_| MAX_LIST);
        if let Some(bytes) = announced.filter(|bytes| *bytes > most) {
            return Err(too_large(most, &format!(": it has {bytes} bytes")));
        }
        let expected = announced.and_then(|bytes| usize::try_from(bytes).ok());
        let expected = expected.unwrap_or(most_kept).min(most_kept);
        read.share = self.budget.read(expected).await;
        let mut reader = list.map(|list| Reader::new(list, &read.cleaner, &self.budget));
        let mut arrived = 0;
        while let Some(chunk) = response
            .chunk()
            .await
            .map_err(|error| self.destination.lost(error, &read.cleaner))?
        {
            arrived += chunk.len() as u64;
            if arrived > most {
                return Err(too_large(most, ""));
            }
            let kept = match &mut reader {
                Some(reader) => match reader.feed(&chunk) {
                    Ok(kept) => kept,
                    // What is no JSON is described by whoever reads the rest.
                    Err(CutError::Malformed) => {
                        return Ok(Response {
                            body: Vec::new(),
                            ..read
                        });
                    }
                    Err(error) => return Err(Failure::Lost(error.to_string())),
                },
                None => {
                    read.body.extend_from_slice(&chunk);
                    read.body.len()
                }
            };
            if kept > most_kept {
                return Err(too_large(most_kept as u64, ", its list not counted"));
            }
        }
        if let Some((body, rows)) = reader.map(Reader::finish) {
            (read.body, read.rows) = (body, rows);
        }
        Ok(read)
    }
}

fn too_large(most: u64, more: &str) -> Failure {
    let most = most >> 20;
    Failure::Lost(format!("the answer is larger than {most} MiB{more}"))
}

#[cfg(test)]
mod tests;
