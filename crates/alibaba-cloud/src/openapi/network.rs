//! How this machine connects to servers: by which proxies, which certificates it trusts, and in what
//! time.

use std::net::SocketAddr;
use std::time::Duration;

use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use reqwest::redirect::Policy;
use reqwest::{Client, ClientBuilder};
use url::Url;

use base::dns;
use base::environment::Environment;
use base::foreign_text;

use super::failure::Destination;
use super::{Failure, Obstacle, Proxies, Trust};

/// How this machine connects to servers. The default is no proxy, the system's certificates, and no
/// time at all.
#[derive(Clone, Debug, Default)]
pub struct Network {
    /// The proxies for requests.
    pub proxies: Proxies,
    /// The certificates that are trusted.
    pub trust: Trust,
    /// The time limit until connected, TLS included.
    pub connect_timeout: Duration,
    /// The time limit from sending a request until its whole answer has arrived.
    pub read_timeout: Duration,
    /// The text of the header `User-Agent`.
    pub user_agent: String,
}

impl Network {
    /// Reads the variables for proxies and certificates. Returns an error text for each place with
    /// certificates that cannot be used: the system's certificates may be enough.
    pub fn from_environment(environment: &Environment) -> (Self, Vec<String>) {
        let (trust, unusable) = Trust::from_environment(environment);
        let network = Self {
            proxies: Proxies::from_environment(environment),
            trust,
            ..Self::default()
        };
        (network, unusable)
    }

    /// A client for requests to the server of `url` only, and the destination that describes its
    /// failures. It sends each request once. Requests to this machine never use a proxy.
    pub(crate) fn client(&self, url: &Url) -> Result<(ClientBuilder, Destination), Failure> {
        let address = host_and_port(url);
        let proxy = self.proxies.for_url(url).map_err(|invalid| {
            let text = format!("no connection to {address}: the {invalid}");
            Failure::Unsent {
                obstacle: Obstacle::Proxy,
                text,
            }
        })?;
        let destination = Destination {
            proxy: proxy.cloned(),
            address,
            connect_timeout: self.connect_timeout,
            read_timeout: self.read_timeout,
        };
        // By itself the client would read the variables of the process, by rules of its own.
        let mut builder = self.trust.apply(Client::builder().no_proxy());
        if let Some(proxy) = &destination.proxy {
            let setting = proxy.setting();
            builder = builder.proxy(setting.map_err(|error| destination.unusable(error))?);
        }
        let builder = builder
            .redirect(Policy::none())
            .retry(reqwest::retry::never())
            .connect_timeout(self.connect_timeout)
            .timeout(self.read_timeout)
            .user_agent(&self.user_agent)
            .dns_resolver(Resolver);
        Ok((builder, destination))
    }
}

/// Looks up the names of hosts and proxies.
struct Resolver;

impl Resolve for Resolver {
    fn resolve(&self, name: Name) -> Resolving {
        Box::pin(async move {
            let found = dns::addresses(name.as_str()).await?;
            let addresses = found.into_iter().map(|address| SocketAddr::new(address, 0));
            Ok(Box::new(addresses) as Addrs)
        })
    }
}

/// Host and port of a URL, as errors show them: a URL may have a host of any length.
fn host_and_port(url: &Url) -> String {
    let name = url.host_str().unwrap_or_default();
    let port = url.port_or_known_default().unwrap_or_default();
    format!("{}:{port}", foreign_text::line(name))
}
