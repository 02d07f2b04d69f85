//! What the provider block says about credentials.

use std::time::Duration;

use crate::openapi::Endpoint;
use base::secret::Secret;

/// The arguments of the provider block that concern credentials. An empty text is given as `None`,
/// except for the role of `assume_role`.
#[derive(Clone, Debug, Default)]
pub struct Configured {
    /// The value of `access_key`, the id.
    pub access_key: Option<String>,
    /// The value of `secret_key`.
    pub secret_key: Option<Secret>,
    /// The value of `security_token`.
    pub security_token: Option<Secret>,
    /// The value of `profile`, the name of a profile in a file.
    pub profile: Option<String>,
    /// The value of `shared_credentials_file`, the path of a file with profiles.
    pub shared_credentials_file: Option<String>,
    /// The value of `ecs_role_name`, the role of the instance that this runs on.
    pub ecs_role_name: Option<String>,
    /// The value of `credentials_uri`, an address that gives credentials. It may hold a password.
    pub credentials_uri: Option<Secret>,
    /// The block `assume_role`, if there is one.
    pub assume_role: Option<AssumeRole>,
    /// The block `assume_role_with_oidc`, if there is one.
    pub assume_role_with_oidc: Option<AssumeRoleWithOidc>,
    /// The region, which has an STS of its own.
    pub region: Option<String>,
    /// The value of `sts_endpoint`.
    pub sts_endpoint: Option<Endpoint>,
}

impl Configured {
    /// Whether an argument that names credentials is set.
    pub(super) fn has(&self, argument: &str) -> bool {
        match argument {
            "access_key" => self.access_key.is_some(),
            "secret_key" => self.secret_key.is_some(),
            "security_token" => self.security_token.is_some(),
            "profile" => self.profile.is_some(),
            "shared_credentials_file" => self.shared_credentials_file.is_some(),
            "credentials_uri" => self.credentials_uri.is_some(),
            "ecs_role_name" => self.ecs_role_name.is_some(),
            _ => false,
        }
    }
}

/// The block `assume_role`: the role that the credentials found otherwise are exchanged for.
#[derive(Clone, Debug, Default)]
pub struct AssumeRole {
    /// The ARN of the role. Where neither it nor its variable is set, no role is assumed; nor where
    /// it is an empty text, whatever the variable says, because variables of a configuration often
    /// have that as their default.
    pub role_arn: Option<String>,
    /// The name of the session, `terraform` if there is none.
    pub session_name: Option<String>,
    /// A policy in JSON that narrows what the session may do.
    pub policy: Option<String>,
    /// How long the session lasts, an hour if there is none.
    pub session_expiration: Option<Duration>,
    /// The external id that the role may ask for.
    pub external_id: Option<String>,
}

/// The block `assume_role_with_oidc`: the role that the token of an identity provider is exchanged
/// for. It needs no other credentials.
#[derive(Clone, Debug, Default)]
pub struct AssumeRoleWithOidc {
    /// The ARN of the identity provider.
    pub oidc_provider_arn: Option<String>,
    /// The ARN of the role.
    pub role_arn: Option<String>,
    /// The token itself. It can't be renewed.
    pub oidc_token: Option<Secret>,
    /// The path of the file that holds the token. It is read whenever a token is needed.
    pub oidc_token_file: Option<String>,
    /// The name of the session, `terraform` if there is none.
    pub role_session_name: Option<String>,
    /// A policy in JSON that narrows what the session may do.
    pub policy: Option<String>,
    /// How long the session lasts, an hour if there is none.
    pub session_expiration: Option<Duration>,
}
