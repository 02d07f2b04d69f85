//! The proxy by which this machine reaches others, as the environment names it.
//!
//! The variables are those of curl and of Terraform itself: `HTTPS_PROXY` for addresses with
//! `https`, `ALL_PROXY` where that is not set, and `NO_PROXY` for hosts that are reached without a
//! proxy, each in upper or lower case. This machine itself is always reached without one.

use std::fmt;

use hyper_util::client::proxy::matcher::Matcher;
use reqwest::Url;

use crate::environment::Environment;
use crate::foreign_text;
use crate::secret::Secret;

use super::endpoint::is_loopback;

/// The variables whose proxy is used for the API, which has `https`.
const USED: &[&str] = &["HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"];

/// All variables that name a proxy. `HTTP_PROXY` is for addresses with plain `http`, of which the
/// provider has none but on this machine.
const ALL: &[&str] = &[
    "HTTPS_PROXY",
    "https_proxy",
    "HTTP_PROXY",
    "http_proxy",
    "ALL_PROXY",
    "all_proxy",
];

/// The variables for the hosts that are reached without a proxy.
const EXCEPTIONS: &[&str] = &["NO_PROXY", "no_proxy"];

/// The ways to talk to a proxy that are supported.
const SCHEMES: &[&str] = &["http", "https", "socks4", "socks4a", "socks5", "socks5h"];

/// The port of a SOCKS proxy that is named without one.
const SOCKS_PORT: u16 = 1080;

/// The proxy and its exceptions. The default is none at all.
#[derive(Clone, Debug, Default)]
pub struct Proxies {
    proxy: Option<Proxy>,
    exceptions: String,
}

/// A proxy that a variable names.
#[derive(Clone)]
pub struct Proxy {
    /// The address, which may hold a user name and a password.
    url: Secret,
    /// Host and port, as errors show them.
    address: String,
    variable: &'static str,
}

/// The error for a variable that names no proxy. Its content may hold a password, so the error only
/// names the variable.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "environment variable {variable} is not usable: expected the address of a proxy, such as \
     http://proxy.example.com:3128, with nothing behind the port. The schemes are {}. Write \
     special characters of a user name or a password percent-encoded, such as %40 for @ and %23 \
     for #",
    SCHEMES.join(", ")
)]
pub struct InvalidProxy {
    /// The name of the variable.
    pub variable: &'static str,
}

impl Proxies {
    /// Reads the variables.
    ///
    /// # Errors
    ///
    /// One for each variable that names no proxy, whether it would be used or not: whoever set it
    /// wants requests to go by a proxy, so none goes past it.
    pub fn from_environment(environment: &Environment) -> Result<Self, Vec<InvalidProxy>> {
        let mut wrong = Vec::new();
        let mut proxies = Vec::new();
        for variable in ALL {
            let Some(text) = environment.get(variable) else {
                continue;
            };
            match Proxy::parse(variable, text) {
                Some(proxy) => proxies.push(proxy),
                None => wrong.push(InvalidProxy { variable }),
            }
        }
        if !wrong.is_empty() {
            return Err(wrong);
        }
        let used = environment.first(USED).map(|(variable, _)| variable);
        let exceptions = environment.first(EXCEPTIONS);
        Ok(Self {
            proxy: proxies
                .into_iter()
                .find(|proxy| Some(proxy.variable) == used),
            exceptions: exceptions.map_or_else(String::new, |(_, hosts)| hosts.to_owned()),
        })
    }

    /// The proxy by which `url` is reached, if there is one. This machine is reached without.
    pub(super) fn for_url(&self, url: &Url) -> Option<&Proxy> {
        let proxy = self.proxy.as_ref().filter(|_| !is_loopback(url))?;
        let port = url.port_or_known_default();
        let matcher = Matcher::builder()
            .all(proxy.url.expose().to_owned())
            .no(exceptions(&self.exceptions, port))
            .build();
        let destination = url.as_str().parse().ok()?;
        matcher.intercept(&destination).map(|_| proxy)
    }
}

impl Proxy {
    fn parse(variable: &'static str, text: &str) -> Option<Self> {
        let with_scheme = match text.contains("://") {
            true => text.to_owned(),
            false => format!("http://{text}"),
        };
        let url = Url::parse(&with_scheme).ok()?;
        let host = url.host_str().filter(|host| !host.is_empty())?;
        let bare = matches!(url.path(), "" | "/") && url.query().is_none();
        if !SCHEMES.contains(&url.scheme()) || !bare || url.fragment().is_some() {
            return None;
        }
        let port = url.port_or_known_default().unwrap_or(SOCKS_PORT);
        let proxy = Self {
            address: format!("{}:{port}", foreign_text::line(host)),
            url: Secret::new(url.as_str()),
            variable,
        };
        // What the client would not take for a proxy, it would silently go past.
        let matcher = Matcher::builder().all(url.as_str()).build();
        let anywhere = "https://example.com".parse().ok()?;
        let is_used = matcher.intercept(&anywhere).is_some() && proxy.setting().is_ok();
        is_used.then_some(proxy)
    }

    /// The setting of a client that reaches everything by this proxy.
    pub(super) fn setting(&self) -> reqwest::Result<reqwest::Proxy> {
        reqwest::Proxy::all(self.url.expose())
    }
}

/// Shows host, port and variable, and never a user name or a password.
impl fmt::Display for Proxy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({})", self.address, self.variable)
    }
}

impl fmt::Debug for Proxy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Proxy({self})")
    }
}

/// The exceptions that concern a port, in the form that the matcher takes.
///
/// It knows names, which stand for their subdomains too, addresses, networks and `*`. Terraform
/// also takes `*.example.com`, and `example.com:443` for one port alone.
fn exceptions(list: &str, port: Option<u16>) -> String {
    let entries = list.split(|c: char| c == ',' || c.is_whitespace());
    let entries = entries.filter_map(|entry| {
        let entry = match entry.rsplit_once(':') {
            Some((host, digits)) if !host.contains(':') => match digits.parse::<u16>() {
                Ok(of) if Some(of) == port => host,
                _ => return None,
            },
            _ => entry,
        };
        Some(match entry.strip_prefix("*.") {
            Some(domain) => format!(".{domain}"),
            None => entry.to_owned(),
        })
    });
    entries.collect::<Vec<_>>().join(",")
}

#[cfg(test)]
mod tests {
    use super::*;

    const API: &str = "https://cams.ap-southeast-1.aliyuncs.com";

    fn proxy_for(url: &str, variables: &[(&str, &str)]) -> Option<String> {
        let environment = variables.iter().copied().collect();
        let proxies = Proxies::from_environment(&environment).expect("proxies");
        let url = Url::parse(url).expect("a URL");
        proxies.for_url(&url).map(ToString::to_string)
    }

    #[test]
    fn the_proxy_for_https_goes_before_that_for_all() {
        let used = |variables: &[(&str, &str)]| proxy_for(API, variables);
        assert_eq!(used(&[]), None);
        assert_eq!(used(&[("HTTP_PROXY", "http://p:1")]), None);
        for (variable, text, shown) in [
            ("HTTPS_PROXY", "http://p:1", "p:1 (HTTPS_PROXY)"),
            ("https_proxy", "p:1", "p:1 (https_proxy)"),
            ("ALL_PROXY", "https://p", "p:443 (ALL_PROXY)"),
            ("all_proxy", "socks5h://p", "p:1080 (all_proxy)"),
            ("HTTPS_PROXY", "http://u:s3cr3t@p/", "p:80 (HTTPS_PROXY)"),
            (
                "HTTPS_PROXY",
                "u:s3cr3t%40@[::1]:3128",
                "[::1]:3128 (HTTPS_PROXY)",
            ),
        ] {
            assert_eq!(used(&[(variable, text)]).as_deref(), Some(shown), "{text}");
        }
        let both = [("all_proxy", "a:1"), ("https_proxy", "h:1")];
        assert_eq!(used(&both).as_deref(), Some("h:1 (https_proxy)"));
    }

    #[test]
    fn exceptions_are_hosts_domains_networks_and_ports() {
        let proxied = |url: &str, exceptions: &str| {
            let variables = [("HTTPS_PROXY", "p:1"), ("no_proxy", exceptions)];
            proxy_for(url, &variables).is_some()
        };
        for exceptions in [
            "*",
            "cams.ap-southeast-1.aliyuncs.com",
            "aliyuncs.com",
            ".aliyuncs.com",
            "*.aliyuncs.com",
            "example.com, aliyuncs.com",
            "example.com aliyuncs.com",
            "aliyuncs.com:443",
        ] {
            assert!(!proxied(API, exceptions), "{exceptions}");
        }
        for exceptions in [
            "",
            "example.com",
            "yuncs.com",
            "aliyuncs.com:80",
            "10.0.0.0/8",
        ] {
            assert!(proxied(API, exceptions), "{exceptions}");
        }
        assert!(!proxied("https://10.1.2.3", "10.0.0.0/8"));
        for here in ["https://127.0.0.1:1", "http://localhost", "https://[::1]"] {
            assert!(!proxied(here, ""), "{here}");
        }
        assert!(!proxied("https://[fd00::1]:8443", "fd00::1"));
    }

    #[test]
    fn what_names_no_proxy_is_refused_without_showing_it() {
        for variable in ALL {
            for text in [
                "ftp://u:s3cr3t@p:1",
                "http://",
                "http:/u:s3cr3t@p:1",
                "http://u:s3cr#t@p:1",
                "http://u:s3cr3t@p:99999",
                "http://p:1/proxy.pac?s3cr3t",
                "s3cr3t p",
                "socks5://",
            ] {
                let environment = [(*variable, text)].into_iter().collect();
                let wrong = Proxies::from_environment(&environment).expect_err(text);
                let said = wrong.iter().map(ToString::to_string).collect::<String>();
                assert!(said.contains(variable) && !said.contains("s3cr"), "{said}");
            }
        }
    }

    #[test]
    fn no_format_shows_a_password() {
        let environment = [("HTTPS_PROXY", "http://user:s3cr3t@p:1")]
            .into_iter()
            .collect();
        let proxies = Proxies::from_environment(&environment).expect("a proxy");
        let shown = format!("{proxies:?}");
        assert!(
            !shown.contains("s3cr3t") && !shown.contains("user"),
            "{shown}"
        );
    }
}
