//! The address of the API.

use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;

use url::{Position, Url};

/// An address of the API. It consists of a scheme, a host and a port, and nothing else.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Endpoint(Url);

/// What was expected of a URL that has credentials, a path, a query or a fragment.
const EXPECTED_BARE_HOST: &str = "expected a host or a URL with nothing after the host, such as \
    cams.ap-southeast-1.aliyuncs.com";

/// What was expected of a URL that has the scheme `http` and the host of another machine.
const EXPECTED_HTTPS: &str = "expected https: plain http exposes every request to the network \
    and is allowed only for this machine";

/// What was expected of a text that is neither a host nor a URL.
const EXPECTED_HOST: &str = "expected a host or a URL, such as cams.ap-southeast-1.aliyuncs.com";

impl Endpoint {
    /// The address of a product in a region. `None` if the region cannot be part of a host name.
    pub fn of_region(product: &str, region: &str) -> Option<Self> {
        let plain = |byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-');
        if region.is_empty() || !region.bytes().all(plain) {
            return None;
        }
        format!("{product}.{region}.aliyuncs.com").parse().ok()
    }

    /// The host as it is signed: with the port if that is not the default one of the scheme.
    pub fn host(&self) -> &str {
        authority(&self.0)
    }

    /// Whether the host is this machine.
    pub fn is_loopback(&self) -> bool {
        is_loopback(&self.0)
    }

    /// The address as a URL without a query.
    pub(crate) fn url(&self) -> &Url {
        &self.0
    }

    /// The URL of a request with this query.
    pub(crate) fn with_query(&self, query: &str) -> Url {
        let mut url = self.0.clone();
        url.set_query(Some(query));
        url
    }
}

/// The error says what was expected.
impl FromStr for Endpoint {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, &'static str> {
        let url = absolute(text, "https")
            .filter(is_http)
            .ok_or(EXPECTED_HOST)?;
        // What a URL of this scheme and host alone looks like.
        if url.as_str() != format!("{}://{}/", url.scheme(), authority(&url)) {
            return Err(EXPECTED_BARE_HOST);
        }
        if url.scheme() == "http" && !is_loopback(&url) {
            return Err(EXPECTED_HTTPS);
        }
        Ok(Self(url))
    }
}

/// The URL that a text is, with `scheme` if the text has none. `None` if the text names no host.
///
/// The parser alone follows browsers: it takes `http:///x` for the host `x`, and goes past line
/// breaks and tabs wherever they are.
pub(crate) fn absolute(text: &str, scheme: &str) -> Option<Url> {
    let text = text.trim();
    let (scheme, rest) = text.split_once("://").unwrap_or((scheme, text));
    if rest.starts_with(['/', '\\', '?', '#']) || rest.contains(char::is_control) {
        return None;
    }
    let url = Url::parse(&format!("{scheme}://{rest}")).ok()?;
    url.host_str()
        .is_some_and(|host| !host.is_empty())
        .then_some(url)
}

/// Whether the scheme of a URL is one of those of HTTP.
pub(crate) fn is_http(url: &Url) -> bool {
    matches!(url.scheme(), "http" | "https")
}

/// Host and port of a URL, without the port if it is the default one of the scheme.
pub(crate) fn authority(url: &Url) -> &str {
    &url[Position::BeforeHost..Position::AfterPort]
}

/// Whether the host of a URL is this machine.
pub(crate) fn is_loopback(url: &Url) -> bool {
    let name = url.host_str().unwrap_or_default();
    let address = name.trim_matches(['[', ']']).parse::<IpAddr>();
    name == "localhost" || address.is_ok_and(|address| address.is_loopback())
}

impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}://{}", self.0.scheme(), self.host())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<String, &'static str> {
        text.parse().map(|endpoint: Endpoint| endpoint.to_string())
    }

    #[test]
    fn a_host_is_taken_as_https() {
        assert_eq!(
            parse("cams.ap-southeast-1.aliyuncs.com").as_deref(),
            Ok("https://cams.ap-southeast-1.aliyuncs.com")
        );
        assert_eq!(
            parse("https://example.com:8443/").as_deref(),
            Ok("https://example.com:8443")
        );
    }

    #[test]
    fn plain_http_goes_to_this_machine_only() {
        for text in [
            "http://127.0.0.1:8080",
            "http://localhost",
            "http://[::1]:80",
            "http://127.9.9.9",
        ] {
            assert!(parse(text).is_ok(), "{text}");
        }
        assert_eq!(
            parse("http://cams.ap-southeast-1.aliyuncs.com"),
            Err(EXPECTED_HTTPS)
        );
        assert_eq!(parse("http://127.0.0.1.example.com"), Err(EXPECTED_HTTPS));
        assert_eq!(parse("http://localhost.example.com"), Err(EXPECTED_HTTPS));
    }

    #[test]
    fn anything_behind_the_host_is_refused() {
        for text in [
            "https://user@example.com",
            "https://u:p@example.com",
            "example.com/path",
            "example.com?a=b",
            "a.b#c",
        ] {
            assert_eq!(parse(text), Err(EXPECTED_BARE_HOST), "{text}");
        }
        for text in ["", "://", "ftp://example.com", "https://", "exa mple.com"] {
            assert_eq!(parse(text), Err(EXPECTED_HOST), "{text}");
        }
    }

    #[test]
    fn what_names_no_host_is_refused() {
        for text in [
            "https:///example.com",
            "https:////example.com",
            "https://\\example.com",
            "https://?example.com",
            "/example.com",
            "http:///localhost",
            "https://exam\nple.com",
            "https://\t/example.com",
        ] {
            assert_eq!(parse(text), Err(EXPECTED_HOST), "{text}");
        }
        let spaced = parse(" cams.ap-southeast-1.aliyuncs.com\n");
        let expected = "https://cams.ap-southeast-1.aliyuncs.com";
        assert_eq!(spaced.as_deref(), Ok(expected));
    }

    #[test]
    fn a_region_makes_a_host() {
        let endpoint = Endpoint::of_region("cams", "ap-southeast-1").expect("an endpoint");
        assert_eq!(endpoint.host(), "cams.ap-southeast-1.aliyuncs.com");
        assert_eq!(Endpoint::of_region("cams", "a.example.com/"), None);
        assert_eq!(Endpoint::of_region("cams", ""), None);
    }
}
