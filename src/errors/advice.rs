//! What the user can do about each kind of error, as a table of texts.

use cams::{Error, ErrorKind, Obstacle, Untrusted};

/// What to do about an error of the API, in whole sentences.
pub(crate) fn advice(error: &Error) -> String {
    texts(error).1.replace("{action}", error.action)
}

/// The title of the diagnostic about an error of the API.
pub(crate) fn title(error: &Error) -> &'static str {
    texts(error).0
}

/// The title and the advice. `{action}` in the advice stands for the operation that failed.
///
/// This function is long because it is one table with a row for each kind.
fn texts(error: &Error) -> (&'static str, &'static str) {
    match error.kind {
        ErrorKind::AccessDenied => (
            "CAMS Denied Access",
            "The RAM user or role of the credentials may not call this operation. Ask the \
             administrator of the account to grant this RAM policy statement:\n\n  {\n    \
             \"Effect\": \"Allow\",\n    \"Action\": \"cams:{action}\",\n    \"Resource\": \
             \"*\"\n  }\n\nThe guide on authentication lists the permissions \
             that each resource, data source, list resource and action needs.",
        ),
        ErrorKind::Unanswered => (
            "No Response From CAMS",
            "The request was sent, but no usable response was received. Applying again is safe: \
             the provider checks what exists before it starts anything.",
        ),
        ErrorKind::Cancelled => (
            "Stopped",
            "Terraform was asked to stop before the call was made. Nothing was changed. Apply \
             again to continue.",
        ),
        ErrorKind::ClockDiffers => (
            "Clock Differs From the Service's",
            "The service rejected the date of the request. If the clocks differ by at most one \
             day, the provider retries with the service's clock. Either the difference is larger \
             (see below), or the service also rejected the corrected date. Set the clock of this \
             machine (timedatectl, or an NTP client), then apply again. Nothing was changed.",
        ),
        ErrorKind::Credentials => ("CAMS Refused the Credentials", credentials(error)),
        ErrorKind::CredentialsUnavailable => (
            "Credentials Unavailable",
            "The configured credentials could not be fetched or refreshed, so the call was not \
             made. Correct the problem described below, then apply again.",
        ),
        ErrorKind::Incomplete => (
            "Incomplete Response From CAMS",
            "The service reported success without the data it documents, or with data about \
             another number. Apply again. If the error persists, send the request id to Alibaba \
             Cloud support.",
        ),
        ErrorKind::Intercepted => (
            "Response Not From CAMS",
            "The response lacks the code that every response of CAMS has, so another system \
             answered. Check the proxy (HTTPS_PROXY), the firewall and the provider's endpoint.",
        ),
        ErrorKind::InvalidParameter => (
            "CAMS Refused a Parameter",
            "The service does not accept the space or the number. Compare both with the CAMS \
             console. Also check that two-step verification is turned off for the number, and that \
             its business is verified.",
        ),
        ErrorKind::NotFound => (
            "CAMS Does Not Know the Number",
            "The number is not in this space. Check the space and the number.",
        ),
        ErrorKind::NotSubscribed => (
            "CAMS Not Activated",
            "The account has not activated Chat App Message Service. Activate it once in the CAMS \
             console with the main account, or with a RAM user who is allowed to, then apply \
             again.",
        ),
        ErrorKind::ResourceOwner => (
            "Space of Another Account",
            "The account of the access key does not own the space. Check cust_space_id, and check \
             that the credentials belong to the account that owns the space.",
        ),
        ErrorKind::Throttled => (
            "CAMS Call Quota Exhausted",
            "The account's call quota stayed exhausted until the timeout expired. Another program \
             probably uses the same account: wait for it to finish, or lower -parallelism.",
        ),
        ErrorKind::TimedOut => (
            "Timeout",
            "The timeout of the operation expired before it finished.",
        ),
        ErrorKind::Unavailable => (
            "CAMS Unavailable",
            "The service could not answer. Apply again later: completed operations are stored in \
             the state.",
        ),
        ErrorKind::Unreachable | ErrorKind::Untrusted => connection(error.obstacle),
        ErrorKind::Withheld => (
            "Lock File Was Lost",
            "A lock file ensures that only one process starts the migration of a number. The file \
             was deleted repeatedly, so the request was not sent: another process could have sent \
             it too. Exclude the provider's directory from clean-up jobs: \
             throttle.state_directory, by default /tmp/terraform-provider-cams-UID. Then apply \
             again.",
        ),
        ErrorKind::Other => (
            "CAMS Call Failed",
            "The service refused the call for the reason given below. Look up the code in the CAMS \
             documentation, or send the request id to Alibaba Cloud support.",
        ),
    }
}

/// What to do about refused credentials, by the code of the refusal.
fn credentials(error: &Error) -> &'static str {
    let code = error.code.as_deref().unwrap_or_default();
    if code.starts_with("InvalidAccessKeyId.NotFound") {
        "The access key does not exist. Check access_key, or the environment variable that sets \
         it, for a typing error or a deleted key."
    } else if code.starts_with("InvalidAccessKeyId.Inactive") || code.contains("Disabled") {
        "The access key is disabled. Enable it in the RAM console, or use another one."
    } else if code.starts_with("SignatureDoesNotMatch") || code.starts_with("IncompleteSignature") {
        "The signature of the request is wrong. Check that secret_key belongs to access_key and \
         was copied completely."
    } else if code.contains("Expired") {
        "The temporary credentials have expired. Get new ones (access key, secret and token \
         together) and apply again."
    } else if code.contains("SecurityToken") {
        "The security token does not belong to the access key. Set access_key, secret_key and \
         security_token from the same set of temporary credentials."
    } else {
        "The service does not accept the credentials. Check access_key, secret_key and \
         security_token."
    }
}

/// What to do about a connection that could not be made. The message of the error names the host.
fn connection(obstacle: Option<Obstacle>) -> (&'static str, &'static str) {
    let text = match obstacle {
        Some(Obstacle::Certificate(untrusted)) => {
            return ("CAMS Certificate Not Trusted", certificate(untrusted));
        }
        Some(Obstacle::Name) => {
            "The host name cannot be resolved. Check the provider's region and endpoint for a \
             typing error, then the DNS of this machine. If other networks are reachable only \
             through a proxy, set HTTPS_PROXY: the proxy then resolves the name."
        }
        Some(Obstacle::Proxy) => {
            "The proxy could not be used. Check the environment variable named below: host, port, \
             user name and password of the proxy, and whether the proxy allows connections to \
             CAMS. NO_PROXY lists hosts that are reached without a proxy."
        }
        Some(Obstacle::Refused) => {
            "No program accepts connections at the host and port named below. Check the provider's \
             endpoint, and whether a firewall requires a proxy (HTTPS_PROXY)."
        }
        Some(Obstacle::Time) => {
            "The host named below did not answer in time: a firewall may drop the connection. \
             Check whether this network requires a proxy (HTTPS_PROXY), and the provider's region \
             and endpoint. If the network is slow, increase the provider's client_connect_timeout."
        }
        Some(Obstacle::Tls) => {
            "The server at the host and port named below does not accept TLS. Check the \
             provider's endpoint and its port, and whether a proxy or a firewall answers instead \
             (HTTPS_PROXY)."
        }
        Some(Obstacle::Other) | None => {
            "No connection to the service could be made. Check the network, the proxy \
             (HTTPS_PROXY), and the provider's region and endpoint."
        }
    };
    ("CAMS Unreachable", text)
}

/// What to do about a certificate that is not trusted.
fn certificate(untrusted: Untrusted) -> &'static str {
    match untrusted {
        Untrusted::Issuer => {
            "This machine does not know the authority that issued the certificate of the host \
             named below. A proxy or a firewall that inspects TLS uses the company's own \
             authority: save its certificate as a PEM file, and set the environment variable \
             SSL_CERT_FILE to the path of that file. The provider trusts it in addition to the \
             certificates of the system; only for a Redis server, the file replaces them. If no \
             such proxy or firewall is in use, check the provider's endpoint: another server may \
             answer there."
        }
        Untrusted::Date => {
            "The certificate of the host named below has expired or is not valid yet. Check the \
             clock of this machine (timedatectl, or an NTP client). If the clock is right, the \
             operator of that host has to renew the certificate."
        }
        Untrusted::Name => {
            "The host named below presents the certificate of another host. Check the provider's \
             endpoint and the proxy (HTTPS_PROXY)."
        }
        Untrusted::Other => {
            "The certificate of the host named below is not valid. Check the provider's endpoint \
             and the proxy (HTTPS_PROXY). If the company's own authority issued the \
             certificate, the file named by the environment variable SSL_CERT_FILE must contain \
             the certificate of that authority."
        }
    }
}
