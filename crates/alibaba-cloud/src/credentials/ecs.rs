//! The metadata service of an instance, which has the credentials of its role.
//!
//! There are two ways to ask it. The newer one needs a token that is asked for first, so that a
//! forged request from somewhere else in the instance does not get credentials. The older one is
//! used where the newer one fails, unless the environment forbids it.

use std::time::Duration;

use reqwest::{Method, RequestBuilder};

use crate::openapi::{Address, Failure, Network, PlainClient, Response};
use base::environment::Environment;
use base::foreign_text::Cleaner;
use base::secret::Secret;

use super::answer::{self, Fetched};
use super::context::FetchContext;
use super::error::{CredentialsError, CredentialsErrorKind, Result};
use super::key_parts::{self, is_well_formed};
use super::source::EcsMetadata;
use super::variables::{
    ECS_METADATA_DISABLED, ECS_METADATA_ENDPOINT, ECS_ROLE_NAME, IMDSV1_DISABLED, is_true,
};

/// Where every instance finds the service.
const SERVER: &str = "http://100.100.100.200";

const TOKEN_PATH: &str = "/latest/api/token";
const ROLES_PATH: &str = "/latest/meta-data/ram/security-credentials/";
const TOKEN_HEADER: &str = "x-aliyun-ecs-metadata-token";
const LIFE_HEADER: &str = "x-aliyun-ecs-metadata-token-ttl-seconds";

/// How long a token is valid, in seconds. It is used at once and then forgotten.
const TOKEN_LIFE: &str = "60";

/// The service is next to the instance: it answers within milliseconds or not at all.
const TIMEOUT: Duration = Duration::from_secs(1);

/// A service on this machine stands for it in tests, on a machine that may be busy.
const TIMEOUT_OF_TESTS: Duration = Duration::from_secs(10);

/// The metadata service as a source. The role is this one, or else the one that the environment or
/// the service names. The error says why it cannot be used, in words that continue its name.
pub(crate) fn metadata(
    role_name: Option<&str>,
    environment: &Environment,
) -> Result<EcsMetadata, String> {
    if is_true(environment, ECS_METADATA_DISABLED) {
        return Err(format!(
            "cannot be used: {ECS_METADATA_DISABLED} forbids it"
        ));
    }
    let text = environment.get(ECS_METADATA_ENDPOINT);
    let server: Option<Address> = text.unwrap_or(SERVER).parse().ok();
    let server = server.filter(|server| text.is_none() || server.is_loopback());
    Ok(EcsMetadata {
        server: server.ok_or_else(|| {
            format!("cannot be used: {ECS_METADATA_ENDPOINT} is no URL of this machine")
        })?,
        role_name: role_name
            .or_else(|| Some(environment.first(ECS_ROLE_NAME)?.1))
            .map(|name| name.trim().to_owned())
            .filter(|name| !name.is_empty()),
        only_v2: is_true(environment, IMDSV1_DISABLED),
        last_resort: None,
    })
}

/// Why the service gave no credentials.
enum MetadataError {
    /// There is no such service here.
    Absent(String),
    /// It did not do what was asked. The text continues its name.
    Other(String),
}

/// Fetches the credentials of the instance's role.
///
/// Outside an instance this takes a second: nothing answers there.
pub(crate) async fn fetch(metadata: &EcsMetadata, context: &FetchContext) -> Result<Fetched> {
    let timeout = match metadata.server.is_loopback() {
        true => TIMEOUT_OF_TESTS,
        false => TIMEOUT,
    };
    // The metadata service belongs to the instance: no proxy leads to it.
    let network = Network {
        connect_timeout: timeout,
        read_timeout: timeout,
        user_agent: context.network.user_agent.clone(),
        ..Network::default()
    };
    let client = PlainClient::new(&metadata.server, &network);
    let service = &MetadataService {
        metadata,
        context,
        client: client.map_err(|failure| {
            let text = format!("No HTTP client could be made: {failure}.");
            CredentialsErrorKind::Unusable.error(text)
        })?,
    };
    let ask = || async move { service.ask().await.map_err(|error| service.failed(error)) };
    context.repeat(ask).await
}

struct MetadataService<'a> {
    metadata: &'a EcsMetadata,
    context: &'a FetchContext,
    client: PlainClient,
}

impl MetadataService<'_> {
    fn failed(&self, error: MetadataError) -> CredentialsError {
        if let Some(mut notes) = self.metadata.last_resort.clone() {
            if let MetadataError::Other(what) = error {
                notes.push(format!("The metadata service {what}."));
            }
            return key_parts::missing(&notes);
        }
        let what = match error {
            MetadataError::Absent(why) => {
                format!("cannot be reached: {why}. Only ECS instances have one")
            }
            MetadataError::Other(what) => what,
        };
        let text = format!("The metadata service at {} {what}.", self.metadata.server);
        CredentialsErrorKind::Unreachable.error(text).transient()
    }

    async fn ask(&self) -> Result<Fetched, MetadataError> {
        let with_token = async { self.credentials(Some(&self.token().await?)).await };
        match with_token.await {
            Err(MetadataError::Other(what)) if !self.metadata.only_v2 => {
                tracing::debug!("the metadata service {what}; asking it without a token");
                self.credentials(None).await
            }
            other => other,
        }
    }

    async fn token(&self) -> Result<Secret, MetadataError> {
        let address = self.metadata.server.with_path(TOKEN_PATH);
        let request = self.client.request(Method::PUT, &address);
        // reqwest leaves the length of an empty body out, which some proxies refuse.
        let request = request
            .header(LIFE_HEADER, TOKEN_LIFE)
            .header("content-length", "0");
        let response = self.send(request, "a token", "it issues none").await?;
        let text = std::str::from_utf8(&response.body).unwrap_or_default();
        match is_well_formed(text.trim()) {
            true => Ok(Secret::new(text.trim())),
            false => Err("returned something other than a token".into()),
        }
    }

    async fn credentials(&self, token: Option<&Secret>) -> Result<Fetched, MetadataError> {
        let get = async |address: &Address, what: &str, absent: &str| {
            let mut request = self.client.request(Method::GET, address);
            if let Some(token) = token {
                request = request.header(TOKEN_HEADER, token.expose());
            }
            self.send(request, what, absent).await
        };
        let roles = self.metadata.server.with_path(ROLES_PATH);
        let name = match &self.metadata.role_name {
            Some(name) => name.clone(),
            None => {
                let response = get(&roles, "the name of a role", "the instance has none").await?;
                role_name(&response.body)
                    .ok_or("returned something other than the name of a role")?
            }
        };
        let (role, absent) = (roles.with_segment(&name), "the instance has no such role");
        let response = get(&role, "the credentials of the role", absent).await?;
        let now = self.context.now(response.date);
        Ok(answer::read(&response.body, now)?)
    }

    /// Asks for `what`. If the service does not have it, `absent` says what that means.
    async fn send(
        &self,
        request: RequestBuilder,
        what: &str,
        absent: &str,
    ) -> Result<Response, MetadataError> {
        let problem = match self.client.send(request, &Cleaner::default()).await {
            Ok(response) => match response.status {
                200 => return Ok(response),
                404 => format!("does not have {what} (HTTP status 404): {absent}"),
                status => format!("refuses {what} with HTTP status {status}"),
            },
            Err(Failure::Unsent { text, .. }) => return Err(MetadataError::Absent(text)),
            Err(Failure::Lost(why)) => format!("gave no answer for {what}: {why}"),
        };
        Err(MetadataError::Other(problem))
    }
}

impl From<&str> for MetadataError {
    fn from(what: &str) -> Self {
        Self::Other(what.to_owned())
    }
}

/// The name of the instance's role, which is a text alone.
fn role_name(body: &[u8]) -> Option<String> {
    let text = std::str::from_utf8(body).ok()?.trim();
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.@".contains(&byte);
    let fits = (1..=64).contains(&text.len()) && text.bytes().all(plain);
    fits.then(|| text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_role_with_a_blank_name_is_the_one_that_the_service_names() {
        let environment = [(ECS_ROLE_NAME[0], " \n")].into_iter().collect();
        for name in [None, Some(" ")] {
            let metadata = metadata(name, &environment).expect("a service");
            assert_eq!(metadata.role_name, None);
        }
    }
}
