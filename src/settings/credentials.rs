//! The settings that say what the credentials come from.
//!
//! This file is longer than 300 lines because there are twenty of them, each declared in full.

use std::time::Duration;

use alibaba_cloud::credentials::{self, variables};
use base::secret::Secret;
use cams::Endpoint;

use crate::setting::{Setting, checked, from_str, whole_number};

/// A setting whose variables and default the search for credentials applies.
const fn credential<T>(
    name: &'static str,
    variables: &'static [&'static str],
    parse: fn(&str) -> Result<T, String>,
    description: &'static str,
) -> Setting<T> {
    Setting::new(name, variables, parse, description).of_credentials()
}

pub(crate) static ACCESS_KEY: Setting<String> = credential(
    "access_key",
    variables::ACCESS_KEY,
    parse_key_part,
    "AccessKey id.",
);

pub(crate) static SECRET_KEY: Setting<Secret> = credential(
    "secret_key",
    variables::SECRET_KEY,
    parse_secret,
    "AccessKey secret.",
)
.secret();

pub(crate) static SECURITY_TOKEN: Setting<Secret> = credential(
    "security_token",
    variables::SECURITY_TOKEN,
    parse_secret,
    "Security token of temporary credentials, which the provider does not refresh. If a run can \
     take longer than their lifetime, use a setting with which the provider fetches credentials.",
)
.secret();

pub(crate) static PROFILE: Setting<String> = credential(
    "profile",
    variables::PROFILE,
    parse_word,
    "Profile of the Alibaba Cloud CLI, or of the SDKs' credentials file.",
)
.otherwise("the provider uses the current profile of the Alibaba Cloud CLI");

pub(crate) static SHARED_CREDENTIALS_FILE: Setting<String> = credential(
    "shared_credentials_file",
    variables::SHARED_CREDENTIALS_FILE,
    parse_word,
    "File with profiles, in the format of the Alibaba Cloud CLI (JSON) or of the SDKs (ini).",
)
.otherwise("the provider reads `~/.aliyun/config.json`");

pub(crate) static ECS_ROLE_NAME: Setting<String> = credential(
    "ecs_role_name",
    variables::ECS_ROLE_NAME,
    |text| parse_word(text.trim()),
    "RAM role of the ECS instance that Terraform runs on.",
)
.otherwise("the provider asks the metadata service");

pub(crate) static CREDENTIALS_URI: Setting<Secret> = credential(
    "credentials_uri",
    variables::CREDENTIALS_URI,
    parse_uri,
    "URL that returns temporary credentials.",
)
.secret();

pub(crate) static STS_ENDPOINT: Setting<Endpoint> = credential(
    "sts_endpoint",
    variables::STS_ENDPOINT,
    from_str,
    "Host or URL of STS, which issues temporary credentials and returns the account id. Plain \
     `http` is allowed only for this machine.",
)
.otherwise(
    "the provider uses the STS endpoint of the region, or `endpoint` if that is on this machine",
);

pub(crate) static ROLE_ARN: Setting<String> =
    role_arn("assume_role.role_arn", variables::ROLE_ARN).otherwise("the provider assumes no role");

pub(crate) static ROLE_SESSION_NAME: Setting<String> =
    session_name("assume_role.session_name", variables::ROLE_SESSION_NAME);

pub(crate) static ROLE_POLICY: Setting<String> = policy("assume_role.policy");

pub(crate) static ROLE_SESSION_EXPIRATION: Setting<Duration> = lifetime(
    "assume_role.session_expiration",
    variables::ROLE_SESSION_EXPIRATION,
);

pub(crate) static ROLE_EXTERNAL_ID: Setting<String> = credential(
    "assume_role.external_id",
    variables::ROLE_EXTERNAL_ID,
    parse_word,
    "External id, where the role asks for one.",
);

pub(crate) static OIDC_PROVIDER_ARN: Setting<String> = credential(
    "assume_role_with_oidc.oidc_provider_arn",
    variables::OIDC_PROVIDER_ARN,
    parse_arn,
    "ARN of the identity provider in RAM, such as `acs:ram::123456789012:oidc-provider/github`.",
);

pub(crate) static OIDC_ROLE_ARN: Setting<String> =
    role_arn("assume_role_with_oidc.role_arn", variables::OIDC_ROLE_ARN);

pub(crate) static OIDC_TOKEN: Setting<Secret> = credential(
    "assume_role_with_oidc.oidc_token",
    variables::OIDC_TOKEN,
    parse_oidc_token,
    "Token of the identity provider. The value is fixed for the run; if the token is renewed, use \
     `oidc_token_file`.",
)
.secret();

pub(crate) static OIDC_TOKEN_FILE: Setting<String> = credential(
    "assume_role_with_oidc.oidc_token_file",
    variables::OIDC_TOKEN_FILE,
    parse_word,
    "File that holds the token. It is read again for each new session.",
);

pub(crate) static OIDC_SESSION_NAME: Setting<String> = session_name(
    "assume_role_with_oidc.role_session_name",
    variables::OIDC_ROLE_SESSION_NAME,
);

pub(crate) static OIDC_POLICY: Setting<String> = policy("assume_role_with_oidc.policy");

pub(crate) static OIDC_SESSION_EXPIRATION: Setting<Duration> =
    lifetime("assume_role_with_oidc.session_expiration", &[]);

/// The role of either block.
const fn role_arn(name: &'static str, variables: &'static [&'static str]) -> Setting<String> {
    let description = "ARN of the role, such as `acs:ram::123456789012:role/terraform`.";
    credential(name, variables, parse_arn, description)
}

/// The name of the session in either role.
const fn session_name(name: &'static str, variables: &'static [&'static str]) -> Setting<String> {
    let description = "Name of the session, which appears in the audit log of the account.";
    credential(name, variables, parse_session_name, description).default("terraform")
}

/// The policy that restricts either role.
const fn policy(name: &'static str) -> Setting<String> {
    let description = "Policy in JSON that restricts the session.";
    let policy = credential(name, &[], parse_policy, description);
    policy.otherwise("the session has all permissions of the role")
}

/// The lifetime of the session in either role.
const fn lifetime(name: &'static str, variables: &'static [&'static str]) -> Setting<Duration> {
    let description = "Lifetime of a session in seconds, from 900 to the maximum of the role. The \
                       provider starts a new session before it expires.";
    credential(name, variables, parse_lifetime, description).default("3600")
}

/// The longest policy that STS takes, in characters.
const MOST_OF_A_POLICY: usize = 2048;

/// Parses a part of the access key. Blanks and line breaks around the part are accepted, even with
/// nothing in between: the chain leaves them out, and says so in the log.
fn parse_key_part(text: &str) -> Result<String, String> {
    let part = text.trim();
    if part.is_empty() || credentials::is_well_formed(part) {
        return Ok(text.to_owned());
    }
    Err(credentials::EXPECTED.to_owned())
}

fn parse_secret(text: &str) -> Result<Secret, String> {
    parse_key_part(text).map(Secret::new)
}

/// Parses a name or a path: anything without control characters.
fn parse_word(text: &str) -> Result<String, String> {
    let is_word = !text.chars().any(char::is_control);
    checked(
        text,
        is_word,
        "a text without line breaks and control characters",
    )
}

fn parse_uri(text: &str) -> Result<Secret, String> {
    let has_scheme = text.starts_with("http://") || text.starts_with("https://");
    let is_uri = has_scheme && credentials::is_well_formed(text);
    checked(text, is_uri, "a URL that begins with https:// or http://").map(Secret::new)
}

fn parse_arn(text: &str) -> Result<String, String> {
    let is_arn = text.starts_with("acs:ram:") && credentials::is_well_formed(text);
    let expected = "the ARN as RAM shows it, such as acs:ram::123456789012:role/terraform";
    checked(text, is_arn, expected)
}

/// STS takes from 2 to 64 letters, digits and some signs.
fn parse_session_name(text: &str) -> Result<String, String> {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b".@-_".contains(&byte);
    let is_name = (2..=64).contains(&text.len()) && text.bytes().all(allowed);
    checked(
        text,
        is_name,
        "2 to 64 letters, digits and signs of . @ - _",
    )
}

fn parse_policy(text: &str) -> Result<String, String> {
    let is_object = serde_json::from_str::<serde_json::Map<_, _>>(text).is_ok();
    let is_policy = is_object && text.chars().count() <= MOST_OF_A_POLICY;
    let expected = format!("a policy in JSON of at most {MOST_OF_A_POLICY} characters");
    checked(text, is_policy, &expected)
}

fn parse_lifetime(text: &str) -> Result<Duration, String> {
    whole_number(text, 900..=43_200, "seconds").map(Duration::from_secs)
}

fn parse_oidc_token(text: &str) -> Result<Secret, String> {
    let text = text.trim();
    let is_token = (4..=20_000).contains(&text.len()) && credentials::is_well_formed(text);
    checked(
        text,
        is_token,
        "a token of 4 to 20000 characters without spaces",
    )
    .map(Secret::new)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_wrong_is_refused() {
        assert!(parse_arn("acs:ram::1:role/r").is_ok());
        assert!(parse_session_name("a.b@c-d_e").is_ok());
        assert!(parse_policy(r#"{"Version":"1"}"#).is_ok());
        assert!(parse_uri("http://localhost:8080/x").is_ok());
        assert!(parse_oidc_token("a.b.c\n").is_ok());
        assert!(parse_lifetime("900").is_ok() && parse_lifetime("43200").is_ok());
        assert!(parse_arn("arn:aws:iam::1:role/r").is_err());
        assert!(parse_session_name("x").is_err() && parse_session_name("a b").is_err());
        assert!(parse_policy("[]").is_err());
        assert!(parse_policy(&format!(r#"{{"a":"{}"}}"#, "x".repeat(2048))).is_err());
        assert!(parse_uri("file:///etc/passwd").is_err());
        assert!(parse_oidc_token("a b c d").is_err());
        assert!(parse_lifetime("899").is_err() && parse_lifetime("43201").is_err());
        assert!(parse_word("a\nb").is_err());
        assert!(parse_key_part(" a\n").is_ok() && parse_key_part("a b").is_err());
    }
}
