//! The roles that the provider block or the environment names, for which credentials or tokens are
//! exchanged.

use base::secret::Secret;

use super::configured::{AssumeRole, AssumeRoleWithOidc};
use super::error::{CredentialsError, CredentialsErrorKind, Result};
use super::key_parts::{EXPECTED, is_well_formed};
use super::local::Local;
use super::source::{FoundProvider, KeyProvider, Oidc, Role, Token};
use super::variables::{
    OIDC_PROVIDER_ARN, OIDC_ROLE_ARN, OIDC_ROLE_SESSION_NAME, OIDC_TOKEN, OIDC_TOKEN_FILE,
    ROLE_ARN, ROLE_EXTERNAL_ID, ROLE_SESSION_EXPIRATION, ROLE_SESSION_NAME,
};

/// How long the session of a role lasts if that is not configured, in seconds.
pub(super) const DEFAULT_SECONDS: u64 = 3600;

/// The name of a session if none is configured.
const DEFAULT_SESSION_NAME: &str = "terraform";

/// What the block `assume_role_with_oidc` says, and the environment of what it leaves open.
pub(super) fn oidc(block: &AssumeRoleWithOidc, local: &Local) -> Result<Oidc> {
    let text = |value: &Option<String>, attribute: &'static [&'static str], names: &[&str]| {
        let value = value.clone().or_else(|| local.variable(names));
        value.ok_or_else(|| missing(attribute, names))
    };
    let provider = &["assume_role_with_oidc", "oidc_provider_arn"];
    let role = &["assume_role_with_oidc", "role_arn"];
    Ok(Oidc {
        token: oidc_token(block, local)?,
        provider_arn: text(&block.oidc_provider_arn, provider, OIDC_PROVIDER_ARN)?,
        role: Role {
            arn: text(&block.role_arn, role, OIDC_ROLE_ARN)?,
            session_name: session_name(block.role_session_name.clone(), local),
            policy: block.policy.clone(),
            seconds: block
                .session_expiration
                .map_or(DEFAULT_SECONDS, |time| time.as_secs()),
            external_id: None,
        },
        sts: local.sts(None)?,
    })
}

/// Where the token is that the block or the environment names.
fn oidc_token(block: &AssumeRoleWithOidc, local: &Local) -> Result<Token> {
    let file = match &block.oidc_token_file {
        Some(path) => Some(("oidc_token_file", path.as_str())),
        None => local.environment.first(OIDC_TOKEN_FILE),
    };
    let token = match (&block.oidc_token, file) {
        (Some(token), _) => token.clone(),
        (None, Some((named_by, path))) => {
            return Ok(Token::File {
                path: local.path(path),
                named_by: named_by.to_owned(),
            });
        }
        (None, None) => {
            let token = local.environment.first(OIDC_TOKEN).ok_or_else(|| {
                let attribute = &["assume_role_with_oidc", "oidc_token_file"];
                missing(attribute, OIDC_TOKEN_FILE)
            })?;
            Secret::new(token.1.trim())
        }
    };
    if !is_well_formed(token.expose()) {
        let text = format!("oidc_token is not usable: {EXPECTED}.");
        let error = CredentialsErrorKind::Malformed.error(text);
        return Err(error.at(&["assume_role_with_oidc", "oidc_token"]));
    }
    Ok(Token::Text(token))
}

fn missing(attribute: &'static [&'static str], names: &[&str]) -> CredentialsError {
    let text = format!(
        "assume_role_with_oidc has no {}. Set it, or {}.",
        attribute[1],
        names.join(" or ")
    );
    CredentialsErrorKind::Incomplete.error(text).at(attribute)
}

/// The role of the block `assume_role`, assumed with the credentials that were found. They are used
/// as they are if no role is named, and if the block says that there is none, by an empty text: a
/// pod has a variable for the role that it has already.
pub(super) fn assume(
    block: &AssumeRole,
    found: FoundProvider,
    local: &Local,
) -> Result<FoundProvider> {
    let text = |value: &Option<String>, names| value.clone().or_else(|| local.variable(names));
    let arn = text(&block.role_arn, ROLE_ARN);
    let Some(arn) = arn.filter(|arn| !arn.is_empty()) else {
        return Ok(found);
    };
    let (provider, description) = found;
    let role = Role {
        arn,
        session_name: text(&block.session_name, ROLE_SESSION_NAME)
            .unwrap_or_else(|| DEFAULT_SESSION_NAME.to_owned()),
        policy: block.policy.clone(),
        seconds: match block.session_expiration {
            Some(time) => time.as_secs(),
            None => seconds_of_environment(local)?,
        },
        external_id: text(&block.external_id, ROLE_EXTERNAL_ID),
    };
    let role = KeyProvider::Role {
        base: Box::new(provider),
        role,
        sts: local.sts(None)?,
    };
    let description = format!("the block assume_role, with credentials from {description}");
    Ok((role, description))
}

/// The name of a session: this one, that of the environment, or the default one.
pub(super) fn session_name(name: Option<String>, local: &Local) -> String {
    name.or_else(|| local.variable(OIDC_ROLE_SESSION_NAME))
        .unwrap_or_else(|| DEFAULT_SESSION_NAME.to_owned())
}

/// The seconds of a session, if STS takes as many.
pub(super) fn session_seconds(seconds: u64) -> Option<u64> {
    Some(seconds).filter(|seconds| (900..=43_200).contains(seconds))
}

fn seconds_of_environment(local: &Local) -> Result<u64> {
    let Some((name, text)) = local.environment.first(ROLE_SESSION_EXPIRATION) else {
        return Ok(DEFAULT_SECONDS);
    };
    let seconds = text.parse().ok().and_then(session_seconds);
    seconds.ok_or_else(|| {
        let text = format!("{name} is not usable: expected seconds from 900 to 43200.");
        let error = CredentialsErrorKind::Malformed.error(text);
        error.at(&["assume_role", "session_expiration"])
    })
}
