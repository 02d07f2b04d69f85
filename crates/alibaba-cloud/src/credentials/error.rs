//! Why there are no credentials, or why it is not known which account they belong to.

use crate::client::Repeat;
use crate::openapi::{Failure, Obstacle, Untrusted};

/// What kind of error it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CredentialsErrorKind {
    /// No credentials are configured, and this machine has none of its own.
    Missing,
    /// A part is missing, such as the secret of an access key.
    Incomplete,
    /// A value does not have the form that it must have.
    Malformed,
    /// A file cannot be read, or is not a file of its kind.
    File,
    /// A profile does not exist, or cannot be used.
    Profile,
    /// What is configured cannot be used any more: a login or a session has ended.
    Unusable,
    /// The server or program that provides the credentials refused.
    Refused,
    /// The server or program that provides the credentials could not be reached, or did not answer
    /// as documented.
    Unreachable,
}

impl CredentialsErrorKind {
    /// An error of this kind.
    pub(crate) fn error(self, text: impl Into<String>) -> CredentialsError {
        CredentialsError {
            kind: self,
            attribute: None,
            repeat: None,
            text: text.into(),
        }
    }
}

/// The result of what needs credentials.
pub(crate) type Result<T, E = CredentialsError> = std::result::Result<T, E>;

/// Why there are no credentials, or why it is not known which account they belong to. `Display`
/// says what is wrong and what to do about it, in whole sentences that name attribute, variable, or
/// file and key, and never quote a secret.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{text}")]
pub struct CredentialsError {
    kind: CredentialsErrorKind,
    /// The attribute of the provider block that leads to the error.
    attribute: Option<&'static str>,
    /// Why another attempt may succeed. Reasons other than `Throttled` and `Transient` do not count
    /// for requests for credentials.
    pub(crate) repeat: Option<Repeat>,
    text: String,
}

impl CredentialsError {
    /// The error for a request to `server` that has no answer. `otherwise` is what to do where
    /// neither a certificate nor a proxy prevented the connection.
    pub(crate) fn unanswered(server: &str, failure: &Failure, otherwise: &str) -> Self {
        let advice = match failure {
            Failure::Unsent { obstacle, .. } => advice(*obstacle).unwrap_or(otherwise),
            Failure::Lost(_) => otherwise,
        };
        let text = format!("{server} gave no answer: {failure}. {advice}");
        CredentialsErrorKind::Unreachable.error(text.trim_end())
    }

    /// The same error, after which another attempt may succeed.
    pub(crate) fn transient(self) -> Self {
        Self {
            repeat: Some(Repeat::Transient),
            ..self
        }
    }

    /// Names the attribute, unless one was named before.
    pub(crate) fn at(mut self, attribute: &'static str) -> Self {
        self.attribute.get_or_insert(attribute);
        self
    }

    /// What kind of error it is.
    pub fn kind(&self) -> CredentialsErrorKind {
        self.kind
    }

    /// The attribute of the provider block that leads to the error. One of a nested block has a name
    /// with a dot, such as `assume_role.role_arn`.
    pub fn attribute(&self) -> Option<&'static str> {
        self.attribute
    }

    /// Whether nothing is configured, so that operations that need no credentials can go on.
    pub fn is_missing(&self) -> bool {
        self.kind == CredentialsErrorKind::Missing
    }
}

/// What to do about an obstacle, in whole sentences. `None` if that depends on the server.
fn advice(obstacle: Obstacle) -> Option<&'static str> {
    Some(match obstacle {
        Obstacle::Certificate(Untrusted::Date) => {
            "Check this machine's clock. If it is right, the operator of that host has to renew \
             the certificate."
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
        CredentialsError::unanswered("STS", &failure, "Set sts_endpoint.").to_string()
    }

    #[test]
    fn the_obstacle_decides_what_to_do() {
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
