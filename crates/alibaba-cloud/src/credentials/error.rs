//! Why there is no key to sign with, or no account.

use std::fmt;

use crate::openapi::{Failure, Obstacle, Untrusted};

use super::problem::Problem;

/// What kind of trouble there was with fetching credentials.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ErrorKind {
    /// No credentials are configured, and this machine has none of its own.
    Missing,
    /// What is configured cannot be used: a file has changed, or a login has ended.
    Unusable,
    /// Whoever gives the credentials refused.
    Refused,
    /// Whoever gives the credentials could not be reached, or did not answer as documented.
    Unreachable,
}

/// Why there is no key to sign with, or no account. `Display` says what happened and what to do, in
/// whole sentences without any secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Error {
    kind: ErrorKind,
    text: String,
}

impl Error {
    pub(super) fn new(kind: ErrorKind, text: impl Into<String>) -> Self {
        Self {
            kind,
            text: text.into(),
        }
    }

    /// The error for a request that `who` gave no answer to. `otherwise` is what to do where
    /// neither a certificate nor a proxy is in the way.
    pub(super) fn unanswered(who: &str, failure: &Failure, otherwise: &str) -> Self {
        let obstacle = match failure {
            Failure::Unsent { obstacle, .. } => Some(*obstacle),
            Failure::Lost(_) => None,
        };
        let advice = way_out(obstacle).unwrap_or(otherwise);
        let text = format!("{who} gave no answer: {failure}. {advice}");
        Self::new(ErrorKind::Unreachable, text.trim_end())
    }

    /// What kind of trouble it was.
    pub fn kind(&self) -> ErrorKind {
        self.kind
    }

    /// Whether nothing is configured, so that whatever needs no credentials can go on.
    pub fn is_missing(&self) -> bool {
        self.kind == ErrorKind::Missing
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl std::error::Error for Error {}

impl From<Problem> for Error {
    fn from(problem: Problem) -> Self {
        let kind = match problem.is_missing() {
            true => ErrorKind::Missing,
            false => ErrorKind::Unusable,
        };
        Self::new(kind, problem.to_string())
    }
}

/// What to do about what stood in the way of a connection, in whole sentences. `None` if that
/// depends on whom the connection was to.
fn way_out(obstacle: Option<Obstacle>) -> Option<&'static str> {
    Some(match obstacle? {
        Obstacle::Certificate(Untrusted::Date) => {
            "Check this machine's clock. If it is right, whoever runs that host has to renew the \
             certificate."
        }
        Obstacle::Certificate(Untrusted::Name) => {
            "Check the address and the proxy (HTTPS_PROXY): the name in the address must be one \
             that the certificate is valid for."
        }
        Obstacle::Certificate(Untrusted::Issuer | Untrusted::Other) => {
            "If a company's own authority issued it, set the environment variable SSL_CERT_FILE to \
             the path of a file with that authority's certificate in PEM."
        }
        Obstacle::Proxy => {
            "Check the environment variable that names the proxy (HTTPS_PROXY or ALL_PROXY): its \
             host, port, user name and password, and whether the proxy lets this connection pass. \
             NO_PROXY names the hosts that are reached without it."
        }
        Obstacle::Name | Obstacle::Other | Obstacle::Refused | Obstacle::Time | Obstacle::Tls => {
            return None;
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn unanswered(obstacle: Obstacle) -> String {
        let text = "what happened".to_owned();
        let failure = Failure::Unsent { obstacle, text };
        Error::unanswered("STS", &failure, "Set sts_endpoint.").to_string()
    }

    #[test]
    fn what_stands_in_the_way_decides_what_to_do() {
        for (obstacle, advice) in [
            (Obstacle::Certificate(Untrusted::Issuer), "SSL_CERT_FILE"),
            (Obstacle::Certificate(Untrusted::Other), "SSL_CERT_FILE"),
            (Obstacle::Certificate(Untrusted::Date), "clock"),
            (
                Obstacle::Certificate(Untrusted::Name),
                "the name in the address",
            ),
            (Obstacle::Proxy, "HTTPS_PROXY"),
        ] {
            let text = unanswered(obstacle);
            assert!(
                text.starts_with("STS gave no answer: what happened. "),
                "{text}"
            );
            assert!(
                text.contains(advice) && !text.contains("sts_endpoint"),
                "{text}"
            );
        }
        let text = "STS gave no answer: what happened. Set sts_endpoint.";
        assert_eq!(unanswered(Obstacle::Time), text);
    }
}
