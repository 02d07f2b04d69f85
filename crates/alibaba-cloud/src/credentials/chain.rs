//! Finds out where credentials come from, without fetching any.
//!
//! The first source that is configured wins, in this order:
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
//! The block `assume_role` exchanges what was found for a role. A source that is configured and
//! cannot be used is an error, because the next one may lead to another account.

use std::sync::Arc;

use crate::openapi::Address;
use base::environment::Environment;

use super::configured::{AssumeRoleWithOidc, Configured};
use super::ecs;
use super::error::{CredentialsError, CredentialsErrorKind};
use super::files::Files;
use super::key_parts;
use super::local::Local;
use super::lookup::{self, Found};
use super::profile::capital;
use super::roles;
use super::source::{KeyProvider, Source};
use super::variables::{
    ACCESS_KEY, BARE_KEY, CREDENTIALS_URI, ECS_METADATA_DISABLED, ECS_ROLE_NAME, OIDC_PROVIDER_ARN,
    OIDC_ROLE_ARN, OIDC_TOKEN, OIDC_TOKEN_FILE, PROFILE, is_true,
};

/// A step of the chain: the arguments of the provider block that lead to it, the variables that
/// lead to it alone, and how it finds credentials.
type Step<'a> = (
    &'static [&'static str],
    &'static [&'static str],
    fn(&mut Chain<'a>) -> Result<Option<Found>, CredentialsError>,
);

/// Finds the source of credentials. Reads files, and makes no connection.
///
/// Access keys of provider block and environment are never mixed. The service refuses the key of
/// one account with the secret of another one with a message about the signature, which misleads.
/// And a security token that was forgotten in the environment would make a key unusable that needs
/// none. Such a token alone is no access key, so the next source is tried.
///
/// # Errors
///
/// If nothing is configured, or if what is configured cannot be used.
pub fn resolve(
    configured: &Configured,
    environment: &Environment,
    files: &Files,
) -> Result<Source, CredentialsError> {
    let local = Local {
        environment: environment.clone(),
        files: files.clone(),
        region: configured.region.clone(),
        sts_endpoint: configured.sts_endpoint.clone(),
    };
    let mut chain = Chain {
        configured,
        local: &local,
        notes: Vec::new(),
    };
    let mut steps = Chain::STEPS.iter();
    let (step, found) = loop {
        let Some(step) = steps.next() else {
            return Err(key_parts::missing(&chain.notes));
        };
        if let Some(found) = (step.2)(&mut chain)? {
            break (step, found);
        }
    };
    let without_effect = chain.without_effect(step, steps.as_slice(), &found);
    let (provider, description) = match &configured.assume_role {
        Some(block) => roles::assume(block, found, &local)?,
        None => found,
    };
    Ok(Source {
        provider,
        description,
        without_effect,
        sts: local.sts(None)?,
        local: Arc::new(local),
    })
}

/// What the steps know.
struct Chain<'a> {
    configured: &'a Configured,
    local: &'a Local,
    /// What is worth knowing if nothing is found, in sentences.
    notes: Vec<String>,
}

impl<'a> Chain<'a> {
    const STEPS: [Step<'a>; 12] = [
        (&["assume_role_with_oidc"], &[], Self::oidc_of_block),
        (
            &["access_key", "secret_key", "security_token"],
            &[],
            Self::key_of_block,
        ),
        (&[], &[], Self::key_of_environment),
        (
            &["profile", "shared_credentials_file"],
            PROFILE,
            Self::named_profile,
        ),
        (&["credentials_uri"], &[], Self::uri_of_block),
        (&["ecs_role_name"], &[], Self::metadata_of_block),
        (&[], &[], Self::oidc_of_environment),
        (&[], &[], Self::current_profile),
        (&[], &[], Self::key_of_bare_variables),
        (&[], ECS_ROLE_NAME, Self::metadata_of_environment),
        (&[], CREDENTIALS_URI, Self::uri_of_environment),
        (&[], &[], Self::last_resort),
    ];

    fn oidc_of_block(&mut self) -> Result<Option<Found>, CredentialsError> {
        let Some(block) = &self.configured.assume_role_with_oidc else {
            return Ok(None);
        };
        let oidc = KeyProvider::Oidc(roles::oidc(block, self.local)?);
        Ok(Some((oidc, "the block assume_role_with_oidc".to_owned())))
    }

    fn key_of_block(&mut self) -> Result<Option<Found>, CredentialsError> {
        let key = key_parts::of_block(self.configured)?.map(KeyProvider::Key);
        Ok(key.map(|key| (key, "access_key of the provider block".to_owned())))
    }

    fn key_of_environment(&mut self) -> Result<Option<Found>, CredentialsError> {
        let key = key_parts::of_environment(&self.local.environment, &mut self.notes)?;
        let key = key.filter(|key| !lookup::takes(key, self.configured, self.local));
        let name = self.local.environment.first(ACCESS_KEY);
        let name = name.map_or("", |(name, _)| name);
        Ok(key.map(|key| (KeyProvider::Key(key), variable(name))))
    }

    fn named_profile(&mut self) -> Result<Option<Found>, CredentialsError> {
        lookup::named(self.configured, self.local)
    }

    fn key_of_bare_variables(&mut self) -> Result<Option<Found>, CredentialsError> {
        let key = key_parts::of_bare_variables(&self.local.environment, &mut self.notes)?;
        Ok(key.map(|key| (KeyProvider::Key(key), variable(BARE_KEY[0]))))
    }

    fn current_profile(&mut self) -> Result<Option<Found>, CredentialsError> {
        lookup::current(self.local, &mut self.notes)
    }

    fn uri_of_block(&mut self) -> Result<Option<Found>, CredentialsError> {
        let Some(uri) = &self.configured.credentials_uri else {
            return Ok(None);
        };
        let attribute = "credentials_uri";
        let found = uri_provider(uri.expose(), attribute, attribute);
        found
            .map(Some)
            .map_err(|error| error.at(&["credentials_uri"]))
    }

    fn uri_of_environment(&mut self) -> Result<Option<Found>, CredentialsError> {
        let Some((name, uri)) = self.local.environment.first(CREDENTIALS_URI) else {
            return Ok(None);
        };
        let name = variable(name);
        uri_provider(uri, &name, &capital(&name)).map(Some)
    }

    fn metadata_of_block(&mut self) -> Result<Option<Found>, CredentialsError> {
        let Some(role_name) = self.configured.ecs_role_name.as_deref() else {
            return Ok(None);
        };
        let metadata = ecs::metadata(Some(role_name), false, &self.local.environment);
        let metadata = metadata.map_err(|what| {
            let text = format!("ecs_role_name {what}.");
            malformed(text).at(&["ecs_role_name"])
        })?;
        let description = "the role of the instance, ecs_role_name".to_owned();
        Ok(Some((KeyProvider::Metadata(metadata), description)))
    }

    fn metadata_of_environment(&mut self) -> Result<Option<Found>, CredentialsError> {
        let Some((name, role_name)) = self.local.environment.first(ECS_ROLE_NAME) else {
            return Ok(None);
        };
        let description = format!("the role of the instance, environment variable {name}");
        self.metadata(Some(role_name), false, description)
    }

    fn last_resort(&mut self) -> Result<Option<Found>, CredentialsError> {
        let description = "the role of the instance, if this runs on one".to_owned();
        self.metadata(None, true, description)
    }

    /// The metadata service, unless the environment forbids it: it is not an argument of the
    /// provider block that names it.
    fn metadata(
        &self,
        role_name: Option<&str>,
        last_resort: bool,
        description: String,
    ) -> Result<Option<Found>, CredentialsError> {
        if is_true(&self.local.environment, ECS_METADATA_DISABLED) {
            return Ok(None);
        }
        let mut metadata = ecs::metadata(role_name, last_resort, &self.local.environment)
            .map_err(|what| malformed(format!("The metadata service {what}.")))?;
        metadata.notes.clone_from(&self.notes);
        Ok(Some((KeyProvider::Metadata(metadata), description)))
    }

    fn oidc_of_environment(&mut self) -> Result<Option<Found>, CredentialsError> {
        let is_set = |names| self.local.environment.first(names).is_some();
        let token = is_set(OIDC_TOKEN_FILE) || is_set(OIDC_TOKEN);
        if !(token && is_set(OIDC_PROVIDER_ARN) && is_set(OIDC_ROLE_ARN)) {
            return Ok(None);
        }
        let oidc = roles::oidc(&AssumeRoleWithOidc::default(), self.local)?;
        let description = format!(
            "the environment variables {}, …",
            OIDC_PROVIDER_ARN.join(", ")
        );
        Ok(Some((KeyProvider::Oidc(oidc), description)))
    }

    /// What leads to a later step and has no effect, because `step` has found credentials, in
    /// sentences: the user may believe that another account is in use.
    fn without_effect(&self, step: &Step<'_>, later: &[Step<'_>], found: &Found) -> Option<String> {
        let environment = &self.local.environment;
        let (provider, description) = found;
        let arguments = later.iter().flat_map(|(arguments, ..)| *arguments);
        let arguments = arguments.filter(|name| self.configured.has(name));
        let arguments: Vec<&str> = arguments.copied().collect();
        let expected = |variables: &[&str]| {
            // A profile or argument that says where to ask takes from these what it leaves open.
            variables == provider.variables()
                // An argument takes precedence over the profile of a shell.
                || variables == PROFILE && !step.0.is_empty()
                || variables == ECS_ROLE_NAME && is_true(environment, ECS_METADATA_DISABLED)
        };
        let variables = later.iter().map(|(_, variables, _)| *variables);
        let variables = variables.filter(|variables| !expected(variables));
        let variables = variables.filter_map(|variables| Some(environment.first(variables)?.0));
        let sentence = |what: &str, names: &[&str]| {
            let verb = match names.len() {
                0 => return None,
                1 => "has",
                _ => "have",
            };
            let names = names.join(" and ");
            Some(format!(
                "{what} {names} {verb} no effect: {description} takes precedence."
            ))
        };
        let variables: Vec<&str> = variables.collect();
        let what = match variables.len() {
            1 => "The environment variable",
            _ => "The environment variables",
        };
        let sentences = [
            sentence("The provider's", &arguments),
            sentence(what, &variables),
        ];
        let sentences: Vec<String> = sentences.into_iter().flatten().collect();
        (!sentences.is_empty()).then(|| sentences.join(" "))
    }
}

/// The address that provides credentials. `sentence` is its name at the beginning of a sentence.
fn uri_provider(uri: &str, name: &str, sentence: &str) -> Result<Found, CredentialsError> {
    let address: Result<Address, _> = uri.parse();
    let address =
        address.map_err(|expected| malformed(format!("{sentence} is not usable: {expected}.")))?;
    let description = format!("{name}, at {address}");
    Ok((KeyProvider::Uri(address), description))
}

fn variable(name: &str) -> String {
    format!("the environment variable {name}")
}

fn malformed(text: String) -> CredentialsError {
    CredentialsError::new(CredentialsErrorKind::Malformed, text)
}

#[cfg(test)]
mod tests;
