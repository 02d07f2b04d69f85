//! An access key that is written in parts: id, secret, and for temporary keys a security token.

use crate::openapi::AccessKey;
use base::environment::Environment;
use base::secret::Secret;

use super::error::{CredentialsError, CredentialsErrorKind, Result};
use super::local::Configured;
use super::variables::{ACCESS_KEY, BARE_KEY, SECRET_KEY, SECURITY_TOKEN};

/// What every part of an access key looks like, for error messages.
pub const EXPECTED: &str = "expected printable ASCII characters without spaces; a space or a line \
    break may have been copied with the value";

/// Why parts from two places are no access key.
const NEVER_MIXED: &str = "Configuration and environment are never mixed: all parts must come from \
    one of the two.";

/// A part of an access key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum KeyPart {
    Id,
    Secret,
    Token,
}

/// Why parts are not an access key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum KeyPartError {
    Missing(KeyPart),
    Malformed(KeyPart),
}

/// Whether `part` can be a part of an access key. Anything else would make a header invalid, or the
/// signature wrong.
pub fn is_well_formed(part: &str) -> bool {
    !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_graphic())
}

/// Makes an access key of id, secret and token, without the blanks and line breaks around them, as
/// terraform-provider-alicloud does. `name` says where a part is written, for the log.
pub(crate) fn assemble(
    [id, secret, token]: [Option<&str>; 3],
    name: impl Fn(KeyPart) -> String,
) -> Result<AccessKey, KeyPartError> {
    let trimmed = |part, text: Option<&str>| {
        let text = text.unwrap_or_default();
        let trimmed = text.trim();
        if trimmed.is_empty() {
            return Err(KeyPartError::Missing(part));
        }
        if trimmed.len() < text.len() {
            let name = name(part);
            tracing::info!("{name} has blanks or line breaks around its value, which are left out");
        }
        match is_well_formed(trimmed) {
            true => Ok(trimmed.to_owned()),
            false => Err(KeyPartError::Malformed(part)),
        }
    };
    Ok(AccessKey {
        id: trimmed(KeyPart::Id, id)?,
        secret: Secret::new(trimmed(KeyPart::Secret, secret)?),
        security_token: match trimmed(KeyPart::Token, token) {
            Err(KeyPartError::Missing(_)) => None,
            token => Some(Secret::new(token?)),
        },
    })
}

/// The access key of the provider block, `None` if it has no part of one.
///
/// # Errors
///
/// If only some parts are there, or one cannot be a part of an access key.
pub(crate) fn of_block(configured: &Configured) -> Result<Option<AccessKey>> {
    let parts = [KeyPart::Id, KeyPart::Secret, KeyPart::Token];
    let parts = parts.map(|part| configured.get(setting(part).0));
    configured_key(parts, |part| {
        format!("{} of the provider block", setting(part).0)
    })
}

/// The access key that the environment holds, `None` if it holds neither an id nor a secret.
///
/// A security token alone is often left from an earlier session. It is not an access key, so it is
/// noted, for the case that nothing else is found.
///
/// # Errors
///
/// If only the id or only the secret is there, or a part cannot be one of an access key.
pub(crate) fn of_environment(
    environment: &Environment,
    notes: &mut Vec<String>,
) -> Result<Option<AccessKey>> {
    let first = |part| environment.first(setting(part).1);
    let half = |name: &str, without: &str, missing: KeyPart| {
        let (attribute, variables) = setting(missing);
        incomplete(&format!(
            "The environment variable {name} is set without its {without}: none of {} is set. Set \
             one of these, or unset {name}.",
            variables.join(", ")
        ))
        .at(attribute)
    };
    match (first(KeyPart::Id), first(KeyPart::Secret)) {
        (None, None) => {
            notes.extend(first(KeyPart::Token).map(|(name, _)| {
                format!(
                    "The environment variable {name} is set, but a security token alone is not an \
                     access key."
                )
            }));
            return Ok(None);
        }
        (Some((name, _)), None) => return Err(half(name, "secret", KeyPart::Secret)),
        (None, Some((name, _))) => return Err(half(name, "access key", KeyPart::Id)),
        (Some(_), Some(_)) => {}
    }
    let parts = [KeyPart::Id, KeyPart::Secret, KeyPart::Token].map(|part| Some(first(part)?.1));
    configured_key(parts, |part| variable(first(part).map(|(name, _)| name)))
}

/// The access key that the environment holds under the names without a prefix that the CLI reads
/// too. Other programs use the same names, so only an id of Alibaba Cloud's form counts.
///
/// # Errors
///
/// If a part cannot be one of an access key.
pub(crate) fn of_bare_variables(
    environment: &Environment,
    notes: &mut Vec<String>,
) -> Result<Option<AccessKey>> {
    let parts = BARE_KEY.map(|name| environment.get(name));
    let trimmed = parts.map(|part| part.map(str::trim).filter(|part| !part.is_empty()));
    let [Some(id), Some(_), _] = trimmed else {
        return Ok(None);
    };
    if !["LTAI", "STS."].iter().any(|begin| id.starts_with(begin)) {
        notes.push(format!(
            "The environment variable {} is set, but its value is not the id of an AccessKey of \
             Alibaba Cloud, which begins with LTAI or STS.",
            BARE_KEY[0]
        ));
        return Ok(None);
    }
    configured_key(parts, |part| variable(Some(BARE_KEY[part as usize])))
}

/// The access key made of the parts of provider block or environment, `None` if there are none.
fn configured_key(
    parts: [Option<&str>; 3],
    name: impl Fn(KeyPart) -> String,
) -> Result<Option<AccessKey>> {
    if parts.iter().flatten().all(|part| part.trim().is_empty()) {
        return Ok(None);
    }
    let key = assemble(parts, name).map_err(|error| {
        let (part, error) = match error {
            KeyPartError::Missing(part) => {
                let what = match part {
                    KeyPart::Id => "a secret key or token without its access key",
                    KeyPart::Secret | KeyPart::Token => "an access key without its secret",
                };
                let set = names(part);
                (part, incomplete(&format!("There is {what}. Set {set}.")))
            }
            KeyPartError::Malformed(part) => {
                let text = format!("{} is not usable: {EXPECTED}.", names(part));
                (part, CredentialsErrorKind::Malformed.error(text))
            }
        };
        error.at(setting(part).0)
    });
    key.map(Some)
}

/// The error for credentials that are nowhere. `notes` are sentences about places where there might
/// have been some.
pub(crate) fn missing(notes: &[String]) -> CredentialsError {
    let text = format!(
        "No credentials are set. Set {} and {}. {NEVER_MIXED} Other ways are profile, \
         assume_role_with_oidc, ecs_role_name and credentials_uri, the variables of each, and the \
         files ~/.aliyun/config.json and ~/.alibabacloud/credentials.",
        names(KeyPart::Id),
        names(KeyPart::Secret)
    );
    let sentences = [&[text], notes].concat();
    CredentialsErrorKind::Missing.error(sentences.join(" "))
}

/// The attribute and the environment variables for a part.
fn setting(part: KeyPart) -> (&'static str, &'static [&'static str]) {
    match part {
        KeyPart::Id => ("access_key", ACCESS_KEY),
        KeyPart::Secret => ("secret_key", SECRET_KEY),
        KeyPart::Token => ("security_token", SECURITY_TOKEN),
    }
}

fn names(part: KeyPart) -> String {
    let (attribute, variables) = setting(part);
    format!("{attribute} (or {})", variables.join(", "))
}

fn variable(name: Option<&str>) -> String {
    format!("the environment variable {}", name.unwrap_or_default())
}

fn incomplete(what: &str) -> CredentialsError {
    let text = format!("{what} {NEVER_MIXED}");
    CredentialsErrorKind::Incomplete.error(text)
}
