//! The roles that credentials or tokens are exchanged for.

use std::time::Duration;

use base::environment::Environment;
use base::secret::Secret;

use super::chain::Found;
use super::configured::{AssumeRole, AssumeRoleWithOidc};
use super::pair;
use super::problem::{Problem, ProblemKind};
use super::source::{Oidc, Role, Token, Way};
use super::surroundings::{StsOfProfile, Surroundings};
use super::token_file::TokenFile;
use super::variables::{
    OIDC_PROVIDER_ARN, OIDC_ROLE_ARN, OIDC_ROLE_SESSION_NAME, OIDC_TOKEN, OIDC_TOKEN_FILE,
    ROLE_ARN, ROLE_EXTERNAL_ID, ROLE_SESSION_EXPIRATION, ROLE_SESSION_NAME,
};

/// How long the session of a role lasts unless somebody says otherwise, in seconds.
pub(super) const DEFAULT_SECONDS: u64 = 3600;

/// The name of a session unless somebody says otherwise.
const DEFAULT_SESSION_NAME: &str = "terraform";

/// What the block `assume_role_with_oidc` says, and the environment of what it leaves open.
pub(super) fn oidc(
    block: &AssumeRoleWithOidc,
    surroundings: &Surroundings,
) -> Result<Oidc, Problem> {
    let variable = |names: &[&str]| surroundings.variable(names);
    let missing = |attribute: &'static [&'static str], names: &[&str]| {
        let text = format!(
            "assume_role_with_oidc has no {}. Set it, or {}.",
            attribute.last().copied().unwrap_or_default(),
            names.join(" or ")
        );
        Problem::new(ProblemKind::Incomplete, text).at(attribute)
    };
    let file = |text: &str, named_by: &str| {
        Token::File(TokenFile {
            path: surroundings.path(text),
            named_by: named_by.to_owned(),
        })
    };
    let of_environment = surroundings.environment.first(OIDC_TOKEN_FILE);
    let token = match (&block.oidc_token, &block.oidc_token_file) {
        (Some(token), _) => Token::Text(token.clone()),
        (None, Some(path)) => file(path, "oidc_token_file"),
        (None, None) => match (of_environment, variable(OIDC_TOKEN)) {
            (Some((name, path)), _) => file(path, name),
            (None, Some(token)) => Token::Text(Secret::new(token.trim())),
            (None, None) => {
                let attribute = &["assume_role_with_oidc", "oidc_token_file"];
                return Err(missing(attribute, OIDC_TOKEN_FILE));
            }
        },
    };
    if let Token::Text(token) = &token
        && !pair::is_well_formed(token.expose())
    {
        let text = format!("oidc_token is not usable: {}.", pair::EXPECTED);
        let problem = Problem::new(ProblemKind::Malformed, text);
        return Err(problem.at(&["assume_role_with_oidc", "oidc_token"]));
    }
    let provider_arn = block.oidc_provider_arn.clone();
    let provider_arn = provider_arn.or_else(|| variable(OIDC_PROVIDER_ARN));
    let arn = block.role_arn.clone().or_else(|| variable(OIDC_ROLE_ARN));
    let session_name = block.role_session_name.clone();
    let session_name = session_name.or_else(|| variable(OIDC_ROLE_SESSION_NAME));
    Ok(Oidc {
        provider_arn: provider_arn.ok_or_else(|| {
            let attribute = &["assume_role_with_oidc", "oidc_provider_arn"];
            missing(attribute, OIDC_PROVIDER_ARN)
        })?,
        token,
        role: Role {
            arn: arn
                .ok_or_else(|| missing(&["assume_role_with_oidc", "role_arn"], OIDC_ROLE_ARN))?,
            session_name: session_name.unwrap_or_else(|| DEFAULT_SESSION_NAME.to_owned()),
            policy: block.policy.clone(),
            seconds: block
                .session_expiration
                .map_or(DEFAULT_SECONDS, |time| time.as_secs()),
            external_id: None,
        },
        sts: surroundings.sts(&StsOfProfile::default())?,
    })
}

/// The role of the block `assume_role`, assumed by what was found. It stays as it is if nobody says
/// which role, and if the block says that there is none, by an empty text: a pod has a variable for
/// the role that it has already.
pub(super) fn upon(
    block: &AssumeRole,
    way: Way,
    description: String,
    surroundings: &Surroundings,
) -> Result<Found, Problem> {
    let variable = |names: &[&str]| surroundings.variable(names);
    let AssumeRole {
        role_arn,
        session_name,
        policy,
        session_expiration,
        external_id,
    } = block.clone();
    let arn = role_arn.or_else(|| variable(ROLE_ARN));
    let Some(arn) = arn.filter(|arn| !arn.is_empty()) else {
        return Ok((way, description));
    };
    let session_name = session_name.or_else(|| variable(ROLE_SESSION_NAME));
    let seconds = match session_expiration {
        Some(time) => time.as_secs(),
        None => self::session_expiration(&surroundings.environment)?.as_secs(),
    };
    let description = format!("the block assume_role, upon {description}");
    let role = Role {
        arn,
        session_name: session_name.unwrap_or_else(|| DEFAULT_SESSION_NAME.to_owned()),
        policy,
        seconds,
        external_id: external_id.or_else(|| variable(ROLE_EXTERNAL_ID)),
    };
    let sts = surroundings.sts(&StsOfProfile::default())?;
    let base = Box::new(way);
    Ok((Way::Role { base, role, sts }, description))
}

/// The role that the environment names for whatever names none itself.
pub(super) fn role_of_environment(environment: &Environment) -> Option<String> {
    let (_, arn) = environment.first(OIDC_ROLE_ARN)?;
    Some(arn.to_owned())
}

/// The name of a session: this one, that of the environment, or the usual one.
pub(super) fn session_name(name: Option<String>, environment: &Environment) -> String {
    let variable = || environment.first(OIDC_ROLE_SESSION_NAME);
    name.or_else(|| variable().map(|(_, name)| name.to_owned()))
        .unwrap_or_else(|| DEFAULT_SESSION_NAME.to_owned())
}

fn session_expiration(environment: &Environment) -> Result<Duration, Problem> {
    let Some((name, text)) = environment.first(ROLE_SESSION_EXPIRATION) else {
        return Ok(Duration::from_secs(DEFAULT_SECONDS));
    };
    let seconds = text.parse().ok();
    let seconds = seconds.filter(|seconds| (900..=43_200).contains(seconds));
    seconds.map(Duration::from_secs).ok_or_else(|| {
        let text = format!("{name} is not usable: expected seconds from 900 to 43200.");
        let problem = Problem::new(ProblemKind::Malformed, text);
        problem.at(&["assume_role", "session_expiration"])
    })
}
