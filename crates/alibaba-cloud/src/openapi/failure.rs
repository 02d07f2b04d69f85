//! Why there is no answer: where a request was to go, what stood in its way, and whether it can
//! have had an effect.
//!
//! This file is longer than 300 lines because each way to fail has its words in it.

use std::error::Error;
use std::fmt;
use std::io;
use std::time::{Duration, UNIX_EPOCH};

use rustls::CertificateError;
use rustls::pki_types::UnixTime;

use base::clock::Utc;
use base::foreign_text::Cleaner;

use super::Proxy;

/// No answer. The text names where the request was to go and says what happened, without URL and
/// secrets.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Failure {
    /// The request left, and no whole answer came: it may have had its effect.
    #[error("{0}")]
    Lost(String),
    /// The request never left this machine.
    #[error("{text}")]
    Unsent {
        /// What stood in its way.
        obstacle: Obstacle,
        /// What happened, in words.
        text: String,
    },
}

/// What stood in the way of a connection, which decides what the user can do.
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
    /// Nobody listens at the port.
    Refused,
    /// No connection in time.
    Time,
    /// The other side does not agree to TLS.
    Tls,
}

/// Why a certificate is not trusted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Untrusted {
    /// Its time is over, or has not come.
    Date,
    /// It was issued by somebody whom this machine does not know.
    Issuer,
    /// It is for another host.
    Name,
    /// None of the others, such as a wrong signature.
    Other,
}

/// Where requests go, and in what time.
#[derive(Clone, Debug)]
pub(super) struct Destination {
    /// Host and port of the API.
    pub(super) address: String,
    /// The proxy by which it is reached.
    pub(super) proxy: Option<Proxy>,
    /// How long until connected, TLS included.
    pub(super) connect_timeout: Duration,
    /// How long from sending until the whole answer is there.
    pub(super) read_timeout: Duration,
}

impl Destination {
    /// What became of a request that `error` ended.
    ///
    /// A connection that was never made carried no request, and HTTP/2 can mark a request as never
    /// processed. Everything else may have had its effect.
    pub(super) fn failure(&self, error: reqwest::Error, cleaner: &Cleaner) -> Failure {
        if error.is_connect() {
            let (obstacle, text) = self.unconnected(&error, cleaner);
            return Failure::Unsent { obstacle, text };
        }
        let obstacle = Obstacle::Other;
        if error.is_builder() {
            let text = reason(error, cleaner);
            return Failure::Unsent { obstacle, text };
        }
        if never_processed(&error) {
            let text = format!("not processed by {self}: {}", reason(error, cleaner));
            return Failure::Unsent { obstacle, text };
        }
        self.lost(error, cleaner)
    }

    /// Why no client can be made.
    pub(super) fn unusable(&self, error: reqwest::Error) -> Failure {
        self.failure(error, &Cleaner::default())
    }

    /// A request that left, and has no whole answer.
    pub(super) fn lost(&self, error: reqwest::Error, cleaner: &Cleaner) -> Failure {
        Failure::Lost(match error.is_timeout() {
            true => format!("no whole answer from {self} within {:?}", self.read_timeout),
            false => format!("no whole answer from {self}: {}", reason(error, cleaner)),
        })
    }

    /// Why there is no connection.
    fn unconnected(&self, error: &reqwest::Error, cleaner: &Cleaner) -> (Obstacle, String) {
        let causes = causes(error);
        let to_proxy = causes.iter().find_map(|cause| to_proxy(*cause));
        // Until the proxy has let it pass, the other side is the proxy.
        let other = match (to_proxy, &self.proxy) {
            (Some(_), Some(proxy)) => format!("the proxy {proxy}, on the way to {}", self.address),
            _ => self.to_string(),
        };
        let of_proxy = |obstacle| match to_proxy {
            Some(_) => Obstacle::Proxy,
            None => obstacle,
        };
        let certificate = causes.iter().find_map(|cause| match cause.downcast_ref() {
            Some(rustls::Error::InvalidCertificate(certificate)) => Some(certificate),
            _ => None,
        });
        if let Some(certificate) = certificate {
            let (untrusted, why) = untrusted(certificate);
            let text = format!("the certificate of {other} is not trusted: {why}");
            return (Obstacle::Certificate(untrusted), cleaner.line(&text));
        }
        let io = |kind| {
            let mut errors = causes.iter().filter_map(|cause| cause.downcast_ref());
            errors.any(|error: &io::Error| error.kind() == kind)
        };
        let none = format!("no connection to {other}");
        if let Some(ToProxy::Answered(why)) = to_proxy {
            return (Obstacle::Proxy, format!("{none}: {why}"));
        }
        if causes.iter().any(|cause| cause.is::<rustls::Error>()) {
            let text = format!("{none}: TLS failed: {}", last(&causes, cleaner));
            return (of_proxy(Obstacle::Tls), text);
        }
        if error.is_dns() {
            let text = format!("{none}: the name was not found: {}", last(&causes, cleaner));
            return (of_proxy(Obstacle::Name), text);
        }
        if io(io::ErrorKind::ConnectionRefused) {
            let text = format!("{none}: the connection was refused");
            return (of_proxy(Obstacle::Refused), text);
        }
        if error.is_timeout() {
            let text = format!("{none} within {:?}", self.connect_timeout);
            return (of_proxy(Obstacle::Time), text);
        }
        let text = format!("{none}: {}", last(&causes, cleaner));
        (of_proxy(Obstacle::Other), text)
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

/// How the way to the proxy failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum ToProxy {
    /// It answered, but it does not let the connection pass, for this reason.
    Answered(&'static str),
    /// There is no connection to it.
    Unconnected,
}

/// What an error of the HTTP library says of the way to the proxy. Its types are private, so their
/// texts have to tell: a test holds each of them.
fn to_proxy(error: &(dyn Error + 'static)) -> Option<ToProxy> {
    let text = error.to_string();
    if text.starts_with("error connecting to socks proxy") {
        return Some(ToProxy::Unconnected);
    }
    Some(match text.strip_prefix("tunnel error: ")? {
        "proxy authorization required" => {
            ToProxy::Answered("it asks for a user name and a password (407)")
        }
        "unsuccessful" => ToProxy::Answered("it refuses to connect to that address"),
        "unexpected end of file" => ToProxy::Answered("it closed the connection"),
        "proxy response headers too long" => ToProxy::Answered("its answer is not that of a proxy"),
        _ => ToProxy::Unconnected,
    })
}

/// Why a certificate is not trusted, in words.
fn untrusted(error: &CertificateError) -> (Untrusted, String) {
    let date = |time: &UnixTime| {
        let at = UNIX_EPOCH.checked_add(Duration::from_secs(time.as_secs()));
        Utc::from(at.unwrap_or(UNIX_EPOCH)).seconds()
    };
    match error {
        CertificateError::UnknownIssuer => {
            let text = "this machine does not know who issued it";
            (Untrusted::Issuer, text.to_owned())
        }
        CertificateError::ExpiredContext { not_after, .. } => (
            Untrusted::Date,
            format!("it expired on {}", date(not_after)),
        ),
        CertificateError::NotValidYetContext { not_before, .. } => {
            let text = format!("it is valid from {} on", date(not_before));
            (Untrusted::Date, text)
        }
        CertificateError::Expired => (Untrusted::Date, "it has expired".to_owned()),
        CertificateError::NotValidYet => (Untrusted::Date, "it is not valid yet".to_owned()),
        CertificateError::NotValidForNameContext { presented, .. } => {
            // Each is written as `DnsName("example.com")`.
            let name = |name: &String| match name.split('"').nth(1) {
                Some(quoted) => quoted.to_owned(),
                None => name.clone(),
            };
            let names: Vec<String> = presented.iter().map(name).collect();
            let text = match names.is_empty() {
                true => "it is valid for no host".to_owned(),
                false => format!("it is only valid for {}", names.join(", ")),
            };
            (Untrusted::Name, text)
        }
        CertificateError::NotValidForName => {
            (Untrusted::Name, "it is valid for another host".to_owned())
        }
        other => (Untrusted::Other, unusable(other).to_owned()),
    }
}

/// What is wrong with a certificate as such, in words.
fn unusable(error: &CertificateError) -> &'static str {
    match error {
        CertificateError::BadEncoding => "it cannot be read",
        CertificateError::BadSignature => "its signature is wrong",
        CertificateError::Revoked => "it has been revoked",
        CertificateError::InvalidPurpose | CertificateError::InvalidPurposeContext { .. } => {
            "it was not issued for a server"
        }
        CertificateError::UnsupportedSignatureAlgorithmContext { .. }
        | CertificateError::UnsupportedSignatureAlgorithmForPublicKeyContext { .. } => {
            "it is signed by a method that is not accepted"
        }
        // The library's own error has a type that is private, so its text has to tell: a test
        // holds it.
        CertificateError::Other(other) if format!("{other:?}").contains("CaUsedAsEndEntity") => {
            "it is an authority's own certificate (CA:TRUE), which is not accepted for a server; \
             issue one for the host with basicConstraints CA:FALSE, and name its issuer in \
             SSL_CERT_FILE"
        }
        _ => "it does not pass the checks of TLS",
    }
}

/// Whether the service said, in the words of HTTP/2, that it did not process the request: it
/// refused the stream, or it was closing the connection in good order and had not come to the
/// stream (RFC 9113, section 8.7).
fn never_processed(error: &reqwest::Error) -> bool {
    let causes = causes(error);
    let mut causes = causes.iter().filter_map(|cause| cause.downcast_ref());
    causes.any(|error: &h2::Error| {
        let refused = error.is_reset() && error.reason() == Some(h2::Reason::REFUSED_STREAM);
        let closing = error.is_go_away() && error.reason() == Some(h2::Reason::NO_ERROR);
        error.is_remote() && (refused || closing)
    })
}

/// The causes of an error, the outermost first. An I/O error may hold another error without naming
/// it as its source.
fn causes(error: &reqwest::Error) -> Vec<&(dyn Error + 'static)> {
    let mut causes = Vec::new();
    let mut next = error.source();
    while let Some(cause) = next {
        causes.push(cause);
        next = match cause.downcast_ref::<io::Error>().map(io::Error::get_ref) {
            Some(Some(held)) => Some(held),
            _ => cause.source(),
        };
    }
    causes
}

/// The innermost cause in words. What the other side said is quoted in some.
fn last(causes: &[&(dyn Error + 'static)], cleaner: &Cleaner) -> String {
    let text = causes.last().map(ToString::to_string);
    cleaner.line(&text.unwrap_or_default())
}

/// The causes of an error in words. The URL goes first: in the older signature form it holds key id
/// and signature. What the other side said is quoted in some, as the reason for which it closes an
/// HTTP/2 connection.
pub(super) fn reason(error: reqwest::Error, cleaner: &Cleaner) -> String {
    let error = error.without_url();
    let mut words = vec![error.to_string()];
    for cause in causes(&error) {
        let word = cause.to_string();
        if words.last() != Some(&word) {
            words.push(word);
        }
    }
    cleaner.line(&words.join(": "))
}

#[cfg(test)]
mod tests;
