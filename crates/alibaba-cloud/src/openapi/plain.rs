//! One HTTP request that is not signed, for whatever gives credentials and is no API.
//!
//! Answers are small, times are short, and no redirect is followed: it could lead the request,
//! which may hold a token, to somebody else.

use std::time::{Duration, SystemTime};

use reqwest::Method;
use zeroize::Zeroizing;

use base::foreign_text::Cleaner;

use super::address::Address;
use super::failure::Destination;
use super::{Endpoint, Failure, Network, encoding};

/// Answers with credentials take some 2 KiB.
const MOST: usize = 64 << 10;

/// A client for such requests. It keeps no connection, because credentials are fetched rarely.
#[derive(Clone, Debug)]
pub struct PlainClient {
    client: reqwest::Client,
    destination: Destination,
}

/// How such requests are made.
#[derive(Clone, Debug)]
pub struct PlainSettings {
    /// How long until connected, TLS included.
    pub connect_timeout: Duration,
    /// How long from sending until the whole answer is there.
    pub read_timeout: Duration,
    /// The text of the header `User-Agent`.
    pub user_agent: String,
    /// By which proxies others are reached, and which certificates are trusted.
    pub network: Network,
}

/// A request. It is sent once. It cannot be printed, because its headers may hold a token.
pub struct Plain<'a> {
    method: Method,
    url: reqwest::Url,
    headers: Vec<(&'static str, &'a str)>,
    body: Option<(&'static str, Zeroizing<String>)>,
    /// Knows the secrets of the request.
    cleaner: Cleaner,
}

/// An answer to such a request.
#[derive(Clone, Debug)]
pub struct PlainResponse {
    /// The status code of HTTP.
    pub status: u16,
    /// The whole body, which holds credentials.
    pub body: Zeroizing<Vec<u8>>,
    /// What time it is at the other end.
    pub date: Option<SystemTime>,
}

impl<'a> Plain<'a> {
    /// A request that fetches something.
    pub fn get(address: &Address) -> Self {
        Self::new(Method::GET, address)
    }

    /// A request that makes something, without a body.
    pub fn put(address: &Address) -> Self {
        Self::new(Method::PUT, address)
    }

    /// A request with a body in JSON.
    pub fn post_json(address: &Address, body: String) -> Self {
        let body = Some(("application/json", Zeroizing::new(body)));
        Self {
            body,
            ..Self::new(Method::POST, address)
        }
    }

    /// A request to an API that wants no signature, with these parameters in its query and these in
    /// a form.
    pub fn post_form(endpoint: &Endpoint, query: &[(&str, &str)], form: &[(&str, &str)]) -> Self {
        let text = |pairs: &[(&str, &str)]| encoding::query(pairs.iter().copied());
        let form = Zeroizing::new(text(form));
        Self {
            method: Method::POST,
            url: endpoint.with_query(&text(query)),
            headers: Vec::new(),
            body: Some(("application/x-www-form-urlencoded", form)),
            cleaner: Cleaner::default(),
        }
    }

    fn new(method: Method, address: &Address) -> Self {
        Self {
            method,
            url: address.url(),
            headers: Vec::new(),
            body: None,
            cleaner: Cleaner::default(),
        }
    }

    /// Adds a header to the request.
    #[must_use]
    pub fn header(mut self, name: &'static str, value: &'a str) -> Self {
        self.headers.push((name, value));
        self
    }

    /// Says what no error may show.
    #[must_use]
    pub fn secrets(mut self, cleaner: Cleaner) -> Self {
        self.cleaner = cleaner;
        self
    }
}

impl PlainClient {
    /// Makes a client for requests to one server. Connects to nothing yet.
    ///
    /// # Errors
    ///
    /// If the system's certificates cannot be used.
    pub fn for_server(server: &Address, settings: &PlainSettings) -> Result<Self, Failure> {
        Self::new(&server.url(), settings)
    }

    /// Makes a client for requests to an API that wants no signature. Connects to nothing yet.
    ///
    /// # Errors
    ///
    /// If the system's certificates cannot be used.
    pub fn for_api(api: &Endpoint, settings: &PlainSettings) -> Result<Self, Failure> {
        Self::new(api.url(), settings)
    }

    fn new(url: &reqwest::Url, settings: &PlainSettings) -> Result<Self, Failure> {
        let connect_timeout = settings.connect_timeout;
        let (builder, destination) = settings.network.client(
            url,
            [connect_timeout, connect_timeout + settings.read_timeout],
            &settings.user_agent,
        )?;
        let client = builder.pool_max_idle_per_host(0).build();
        let client = client.map_err(|error| destination.unusable(error))?;
        Ok(Self {
            client,
            destination,
        })
    }

    /// Sends the request once.
    ///
    /// # Errors
    ///
    /// If no whole answer comes, or one of more than 64 KiB.
    pub async fn send(&self, plain: Plain<'_>) -> Result<PlainResponse, Failure> {
        let mut request = self.client.request(plain.method, plain.url);
        request = request.header("accept", "application/json");
        for (name, value) in plain.headers {
            request = request.header(name, value);
        }
        request = match plain.body {
            Some((kind, body)) => request
                .header("content-type", kind)
                .body(body.as_bytes().to_vec()),
            None => request.header("content-length", "0"),
        };
        let cleaner = plain.cleaner;
        let response = request.send().await;
        let mut response = response.map_err(|error| self.destination.failure(error, &cleaner))?;
        let date = response.headers().get("date");
        let date = date.and_then(|date| httpdate::parse_http_date(date.to_str().ok()?).ok());
        let mut read = PlainResponse {
            status: response.status().as_u16(),
            body: Zeroizing::new(Vec::with_capacity(4 << 10)),
            date,
        };
        while let Some(chunk) = response
            .chunk()
            .await
            .map_err(|error| self.destination.lost(error, &cleaner))?
        {
            if read.body.len() + chunk.len() > MOST {
                let text = "the answer is larger than 64 KiB".to_owned();
                return Err(Failure::Lost(text));
            }
            read.body.extend_from_slice(&chunk);
        }
        Ok(read)
    }
}
