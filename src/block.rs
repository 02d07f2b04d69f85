//! The provider block as Terraform hands it over: its attributes, each of which may be null or
//! unknown. `setting` and `settings` say what the values mean.

use base::secret::Secret;
use terraform_plugin::model;

model! {
    /// The attributes of the provider block.
    pub struct Config {
        /// The id of the AccessKey.
        pub access_key: String,
        /// The secret of the AccessKey.
        pub secret_key: Secret,
        /// The security token of temporary credentials.
        pub security_token: Secret,
        /// The name of a profile in a file of the Alibaba Cloud CLI or SDKs.
        pub profile: String,
        /// The path of that file.
        pub shared_credentials_file: String,
        /// The role of the ECS instance that Terraform runs on.
        pub ecs_role_name: String,
        /// The address that gives credentials.
        pub credentials_uri: Secret,
        /// The role that the credentials are exchanged for.
        pub assume_role: AssumeRole,
        /// The role that the token of an identity provider is exchanged for.
        pub assume_role_with_oidc: AssumeRoleWithOidc,
        /// The host or the URL of STS.
        pub sts_endpoint: String,
        /// The region whose API is called.
        pub region: String,
        /// The host or the URL of the API.
        pub endpoint: String,
        /// The space of resources that name none.
        pub cust_space_id: String,
        /// The method by which requests are signed.
        pub signature_method: String,
        /// The account whose quota is used.
        pub account_id: String,
        /// How long it may take to make a connection, in milliseconds.
        pub client_connect_timeout: String,
        /// How long an answer may take, in milliseconds.
        pub client_read_timeout: String,
        /// How the account's call quota is kept.
        pub throttle: Throttling,
    }
}

model! {
    /// The attributes of `throttle` in the provider block.
    pub struct Throttling {
        /// How many calls of an operation may be made in a second.
        pub requests_per_second: String,
        /// With whom the quota is shared.
        pub scope: String,
        /// The directory in which the processes of one machine share it.
        pub state_directory: String,
        /// The Redis server at which several machines share it.
        pub redis_url: Secret,
        /// How long it may take to connect to the Redis server, in milliseconds.
        pub redis_connect_timeout: String,
        /// How long the Redis server may take to answer a command, in milliseconds.
        pub redis_command_timeout: String,
        /// How many calls of an operation may be made in a second while the shared state cannot be
        /// reached.
        pub fallback_requests_per_second: String,
    }
}

model! {
    /// The attributes of `assume_role` in the provider block.
    pub struct AssumeRole {
        /// The ARN of the role.
        pub role_arn: String,
        /// The name of the session, which shows in the audit log of the account.
        pub session_name: String,
        /// A policy that narrows what the session may do.
        pub policy: String,
        /// How long the session lasts, in seconds.
        pub session_expiration: String,
        /// The external id that the role may ask for.
        pub external_id: String,
    }
}

model! {
    /// The attributes of `assume_role_with_oidc` in the provider block.
    pub struct AssumeRoleWithOidc {
        /// The ARN of the identity provider.
        pub oidc_provider_arn: String,
        /// The ARN of the role.
        pub role_arn: String,
        /// The token of the identity provider.
        pub oidc_token: Secret,
        /// The path of the file that holds the token.
        pub oidc_token_file: String,
        /// The name of the session, which shows in the audit log of the account.
        pub role_session_name: String,
        /// A policy that narrows what the session may do.
        pub policy: String,
        /// How long the session lasts, in seconds.
        pub session_expiration: String,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_format_of_the_block_shows_a_secret() {
        let config = Config {
            secret_key: "canary".into(),
            security_token: "canary".into(),
            credentials_uri: "http://user:canary@localhost".into(),
            assume_role_with_oidc: AssumeRoleWithOidc {
                oidc_token: "canary".into(),
                ..AssumeRoleWithOidc::default()
            }
            .into(),
            throttle: Throttling {
                redis_url: "redis://:canary@localhost".into(),
                ..Throttling::default()
            }
            .into(),
            ..Config::default()
        };
        let shown = format!("{config:?} {config:#?}");
        assert!(
            shown.contains("***") && !shown.contains("canary"),
            "{shown}"
        );
    }
}
