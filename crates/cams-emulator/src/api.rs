//! What a request is addressed to: one of two APIs, or one of the sources of credentials that hand
//! out sessions.

use serde::Serialize;

use super::operation;
use super::request::{HttpRequest, Request};
use super::sts;

/// The path of the credentials URI. It is below the path of the control interface, and is no part
/// of it.
pub(super) const CREDENTIALS_URI: &str = "/_emulator/credentials-uri";

/// What a request is addressed to, by which the journal tells requests apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Api {
    /// The API of CAMS, and every request that is not addressed to anything else.
    Cams,
    /// The exchange of a CloudSSO access token for credentials.
    CloudSso,
    /// The address that `ALIBABA_CLOUD_CREDENTIALS_URI` would name.
    CredentialsUri,
    /// The metadata service of an ECS instance.
    Metadata,
    /// The API of STS, which is on the same URL as that of CAMS.
    Sts,
}

impl Api {
    /// Tells by its path what a request is addressed to. CAMS and STS share one path, and differ by
    /// the version that a request names.
    pub(super) fn of(http: &HttpRequest, request: Option<&Request<'_>>) -> Self {
        match &*http.path {
            CREDENTIALS_URI => Self::CredentialsUri,
            "/cloud-credentials" => Self::CloudSso,
            path if path.starts_with("/latest/") => Self::Metadata,
            _ if request.and_then(Request::version) == Some(sts::VERSION) => Self::Sts,
            _ => Self::Cams,
        }
    }

    /// The version that requests to this API name. Sources of credentials have none.
    pub(super) fn version(self) -> Option<&'static str> {
        match self {
            Self::Cams => Some(operation::VERSION),
            Self::Sts => Some(sts::VERSION),
            Self::CloudSso | Self::CredentialsUri | Self::Metadata => None,
        }
    }

    /// The host and the product that errors of the gateway name.
    pub(super) fn host_and_product(self) -> (&'static str, &'static str) {
        match self {
            Self::Sts => ("sts.emulator", "Sts"),
            _ => ("cams.emulator", "cams"),
        }
    }
}
