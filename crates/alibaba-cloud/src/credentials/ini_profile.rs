//! The SDKs' ini file: what each type of a section means.

use base::secret::Secret;

use super::ecs::metadata;
use super::ini::Section;
use super::problem::Problem;
use super::profile::{self, Found, wrong};
use super::roles;
use super::source::{Oidc, Role, Token, Way};
use super::surroundings::{StsOfProfile, Surroundings};
use super::token_file::TokenFile;
use super::variables::{OIDC_PROVIDER_ARN, OIDC_TOKEN_FILE};

/// What a section says. `origin` is how it is called in messages.
pub(super) fn way(
    section: &Section<'_>,
    origin: &str,
    surroundings: &Surroundings,
) -> Result<Found, Problem> {
    let section = Named {
        section,
        origin,
        surroundings,
    };
    let (name, way) = match section.text("type").unwrap_or_default().as_str() {
        "access_key" => ("access_key", Way::Key(section.key()?)),
        "ram_role_arn" => ("ram_role_arn", section.ram_role_arn()?),
        "oidc_role_arn" => ("oidc_role_arn", section.oidc_role_arn()?),
        "ecs_ram_role" => ("ecs_ram_role", section.ecs_ram_role()?),
        "rsa_key_pair" => {
            let what = "has type rsa_key_pair, which can't be used here: key pairs are out of use \
                at Alibaba Cloud; use type ram_role_arn";
            return Err(wrong(origin, what));
        }
        _ => {
            let what = "has no type that this provider knows; types are access_key, ram_role_arn, \
                oidc_role_arn and ecs_ram_role, written like this";
            return Err(wrong(origin, what));
        }
    };
    Ok(Found::Way(Box::new(way), format!("type {name}")))
}

struct Named<'a> {
    section: &'a Section<'a>,
    origin: &'a str,
    surroundings: &'a Surroundings,
}

impl Named<'_> {
    fn ram_role_arn(&self) -> Result<Way, Problem> {
        Ok(Way::Role {
            base: Box::new(Way::Key(self.key()?)),
            role: self.role()?,
            sts: self.surroundings.sts(&StsOfProfile::default())?,
        })
    }

    fn oidc_role_arn(&self) -> Result<Way, Problem> {
        let file = self.or_variable("oidc_token_file_path", OIDC_TOKEN_FILE)?;
        Ok(Way::Oidc(Oidc {
            provider_arn: self.or_variable("oidc_provider_arn", OIDC_PROVIDER_ARN)?,
            token: Token::File(TokenFile {
                path: self.surroundings.path(&file),
                named_by: self.named_by("oidc_token_file_path", OIDC_TOKEN_FILE),
            }),
            role: self.role()?,
            sts: self.surroundings.sts(&StsOfProfile::default())?,
        }))
    }

    fn ecs_ram_role(&self) -> Result<Way, Problem> {
        let metadata = metadata(
            self.text("role_name"),
            false,
            &self.surroundings.environment,
        );
        let metadata = metadata.map_err(|what| wrong(self.origin, &what))?;
        Ok(Way::Metadata(metadata))
    }

    fn role(&self) -> Result<Role, Problem> {
        let environment = &self.surroundings.environment;
        let arn = self.text("role_arn");
        let Some(arn) = arn.or_else(|| roles::role_of_environment(environment)) else {
            return Err(wrong(self.origin, "has no role_arn"));
        };
        Ok(Role {
            arn,
            session_name: roles::session_name(self.text("role_session_name"), environment),
            policy: self.text("policy"),
            seconds: roles::DEFAULT_SECONDS,
            external_id: None,
        })
    }

    fn key(&self) -> Result<crate::openapi::AccessKey, Problem> {
        let secret = self.text("access_key_secret").map(Secret::new);
        let token = self.text("sts_token").map(Secret::new);
        profile::key(self.origin, self.text("access_key_id"), secret, token)
    }

    fn or_variable(&self, key: &str, names: &[&str]) -> Result<String, Problem> {
        let variable = || self.surroundings.environment.first(names);
        let text = self.text(key);
        text.or_else(|| variable().map(|(_, text)| text.to_owned()))
            .ok_or_else(|| wrong(self.origin, &format!("has no {key}")))
    }

    /// What gave a value: the key of the section, or else the first of the variables that is set.
    fn named_by(&self, key: &str, names: &[&str]) -> String {
        let variable = self.surroundings.environment.first(names);
        match (self.text(key), variable) {
            (None, Some((name, _))) => name.to_owned(),
            _ => format!("{key} of {}", self.origin),
        }
    }

    fn text(&self, key: &str) -> Option<String> {
        let text = self.section.get(key)?;
        (!text.is_empty()).then(|| (*text).to_owned())
    }
}
