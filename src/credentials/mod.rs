//! Where the access key comes from.

use crate::environment::Environment;
use crate::secret::Secret;

pub use crate::openapi::AccessKey;

/// Variables for the AccessKey id, the first that is set wins. The names are those of terraform-provider-alicloud.
pub const ACCESS_KEY: &[&str] = &[
    "ALICLOUD_ACCESS_KEY",
    "ALIBABA_CLOUD_ACCESS_KEY_ID",
    "ALIBABACLOUD_ACCESS_KEY_ID",
];
/// Variables for the AccessKey secret.
pub const SECRET_KEY: &[&str] = &[
    "ALICLOUD_SECRET_KEY",
    "ALIBABA_CLOUD_ACCESS_KEY_SECRET",
    "ALIBABACLOUD_ACCESS_KEY_SECRET",
];
/// Variables for the security token.
pub const SECURITY_TOKEN: &[&str] = &[
    "ALICLOUD_SECURITY_TOKEN",
    "ALIBABA_CLOUD_SECURITY_TOKEN",
    "ALIBABACLOUD_SECURITY_TOKEN",
];

/// What was configured.
#[derive(Clone, Debug, Default)]
pub struct Configured {
    /// `access_key`.
    pub access_key: Option<String>,
    /// `secret_key`.
    pub secret_key: Option<Secret>,
    /// `security_token`.
    pub security_token: Option<Secret>,
}

/// Which part of the access key is missing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Missing {
    /// Both id and secret.
    All,
    /// The id, although there is a secret or a token.
    Id,
    /// The secret, although there is an id.
    Secret,
}

/// Finds the access key: all of it in the configuration, or all of it in the environment.
///
/// The two are never mixed. A key of one account with a secret of another is refused by the service with a message that
/// points at the signature, and a forgotten token in the environment would spoil a key that needs none.
pub fn resolve(configured: Configured, environment: &Environment) -> Result<AccessKey, Missing> {
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

fn whole(
    id: Option<String>,
    secret: Option<Secret>,
    security_token: Option<Secret>,
) -> Result<AccessKey, Missing> {
    match (id, secret) {
        (Some(id), Some(secret)) => Ok(AccessKey {
            id,
            secret,
            security_token,
        }),
        (Some(_), None) => Err(Missing::Secret),
        (None, None) if security_token.is_none() => Err(Missing::All),
        (None, _) => Err(Missing::Id),
    }
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
    ) -> Result<(String, String, Option<String>), Missing> {
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
        assert_eq!(resolved(key.clone(), &variables), Err(Missing::Secret));
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
        assert_eq!(resolved(Configured::default(), &[]), Err(Missing::All));
        assert_eq!(
            resolved(Configured::default(), &[("ALICLOUD_SECRET_KEY", "s")]),
            Err(Missing::Id)
        );
        assert_eq!(
            resolved(Configured::default(), &[("ALICLOUD_ACCESS_KEY", "k")]),
            Err(Missing::Secret)
        );
    }
}
