//! An access key that is written down in parts: id, secret, and for temporary ones a token.

use crate::openapi::AccessKey;
use base::environment::Environment;
use base::secret::Secret;

use super::problem::{Problem, ProblemKind};
use super::variables::{ACCESS_KEY, BARE_KEY, SECRET_KEY, SECURITY_TOKEN};

/// What every part of an access key looks like, for error messages.
pub const EXPECTED: &str = "expected letters, digits and signs of ASCII alone; often a space or a \
    line break was copied with it";

/// Why parts from two places are no access key.
const NEVER_MIXED: &str = "Configuration and environment are never mixed: all parts must come from \
    the same of the two.";

/// Whether `part` can be a part of an access key. Anything else would make a header invalid, or the
/// signature wrong.
pub fn is_well_formed(part: &str) -> bool {
    !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_graphic())
}

/// A part of an access key without the blanks and line breaks around it, as
/// terraform-provider-alicloud takes it. `name` says where it stands. `None` if nothing is left.
pub(super) fn trimmed(name: &str, part: &str) -> Option<String> {
    let text = part.trim();
    if text.len() < part.len() {
        tracing::info!("{name} has blanks or line breaks around its value, which are left out");
    }
    (!text.is_empty()).then(|| text.to_owned())
}

/// The access key made of these parts, `None` if there is no part at all.
///
/// # Errors
///
/// If only some parts are there, or one cannot be a part of an access key.
pub(super) fn key(
    id: Option<String>,
    secret: Option<Secret>,
    security_token: Option<Secret>,
) -> Result<Option<AccessKey>, Problem> {
    let (id, secret) = match (id, secret) {
        (Some(id), Some(secret)) => (id, secret),
        (None, None) if security_token.is_none() => return Ok(None),
        (Some(_), None) => {
            let what = format!(
                "There is an access key without its secret. Set {}.",
                secret_key()
            );
            return Err(incomplete(&what).at(&["secret_key"]));
        }
        (None, _) => {
            let key = access_key();
            let what = format!("There is a secret key or token without its access key. Set {key}.");
            return Err(incomplete(&what).at(&["access_key"]));
        }
    };
    if !is_well_formed(&id) {
        return Err(malformed(&access_key()).at(&["access_key"]));
    }
    if !is_well_formed(secret.expose()) {
        return Err(malformed(&secret_key()).at(&["secret_key"]));
    }
    let token = security_token.as_ref().map(Secret::expose);
    if token.is_some_and(|token| !is_well_formed(token)) {
        let name = format!("security_token (or {})", SECURITY_TOKEN.join(", "));
        return Err(malformed(&name).at(&["security_token"]));
    }
    Ok(Some(AccessKey {
        id,
        secret,
        security_token,
    }))
}

/// The access key that the environment holds, `None` if it holds neither an id nor a secret.
///
/// A security token alone is often left from an earlier session. It is not an access key, so it is
/// noted, for the case that nothing else is found.
///
/// # Errors
///
/// If only the id or only the secret is there, or a part cannot be one of an access key.
pub(super) fn of_environment(
    environment: &Environment,
    notes: &mut Vec<String>,
) -> Result<Option<AccessKey>, Problem> {
    let id = environment.first(ACCESS_KEY);
    let secret = environment.first(SECRET_KEY);
    let token = environment.first(SECURITY_TOKEN);
    match (id, secret) {
        (None, None) => {
            notes.extend(token.map(|(name, _)| {
                format!(
                    "The environment variable {name} is set, but a security token alone is not an \
                     access key."
                )
            }));
            return Ok(None);
        }
        (Some((name, _)), None) => {
            return Err(half(name, "without its secret", SECRET_KEY).at(&["secret_key"]));
        }
        (None, Some((name, _))) => {
            return Err(half(name, "without its access key", ACCESS_KEY).at(&["access_key"]));
        }
        (Some(_), Some(_)) => {}
    }
    let text = |variable: Option<(&str, &str)>| {
        let (name, value) = variable?;
        trimmed(&format!("the environment variable {name}"), value)
    };
    key(
        text(id),
        text(secret).map(Secret::new),
        text(token).map(Secret::new),
    )
}

/// The access key that the environment holds under the bare names that the CLI reads too. Other
/// programs use the same names, so only an id of Alibaba Cloud's form counts.
///
/// # Errors
///
/// If a part cannot be one of an access key.
pub(super) fn of_bare_variables(
    environment: &Environment,
    notes: &mut Vec<String>,
) -> Result<Option<AccessKey>, Problem> {
    let part = |name: &str| {
        trimmed(
            &format!("the environment variable {name}"),
            environment.get(name)?,
        )
    };
    let [id, secret, token] = BARE_KEY;
    let (Some(key), Some(secret)) = (part(id), part(secret)) else {
        return Ok(None);
    };
    if !["LTAI", "STS."].iter().any(|begin| key.starts_with(begin)) {
        notes.push(format!(
            "The environment variable {id} is set, but its value is not the id of an AccessKey of \
             Alibaba Cloud, which begins with LTAI or STS."
        ));
        return Ok(None);
    }
    self::key(
        Some(key),
        Some(Secret::new(secret)),
        part(token).map(Secret::new),
    )
}

/// The error for one half of an access key in the environment variable `name`, whose other half is
/// in none of the variables `missing`.
fn half(name: &str, without: &str, missing: &[&str]) -> Problem {
    let missing = missing.join(", ");
    incomplete(&format!(
        "The environment variable {name} is set {without}: none of {missing} is set. Set one of \
         these, or unset {name}."
    ))
}

/// The error for credentials that are nowhere. `notes` are sentences about places where there might
/// have been some.
pub(super) fn missing(notes: &[String]) -> Problem {
    let mut text = format!(
        "No credentials are set. Set {} and {}. {NEVER_MIXED} Other ways are profile, \
         assume_role_with_oidc, ecs_role_name and credentials_uri, the variables of each, and the \
         files ~/.aliyun/config.json and ~/.alibabacloud/credentials.",
        access_key(),
        secret_key()
    );
    for note in notes {
        text.push(' ');
        text.push_str(note);
    }
    Problem::new(ProblemKind::Missing, text)
}

fn access_key() -> String {
    format!("access_key (or {})", ACCESS_KEY.join(", "))
}

fn secret_key() -> String {
    format!("secret_key (or {})", SECRET_KEY.join(", "))
}

fn incomplete(what: &str) -> Problem {
    Problem::new(ProblemKind::Incomplete, format!("{what} {NEVER_MIXED}"))
}

fn malformed(name: &str) -> Problem {
    let text = format!("{name} is not usable: {EXPECTED}.");
    Problem::new(ProblemKind::Malformed, text)
}
