//! The address of a server that provides credentials and is not an API: a metadata service, a
//! sidecar or an identity provider.

use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;

use url::Url;

use super::Endpoint;
use super::endpoint::{absolute, authority, is_http, is_loopback};

/// A URL whose answer holds credentials. Its path and query may hold a password, so `Debug` and
/// `Display` show only scheme, host and port.
#[derive(Clone, PartialEq, Eq)]
pub struct Address(Url);

/// What was expected of a URL that has the scheme `http` and a host that may be anywhere.
const EXPECTED_HTTPS: &str = "expected https: plain http exposes the credentials to the network \
    and is allowed only for this machine and for private networks";

/// What was expected of a text that is no URL with a host.
const EXPECTED_URL: &str = "expected a URL that begins with https:// or http:// and names a host, \
    such as https://example.com/credentials";

impl Address {
    /// Whether the host is this machine.
    pub fn is_loopback(&self) -> bool {
        is_loopback(&self.0)
    }

    /// The same scheme, host and port with this path, and nothing else of this address.
    #[must_use]
    pub fn with_path(&self, path: &str) -> Self {
        let mut url = self.0.clone();
        url.set_path(path);
        url.set_query(None);
        url.set_fragment(None);
        Self(url)
    }

    /// The same address with this last part of its path. It is encoded, so that it cannot lead to
    /// anything else.
    #[must_use]
    pub fn with_segment(&self, segment: &str) -> Self {
        let mut url = self.0.clone();
        if let Ok(mut segments) = url.path_segments_mut() {
            segments.pop_if_empty().push(segment);
        }
        Self(url)
    }

    pub(crate) fn url(&self) -> &Url {
        &self.0
    }
}

impl From<&Endpoint> for Address {
    fn from(endpoint: &Endpoint) -> Self {
        Self(endpoint.url().clone())
    }
}

/// The error says what was expected.
impl FromStr for Address {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, &'static str> {
        // A text without a scheme gets one that is none of those expected.
        let url = absolute(text, "none").filter(is_http).ok_or(EXPECTED_URL)?;
        let host = url.host_str().unwrap_or_default();
        if url.scheme() == "http" && !is_near(host.trim_matches(['[', ']'])) {
            return Err(EXPECTED_HTTPS);
        }
        Ok(Self(url))
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}://{}", self.0.scheme(), authority(&self.0))
    }
}

impl fmt::Debug for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Address({self})")
    }
}

/// Whether the host is this machine or in a private network: an address that is not routed
/// publicly, or a name that no public server answers for.
fn is_near(host: &str) -> bool {
    match host.parse::<IpAddr>() {
        Ok(IpAddr::V4(address)) => {
            // 100.64.0.0/10 is shared address space, in which Alibaba Cloud's own services are.
            let shared = matches!(address.octets(), [100, second, ..] if second & 0xc0 == 64);
            address.is_loopback() || address.is_private() || address.is_link_local() || shared
        }
        Ok(IpAddr::V6(address)) => {
            let local = address.is_unique_local() || address.is_unicast_link_local();
            address.is_loopback() || local
        }
        Err(_) => {
            let private = [".svc", ".local", ".internal", ".localhost"];
            !host.contains('.') || private.iter().any(|end| host.ends_with(end))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<String, &'static str> {
        text.parse().map(|address: Address| address.to_string())
    }

    #[test]
    fn plain_http_stays_near() {
        for text in [
            "http://localhost:8080/x?y=z",
            "http://127.0.0.1/",
            "http://10.1.2.3/",
            "http://192.168.0.1",
            "http://169.254.169.254/",
            "http://100.100.100.200/",
            "http://[::1]:80/",
            "http://[fd00::1]/",
            "http://sidecar/creds",
            "http://sidecar.kube-system.svc/creds",
            "http://sidecar.kube-system.svc.cluster.local/creds",
            "https://example.com/creds",
        ] {
            assert!(parse(text).is_ok(), "{text}");
        }
        for text in [
            "http://example.com/creds",
            "http://8.8.8.8/",
            "http://100.128.0.1/",
            "http://[2001:db8::1]/",
            "http://127.0.0.1.example.com/",
        ] {
            assert_eq!(parse(text), Err(EXPECTED_HTTPS), "{text}");
        }
        for text in [
            "",
            "localhost:80",
            "ftp://a/",
            "file:///etc/passwd",
            "http://",
            "http:///x",
            "http:////x",
            "http:/x",
            "http:x",
            "http://\\x",
            "https:///example.com/creds",
            "http://side\ncar/creds",
        ] {
            assert_eq!(parse(text), Err(EXPECTED_URL), "{text}");
        }
    }

    #[test]
    fn what_may_be_a_password_is_not_shown() {
        let address: Address = "https://u:s3cr3t@h:1/s3cr3t?t=s3cr3t#s3cr3t"
            .parse()
            .expect("one");
        assert_eq!(
            format!("{address} {address:?}"),
            "https://h:1 Address(https://h:1)"
        );
    }

    #[test]
    fn a_segment_cannot_lead_elsewhere() {
        let base: Address = "http://127.0.0.1/a?b=c".parse().expect("an address");
        let base = base.with_path("/roles/");
        assert_eq!(
            base.with_segment("../x?y#z").url().path(),
            "/roles/..%2Fx%3Fy%23z"
        );
        assert_eq!(base.url().query(), None);
    }
}
