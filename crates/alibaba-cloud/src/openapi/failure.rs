//! Why there is no answer: where a request was to go, what prevented it, and whether it can have
//! had an effect.

use std::error::Error;
use std::fmt;
use std::io;
use std::time::{Duration, UNIX_EPOCH};

use http::Uri;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::client::legacy::connect::proxy::{SocksV5, Tunnel};
use rustls::CertificateError;
use rustls::pki_types::UnixTime;
use tower_service::Service;

use base::clock::Utc;
use base::foreign_text::Cleaner;

use super::Proxy;

/// No answer. The text names where the request was to go and says what happened, without URL and
/// secrets.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Failure {
    /// The request left, and no complete answer arrived: it may have had its effect.
    #[error("{0}")]
    Lost(String),
    /// The request never left this machine.
    #[error("{text}")]
    Unsent {
        /// What prevented it.
        obstacle: Obstacle,
        /// What happened, in words.
        text: String,
    },
}

/// What prevented a connection, which decides what the user can do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Obstacle {
    /// The certificate of the other side is not trusted.
    Certificate(Untrusted),
    /// The name of the host has no address.
    Name,
    /// None of the others, such as no route.
    Other,
    /// The proxy, which cannot be reached or does not let the connection pass.
    Proxy,
    /// No program listens at the port.
    Refused,
    /// No connection in time.
    Time,
    /// The other side does not agree to TLS.
    Tls,
}

/// Why a certificate is not trusted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Untrusted {
    /// It has expired, or is not valid yet.
    Date,
    /// This machine does not know its issuer.
    Issuer,
    /// It is for another host.
    Name,
    /// None of the others, such as a wrong signature.
    Other,
}

/// Where requests go, and in what time.
#[derive(Clone, Debug)]
pub(crate) struct Destination {
    /// Host and port of the API.
    pub(crate) address: String,
    /// The proxy by which it is reached.
    pub(crate) proxy: Option<Proxy>,
    /// How long until connected, TLS included.
    pub(crate) connect_timeout: Duration,
    /// How long from sending until the whole answer is there.
    pub(crate) read_timeout: Duration,
}

impl Destination {
    /// What became of a request that `error` ended.
    ///
    /// A connection that was never made carried no request, and HTTP/2 can mark a request as never
    /// processed. Everything else may have had its effect.
    pub(crate) fn failure(&self, error: reqwest::Error, cleaner: &Cleaner) -> Failure {
        let (obstacle, text) = if error.is_connect() {
            self.unconnected(&error, cleaner)
        } else if error.is_builder() {
            (Obstacle::Other, reason(error, cleaner))
        } else if never_processed(&error) {
            let text = format!("not processed by {self}: {}", reason(error, cleaner));
            (Obstacle::Other, text)
        } else {
            return self.lost(error, cleaner);
        };
        Failure::Unsent { obstacle, text }
    }

    /// Why no client can be made.
    pub(crate) fn unusable(&self, error: reqwest::Error) -> Failure {
        self.failure(error, &Cleaner::default())
    }

    /// A request that left and has no complete answer.
    pub(crate) fn lost(&self, error: reqwest::Error, cleaner: &Cleaner) -> Failure {
        Failure::Lost(match error.is_timeout() {
            true => format!(
                "no complete response from {self} within {:?}",
                self.read_timeout
            ),
            false => format!(
                "no complete response from {self}: {}",
                reason(error, cleaner)
            ),
        })
    }

    /// Why there is no connection.
    fn unconnected(&self, error: &reqwest::Error, cleaner: &Cleaner) -> (Obstacle, String) {
        let causes = causes(error);
        let at_proxy = proxy_problem(&causes);
        // Until the proxy has let the connection pass, the other side is the proxy.
        let other = match (at_proxy, &self.proxy) {
            (Some(_), Some(proxy)) => format!("the proxy {proxy}, on the way to {}", self.address),
            _ => self.to_string(),
        };
        if let Some(rustls::Error::InvalidCertificate(certificate)) = find(&causes) {
            let (untrusted, why) = untrusted(certificate);
            let text = format!("the certificate of {other} is not trusted: {why}");
            return (Obstacle::Certificate(untrusted), cleaner.line(&text));
        }
        let refused = |error: &io::Error| error.kind() == io::ErrorKind::ConnectionRefused;
        let last = || cleaner.line(&causes.last().map(ToString::to_string).unwrap_or_default());
        let (obstacle, why) = if let Some(Some(why)) = at_proxy {
            (Obstacle::Proxy, format!(": {why}"))
        } else if find::<rustls::Error>(&causes).is_some() {
            (Obstacle::Tls, format!(": TLS failed: {}", last()))
        } else if error.is_dns() {
            let why = format!(": the name was not found: {}", last());
            (Obstacle::Name, why)
        } else if causes
            .iter()
            .any(|cause| cause.downcast_ref().is_some_and(refused))
        {
            (Obstacle::Refused, ": the connection was refused".to_owned())
        } else if error.is_timeout() {
            (
                Obstacle::Time,
                format!(" within {:?}", self.connect_timeout),
            )
        } else {
            (Obstacle::Other, format!(": {}", last()))
        };
        let obstacle = at_proxy.map_or(obstacle, |_| Obstacle::Proxy);
        (obstacle, format!("no connection to {other}{why}"))
    }
}

/// Shows the API's host and port, and the proxy on the way.
impl fmt::Display for Destination {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.address)?;
        match &self.proxy {
            Some(proxy) => write!(f, " by the proxy {proxy}"),
            None => Ok(()),
        }
    }
}

/// The error of the HTTP library for a proxy that speaks HTTP. The library exports no name for it.
type TunnelError = <Tunnel<HttpConnector> as Service<Uri>>::Error;

/// The error of the HTTP library for a proxy that speaks SOCKS, of any version.
type SocksError = <SocksV5<HttpConnector> as Service<Uri>>::Error;

/// Whether the connection failed at the proxy, and why, if the proxy has answered.
fn proxy_problem(causes: &[&(dyn Error + 'static)]) -> Option<Option<&'static str>> {
    let Some(tunnel) = find::<TunnelError>(causes) else {
        return find::<SocksError>(causes).map(|_| None);
    };
    Some(match tunnel {
        TunnelError::ProxyAuthRequired => Some("it asks for a user name and a password (407)"),
        TunnelError::TunnelUnsuccessful => Some("it refuses to connect to that address"),
        TunnelError::TunnelUnexpectedEof => Some("it closed the connection"),
        TunnelError::ProxyHeadersTooLong => Some("its answer is not that of a proxy"),
        _ => None,
    })
}

/// Why a certificate is not trusted, in words.
fn untrusted(error: &CertificateError) -> (Untrusted, String) {
    use CertificateError as E;

    let date = |time: &UnixTime| {
        let at = UNIX_EPOCH.checked_add(Duration::from_secs(time.as_secs()));
        Utc::from(at.unwrap_or(UNIX_EPOCH)).seconds()
    };
    let text = match error {
        E::UnknownIssuer => "this machine does not know who issued it",
        E::ExpiredContext { not_after, .. } => &format!("it expired on {}", date(not_after)),
        E::NotValidYetContext { not_before, .. } => {
            &format!("it is not valid before {}", date(not_before))
        }
        E::Expired => "it has expired",
        E::NotValidYet => "it is not valid yet",
        E::NotValidForNameContext { presented, .. } if !presented.is_empty() => {
            &format!("it is only valid for {}", presented.join(", "))
        }
        E::NotValidForName | E::NotValidForNameContext { .. } => "it is valid for another host",
        E::BadSignature => "its signature is wrong",
        E::Revoked => "it has been revoked",
        E::InvalidPurpose | E::InvalidPurposeContext { .. } => "it was not issued for a server",
        E::Other(other)
            if matches!(
                other.0.downcast_ref(),
                Some(webpki::Error::CaUsedAsEndEntity)
            ) =>
        {
            "it is an authority's own certificate (CA:TRUE), which is not accepted for a server; \
             issue one for the host with basicConstraints CA:FALSE, and name its issuer in \
             SSL_CERT_FILE"
        }
        _ => "it does not pass the checks of TLS",
    };
    let kind = match error {
        E::UnknownIssuer => Untrusted::Issuer,
        E::Expired | E::ExpiredContext { .. } | E::NotValidYet | E::NotValidYetContext { .. } => {
            Untrusted::Date
        }
        E::NotValidForName | E::NotValidForNameContext { .. } => Untrusted::Name,
        _ => Untrusted::Other,
    };
    (kind, text.to_owned())
}

/// Whether the service said, in the words of HTTP/2, that it did not process the request: it
/// refused the stream, or it was closing the connection in good order and had not reached the
/// stream (RFC 9113, section 8.7).
fn never_processed(error: &reqwest::Error) -> bool {
    find::<h2::Error>(&causes(error)).is_some_and(|error| {
        let refused = error.is_reset() && error.reason() == Some(h2::Reason::REFUSED_STREAM);
        let closing = error.is_go_away() && error.reason() == Some(h2::Reason::NO_ERROR);
        error.is_remote() && (refused || closing)
    })
}

/// The causes of an error, the outermost first. An I/O error may hold another error without naming
/// it as its source.
fn causes(error: &reqwest::Error) -> Vec<&(dyn Error + 'static)> {
    fn next<'a>(cause: &&'a (dyn Error + 'static)) -> Option<&'a (dyn Error + 'static)> {
        let cause = *cause;
        match cause.downcast_ref::<io::Error>().map(io::Error::get_ref) {
            Some(Some(held)) => Some(held),
            _ => cause.source(),
        }
    }
    std::iter::successors(error.source(), next).collect()
}

/// The first cause of a type.
fn find<'a, T: Error + 'static>(causes: &[&'a (dyn Error + 'static)]) -> Option<&'a T> {
    causes.iter().find_map(|cause| cause.downcast_ref())
}

/// The causes of an error in words. The URL is removed: in the older signature form it holds key id
/// and signature. Some causes quote the other side, such as the reason for which it closes an
/// HTTP/2 connection.
pub(crate) fn reason(error: reqwest::Error, cleaner: &Cleaner) -> String {
    let error = error.without_url();
    let mut words = vec![error.to_string()];
    words.extend(causes(&error).iter().map(ToString::to_string));
    words.dedup();
    cleaner.line(&words.join(": "))
}

#[cfg(test)]
mod tests;
