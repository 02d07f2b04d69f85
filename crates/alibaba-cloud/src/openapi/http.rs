//! One HTTP attempt: signed, sent once, and read whole.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::Instant;
use tower_layer::layer_fn;
use zeroize::Zeroizing;

use base::clock::{Clock, Utc};
use base::foreign_text::Cleaner;
use base::random::Random;

use super::clock::ServiceClock;
use super::departure::{self, Noticing};
use super::failure::Destination;
use super::signature::{self, Signed, Unsigned};
use super::{Endpoint, Failure, Network, SignatureMethod, SigningKey, retry_after};

/// The longest answer that is not a list, in bytes: the documented ones are far shorter.
pub const MAX_ANSWER: usize = 1 << 20;

/// How many answers are read at once, each of up to [`MAX_ANSWER`]. Longer ones are read one at a
/// time. So no server makes this program take more than some 200 MiB.
const READ_AT_ONCE: usize = 32;

/// How long a connection is kept that nothing is sent on.
///
/// A request on a connection that the service is just closing may be lost, and then it is unknown
/// whether it was processed. So the client closes an idle connection before the service does.
/// Alibaba Cloud's load balancers do after 15 seconds, unless they are set up otherwise.
const IDLE_LIMIT: Duration = Duration::from_secs(10);

/// How requests are made.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The address that requests go to.
    pub endpoint: Endpoint,
    /// The method by which requests are signed.
    pub signature_method: SignatureMethod,
    /// How this machine connects to it.
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
    /// What no text of the answer may show, besides the key.
    pub secrets: &'a [&'a str],
    /// How many bytes of an answer are read at most.
    pub max_answer: usize,
}

/// An HTTP client that sends each request once, and never anywhere else than to its endpoint.
#[derive(Debug)]
pub struct Http {
    client: reqwest::Client,
    destination: Destination,
    settings: Settings,
    clock: ServiceClock,
    random: Random,
    short: Arc<Semaphore>,
    long: Arc<Semaphore>,
}

/// An answer, whatever it says.
#[derive(Debug, Default)]
pub struct Response {
    /// The status code of HTTP.
    pub status: u16,
    /// The whole body, which may hold credentials.
    pub body: Zeroizing<Vec<u8>>,
    /// The type of the body.
    pub content_type: Option<String>,
    /// From the header, for answers whose body has none.
    pub request_id: Option<String>,
    /// For how long the service asks to send nothing.
    pub retry_after: Option<Duration>,
    /// What time it is at the service.
    pub date: Option<SystemTime>,
    /// Takes the secrets of the request out of every text of the answer.
    pub cleaner: Cleaner,
    /// The right to keep the body in memory.
    pub permits: Vec<OwnedSemaphorePermit>,
}

impl Http {
    /// Makes a client. Connects to nothing yet.
    ///
    /// # Errors
    ///
    /// If the proxy or the certificates of this machine cannot be used.
    pub fn new(settings: Settings, clock: Clock, random: Random) -> Result<Self, Failure> {
        Self::with(settings, clock, random, |builder| builder)
    }

    fn with(
        settings: Settings,
        clock: Clock,
        random: Random,
        adjust: impl FnOnce(reqwest::ClientBuilder) -> reqwest::ClientBuilder,
    ) -> Result<Self, Failure> {
        let (builder, destination) = settings.network.client(settings.endpoint.url())?;
        let builder = builder
            .connector_layer(layer_fn(Noticing))
            .pool_idle_timeout(IDLE_LIMIT);
        let client = adjust(builder).build();
        let client = client.map_err(|error| destination.unusable(error))?;
        Ok(Self {
            client,
            destination,
            settings,
            clock: ServiceClock::new(clock),
            random,
            short: Arc::new(Semaphore::new(READ_AT_ONCE)),
            long: Arc::new(Semaphore::new(1)),
        })
    }

    /// Makes one request, signed by `key`, with a nonce and a date of its own. `on_departure` is
    /// called when the request leaves on a connection that was there already; on a new one, no
    /// sooner than its answer shows that it arrived.
    ///
    /// # Errors
    ///
    /// If no whole answer came. The error says whether the request may have had an effect.
    pub async fn attempt(
        &self,
        key: &SigningKey,
        request: Request<'_>,
        on_departure: impl Fn() + Send + Sync + 'static,
    ) -> Result<Response, Failure> {
        let started = Instant::now();
        let signed = self.sign(key, &request);
        let url = self.settings.endpoint.with_query(&signed.query);
        let mut post = self.client.post(url);
        for (name, value) in signed.headers {
            post = post.header(name, value.as_str());
        }
        let post = post
            .header("accept", "application/json")
            .header("content-length", "0");
        let secrets = request.secrets.iter().copied();
        let secrets = secrets.chain([signed.signature.expose()]);
        let cleaner = secrets.fold(key.cleaner().clone(), |cleaner, secret| {
            cleaner.with(secret)
        });
        let response = departure::noticing(on_departure, |body| post.body(body).send()).await;
        let response = response.map_err(|error| self.destination.failure(error, &cleaner))?;
        let response = self.read(response, cleaner, request.max_answer).await?;
        if let Some(date) = response.date {
            self.clock.observe(date, started.elapsed());
        }
        Ok(response)
    }

    /// Signs one attempt, with a nonce and a date of its own. Public for the benchmark that counts
    /// its instructions.
    #[doc(hidden)]
    pub fn sign(&self, key: &SigningKey, request: &Request<'_>) -> Signed {
        let (date, nonce) = (Utc::from(self.clock.now()).seconds(), self.random.nonce());
        signature::sign(
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
        )
    }

    /// The service's clock, as the answers show it.
    pub fn clock(&self) -> &ServiceClock {
        &self.clock
    }

    async fn read(
        &self,
        mut response: reqwest::Response,
        cleaner: Cleaner,
        max_answer: usize,
    ) -> Result<Response, Failure> {
        let headers = response.headers();
        let text = |name: &str| {
            let value = headers.get(name)?.to_str().ok()?;
            Some(value.to_owned())
        };
        let mut read = Response {
            status: response.status().as_u16(),
            content_type: text("content-type"),
            request_id: text("x-acs-request-id"),
            retry_after: retry_after::read(headers, self.clock.now()),
            date: text("date").and_then(|date| httpdate::parse_http_date(&date).ok()),
            cleaner,
            ..Response::default()
        };
        let announced = response.content_length();
        if let Some(bytes) = announced.filter(|bytes| *bytes > max_answer as u64) {
            return Err(too_large(max_answer, &format!(": it has {bytes} bytes")));
        }
        read.permits.extend(permit(&self.short).await);
        let lost = |error| self.destination.lost(error, &read.cleaner);
        while let Some(chunk) = response.chunk().await.map_err(lost)? {
            let size = read.body.len() + chunk.len();
            if size > max_answer {
                return Err(too_large(max_answer, ""));
            }
            if size > MAX_ANSWER && read.permits.len() == 1 {
                read.permits.extend(permit(&self.long).await);
            }
            read.body.extend_from_slice(&chunk);
        }
        Ok(read)
    }
}

/// Waits for a permit. The semaphores are never closed, so there always is one.
async fn permit(semaphore: &Arc<Semaphore>) -> Option<OwnedSemaphorePermit> {
    Arc::clone(semaphore).acquire_owned().await.ok()
}

fn too_large(most: usize, more: &str) -> Failure {
    let text = format!("the answer is larger than {} MiB{more}", most >> 20);
    Failure::Lost(text)
}

#[cfg(test)]
mod tests;
