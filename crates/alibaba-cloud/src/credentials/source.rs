//! Where credentials come from: the one source that is configured, and what it needs.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::SystemTime;

use crate::openapi::{AccessKey, Address, Endpoint};
use base::secret::Secret;

use super::local::Local;
use super::variables::{CREDENTIALS_URI, ECS_ROLE_NAME};

/// Where credentials come from. Neither `Debug` nor the description shows a secret.
#[derive(Clone, Debug)]
pub struct Source {
    pub(crate) provider: KeyProvider,
    pub(crate) description: String,
    /// What the provider block and the environment set without effect.
    pub(crate) without_effect: Option<String>,
    /// The address of STS, which knows the account of the credentials.
    pub(crate) sts: Endpoint,
    pub(crate) local: Arc<Local>,
}

impl Source {
    /// Where the credentials come from, for logs and messages, such as `profile "x" of
    /// ~/.aliyun/config.json, mode RamRoleArn`.
    pub fn describe(&self) -> &str {
        &self.description
    }

    /// What the provider block or the environment sets without effect, because something else takes
    /// precedence, in whole sentences. It is worth a warning.
    pub fn without_effect(&self) -> Option<&str> {
        self.without_effect.as_deref()
    }

    /// Whether the keys are valid for a limited time only.
    pub fn is_temporary(&self) -> bool {
        match self.provider.innermost() {
            KeyProvider::Key(key) => key.security_token.is_some(),
            // These may give a permanent key, but their users expect another one later.
            _ => true,
        }
    }

    /// What kind of source it is, in one word, such as `assume_role` or `ecs_metadata`.
    pub fn kind(&self) -> &'static str {
        match self.provider.innermost() {
            KeyProvider::Key(_) => "access_key",
            KeyProvider::Stored { .. } => "oauth",
            KeyProvider::Role { .. } => "assume_role",
            KeyProvider::Oidc(_) => "assume_role_with_oidc",
            KeyProvider::Metadata(_) => "ecs_metadata",
            KeyProvider::Uri(_) => "credentials_uri",
            KeyProvider::Command(_) => "external",
            KeyProvider::CloudSso(_) => "cloud_sso",
            KeyProvider::Profile { .. } => "profile",
        }
    }

    /// Whether nothing is configured, so that only an instance with a role has credentials.
    pub fn is_last_resort(&self) -> bool {
        let base = match &self.provider {
            KeyProvider::Role { base, .. } => base,
            other => other,
        };
        matches!(base, KeyProvider::Metadata(metadata) if metadata.last_resort.is_some())
    }
}

/// A provider of keys, and its description.
pub(crate) type FoundProvider = (KeyProvider, String);

/// What provides keys, with everything that it needs.
#[derive(Clone, Debug)]
pub(crate) enum KeyProvider {
    /// A key that is known.
    Key(AccessKey),
    /// A key that another program stored, until it ends.
    Stored {
        key: AccessKey,
        ends: SystemTime,
        /// What to do when it has ended.
        advice: String,
    },
    /// Other credentials, exchanged for those of a role.
    Role {
        base: Box<KeyProvider>,
        role: Role,
        sts: Endpoint,
    },
    /// The token of an identity provider, exchanged for the credentials of a role.
    Oidc(Oidc),
    /// The role of the instance that this runs on.
    Metadata(EcsMetadata),
    /// An address that provides credentials.
    Uri(Address),
    /// A program that prints credentials: its path and its arguments, which may hold a password.
    Command(Vec<Secret>),
    /// A login with CloudSSO.
    CloudSso(CloudSso),
    /// A profile of a file. The file is read again whenever credentials are fetched.
    Profile {
        file: PathBuf,
        name: String,
        /// What it described when it was read last.
        provider: Box<KeyProvider>,
    },
}

impl KeyProvider {
    /// What a profile describes, or this itself.
    pub(crate) fn innermost(&self) -> &Self {
        match self {
            Self::Profile { provider, .. } => provider,
            other => other,
        }
    }

    /// The environment variables for what it asks, which it may have used itself.
    pub(crate) fn variables(&self) -> &'static [&'static str] {
        match self.innermost() {
            Self::Uri(_) => CREDENTIALS_URI,
            Self::Metadata(_) => ECS_ROLE_NAME,
            _ => &[],
        }
    }
}

/// A role and what its session is like.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Role {
    pub(crate) arn: String,
    pub(crate) session_name: String,
    pub(crate) policy: Option<String>,
    /// How long the session lasts, in seconds.
    pub(crate) seconds: u64,
    pub(crate) external_id: Option<String>,
}

/// The token of an identity provider and what it is exchanged for.
#[derive(Clone, Debug)]
pub(crate) struct Oidc {
    pub(crate) provider_arn: String,
    pub(crate) token: Token,
    pub(crate) role: Role,
    pub(crate) sts: Endpoint,
}

/// Where the token of an identity provider is.
#[derive(Clone, Debug)]
pub(crate) enum Token {
    /// In a file, which is read whenever a token is needed.
    File {
        path: PathBuf,
        /// What names the file: an argument, an environment variable, or the key of a profile.
        named_by: String,
    },
    /// In the configuration or the environment.
    Text(Secret),
}

/// The metadata service of the instance that this runs on.
#[derive(Clone, Debug)]
pub(crate) struct EcsMetadata {
    pub(crate) server: Address,
    /// The name of the role. The service is asked for it if there is none.
    pub(crate) role_name: Option<String>,
    /// Whether only requests with a token are made.
    pub(crate) only_v2: bool,
    /// What is worth knowing if it has no credentials either, in sentences, where it is not
    /// configured and is tried because nothing else is.
    pub(crate) last_resort: Option<Vec<String>>,
}

/// A login with CloudSSO.
#[derive(Clone, Debug)]
pub(crate) struct CloudSso {
    pub(crate) server: Address,
    pub(crate) account_id: String,
    pub(crate) access_configuration: String,
    pub(crate) access_token: Secret,
    pub(crate) ends: SystemTime,
    /// What to do when the login has ended.
    pub(crate) advice: String,
}
