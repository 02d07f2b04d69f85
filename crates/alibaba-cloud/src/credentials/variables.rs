//! The names of the environment variables that have to do with credentials.
//!
//! Of several names for one thing, the first that is set counts. The names and their order are
//! those of terraform-provider-alicloud, then those of Alibaba Cloud's SDKs and CLI.

use base::environment::Environment;

/// The environment variables for the id of the AccessKey.
pub const ACCESS_KEY: &[&str] = &[
    "ALICLOUD_ACCESS_KEY",
    "ALIBABA_CLOUD_ACCESS_KEY_ID",
    "ALIBABACLOUD_ACCESS_KEY_ID",
    "ALICLOUD_ACCESS_KEY_ID",
];
/// The environment variables for the secret of the AccessKey.
pub const SECRET_KEY: &[&str] = &[
    "ALICLOUD_SECRET_KEY",
    "ALIBABA_CLOUD_ACCESS_KEY_SECRET",
    "ALIBABACLOUD_ACCESS_KEY_SECRET",
    "ALICLOUD_ACCESS_KEY_SECRET",
];
/// The environment variables for the security token.
pub const SECURITY_TOKEN: &[&str] = &[
    "ALICLOUD_SECURITY_TOKEN",
    "ALIBABA_CLOUD_SECURITY_TOKEN",
    "ALIBABACLOUD_SECURITY_TOKEN",
];
/// The environment variables for the name of a profile.
pub const PROFILE: &[&str] = &[
    "ALICLOUD_PROFILE",
    "ALIBABA_CLOUD_PROFILE",
    "ALIBABACLOUD_PROFILE",
];
/// The environment variables for the path of a file with profiles. Where the second one is set,
/// the SDKs read an ini file and terraform-provider-alicloud the CLI's file, so the content of the
/// file shows which of the two it is.
pub const SHARED_CREDENTIALS_FILE: &[&str] = &[
    "ALICLOUD_SHARED_CREDENTIALS_FILE",
    "ALIBABA_CLOUD_CREDENTIALS_FILE",
];
/// The environment variables for the name of the instance's role.
pub const ECS_ROLE_NAME: &[&str] = &["ALICLOUD_ECS_ROLE_NAME", "ALIBABA_CLOUD_ECS_METADATA"];
/// The environment variables for the address that gives credentials.
pub const CREDENTIALS_URI: &[&str] = &["ALICLOUD_CREDENTIALS_URI", "ALIBABA_CLOUD_CREDENTIALS_URI"];
/// The environment variables for the role of the block `assume_role`.
pub const ROLE_ARN: &[&str] = &["ALICLOUD_ASSUME_ROLE_ARN", "ALIBABA_CLOUD_ROLE_ARN"];
/// The environment variables for the name of the session of the block `assume_role`.
pub const ROLE_SESSION_NAME: &[&str] = &[
    "ALICLOUD_ASSUME_ROLE_SESSION_NAME",
    "ALIBABA_CLOUD_ROLE_SESSION_NAME",
];
/// The environment variables for the seconds that a session of the block `assume_role` lasts.
pub const ROLE_SESSION_EXPIRATION: &[&str] = &["ALICLOUD_ASSUME_ROLE_SESSION_EXPIRATION"];
/// The environment variables for the external id of the block `assume_role`.
pub const ROLE_EXTERNAL_ID: &[&str] = &["ALIBABA_CLOUD_EXTERNAL_ID", "ALIBABACLOUD_EXTERNAL_ID"];
/// The environment variables for the identity provider of the block `assume_role_with_oidc`.
pub const OIDC_PROVIDER_ARN: &[&str] = &[
    "ALIBABA_CLOUD_OIDC_PROVIDER_ARN",
    "ALIBABACLOUD_OIDC_PROVIDER_ARN",
];
/// The environment variables for the role of the block `assume_role_with_oidc`.
pub const OIDC_ROLE_ARN: &[&str] = &["ALIBABA_CLOUD_ROLE_ARN", "ALIBABACLOUD_ROLE_ARN"];
/// The environment variables for the session's name of the block `assume_role_with_oidc`.
pub const OIDC_ROLE_SESSION_NAME: &[&str] = &["ALIBABA_CLOUD_ROLE_SESSION_NAME"];
/// The environment variables for the token itself.
pub const OIDC_TOKEN: &[&str] = &["ALIBABA_CLOUD_OIDC_TOKEN"];
/// The environment variables for the path of the file that holds the token.
pub const OIDC_TOKEN_FILE: &[&str] = &[
    "ALIBABA_CLOUD_OIDC_TOKEN_FILE",
    "ALIBABACLOUD_OIDC_TOKEN_FILE",
];
/// The environment variables for the address of STS.
pub const STS_ENDPOINT: &[&str] = &[
    "ALIBABA_CLOUD_ENDPOINT_STS",
    "STS_ENDPOINT",
    "ALIBABA_CLOUD_STS_ENDPOINT",
    "ALICLOUD_STS_ENDPOINT",
];

/// The variables for an access key that the CLI reads too, and that may be for anything else: the
/// id, the secret and the security token.
pub(crate) const BARE_KEY: [&str; 3] = ["ACCESS_KEY_ID", "ACCESS_KEY_SECRET", "SECURITY_TOKEN"];
/// The region of STS, which takes precedence over the provider's.
pub(crate) const STS_REGION: &str = "ALIBABA_CLOUD_STS_REGION";
/// Whether STS is asked at its address within the private network.
pub(crate) const VPC_ENDPOINT_ENABLED: &str = "ALIBABA_CLOUD_VPC_ENDPOINT_ENABLED";
/// The path of the CLI's file, where it is not the usual one.
pub(crate) const CONFIG_FILE: &str = "ALIBABA_CLOUD_CONFIG_FILE";
/// Whether the CLI's file is left alone.
pub(crate) const CLI_PROFILE_DISABLED: &[&str] = &[
    "ALIBABA_CLOUD_CLI_PROFILE_DISABLED",
    "ALIBABA_CLOUD_IGNORE_PROFILE",
    "ALIBABACLOUD_IGNORE_PROFILE",
];
/// Whether a profile of the CLI may run programs and fetch from addresses.
pub(crate) const EXTERNAL_PROCESS_DISABLED: &str = "ALIBABA_CLOUD_DISABLE_EXTERNAL_PROCESS";
/// Whether the metadata service is left alone.
pub(crate) const ECS_METADATA_DISABLED: &str = "ALIBABA_CLOUD_ECS_METADATA_DISABLED";
/// Whether the metadata service is asked only in the way that needs a token.
pub(crate) const IMDSV1_DISABLED: &str = "ALIBABA_CLOUD_IMDSV1_DISABLED";
/// The address of a metadata service on this machine, for tests.
pub(crate) const ECS_METADATA_ENDPOINT: &str = "CAMS_ECS_METADATA_ENDPOINT";

/// Whether the variable says yes, as Alibaba Cloud's programs write it.
pub(crate) fn is_true(environment: &Environment, name: &str) -> bool {
    let value = environment.get(name).unwrap_or_default();
    value.eq_ignore_ascii_case("true") || value == "1"
}
