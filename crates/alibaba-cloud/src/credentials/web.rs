//! Servers that provide credentials by one request: an address that is configured, and CloudSSO.

use std::time::SystemTime;

use reqwest::{Method, RequestBuilder};
use zeroize::Zeroizing;

use crate::openapi::{Address, PlainClient};
use base::foreign_text::Cleaner;

use super::answer::{self, Fetched};
use super::context::FetchContext;
use super::error::{CredentialsError, CredentialsErrorKind, Result};
use super::source::CloudSso;

/// Fetches credentials from an address.
pub(crate) async fn fetch_uri(address: &Address, context: &FetchContext) -> Result<Fetched> {
    let server = KeyServer {
        address,
        name: format!("The credentials URI at {address}"),
        advice: String::new(),
        cleaner: Cleaner::default(),
        read: answer::read,
    };
    let request = |client: &PlainClient| client.request(Method::GET, address);
    server.ask(request, context).await
}

/// Exchanges a login with CloudSSO for credentials.
pub(crate) async fn fetch_cloud_sso(login: &CloudSso, context: &FetchContext) -> Result<Fetched> {
    let advice = &login.advice;
    if login.ends <= context.now(None) {
        let text = format!("The login with CloudSSO has ended; {advice}.");
        return Err(CredentialsErrorKind::Unusable.error(text));
    }
    let server = KeyServer {
        address: &login.server,
        name: format!("CloudSSO at {}", login.server),
        advice: format!(" If the login has ended, {advice}."),
        cleaner: Cleaner::new([login.access_token.expose()]),
        read: answer::read_session,
    };
    let body = serde_json::json!({
        "AccountId": login.account_id,
        "AccessConfigurationId": login.access_configuration,
    });
    let bearer = Zeroizing::new(format!("Bearer {}", login.access_token.expose()));
    let request = |client: &PlainClient| {
        let request = client.request(Method::POST, &login.server);
        request
            .header("authorization", bearer.as_str())
            .header("content-type", "application/json")
            .body(body.to_string())
    };
    server.ask(request, context).await
}

/// A server, and how its answers are read.
struct KeyServer<'a> {
    address: &'a Address,
    name: String,
    /// What to do about a refusal.
    advice: String,
    /// Knows the secrets of the request.
    cleaner: Cleaner,
    /// Reads an answer. The error continues the name of the server.
    read: fn(&[u8], SystemTime) -> Result<Fetched, &'static str>,
}

impl KeyServer<'_> {
    /// Sends a request, a few times if it has to be, and reads the answer.
    async fn ask(
        &self,
        request: impl Fn(&PlainClient) -> RequestBuilder,
        context: &FetchContext,
    ) -> Result<Fetched> {
        let client = PlainClient::new(self.address, &context.network).map_err(|failure| {
            let text = format!("{} cannot be asked: {failure}.", self.name);
            CredentialsErrorKind::Unusable.error(text)
        })?;
        let error =
            |kind: CredentialsErrorKind, what: &str| kind.error(format!("{} {what}", self.name));
        let attempt = || async {
            let response = client.send(request(&client), &self.cleaner).await;
            let response = response.map_err(|failure| {
                CredentialsError::unanswered(&self.name, &failure, "").transient()
            })?;
            let status = response.status;
            if status >= 500 {
                let what = format!("failed with HTTP status {status}.");
                return Err(error(CredentialsErrorKind::Unreachable, &what).transient());
            }
            if status != 200 {
                let what = format!("refused with HTTP status {status}.{}", self.advice);
                return Err(error(CredentialsErrorKind::Refused, &what));
            }
            let read = (self.read)(&response.body, context.now(response.date));
            let unusable = |what| error(CredentialsErrorKind::Unreachable, &format!("{what}."));
            read.map_err(unusable)
        };
        context.repeat(attempt).await
    }
}
