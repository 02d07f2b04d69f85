//! Unsigned HTTP requests to servers that provide credentials.
//!
//! Answers are small, timeouts are short, and no redirect is followed: it could lead a request,
//! which may hold a token, to another server.

use reqwest::{Method, RequestBuilder};
use zeroize::Zeroizing;

use base::foreign_text::Cleaner;

use super::failure::Destination;
use super::{Address, Endpoint, Failure, Network, Response, encoding};

/// The largest answer that is read. Credentials take some 2 KiB.
const MAX_BODY: usize = 64 << 10;

/// A client for requests to one server. It keeps no connection, because credentials are fetched
/// rarely.
#[derive(Clone, Debug)]
pub struct PlainClient {
    client: reqwest::Client,
    destination: Destination,
}

impl PlainClient {
    /// Makes a client for requests to `server`, in which the time limit for the answer begins when it
    /// is connected. Connects to nothing yet.
    ///
    /// # Errors
    ///
    /// If the system's certificates or the proxy for the server cannot be used.
    pub fn new(server: &Address, network: &Network) -> Result<Self, Failure> {
        let network = Network {
            read_timeout: network.connect_timeout + network.read_timeout,
            ..network.clone()
        };
        let (builder, destination) = network.client(server.url())?;
        let client = builder.pool_max_idle_per_host(0).build();
        let client = client.map_err(|error| destination.unusable(error))?;
        Ok(Self {
            client,
            destination,
        })
    }

    /// Begins a request to the server.
    pub fn request(&self, method: Method, address: &Address) -> RequestBuilder {
        let request = self.client.request(method, address.url().clone());
        request.header("accept", "application/json")
    }

    /// Begins a request to an API that requires no signature, with parameters in the query and in
    /// a form.
    pub fn post_form(
        &self,
        api: &Endpoint,
        query: &[(&str, &str)],
        form: &[(&str, &str)],
    ) -> RequestBuilder {
        let encode = |pairs: &[(&str, &str)]| encoding::query(pairs.iter().copied());
        let request = self.client.post(api.with_query(&encode(query)));
        request
            .header("accept", "application/json")
            .header("content-type", "application/x-www-form-urlencoded")
            .body(encode(form))
    }

    /// Sends the request once. `cleaner` knows the secrets of the request, which no error shows.
    ///
    /// # Errors
    ///
    /// If no complete answer arrives, or one of more than 64 KiB.
    pub async fn send(
        &self,
        request: RequestBuilder,
        cleaner: &Cleaner,
    ) -> Result<Response, Failure> {
        let response = request.send().await;
        let mut response = response.map_err(|error| self.destination.failure(error, cleaner))?;
        let date = response.headers().get("date");
        let date = date.and_then(|date| httpdate::parse_http_date(date.to_str().ok()?).ok());
        let mut body = Zeroizing::new(Vec::with_capacity(4 << 10));
        let lost = |error| self.destination.lost(error, cleaner);
        while let Some(chunk) = response.chunk().await.map_err(lost)? {
            if body.len() + chunk.len() > MAX_BODY {
                let text = "the answer is larger than 64 KiB".to_owned();
                return Err(Failure::Lost(text));
            }
            body.extend_from_slice(&chunk);
        }
        Ok(Response {
            status: response.status().as_u16(),
            body,
            date,
            cleaner: cleaner.clone(),
            ..Response::default()
        })
    }
}
