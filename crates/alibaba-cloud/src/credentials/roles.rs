//! The roles that the provider block or the environment names, for which credentials or tokens are
//! exchanged.

use base::secret::Secret;

use super::error::{CredentialsError, CredentialsErrorKind, Result};
use super::key_parts::{EXPECTED, is_well_formed};
use super::local::Local;
use super::source::{FoundProvider, KeyProvider, Oidc, Role, Token};
use super::variables::{
    OIDC_PROVIDER_ARN, OIDC_ROLE_ARN, OIDC_ROLE_SESSION_NAME, OIDC_TOKEN, OIDC_TOKEN_FILE,
    ROLE_ARN, ROLE_EXTERNAL_ID, ROLE_SESSION_EXPIRATION, ROLE_SESSION_NAME,
};

/// How long the session of a role lasts if that is not configured, in seconds.
pub(crate) const DEFAULT_SECONDS: u64 = 3600;

/// The name of a session if none is configured.
const DEFAULT_SESSION_NAME: &str = "terraform";

/// What the block `assume_role_with_oidc` says, and the environment of what it leaves open.
pub(crate) fn oidc(local: &Local) -> Result<Oidc> {
    let require = |argument: &'static str, variables: &[&str]| {
        let text = local.text(argument, variables);
        text.ok_or_else(|| missing(argument, variables))
    };
    let name = local.text("assume_role_with_oidc.role_session_name", &[]);
    Ok(Oidc {
        token: oidc_token(local)?,
        provider_arn: require("assume_role_with_oidc.oidc_provider_arn", OIDC_PROVIDER_ARN)?,
        role: Role {
            arn: require("assume_role_with_oidc.role_arn", OIDC_ROLE_ARN)?,
            session_name: session_name(name, local),
            policy: local.text("assume_role_with_oidc.policy", &[]),
            seconds: seconds("assume_role_with_oidc.session_expiration", &[], local)?,
            external_id: None,
        },
        sts: local.sts(None)?,
    })
}

/// The role of the block `assume_role`, assumed with the credentials that were found. They are used
/// as they are if no role is named, and if the block sets an empty text, whatever the variable says:
/// variables of a configuration often have that as their default, and a pod has a variable for the
/// role that it has already.
pub(crate) fn assume(found: FoundProvider, local: &Local) -> Result<FoundProvider> {
    let arn = local.configured.written("assume_role.role_arn");
    let arn = arn.map(str::to_owned).or_else(|| local.variable(ROLE_ARN));
    let Some(arn) = arn.filter(|arn| !arn.is_empty()) else {
        return Ok(found);
    };
    let (provider, description) = found;
    let role = Role {
        arn,
        session_name: local
            .text("assume_role.session_name", ROLE_SESSION_NAME)
            .unwrap_or_else(|| DEFAULT_SESSION_NAME.to_owned()),
        policy: local.text("assume_role.policy", &[]),
        seconds: seconds(
            "assume_role.session_expiration",
            ROLE_SESSION_EXPIRATION,
            local,
        )?,
        external_id: local.text("assume_role.external_id", ROLE_EXTERNAL_ID),
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
pub(crate) fn session_name(name: Option<String>, local: &Local) -> String {
    name.or_else(|| local.variable(OIDC_ROLE_SESSION_NAME))
        .unwrap_or_else(|| DEFAULT_SESSION_NAME.to_owned())
}

/// The seconds of a session, if STS takes as many.
pub(crate) fn session_seconds(seconds: u64) -> Option<u64> {
    Some(seconds).filter(|seconds| (900..=43_200).contains(seconds))
}

/// Where the token is that the block or the environment names.
fn oidc_token(local: &Local) -> Result<Token> {
    const FILE: &str = "assume_role_with_oidc.oidc_token_file";
    const TOKEN: &str = "assume_role_with_oidc.oidc_token";
    let token = local.configured.get(TOKEN);
    let file = local.configured.get(FILE);
    let file = file.map(|path| ("oidc_token_file", path));
    let file = file.or_else(|| local.environment.first(OIDC_TOKEN_FILE));
    if let (None, Some((named_by, path))) = (token, file) {
        return Ok(Token::File {
            path: local.path(path),
            named_by: named_by.to_owned(),
        });
    }
    let token = token.or_else(|| Some(local.environment.first(OIDC_TOKEN)?.1));
    let token = token.ok_or_else(|| missing(FILE, OIDC_TOKEN_FILE))?.trim();
    if !is_well_formed(token) {
        let text = format!("oidc_token is not usable: {EXPECTED}.");
        return Err(CredentialsErrorKind::Malformed.error(text).at(TOKEN));
    }
    Ok(Token::Text(Secret::new(token)))
}

fn missing(argument: &'static str, variables: &[&str]) -> CredentialsError {
    let (block, name) = argument.split_once('.').unwrap_or_default();
    let text = format!(
        "{block} has no {name}. Set it, or {}.",
        variables.join(" or ")
    );
    CredentialsErrorKind::Incomplete.error(text).at(argument)
}

/// The seconds of a session that the argument or a variable sets, or the default.
fn seconds(argument: &'static str, variables: &[&str], local: &Local) -> Result<u64> {
    let configured = local.configured.get(argument).map(|text| (argument, text));
    let Some((name, text)) = configured.or_else(|| local.environment.first(variables)) else {
        return Ok(DEFAULT_SECONDS);
    };
    // Terraform may write a number with a fraction or an exponent.
    let number: Option<f64> = text.parse().ok();
    let whole = number.filter(|number| number.fract() == 0.0);
    whole
        .and_then(|number| session_seconds(number as u64))
        .ok_or_else(|| {
            let text = format!("{name} is not usable: expected seconds from 900 to 43200.");
            CredentialsErrorKind::Malformed.error(text).at(argument)
        })
}
