//! How sessions are issued: by which roles and tokens, for how long, and what the sources of
//! credentials answer. It is a group of flags, and the body of `PUT /_emulator/issuance`.

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, ValueEnum};
use serde::{Deserialize, Serialize};

use crate::period::Period;

/// The choices about sessions and their sources.
#[derive(Clone, Debug, Args, Deserialize, Serialize)]
#[command(next_help_heading = "Sessions, and where they come from")]
#[serde(deny_unknown_fields)]
pub(crate) struct Issuance {
    /// How long sessions live, whatever is requested; without the flag they live as long as is
    /// requested, and an hour where nothing can be requested
    #[arg(long, value_name = "SECONDS")]
    pub(crate) session_lifetime: Option<u64>,
    /// With which code a revoked session is refused
    #[arg(long, value_name = "CODE", value_enum, default_value_t)]
    pub(crate) revoked_as: RevokedAs,
    /// A role that can be assumed; may be given several times; without it every role can be
    #[arg(long, value_name = "NAME")]
    pub(crate) role: Vec<String>,
    /// Allow AssumeRole with this ExternalId only
    #[arg(long, value_name = "ID")]
    pub(crate) external_id: Option<String>,
    /// Accept in AssumeRoleWithOIDC only the token that this file holds at that time; without the
    /// flag every token of a possible length is accepted, unless it is a JWT that has expired
    #[arg(long, value_name = "FILE")]
    pub(crate) oidc_token_file: Option<PathBuf>,
    /// Which version of the metadata service there is
    #[arg(long, value_name = "VERSION", value_enum, default_value_t)]
    pub(crate) metadata: MetadataVersion,
    /// How much longer the metadata service takes to answer
    #[arg(long, value_name = "DURATION", default_value = "0ms")]
    pub(crate) metadata_delay: Period,
    /// How the credentials URI answers
    #[arg(long, value_name = "KIND", value_enum, default_value_t)]
    pub(crate) credentials_uri: CredentialsUri,
}

/// How long a session lives if no time is requested: an hour, as documented.
const DEFAULT_LIFETIME: Duration = Duration::from_secs(3600);

/// The code that refuses a revoked session. It is not documented what the service answers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum RevokedAs {
    /// `InvalidSecurityToken.Expired`.
    Expired,
    /// `InvalidAccessKeyId.NotFound`, which a mistyped key gets as well.
    #[default]
    NotFound,
}

/// The version of the metadata service.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum MetadataVersion {
    /// Requests are accepted with a token and without one, as on most instances.
    #[default]
    Both,
    /// There is no metadata service: all its paths are unknown.
    Off,
    /// There are no tokens, and requests are accepted without one.
    V1,
    /// Requests without a token are refused, as on hardened instances.
    V2,
}

/// How the credentials URI answers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum CredentialsUri {
    /// With a `Code` that reports a failure, and with the status 200.
    Failure,
    /// With credentials, but without the field `Code`.
    NoCode,
    /// With credentials and the `Code` `Success`.
    #[default]
    Success,
}

impl Issuance {
    /// How long a session lives for which this time was requested, if any was.
    pub(crate) fn lifetime(&self, requested: Option<Duration>) -> Duration {
        let fixed = self.session_lifetime.map(Duration::from_secs);
        fixed.or(requested).unwrap_or(DEFAULT_LIFETIME)
    }

    /// Whether a role of this name can be assumed.
    pub(crate) fn has_role(&self, name: &str) -> bool {
        self.role.is_empty() || self.role.iter().any(|role| role.eq_ignore_ascii_case(name))
    }
}
