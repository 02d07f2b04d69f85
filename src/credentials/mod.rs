//! Finds the access key, in the configuration or in the environment.

mod account;
mod answer;
pub mod chain;
mod cli_profile;
mod command;
pub mod configured;
mod context;
mod current;
mod ecs;
mod error;
mod expiry;
mod fetch;
pub mod files;
mod ini;
mod ini_profile;
mod lookup;
mod pair;
pub mod problem;
mod profile;
mod refresh;
mod roles;
pub mod source;
mod sts;
mod surroundings;
mod variables;
mod web;

use crate::environment::Environment;
use crate::secret::Secret;

pub use crate::openapi::AccessKey;
pub use context::Context;
pub use current::Credentials;
pub use error::{Error, ErrorKind};
pub use pair::{EXPECTED, is_well_formed};
pub use variables::{
    ACCESS_KEY, CREDENTIALS_URI, ECS_ROLE_NAME, OIDC_PROVIDER_ARN, OIDC_ROLE_ARN,
    OIDC_ROLE_SESSION_NAME, OIDC_TOKEN, OIDC_TOKEN_FILE, PROFILE, ROLE_ARN, ROLE_EXTERNAL_ID,
    ROLE_SESSION_EXPIRATION, ROLE_SESSION_NAME, SECRET_KEY, SECURITY_TOKEN,
    SHARED_CREDENTIALS_FILE, STS_ENDPOINT,
};

/// The parts of the access key that the provider block sets.
#[derive(Clone, Debug, Default)]
pub struct Configured {
    /// The value of `access_key`, the id.
    pub access_key: Option<String>,
    /// The value of `secret_key`.
    pub secret_key: Option<Secret>,
    /// The value of `security_token`.
    pub security_token: Option<Secret>,
}

/// Why there is no usable access key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Problem {
    /// The text that is set as the id cannot be one.
    MalformedId,
    /// The text that is set as the secret cannot be one.
    MalformedSecret,
    /// The text that is set as the security token cannot be one.
    MalformedToken,
    /// There is neither id nor secret.
    Missing,
    /// There is no id, although there is a secret or a token.
    MissingId,
    /// There is no secret, although there is an id.
    MissingSecret,
}

/// Finds the access key, which is either all in the configuration or all in the environment.
///
/// The two are never mixed. The service refuses the key of one account with the secret of another
/// one with a message about the signature, which misleads. And a security token that was forgotten
/// in the environment would make a key unusable that needs none.
///
/// # Errors
///
/// If a part is missing, or cannot be a part of an access key.
pub fn resolve(configured: Configured, environment: &Environment) -> Result<AccessKey, Problem> {
    let Configured {
        access_key,
        secret_key,
        security_token,
    } = configured;
    if access_key.is_some() || secret_key.is_some() || security_token.is_some() {
        return whole(access_key, secret_key, security_token);
    }
    let variable = |names: &[&str]| environment.first(names).map(|(_, value)| value.to_owned());
    whole(
        variable(ACCESS_KEY),
        variable(SECRET_KEY).map(Secret::new),
        variable(SECURITY_TOKEN).map(Secret::new),
    )
}

/// The access key made of these parts.
fn whole(
    id: Option<String>,
    secret: Option<Secret>,
    security_token: Option<Secret>,
) -> Result<AccessKey, Problem> {
    let (id, secret) = match (id, secret) {
        (Some(id), Some(secret)) => (id, secret),
        (Some(_), None) => return Err(Problem::MissingSecret),
        (None, None) if security_token.is_none() => return Err(Problem::Missing),
        (None, _) => return Err(Problem::MissingId),
    };
    if !is_well_formed(&id) {
        return Err(Problem::MalformedId);
    }
    if !is_well_formed(secret.expose()) {
        return Err(Problem::MalformedSecret);
    }
    if security_token
        .as_ref()
        .is_some_and(|token| !is_well_formed(token.expose()))
    {
        return Err(Problem::MalformedToken);
    }
    Ok(AccessKey {
        id,
        secret,
        security_token,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn environment(variables: &[(&str, &str)]) -> Environment {
        variables.iter().copied().collect()
    }

    fn resolved(
        configured: Configured,
        variables: &[(&str, &str)],
    ) -> Result<(String, String, Option<String>), Problem> {
        let key = resolve(configured, &environment(variables))?;
        let token = key.security_token.map(|token| token.expose().to_owned());
        Ok((key.id, key.secret.expose().to_owned(), token))
    }

    #[test]
    fn the_environment_is_read_in_alicloud_order() {
        let variables = [
            ("ALIBABA_CLOUD_ACCESS_KEY_ID", "second"),
            ("ALICLOUD_ACCESS_KEY", "first"),
            ("ALIBABACLOUD_ACCESS_KEY_SECRET", "secret"),
            ("ALIBABA_CLOUD_SECURITY_TOKEN", "token"),
        ];
        let expected = (
            "first".to_owned(),
            "secret".to_owned(),
            Some("token".to_owned()),
        );
        assert_eq!(resolved(Configured::default(), &variables), Ok(expected));
    }

    #[test]
    fn what_is_configured_is_never_mixed_with_the_environment() {
        let variables = [
            ("ALICLOUD_ACCESS_KEY", "theirs"),
            ("ALICLOUD_SECRET_KEY", "theirs"),
            ("ALICLOUD_SECURITY_TOKEN", "theirs"),
        ];
        let key = Configured {
            access_key: Some("ours".into()),
            ..Configured::default()
        };
        assert_eq!(
            resolved(key.clone(), &variables),
            Err(Problem::MissingSecret)
        );
        let pair = Configured {
            secret_key: Some(Secret::new("ours")),
            ..key
        };
        assert_eq!(
            resolved(pair, &variables),
            Ok(("ours".into(), "ours".into(), None))
        );
    }

    #[test]
    fn what_is_missing_is_named() {
        assert_eq!(resolved(Configured::default(), &[]), Err(Problem::Missing));
        assert_eq!(
            resolved(Configured::default(), &[("ALICLOUD_SECRET_KEY", "s")]),
            Err(Problem::MissingId)
        );
        assert_eq!(
            resolved(Configured::default(), &[("ALICLOUD_ACCESS_KEY", "k")]),
            Err(Problem::MissingSecret)
        );
    }

    #[test]
    fn what_no_access_key_can_be_is_refused() {
        let key = |id, secret, token| {
            let variables = [
                ("ALICLOUD_ACCESS_KEY", id),
                ("ALICLOUD_SECRET_KEY", secret),
                ("ALICLOUD_SECURITY_TOKEN", token),
            ];
            resolved(Configured::default(), &variables).map(|_| ())
        };
        assert_eq!(key("LTAI5t", "a+/=", "CAIS.-_"), Ok(()));
        assert_eq!(key("LTAI\n", "s", "t"), Err(Problem::MalformedId));
        assert_eq!(key("i", " s", "t"), Err(Problem::MalformedSecret));
        assert_eq!(key("i", "s", "t\u{e9}"), Err(Problem::MalformedToken));
    }
}
