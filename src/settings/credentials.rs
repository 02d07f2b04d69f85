//! The settings that say what the credentials come from.

use alibaba_cloud::credentials::{self, variables};
use cams::Endpoint;

use crate::setting::{Setting, check, from_str, whole_number};

/// All of them. The search for credentials reads the texts, and applies the variables and the
/// defaults, so these only check what is written.
pub(crate) static ALL: &[Setting<()>] = &[
    credential(
        "access_key",
        variables::ACCESS_KEY,
        check_key_part,
        "AccessKey ID.",
    ),
    credential(
        "secret_key",
        variables::SECRET_KEY,
        check_key_part,
        "AccessKey secret.",
    )
    .secret(),
    credential(
        "security_token",
        variables::SECURITY_TOKEN,
        check_key_part,
        "Security token of temporary credentials, which the provider does not refresh. If a run \
         can take longer than their lifetime, use a setting with which the provider fetches \
         credentials.",
    )
    .secret(),
    credential(
        "profile",
        variables::PROFILE,
        check_word,
        "Profile of the Alibaba Cloud CLI, or of the SDKs' credentials file.",
    )
    .otherwise("the provider uses the current profile of the Alibaba Cloud CLI"),
    credential(
        "shared_credentials_file",
        variables::SHARED_CREDENTIALS_FILE,
        check_word,
        "File with profiles, in the format of the Alibaba Cloud CLI (JSON) or of the SDKs (ini).",
    )
    .otherwise("the provider reads `~/.aliyun/config.json`"),
    credential(
        "ecs_role_name",
        variables::ECS_ROLE_NAME,
        |text| check_word(text.trim()),
        "RAM role of the ECS instance that Terraform runs on.",
    )
    .otherwise("the provider asks the metadata service"),
    credential(
        "credentials_uri",
        variables::CREDENTIALS_URI,
        check_uri,
        "URL that returns temporary credentials.",
    )
    .secret(),
    credential(
        "sts_endpoint",
        variables::STS_ENDPOINT,
        |text| from_str::<Endpoint>(text).map(drop),
        "Host or URL of STS, which issues temporary credentials and returns the account id. \
         Plain `http` is allowed only for this machine.",
    )
    .otherwise(
        "the provider uses the STS endpoint of the region, or `endpoint` if that is on this \
         machine",
    ),
    role_arn("assume_role.role_arn", variables::ROLE_ARN).otherwise("the provider assumes no role"),
    session_name("assume_role.session_name", variables::ROLE_SESSION_NAME),
    policy("assume_role.policy"),
    lifetime(
        "assume_role.session_expiration",
        variables::ROLE_SESSION_EXPIRATION,
    ),
    credential(
        "assume_role.external_id",
        variables::ROLE_EXTERNAL_ID,
        check_word,
        "External id, where the role asks for one.",
    ),
    credential(
        "assume_role_with_oidc.oidc_provider_arn",
        variables::OIDC_PROVIDER_ARN,
        check_arn,
        "ARN of the identity provider in RAM, such as \
         `acs:ram::123456789012:oidc-provider/github`.",
    ),
    role_arn("assume_role_with_oidc.role_arn", variables::OIDC_ROLE_ARN),
    credential(
        "assume_role_with_oidc.oidc_token",
        variables::OIDC_TOKEN,
        check_oidc_token,
        "Token of the identity provider. The value is fixed for the run; if the token is \
         renewed, use `oidc_token_file`.",
    )
    .secret(),
    credential(
        "assume_role_with_oidc.oidc_token_file",
        variables::OIDC_TOKEN_FILE,
        check_word,
        "File that holds the token. It is read again for each new session.",
    ),
    session_name(
        "assume_role_with_oidc.role_session_name",
        variables::OIDC_ROLE_SESSION_NAME,
    ),
    policy("assume_role_with_oidc.policy"),
    lifetime("assume_role_with_oidc.session_expiration", &[]),
];

/// A setting whose variables and default the search for credentials applies.
const fn credential(
    name: &'static str,
    variables: &'static [&'static str],
    check: fn(&str) -> Result<(), String>,
    description: &'static str,
) -> Setting<()> {
    Setting::new(name, variables, check, description).of_credentials()
}

/// The role of either block.
const fn role_arn(name: &'static str, variables: &'static [&'static str]) -> Setting<()> {
    let description = "ARN of the role, such as `acs:ram::123456789012:role/terraform`.";
    credential(name, variables, check_arn, description)
}

/// The name of the session in either role.
const fn session_name(name: &'static str, variables: &'static [&'static str]) -> Setting<()> {
    let description = "Name of the session, which appears in the audit log of the account.";
    credential(name, variables, check_session_name, description).default("terraform")
}

/// The policy that restricts either role.
const fn policy(name: &'static str) -> Setting<()> {
    let description = "Policy in JSON that restricts the session.";
    let policy = credential(name, &[], check_policy, description);
    policy.otherwise("the session has all permissions of the role")
}

/// The lifetime of the session in either role.
const fn lifetime(name: &'static str, variables: &'static [&'static str]) -> Setting<()> {
    let description = "Lifetime of a session in seconds, from 900 to the maximum of the role. The \
                       provider starts a new session before it expires.";
    credential(name, variables, check_lifetime, description).default("3600")
}

/// The longest policy that STS takes, in characters.
const MOST_OF_A_POLICY: usize = 2048;

/// Checks a part of the access key. Blanks and line breaks around the part are accepted, even with
/// nothing in between: the chain leaves them out, and says so in the log.
fn check_key_part(text: &str) -> Result<(), String> {
    let part = text.trim();
    match part.is_empty() || credentials::is_well_formed(part) {
        true => Ok(()),
        false => Err(credentials::EXPECTED.to_owned()),
    }
}

/// Checks a name or a path: anything without control characters.
fn check_word(text: &str) -> Result<(), String> {
    let is_word = !text.chars().any(char::is_control);
    check(is_word, "a text without line breaks and control characters")
}

fn check_uri(text: &str) -> Result<(), String> {
    let has_scheme = text.starts_with("http://") || text.starts_with("https://");
    let is_uri = has_scheme && credentials::is_well_formed(text);
    check(is_uri, "a URL that begins with https:// or http://")
}

fn check_arn(text: &str) -> Result<(), String> {
    let is_arn = text.starts_with("acs:ram:") && credentials::is_well_formed(text);
    check(
        is_arn,
        "the ARN as RAM shows it, which begins with acs:ram:",
    )
}

/// STS takes from 2 to 64 letters, digits and some signs.
fn check_session_name(text: &str) -> Result<(), String> {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b".@-_".contains(&byte);
    let is_name = (2..=64).contains(&text.len()) && text.bytes().all(allowed);
    check(is_name, "2 to 64 letters, digits and signs of . @ - _")
}

fn check_policy(text: &str) -> Result<(), String> {
    let is_object = serde_json::from_str::<serde_json::Map<_, _>>(text).is_ok();
    let is_policy = is_object && text.chars().count() <= MOST_OF_A_POLICY;
    let expected = format!("a policy in JSON of at most {MOST_OF_A_POLICY} characters");
    check(is_policy, &expected)
}

fn check_lifetime(text: &str) -> Result<(), String> {
    whole_number(text, 900..=43_200, "seconds").map(drop)
}

fn check_oidc_token(text: &str) -> Result<(), String> {
    let text = text.trim();
    let is_token = (4..=20_000).contains(&text.len()) && credentials::is_well_formed(text);
    check(is_token, "a token of 4 to 20000 characters without spaces")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_wrong_is_refused() {
        assert!(check_arn("acs:ram::1:role/r").is_ok());
        assert!(check_session_name("a.b@c-d_e").is_ok());
        assert!(check_policy(r#"{"Version":"1"}"#).is_ok());
        assert!(check_uri("http://localhost:8080/x").is_ok());
        assert!(check_oidc_token("a.b.c\n").is_ok());
        assert!(check_lifetime("900").is_ok() && check_lifetime("43200").is_ok());
        assert!(check_arn("arn:aws:iam::1:role/r").is_err());
        assert!(check_session_name("x").is_err() && check_session_name("a b").is_err());
        assert!(check_policy("[]").is_err());
        assert!(check_policy(&format!(r#"{{"a":"{}"}}"#, "x".repeat(2048))).is_err());
        assert!(check_uri("file:///etc/passwd").is_err());
        assert!(check_oidc_token("a b c d").is_err());
        assert!(check_lifetime("899").is_err() && check_lifetime("43201").is_err());
        assert!(check_word("a\nb").is_err());
        assert!(check_key_part(" a\n").is_ok() && check_key_part("a b").is_err());
    }
}
