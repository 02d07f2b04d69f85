//! What the user can do about a connection that could not be made.

use cams::{Obstacle, Untrusted};

/// The title of the error, and what to do, in whole sentences. Where the connection was to go is in
/// the message of the error.
pub(super) fn advice(obstacle: Option<Obstacle>) -> (&'static str, &'static str) {
    const UNREACHABLE: &str = "CAMS Unreachable";
    match obstacle {
        Some(Obstacle::Certificate(untrusted)) => (
            "CAMS Certificate Not Trusted",
            match untrusted {
                Untrusted::Issuer => {
                    "Whoever issued the certificate of the host named below is unknown to this \
                     machine. Behind a proxy or a firewall that reads along, that is the company's \
                     own authority: get its certificate as a PEM file, and set the environment \
                     variable SSL_CERT_FILE to the path of that file. The provider trusts it in \
                     addition to the system's certificates. If nothing of the kind is between \
                     this machine and CAMS, check the provider's endpoint: somebody else may \
                     answer there."
                }
                Untrusted::Date => {
                    "The certificate of the host named below is out of date. Check this machine's \
                     clock (timedatectl, or an NTP client). If the clock is right, whoever runs \
                     that host has to renew the certificate."
                }
                Untrusted::Name => {
                    "The host named below shows the certificate of another host. Check the \
                     provider's endpoint and the proxy (HTTPS_PROXY): the name in the address must \
                     be one that the certificate is valid for."
                }
                Untrusted::Other => {
                    "The certificate of the host named below cannot be relied on, for the reason \
                     given there. Check the provider's endpoint and the proxy (HTTPS_PROXY). If it \
                     is a company's own, its authority has to be in the file that the environment \
                     variable SSL_CERT_FILE names."
                }
            },
        ),
        Some(Obstacle::Name) => (
            UNREACHABLE,
            "The name of the host has no address. Check the provider's region and endpoint for a \
             typing error, then this machine's DNS. Where only a proxy reaches other networks, set \
             HTTPS_PROXY: the proxy then looks the name up.",
        ),
        Some(Obstacle::Proxy) => (
            UNREACHABLE,
            "The proxy stands in the way. Check the environment variable that is named below: \
             host, port, user name and password of the proxy, and whether it lets connections to \
             CAMS pass. NO_PROXY names the hosts that are reached without it.",
        ),
        Some(Obstacle::Refused) => (
            UNREACHABLE,
            "Nothing accepts connections at the host and port named below. Check the provider's \
             endpoint, and whether a firewall wants a proxy to be used (HTTPS_PROXY).",
        ),
        Some(Obstacle::Time) => (
            UNREACHABLE,
            "The host named below did not answer in time, as behind a firewall that drops \
             connections. Check whether this network wants a proxy to be used (HTTPS_PROXY), and \
             the provider's region and endpoint. If the way is only slow, raise the provider's \
             client_connect_timeout.",
        ),
        Some(Obstacle::Tls) => (
            UNREACHABLE,
            "What answers at the host and port named below does not agree to TLS. Check the \
             provider's endpoint with its port, and whether a proxy or a firewall answers in its \
             place (HTTPS_PROXY).",
        ),
        Some(Obstacle::Other) | None => (
            UNREACHABLE,
            "No connection to the service could be made. Check the network, the proxy \
             (HTTPS_PROXY), and the provider's region and endpoint.",
        ),
    }
}
