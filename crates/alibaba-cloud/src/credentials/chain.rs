//! Finds out where credentials come from, without fetching any.
//!
//! The first way that is configured wins, in this order:
//!
//! 1. the block `assume_role_with_oidc`, which needs nothing else;
//! 2. `access_key`, `secret_key` and `security_token` of the provider block;
//! 3. the same from the environment;
//! 4. a profile or a file that the provider block or the environment names;
//! 5. `credentials_uri` and then `ecs_role_name` of the provider block;
//! 6. the token of an identity provider, if the environment says all that is needed of it;
//! 7. the current profile of the CLI, then the default one of the SDKs' file;
//! 8. an access key of Alibaba Cloud's under the names without a prefix that the CLI reads too;
//! 9. the role of the instance, if the environment names it;
//! 10. the address that the environment names;
//! 11. the role of the instance, if this runs on one.
//!
//! On top of what was found, the block `assume_role` exchanges it for a role. A way that is
//! configured and cannot be used is an error, because the next one may lead to another account.

use std::sync::Arc;

use crate::openapi::Address;
use base::environment::Environment;
use base::secret::Secret;

use super::configured::{AssumeRoleWithOidc, Configured};
use super::ecs;
use super::files::Files;
use super::lookup;
use super::pair;
use super::passed_over::{Names, PassedOver};
use super::problem::{Problem, ProblemKind};
use super::roles;
use super::source::{Source, Way};
use super::surroundings::{StsOfProfile, Surroundings};
use super::variables::{
    ACCESS_KEY, BARE_KEY, CREDENTIALS_URI, ECS_METADATA_DISABLED, ECS_ROLE_NAME, OIDC_PROVIDER_ARN,
    OIDC_ROLE_ARN, OIDC_TOKEN, OIDC_TOKEN_FILE, is_true,
};

/// A way that was found, and how it is called.
pub(super) type Found = (Way, String);

/// A step of the chain: what leads to it, and how it is found.
type Step<'a> = (Names, fn(&mut Chain<'a>) -> Result<Option<Found>, Problem>);

/// Finds the source of credentials. Reads files, and makes no connection.
///
/// Access keys of provider block and environment are never mixed. The service refuses the key of
/// one account with the secret of another one with a message about the signature, which misleads.
/// And a security token that was forgotten in the environment would make a key unusable that needs
/// none. Such a token alone is no access key, so the next way is tried.
///
/// # Errors
///
/// If nothing is configured, or if what is configured cannot be used.
pub fn resolve(
    configured: &Configured,
    environment: &Environment,
    files: &Files,
) -> Result<Source, Problem> {
    let surroundings = Surroundings {
        environment: environment.clone(),
        files: files.clone(),
        region: configured.region.clone(),
        sts_endpoint: configured.sts_endpoint.clone(),
    };
    let mut chain = Chain {
        configured,
        environment,
        surroundings: &surroundings,
        notes: Vec::new(),
    };
    let mut found = None;
    let mut passed_over = PassedOver::default();
    for (names, step) in Chain::STEPS {
        if found.is_some() {
            passed_over.add(names, configured, environment);
            continue;
        }
        found = step(&mut chain)?;
        if found.is_some() {
            passed_over.won(names, found.as_ref().map(|(way, _)| way));
        }
    }
    let (way, description) = found.ok_or_else(|| pair::missing(&chain.notes))?;
    let passed_over = passed_over.sentences(&description);
    let (way, description) = match &configured.assume_role {
        Some(block) => roles::upon(block, way, description, &surroundings)?,
        None => (way, description),
    };
    Ok(Source {
        way,
        description,
        passed_over,
        sts: surroundings.sts(&StsOfProfile::default())?,
        surroundings: Arc::new(surroundings),
    })
}

/// What the steps know.
struct Chain<'a> {
    configured: &'a Configured,
    environment: &'a Environment,
    surroundings: &'a Surroundings,
    /// What is worth knowing if nothing is found, in sentences.
    notes: Vec<String>,
}

impl<'a> Chain<'a> {
    const STEPS: [Step<'a>; 12] = [
        (
            Names::Arguments(&["assume_role_with_oidc"]),
            Self::oidc_of_block,
        ),
        (
            Names::Arguments(&["access_key", "secret_key", "security_token"]),
            Self::key_of_block,
        ),
        (Names::Key, Self::key_of_environment),
        (Names::Profile, Self::named_profile),
        (Names::Arguments(&["credentials_uri"]), Self::uri_of_block),
        (
            Names::Arguments(&["ecs_role_name"]),
            Self::metadata_of_block,
        ),
        (Names::Others, Self::oidc_of_environment),
        (Names::Others, Self::current_profile),
        (Names::Others, Self::key_of_bare_variables),
        (
            Names::Variables(ECS_ROLE_NAME),
            Self::metadata_of_environment,
        ),
        (Names::Variables(CREDENTIALS_URI), Self::uri_of_environment),
        (Names::Others, Self::last_resort),
    ];

    fn oidc_of_block(&mut self) -> Result<Option<Found>, Problem> {
        let Some(block) = &self.configured.assume_role_with_oidc else {
            return Ok(None);
        };
        let oidc = Way::Oidc(roles::oidc(block, self.surroundings)?);
        Ok(Some((oidc, "the block assume_role_with_oidc".to_owned())))
    }

    fn key_of_block(&mut self) -> Result<Option<Found>, Problem> {
        let Configured {
            access_key,
            secret_key,
            security_token,
            ..
        } = self.configured;
        let text = |name, part: &Option<String>| pair::trimmed(name, part.as_deref()?);
        let secret = |name, part: &Option<Secret>| {
            let text = pair::trimmed(name, part.as_ref()?.expose())?;
            Some(Secret::new(text))
        };
        let key = pair::key(
            text("access_key of the provider block", access_key),
            secret("secret_key of the provider block", secret_key),
            secret("security_token of the provider block", security_token),
        )?;
        Ok(key.map(|key| (Way::Key(key), "access_key of the provider block".to_owned())))
    }

    fn key_of_environment(&mut self) -> Result<Option<Found>, Problem> {
        let key = pair::of_environment(self.environment, &mut self.notes)?;
        let taken = |key| lookup::takes(key, self.configured, self.surroundings);
        if key.as_ref().is_some_and(taken) {
            return Ok(None);
        }
        let name = self.environment.first(ACCESS_KEY).map(|(name, _)| name);
        let description = format!("the environment variable {}", name.unwrap_or_default());
        Ok(key.map(|key| (Way::Key(key), description)))
    }

    fn named_profile(&mut self) -> Result<Option<Found>, Problem> {
        lookup::named(self.configured, self.surroundings)
    }

    fn key_of_bare_variables(&mut self) -> Result<Option<Found>, Problem> {
        let key = pair::of_bare_variables(self.environment, &mut self.notes)?;
        let description = format!("the environment variable {}", BARE_KEY[0]);
        Ok(key.map(|key| (Way::Key(key), description)))
    }

    fn current_profile(&mut self) -> Result<Option<Found>, Problem> {
        lookup::current(self.surroundings, &mut self.notes)
    }

    fn uri_of_block(&mut self) -> Result<Option<Found>, Problem> {
        let Some(uri) = &self.configured.credentials_uri else {
            return Ok(None);
        };
        let found = uri_way(uri.expose(), "credentials_uri")
            .map_err(|error| error.at(&["credentials_uri"]))?;
        Ok(Some(found))
    }

    fn uri_of_environment(&mut self) -> Result<Option<Found>, Problem> {
        let Some((name, uri)) = self.environment.first(CREDENTIALS_URI) else {
            return Ok(None);
        };
        let name = format!("the environment variable {name}");
        uri_way(uri, &name).map(Some)
    }

    fn metadata_of_block(&mut self) -> Result<Option<Found>, Problem> {
        let Some(role_name) = &self.configured.ecs_role_name else {
            return Ok(None);
        };
        let metadata = ecs::metadata(Some(role_name.clone()), false, self.environment);
        let metadata = metadata.map_err(|what| {
            let text = format!("ecs_role_name {what}.");
            Problem::new(ProblemKind::Malformed, text).at(&["ecs_role_name"])
        })?;
        let description = "the role of the instance, ecs_role_name".to_owned();
        Ok(Some((Way::Metadata(metadata), description)))
    }

    fn metadata_of_environment(&mut self) -> Result<Option<Found>, Problem> {
        let Some((name, role_name)) = self.environment.first(ECS_ROLE_NAME) else {
            return Ok(None);
        };
        let role_name = Some(role_name.to_owned());
        let description = format!("the role of the instance, environment variable {name}");
        self.metadata(role_name, false, description)
    }

    fn last_resort(&mut self) -> Result<Option<Found>, Problem> {
        let description = "the role of the instance, if this runs on one".to_owned();
        let mut found = self.metadata(None, true, description)?;
        if let Some((Way::Metadata(metadata), _)) = &mut found {
            metadata.notes.clone_from(&self.notes);
        }
        Ok(found)
    }

    /// The metadata service, unless the environment forbids it: nobody asked for it by name.
    fn metadata(
        &self,
        role_name: Option<String>,
        last_resort: bool,
        description: String,
    ) -> Result<Option<Found>, Problem> {
        if is_true(self.environment, ECS_METADATA_DISABLED) {
            return Ok(None);
        }
        match ecs::metadata(role_name, last_resort, self.environment) {
            Ok(metadata) => Ok(Some((Way::Metadata(metadata), description))),
            Err(what) => {
                let text = format!("The metadata service {what}.");
                Err(Problem::new(ProblemKind::Malformed, text))
            }
        }
    }

    fn oidc_of_environment(&mut self) -> Result<Option<Found>, Problem> {
        let is_set = |names| self.environment.first(names).is_some();
        let token = is_set(OIDC_TOKEN_FILE) || is_set(OIDC_TOKEN);
        if !(token && is_set(OIDC_PROVIDER_ARN) && is_set(OIDC_ROLE_ARN)) {
            return Ok(None);
        }
        let oidc = roles::oidc(&AssumeRoleWithOidc::default(), self.surroundings)?;
        let description = format!(
            "the environment variables {}, …",
            OIDC_PROVIDER_ARN.join(", ")
        );
        Ok(Some((Way::Oidc(oidc), description)))
    }
}

fn uri_way(uri: &str, name: &str) -> Result<Found, Problem> {
    let address: Result<Address, _> = uri.parse();
    let address = address.map_err(|expected| {
        // An argument keeps its name, also at the beginning of a sentence.
        let name = match name.split_once(' ') {
            Some(_) => super::profile::capital(name),
            None => name.to_owned(),
        };
        let text = format!("{name} is not usable: {expected}.");
        Problem::new(ProblemKind::Malformed, text)
    })?;
    let description = format!("{name}, at {address}");
    Ok((Way::Uri(address), description))
}

#[cfg(test)]
mod tests;
