//! How sessions are issued: by which roles and tokens, for how long, and what the sources of
//! credentials answer.
//!
//! One structure serves as flags of the binary, as configuration, and as the body of
//! `PUT /_emulator/issuance`, so that a choice is described once. As in
//! [`Behaviour`](super::Behaviour), a default is what the documentation says, and where it says
//! nothing, the choice that is hardest for a client.

use std::path::PathBuf;
use std::time::Duration;

use clap::ValueEnum;
use serde::{Deserialize, Serialize};

use super::period::Period;

/// The choices about sessions and their sources.
#[derive(Clone, Debug, PartialEq, Eq, clap::Args, Deserialize, Serialize)]
#[command(next_help_heading = "Sessions, and where they come from")]
#[serde(deny_unknown_fields)]
pub struct Issuance {
    /// How long sessions live, whatever is asked for; without the flag they live as long as is
    /// asked for, and an hour where nothing can be asked
    #[arg(long, value_name = "SECONDS")]
    pub session_lifetime: Option<u64>,
    /// What an answer says of the end of a session
    #[arg(long, value_name = "KIND", value_enum, default_value_t)]
    pub expiration: Expiration,
    /// With which code a revoked session is refused
    #[arg(long, value_name = "CODE", value_enum, default_value_t)]
    pub revoked_as: RevokedAs,
    /// A role that can be assumed; may be given several times; without it every role can be
    #[arg(long, value_name = "NAME")]
    pub role: Vec<String>,
    /// Let AssumeRole be allowed with this ExternalId only
    #[arg(long, value_name = "ID")]
    pub external_id: Option<String>,
    /// Accept in AssumeRoleWithOIDC only the token that this file holds when it is asked; without
    /// the flag every token of a possible length passes, unless it is a JWT that has expired
    #[arg(long, value_name = "FILE")]
    pub oidc_token_file: Option<PathBuf>,
    /// Which version of the metadata service there is
    #[arg(long, value_name = "VERSION", value_enum, default_value_t)]
    pub metadata: Metadata,
    /// How much longer the metadata service takes to answer
    #[arg(long, value_name = "DURATION", default_value = "0ms")]
    pub metadata_delay: Period,
    /// The role that the metadata service knows; an empty name stands for an instance without one
    #[arg(long, value_name = "NAME", default_value = METADATA_ROLE)]
    pub metadata_role: String,
    /// How the credentials URI answers
    #[arg(long, value_name = "KIND", value_enum, default_value_t)]
    pub credentials_uri: CredentialsUri,
}

/// The role of the instance whose metadata service is emulated.
const METADATA_ROLE: &str = "emulator-role";

/// How long a session lives if nobody says how long it should: an hour, as documented.
const DEFAULT_LIFETIME: Duration = Duration::from_secs(3600);

/// What an answer says in `Expiration`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Expiration {
    /// The field is left out.
    Absent,
    /// A date that has passed already.
    Past,
    /// The end of the time that was asked for, although the session ends by `--session-lifetime`.
    Requested,
    /// The end of the session.
    #[default]
    Truthful,
    /// A text that is no date.
    Unreadable,
}

/// The code that refuses a revoked session. It is not documented what the service answers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum RevokedAs {
    /// The code is `InvalidSecurityToken.Expired`.
    Expired,
    /// The code is `InvalidAccessKeyId.NotFound`, which a mistyped key gets as well.
    #[default]
    NotFound,
}

/// The version of the metadata service.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Metadata {
    /// Requests pass with a token and without one, as on most instances.
    #[default]
    Both,
    /// There is no metadata service: all its paths are unknown.
    Off,
    /// No token can be had, and requests pass without one.
    V1,
    /// Requests without a token are refused, as on hardened instances.
    V2,
}

/// How the credentials URI answers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum CredentialsUri {
    /// With a `Code` that tells of a failure, and with the status 200.
    Failure,
    /// With credentials, but without the field `Code`.
    NoCode,
    /// With credentials and the `Code` `Success`.
    #[default]
    Success,
}

impl Issuance {
    /// How long a session lives for which this time was asked, if any was.
    pub(super) fn lifetime(&self, requested: Option<Duration>) -> Duration {
        let fixed = self.session_lifetime.map(Duration::from_secs);
        fixed.or(requested).unwrap_or(DEFAULT_LIFETIME)
    }

    /// What `Expiration` tells of a session that lives for `lifetime`, and for which `requested`
    /// was asked, if anything was.
    pub(super) fn told(&self, lifetime: Duration, requested: Option<Duration>) -> Told {
        match self.expiration {
            Expiration::Absent => Told::Nothing,
            Expiration::Past => Told::Past,
            Expiration::Requested => Told::After(requested.unwrap_or(DEFAULT_LIFETIME)),
            Expiration::Truthful => Told::After(lifetime),
            Expiration::Unreadable => Told::Unreadable,
        }
    }

    /// Whether a role of this name can be assumed.
    pub(super) fn has_role(&self, name: &str) -> bool {
        self.role.is_empty() || self.role.iter().any(|role| role.eq_ignore_ascii_case(name))
    }
}

/// What is told of the end of a session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Told {
    /// The session ends so long after it was issued.
    After(Duration),
    Nothing,
    /// The session ended a minute before it was issued.
    Past,
    Unreadable,
}

impl Default for Issuance {
    fn default() -> Self {
        Self {
            session_lifetime: None,
            expiration: Expiration::default(),
            revoked_as: RevokedAs::default(),
            role: Vec::new(),
            external_id: None,
            oidc_token_file: None,
            metadata: Metadata::default(),
            metadata_delay: Period::default(),
            metadata_role: METADATA_ROLE.into(),
            credentials_uri: CredentialsUri::default(),
        }
    }
}
