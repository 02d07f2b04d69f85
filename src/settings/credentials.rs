//! The settings that say what the credentials come from.
//!
//! This file is longer than 300 lines because there are twenty of them, each declared in full.

use std::time::Duration;

use crate::block::{AssumeRole, AssumeRoleWithOidc, Config};
use crate::setting::{Absent, Setting, Text, from_str, secret, text, within};
use alibaba_cloud::credentials::{self, variables};
use base::secret::Secret;
use cams::Endpoint;
use terraform_plugin::framework::model::Field;
use terraform_plugin::framework::number::Number;

pub(crate) static ACCESS_KEY: Setting<String> = Setting {
    path: &["access_key"],
    variables: variables::ACCESS_KEY,
    absent: Absent::None(""),
    description: "AccessKey id.",
    secret: false,
    configured: |config| text(&config.access_key),
    parse: parse_key_part,
};

pub(crate) static SECRET_KEY: Setting<Secret> = Setting {
    path: &["secret_key"],
    variables: variables::SECRET_KEY,
    absent: Absent::None(""),
    description: "AccessKey secret.",
    secret: true,
    configured: |config| secret(&config.secret_key),
    parse: parse_secret,
};

pub(crate) static SECURITY_TOKEN: Setting<Secret> = Setting {
    path: &["security_token"],
    variables: variables::SECURITY_TOKEN,
    absent: Absent::None(""),
    description: "Security token of temporary credentials. They are not refreshed: where a run may \
        outlast them, let the provider fetch them itself.",
    secret: true,
    configured: |config| secret(&config.security_token),
    parse: parse_secret,
};

pub(crate) static PROFILE: Setting<String> = Setting {
    path: &["profile"],
    variables: variables::PROFILE,
    absent: Absent::None("the current profile of the Alibaba Cloud CLI is used"),
    description: "Profile of the Alibaba Cloud CLI, or of the SDKs' credentials file.",
    secret: false,
    configured: |config| text(&config.profile),
    parse: parse_word,
};

pub(crate) static SHARED_CREDENTIALS_FILE: Setting<String> = Setting {
    path: &["shared_credentials_file"],
    variables: variables::SHARED_CREDENTIALS_FILE,
    absent: Absent::None("it is `~/.aliyun/config.json`"),
    description: "File with the profiles, as the Alibaba Cloud CLI (JSON) or the SDKs (ini) write \
        it.",
    secret: false,
    configured: |config| text(&config.shared_credentials_file),
    parse: parse_word,
};

pub(crate) static ECS_ROLE_NAME: Setting<String> = Setting {
    path: &["ecs_role_name"],
    variables: variables::ECS_ROLE_NAME,
    absent: Absent::None("the metadata service is asked for it"),
    description: "RAM role of the ECS instance that Terraform runs on.",
    secret: false,
    configured: |config| text(&config.ecs_role_name),
    parse: |text| parse_word(text.trim()),
};

pub(crate) static CREDENTIALS_URI: Setting<Secret> = Setting {
    path: &["credentials_uri"],
    variables: variables::CREDENTIALS_URI,
    absent: Absent::None(""),
    description: "Address that answers with temporary credentials.",
    secret: true,
    configured: |config| secret(&config.credentials_uri),
    parse: parse_uri,
};

pub(crate) static STS_ENDPOINT: Setting<Endpoint> = Setting {
    path: &["sts_endpoint"],
    variables: variables::STS_ENDPOINT,
    absent: Absent::None("the region's own is used, or `endpoint` if that is on this machine"),
    description: "Host or URL of STS, which exchanges credentials and tells the account; plain \
        `http` only to this machine.",
    secret: false,
    configured: |config| text(&config.sts_endpoint),
    parse: from_str,
};

pub(crate) static ROLE_ARN: Setting<String> = Setting {
    path: &["assume_role", "role_arn"],
    variables: variables::ROLE_ARN,
    absent: Absent::None("no role is assumed"),
    description: "ARN of the role, such as `acs:ram::123456789012:role/terraform`.",
    secret: false,
    configured: |config| role(config, |role| text(&role.role_arn)),
    parse: parse_arn,
};

pub(crate) static ROLE_SESSION_NAME: Setting<String> = Setting {
    path: &["assume_role", "session_name"],
    variables: variables::ROLE_SESSION_NAME,
    absent: Absent::Default("terraform"),
    description: "Name of the session, which shows in the audit log of the account.",
    secret: false,
    configured: |config| role(config, |role| text(&role.session_name)),
    parse: parse_session_name,
};

pub(crate) static ROLE_POLICY: Setting<String> = Setting {
    path: &["assume_role", "policy"],
    variables: &[],
    absent: Absent::None("the session may do what the role may"),
    description: "Policy in JSON that narrows what the session may do.",
    secret: false,
    configured: |config| role(config, |role| text(&role.policy)),
    parse: parse_policy,
};

pub(crate) static ROLE_SESSION_EXPIRATION: Setting<Duration> = Setting {
    path: &["assume_role", "session_expiration"],
    variables: variables::ROLE_SESSION_EXPIRATION,
    absent: Absent::Default("3600"),
    description: "Seconds that a session lasts, from 900 up to what the role allows. A new one is \
        fetched in time.",
    secret: false,
    configured: |config| role(config, |role| text(&role.session_expiration)),
    parse: parse_lifetime,
};

pub(crate) static ROLE_EXTERNAL_ID: Setting<String> = Setting {
    path: &["assume_role", "external_id"],
    variables: variables::ROLE_EXTERNAL_ID,
    absent: Absent::None(""),
    description: "External id, where the role asks for one.",
    secret: false,
    configured: |config| role(config, |role| text(&role.external_id)),
    parse: parse_word,
};

pub(crate) static OIDC_PROVIDER_ARN: Setting<String> = Setting {
    path: &["assume_role_with_oidc", "oidc_provider_arn"],
    variables: variables::OIDC_PROVIDER_ARN,
    absent: Absent::None(""),
    description: "ARN of the identity provider in RAM, such as \
        `acs:ram::123456789012:oidc-provider/github`.",
    secret: false,
    configured: |config| oidc(config, |oidc| text(&oidc.oidc_provider_arn)),
    parse: parse_arn,
};

pub(crate) static OIDC_ROLE_ARN: Setting<String> = Setting {
    path: &["assume_role_with_oidc", "role_arn"],
    variables: variables::OIDC_ROLE_ARN,
    absent: Absent::None(""),
    description: "ARN of the role, such as `acs:ram::123456789012:role/terraform`.",
    secret: false,
    configured: |config| oidc(config, |oidc| text(&oidc.role_arn)),
    parse: parse_arn,
};

pub(crate) static OIDC_TOKEN: Setting<Secret> = Setting {
    path: &["assume_role_with_oidc", "oidc_token"],
    variables: variables::OIDC_TOKEN,
    absent: Absent::None(""),
    description: "Token of the identity provider. It stays the same for the run, so a file is \
        better where the token is renewed.",
    secret: true,
    configured: |config| oidc(config, |oidc| secret(&oidc.oidc_token)),
    parse: parse_oidc_token,
};

pub(crate) static OIDC_TOKEN_FILE: Setting<String> = Setting {
    path: &["assume_role_with_oidc", "oidc_token_file"],
    variables: variables::OIDC_TOKEN_FILE,
    absent: Absent::None(""),
    description: "File that holds the token. It is read again for each new session.",
    secret: false,
    configured: |config| oidc(config, |oidc| text(&oidc.oidc_token_file)),
    parse: parse_word,
};

pub(crate) static OIDC_SESSION_NAME: Setting<String> = Setting {
    path: &["assume_role_with_oidc", "role_session_name"],
    variables: variables::OIDC_ROLE_SESSION_NAME,
    absent: Absent::Default("terraform"),
    description: "Name of the session, which shows in the audit log of the account.",
    secret: false,
    configured: |config| oidc(config, |oidc| text(&oidc.role_session_name)),
    parse: parse_session_name,
};

pub(crate) static OIDC_POLICY: Setting<String> = Setting {
    path: &["assume_role_with_oidc", "policy"],
    variables: &[],
    absent: Absent::None("the session may do what the role may"),
    description: "Policy in JSON that narrows what the session may do.",
    secret: false,
    configured: |config| oidc(config, |oidc| text(&oidc.policy)),
    parse: parse_policy,
};

pub(crate) static OIDC_SESSION_EXPIRATION: Setting<Duration> = Setting {
    path: &["assume_role_with_oidc", "session_expiration"],
    variables: &[],
    absent: Absent::Default("3600"),
    description: "Seconds that a session lasts, from 900 up to what the role allows. A new one is \
        fetched in time.",
    secret: false,
    configured: |config| oidc(config, |oidc| text(&oidc.session_expiration)),
    parse: parse_lifetime,
};

/// The longest policy that STS takes, in characters.
const MOST_OF_A_POLICY: usize = 2048;

/// An attribute of the block `assume_role`.
fn role(config: &Config, field: fn(&AssumeRole) -> Field<Text>) -> Field<Text> {
    within(&config.assume_role, field)
}

/// An attribute of the block `assume_role_with_oidc`.
fn oidc(config: &Config, field: fn(&AssumeRoleWithOidc) -> Field<Text>) -> Field<Text> {
    within(&config.assume_role_with_oidc, field)
}

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
    match text.chars().any(char::is_control) {
        true => Err("expected a text without line breaks and control characters".to_owned()),
        false => Ok(text.to_owned()),
    }
}

fn parse_uri(text: &str) -> Result<Secret, String> {
    let has_scheme = ["http://", "https://"]
        .iter()
        .any(|scheme| text.starts_with(scheme));
    match has_scheme && credentials::is_well_formed(text) {
        true => Ok(Secret::new(text)),
        false => Err("expected an address that begins with https:// or http://".to_owned()),
    }
}

fn parse_arn(text: &str) -> Result<String, String> {
    match text.starts_with("acs:ram:") && credentials::is_well_formed(text) {
        true => Ok(text.to_owned()),
        false => Err(
            "expected the ARN as RAM shows it, such as acs:ram::123456789012:role/terraform"
                .to_owned(),
        ),
    }
}

/// STS takes from 2 to 64 letters, digits and some signs.
fn parse_session_name(text: &str) -> Result<String, String> {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b".@-_".contains(&byte);
    match (2..=64).contains(&text.len()) && text.bytes().all(allowed) {
        true => Ok(text.to_owned()),
        false => Err("expected 2 to 64 letters, digits and signs of . @ - _".to_owned()),
    }
}

fn parse_policy(text: &str) -> Result<String, String> {
    let is_object = serde_json::from_str::<serde_json::Map<_, _>>(text).is_ok();
    match is_object && text.chars().count() <= MOST_OF_A_POLICY {
        true => Ok(text.to_owned()),
        false => Err(format!(
            "expected a policy in JSON of at most {MOST_OF_A_POLICY} characters"
        )),
    }
}

fn parse_lifetime(text: &str) -> Result<Duration, String> {
    let seconds = Number::parse(text).and_then(|number| number.as_u64());
    seconds
        .filter(|seconds| (900..=43_200).contains(seconds))
        .map(Duration::from_secs)
        .ok_or_else(|| "expected a whole number of seconds from 900 to 43200".to_owned())
}

fn parse_oidc_token(text: &str) -> Result<Secret, String> {
    let text = text.trim();
    match (4..=20_000).contains(&text.len()) && credentials::is_well_formed(text) {
        true => Ok(Secret::new(text)),
        false => Err("expected a token of 4 to 20000 characters without spaces".to_owned()),
    }
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
