//! The proxy for a request, as the environment names it.
//!
//! The variables are those of curl and of Terraform itself: `HTTPS_PROXY` for addresses with
//! `https`, `ALL_PROXY` where that is not set, and `NO_PROXY` for hosts that are reached without a
//! proxy, each in upper or lower case. Requests by plain `http` use no proxy: they go to this
//! machine itself, and to addresses of a private network that provide credentials.
//!
//! A variable that names no proxy matters only to a request that would use it. Such a request is
//! not sent: the user wants it to go by a proxy.
//!
//! This file is longer than 300 lines because its tests have every form of the variables.

use std::fmt;

use hyper_util::client::proxy::matcher::Matcher;
use url::Url;

use base::environment::Environment;
use base::foreign_text;
use base::secret::Secret;

use super::Endpoint;
use super::endpoint::{absolute, is_loopback};

/// The variables that name the proxy for addresses with `https`. The first one that is set counts.
const VARIABLES: &[&str] = &["HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"];

/// The variables for the hosts that are reached without a proxy.
const EXCEPTIONS: &[&str] = &["NO_PROXY", "no_proxy"];

/// The ways to talk to a proxy that are supported.
const SCHEMES: &[&str] = &[
    "http", "https", "socks", "socks4", "socks4a", "socks5", "socks5h",
];

/// What `socks` without a version means. GNOME writes it into `all_proxy` for a proxy of any
/// version; GLib, which reads it for GNOME, tries version 5 first and lets the proxy resolve names.
/// curl takes it for version 4, which current proxies (such as that of `ssh -D`) support as well as
/// version 5.
const SOCKS: &str = "socks5h";

/// The port of a SOCKS proxy that is named without one.
const SOCKS_PORT: u16 = 1080;

/// The proxy and its exceptions. The default is none at all.
#[derive(Clone, Debug, Default)]
pub struct Proxies {
    proxy: Option<Result<Proxy, InvalidProxy>>,
    exceptions: String,
}

/// A proxy that a variable names.
#[derive(Clone, Debug)]
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
     http://proxy.example.com:3128, with nothing after the port. The schemes are {}. Write \
     special characters of a user name or a password percent-encoded, such as %40 for @ and %23 \
     for #",
    SCHEMES.join(", ")
)]
pub struct InvalidProxy {
    /// The name of the variable.
    pub variable: &'static str,
}

impl Proxies {
    /// Reads the variables. The error for one that names no proxy is kept for the requests that
    /// would use it.
    pub fn from_environment(environment: &Environment) -> Self {
        let proxy = environment.first(VARIABLES);
        let exceptions = environment.first(EXCEPTIONS);
        Self {
            proxy: proxy.map(|(variable, text)| {
                Proxy::parse(variable, text).ok_or(InvalidProxy { variable })
            }),
            exceptions: exceptions.map_or_else(String::new, |(_, hosts)| hosts.to_owned()),
        }
    }

    /// Whether requests to this API can leave, before any is made.
    ///
    /// # Errors
    ///
    /// If they would go by a proxy, and the variable names none.
    pub fn check(&self, api: &Endpoint) -> Result<(), InvalidProxy> {
        self.for_url(api.url()).map(|_| ())
    }

    /// The proxy by which `url` is reached, if there is one.
    pub(crate) fn for_url(&self, url: &Url) -> Result<Option<&Proxy>, InvalidProxy> {
        let Some(proxy) = &self.proxy else {
            return Ok(None);
        };
        if url.scheme() != "https" || is_loopback(url) {
            return Ok(None);
        }
        // Only the exceptions are of interest, and any proxy will do for that.
        let matcher = Matcher::builder()
            .all("http://localhost")
            .no(exceptions(&self.exceptions, url.port_or_known_default()))
            .build();
        let is_excepted = |destination| matcher.intercept(&destination).is_none();
        if url.as_str().parse().is_ok_and(is_excepted) {
            return Ok(None);
        }
        proxy.as_ref().map(Some).map_err(|invalid| *invalid)
    }
}

impl Proxy {
    fn parse(variable: &'static str, text: &str) -> Option<Self> {
        let mut url = absolute(text, "http")?;
        let bare = matches!(url.path(), "" | "/") && url.query().is_none();
        if !SCHEMES.contains(&url.scheme()) || !bare || url.fragment().is_some() {
            return None;
        }
        if url.scheme() == "socks" {
            url.set_scheme(SOCKS).ok()?;
        }
        let host = url.host_str()?;
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

    /// The setting of a client that uses this proxy for all requests.
    pub(crate) fn setting(&self) -> reqwest::Result<reqwest::Proxy> {
        reqwest::Proxy::all(self.url.expose())
    }
}

/// Shows host, port and variable, and never a user name or a password.
impl fmt::Display for Proxy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({})", self.address, self.variable)
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

    fn proxies(variables: &[(&str, &str)]) -> Proxies {
        Proxies::from_environment(&variables.iter().copied().collect())
    }

    /// The proxy for a URL as errors show it, or the variable that names none.
    fn proxy_for(url: &str, variables: &[(&str, &str)]) -> Result<Option<String>, &'static str> {
        let (proxies, url) = (proxies(variables), Url::parse(url).expect("a URL"));
        let proxy = proxies.for_url(&url).map_err(|invalid| invalid.variable)?;
        Ok(proxy.map(ToString::to_string))
    }

    #[test]
    fn the_proxy_for_https_goes_before_that_for_all() {
        let used = |variables: &[(&str, &str)]| proxy_for(API, variables);
        let by = |shown: &str| Ok(Some(shown.to_owned()));
        assert_eq!(used(&[]), Ok(None));
        assert_eq!(used(&[("HTTP_PROXY", "http://p:1")]), Ok(None));
        for (variable, text, shown) in [
            ("HTTPS_PROXY", "http://p:1", "p:1 (HTTPS_PROXY)"),
            ("https_proxy", "p:1", "p:1 (https_proxy)"),
            ("https_proxy", " p:1\n", "p:1 (https_proxy)"),
            ("ALL_PROXY", "https://p", "p:443 (ALL_PROXY)"),
            ("all_proxy", "socks5h://p", "p:1080 (all_proxy)"),
            ("all_proxy", "socks://p", "p:1080 (all_proxy)"),
            (
                "all_proxy",
                "SOCKS://127.0.0.1:7891/",
                "127.0.0.1:7891 (all_proxy)",
            ),
            ("HTTPS_PROXY", "http://u:s3cr3t@p/", "p:80 (HTTPS_PROXY)"),
            (
                "HTTPS_PROXY",
                "u:s3cr3t%40@[::1]:3128",
                "[::1]:3128 (HTTPS_PROXY)",
            ),
        ] {
            assert_eq!(used(&[(variable, text)]), by(shown), "{text}");
        }
        let both = [("all_proxy", "a:1"), ("https_proxy", "h:1")];
        assert_eq!(used(&both), by("h:1 (https_proxy)"));
        let empty = [("HTTPS_PROXY", ""), ("https_proxy", "h:1")];
        assert_eq!(used(&empty), by("h:1 (https_proxy)"));
    }

    #[test]
    fn socks_without_a_version_is_version_5_and_names_are_the_proxys_to_find() {
        let proxies = proxies(&[("all_proxy", "socks://u:s3cr3t@p:1")]);
        let proxy = proxies.proxy.expect("a proxy").expect("a usable one");
        assert_eq!(proxy.url.expose(), "socks5h://u:s3cr3t@p:1");
    }

    #[test]
    fn a_variable_that_no_request_would_use_may_hold_anything() {
        let wrong = "gopher://s3cr3t";
        let usable = ("https_proxy", "h:1");
        let by = Ok(Some("h:1 (https_proxy)".to_owned()));
        for unused in ["HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"] {
            assert_eq!(proxy_for(API, &[(unused, wrong), usable]), by, "{unused}");
        }
        let upper = [("HTTPS_PROXY", "H:1"), ("https_proxy", wrong)];
        assert_eq!(
            proxy_for(API, &upper),
            Ok(Some("h:1 (HTTPS_PROXY)".to_owned()))
        );
        for variable in VARIABLES {
            let variables = [(*variable, wrong), ("NO_PROXY", "aliyuncs.com")];
            assert_eq!(proxy_for(API, &variables), Ok(None));
            assert_eq!(proxy_for("https://example.com", &variables), Err(*variable));
            for direct in ["https://127.0.0.1:1", "http://10.1.2.3/creds"] {
                assert_eq!(proxy_for(direct, &variables), Ok(None), "{direct}");
            }
        }
        // A mistake is not made up for by another variable: the request would go elsewhere.
        let both = [("HTTPS_PROXY", wrong), ("all_proxy", "a:1")];
        assert_eq!(proxy_for(API, &both), Err("HTTPS_PROXY"));
    }

    #[test]
    fn an_address_of_any_length_goes_by_the_proxy() {
        let long = format!("https://example.com/{}", "x".repeat(70_000));
        let by = Ok(Some("p:1 (HTTPS_PROXY)".to_owned()));
        assert_eq!(proxy_for(&long, &[("HTTPS_PROXY", "p:1")]), by);
    }

    #[test]
    fn an_address_with_plain_http_is_reached_without_the_proxy() {
        let variables = [("ALL_PROXY", "a:1"), ("HTTP_PROXY", "h:1")];
        assert_eq!(
            proxy_for("http://sidecar/credentials", &variables),
            Ok(None)
        );
    }

    #[test]
    fn exceptions_are_hosts_domains_networks_and_ports() {
        let proxied = |url: &str, exceptions: &str| {
            let variables = [("HTTPS_PROXY", "p:1"), ("no_proxy", exceptions)];
            proxy_for(url, &variables).expect("a proxy").is_some()
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
        for variable in VARIABLES {
            for text in [
                "ftp://u:s3cr3t@p:1",
                "http://",
                "http:/u:s3cr3t@p:1",
                "http:///u:s3cr3t@p:1",
                "http://p:1\ns3cr3t",
                "http://u:s3cr#t@p:1",
                "http://u:s3cr3t@p:99999",
                "http://p:1/proxy.pac?s3cr3t",
                "s3cr3t p",
                "socks5://",
            ] {
                let proxies = proxies(&[(variable, text)]);
                let api = API.parse().expect("an endpoint");
                let said = proxies.check(&api).expect_err(text).to_string();
                assert!(said.contains(variable) && !said.contains("s3cr"), "{said}");
            }
        }
    }

    #[test]
    fn no_format_shows_a_password() {
        let shown = format!(
            "{:?}",
            proxies(&[("HTTPS_PROXY", "http://user:s3cr3t@p:1")])
        );
        assert!(
            !shown.contains("s3cr3t") && !shown.contains("user"),
            "{shown}"
        );
    }
}
