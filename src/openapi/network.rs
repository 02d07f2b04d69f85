//! How this machine reaches others: by which proxies, and which certificates it trusts.

use reqwest::{Client, ClientBuilder, Url};

use crate::environment::Environment;

use super::{InvalidProxy, Proxies, Trust, UnusablePlace};

/// The proxies and certificates of this machine, as the environment names them. The default is no
/// proxy, and the system's certificates.
#[derive(Clone, Debug, Default)]
pub struct Network {
    /// The proxies by which others are reached.
    pub proxies: Proxies,
    /// The certificates by which others are known.
    pub trust: Trust,
}

impl Network {
    /// Reads the variables. Places for certificates that cannot be used are told beside it, because
    /// the system's certificates may do.
    ///
    /// # Errors
    ///
    /// One for each variable that names no proxy.
    pub fn from_environment(
        environment: &Environment,
    ) -> Result<(Self, Vec<UnusablePlace>), Vec<InvalidProxy>> {
        let proxies = Proxies::from_environment(environment)?;
        let (trust, unusable) = Trust::from_environment(environment);
        Ok((Self { proxies, trust }, unusable))
    }

    /// A client that reaches `url`, and nothing else, as the environment says. This machine is
    /// always reached without a proxy.
    pub(super) fn client(&self, url: &Url) -> reqwest::Result<ClientBuilder> {
        // By itself the client would read the variables of the process, by rules of its own.
        let builder = self.trust.apply(Client::builder().no_proxy());
        Ok(match self.proxies.for_url(url) {
            Some(proxy) => builder.proxy(proxy.setting()?),
            None => builder,
        })
    }
}
