//! Where credentials come from: the one way that was found to be configured, and what it needs.

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::SystemTime;

use crate::openapi::{AccessKey, Address, Endpoint};
use base::secret::Secret;

use super::surroundings::Surroundings;
use super::token_file::TokenFile;

/// Where credentials come from. Neither `Debug` nor the description shows a secret.
#[derive(Clone, Debug)]
pub struct Source {
    pub(super) way: Way,
    pub(super) description: String,
    /// What the provider block and the environment name, and what goes before it.
    pub(super) passed_over: Option<String>,
    /// The address of STS for what concerns the credentials that were found.
    pub(super) sts: Endpoint,
    pub(super) surroundings: Arc<Surroundings>,
}

impl Source {
    /// Where the credentials come from, for logs and messages, such as `profile "x" of
    /// ~/.aliyun/config.json, mode RamRoleArn`.
    pub fn describe(&self) -> &str {
        &self.description
    }

    /// What the provider block or the environment names without effect, because something else goes
    /// before it, in whole sentences. It is worth a warning.
    pub fn passed_over(&self) -> Option<&str> {
        self.passed_over.as_deref()
    }

    /// Whether the keys are valid for a while only.
    pub fn is_temporary(&self) -> bool {
        self.way.is_temporary()
    }

    /// What kind of source it is, in one word, such as `assume_role` or `ecs_metadata`.
    pub fn kind(&self) -> &'static str {
        self.way.kind()
    }

    /// Whether nothing is configured, so that only an instance with a role has credentials.
    pub fn is_last_resort(&self) -> bool {
        self.way.is_last_resort()
    }
}

/// A way to credentials, with everything that it needs.
#[derive(Clone, Debug)]
pub(super) enum Way {
    /// A key that is known.
    Key(AccessKey),
    /// A key that another program stored, until it ends.
    Stored(Stored),
    /// Other credentials, exchanged for those of a role.
    Role {
        base: Box<Way>,
        role: Role,
        sts: Endpoint,
    },
    /// The token of an identity provider, exchanged for the credentials of a role.
    Oidc(Oidc),
    /// The role of the instance that this runs on.
    Metadata(Metadata),
    /// An address that gives credentials.
    Uri(Address),
    /// A program that prints credentials: its path and its arguments.
    Command(Command),
    /// A login with CloudSSO.
    CloudSso(CloudSso),
    /// A profile of a file, and the way that it described when it was read last. The file is read
    /// again whenever credentials are fetched.
    Profile(Box<Profile>),
}

impl Way {
    fn kind(&self) -> &'static str {
        match self {
            Self::Key(_) => "access_key",
            Self::Stored(_) => "oauth",
            Self::Role { .. } => "assume_role",
            Self::Oidc(_) => "assume_role_with_oidc",
            Self::Metadata(_) => "ecs_metadata",
            Self::Uri(_) => "credentials_uri",
            Self::Command(_) => "external",
            Self::CloudSso(_) => "cloud_sso",
            Self::Profile(profile) => profile.way.kind(),
        }
    }

    fn is_last_resort(&self) -> bool {
        match self {
            Self::Metadata(metadata) => metadata.last_resort,
            Self::Role { base, .. } => base.is_last_resort(),
            _ => false,
        }
    }

    fn is_temporary(&self) -> bool {
        match self {
            Self::Key(key) => key.security_token.is_some(),
            Self::Profile(profile) => profile.way.is_temporary(),
            // These may give a permanent key, but who uses them expects another one later.
            Self::Command(_)
            | Self::Stored(_)
            | Self::Role { .. }
            | Self::Oidc(_)
            | Self::Metadata(_)
            | Self::Uri(_)
            | Self::CloudSso(_) => true,
        }
    }
}

/// A key that another program stored.
#[derive(Clone, Debug)]
pub(super) struct Stored {
    pub(super) key: AccessKey,
    pub(super) ends: SystemTime,
    /// What to do when it has ended.
    pub(super) advice: String,
}

/// A role and what its session is like.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Role {
    pub(super) arn: String,
    pub(super) session_name: String,
    pub(super) policy: Option<String>,
    /// How long the session lasts, in seconds.
    pub(super) seconds: u64,
    pub(super) external_id: Option<String>,
}

/// The token of an identity provider and what it is exchanged for.
#[derive(Clone, Debug)]
pub(super) struct Oidc {
    pub(super) provider_arn: String,
    pub(super) token: Token,
    pub(super) role: Role,
    pub(super) sts: Endpoint,
}

/// Where the token of an identity provider is.
#[derive(Clone, Debug)]
pub(super) enum Token {
    /// In a file, which is read whenever a token is needed.
    File(TokenFile),
    /// In the configuration or the environment.
    Text(Secret),
}

/// The metadata service of the instance that this runs on.
#[derive(Clone, Debug)]
pub(super) struct Metadata {
    pub(super) server: Address,
    /// The name of the role. The service is asked for it if there is none.
    pub(super) role_name: Option<String>,
    /// Whether only requests with a token are made.
    pub(super) only_v2: bool,
    /// Whether nobody asked for it, and nothing else is configured.
    pub(super) last_resort: bool,
    /// What is worth knowing if the last resort has no credentials either, in sentences.
    pub(super) notes: Vec<String>,
}

/// A program and its arguments, which may hold a password.
#[derive(Clone)]
pub(super) struct Command(pub(super) Vec<Secret>);

impl fmt::Debug for Command {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Command({} words)", self.0.len())
    }
}

/// A login with CloudSSO.
#[derive(Clone, Debug)]
pub(super) struct CloudSso {
    pub(super) server: Address,
    pub(super) account_id: String,
    pub(super) access_configuration: String,
    pub(super) access_token: Secret,
    pub(super) ends: SystemTime,
    /// What to do when the login has ended.
    pub(super) advice: String,
}

/// A profile of a file.
#[derive(Clone, Debug)]
pub(super) struct Profile {
    pub(super) file: PathBuf,
    pub(super) name: String,
    pub(super) way: Way,
}
