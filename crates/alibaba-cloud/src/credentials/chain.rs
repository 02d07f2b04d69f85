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

use crate::openapi::{AccessKey, Address};
use base::environment::Environment;

use super::configured::Configured;
use super::ecs;
use super::error::{CredentialsErrorKind, Result};
use super::files::Files;
use super::key_parts;
use super::local::Local;
use super::lookup;
use super::profile::capital;
use super::roles;
use super::source::{EcsMetadata, FoundProvider, KeyProvider, Source};
use super::variables::{
    ACCESS_KEY, BARE_KEY, CREDENTIALS_URI, ECS_METADATA_DISABLED, ECS_ROLE_NAME, OIDC_PROVIDER_ARN,
    OIDC_ROLE_ARN, OIDC_TOKEN, OIDC_TOKEN_FILE, PROFILE, is_true,
};

/// A step of the chain: the arguments of the provider block that lead to it, the variables that
/// lead to it alone, and how it finds credentials.
type ChainStep<'a> = (
    &'static [&'static str],
    &'static [&'static str],
    fn(&mut Chain<'a>) -> Option<Result<FoundProvider>>,
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
) -> Result<Source> {
    let local = Local {
        configured: configured.clone(),
        environment: environment.clone(),
        files: files.clone(),
    };
    let mut chain = Chain {
        local: &local,
        notes: Vec::new(),
    };
    let mut steps = Chain::STEPS.iter();
    let found = steps.find_map(|step| Some((step, (step.2)(&mut chain)?)));
    let (step, found) = found.ok_or_else(|| key_parts::missing(&chain.notes))?;
    let found = found?;
    let without_effect = chain.without_effect(step, steps.as_slice(), &found);
    let (provider, description) = match configured.has_block("assume_role") {
        true => roles::assume(found, &local)?,
        false => found,
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
    local: &'a Local,
    /// What is worth knowing if nothing is found, in sentences.
    notes: Vec<String>,
}

impl<'a> Chain<'a> {
    const STEPS: [ChainStep<'a>; 12] = [
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

    fn oidc_of_block(&mut self) -> Option<Result<FoundProvider>> {
        if !self.local.configured.has_block("assume_role_with_oidc") {
            return None;
        }
        let oidc = roles::oidc(self.local).map(KeyProvider::Oidc);
        Some(oidc.map(|oidc| (oidc, "the block assume_role_with_oidc".to_owned())))
    }

    fn key_of_block(&mut self) -> Option<Result<FoundProvider>> {
        let key = key_parts::of_block(&self.local.configured).transpose()?;
        let description = "access_key of the provider block".to_owned();
        Some(key.map(|key| (KeyProvider::Key(key), description)))
    }

    fn key_of_environment(&mut self) -> Option<Result<FoundProvider>> {
        let key = key_parts::of_environment(&self.local.environment, &mut self.notes);
        let taken = |key: &AccessKey| lookup::takes(key, self.local);
        let key = key.map(|key| key.filter(|key| !taken(key))).transpose()?;
        let name = self.local.environment.first(ACCESS_KEY);
        let name = name.map_or("", |(name, _)| name);
        Some(key.map(|key| (KeyProvider::Key(key), variable(name))))
    }

    fn named_profile(&mut self) -> Option<Result<FoundProvider>> {
        lookup::named(self.local).transpose()
    }

    fn uri_of_block(&mut self) -> Option<Result<FoundProvider>> {
        let attribute = "credentials_uri";
        let uri = self.local.configured.get(attribute)?;
        let found = uri_provider(uri, attribute, attribute);
        Some(found.map_err(|error| error.at(attribute)))
    }

    fn metadata_of_block(&mut self) -> Option<Result<FoundProvider>> {
        let role_name = self.local.configured.get("ecs_role_name")?;
        let description = "the role of the instance, ecs_role_name".to_owned();
        let metadata = ecs::metadata(Some(role_name), &self.local.environment);
        let metadata = metadata.map(|metadata| (KeyProvider::Metadata(metadata), description));
        Some(metadata.map_err(|what| {
            let text = format!("ecs_role_name {what}.");
            CredentialsErrorKind::Malformed
                .error(text)
                .at("ecs_role_name")
        }))
    }

    fn oidc_of_environment(&mut self) -> Option<Result<FoundProvider>> {
        let is_set = |names| self.local.environment.first(names).is_some();
        let token = is_set(OIDC_TOKEN_FILE) || is_set(OIDC_TOKEN);
        if !(token && is_set(OIDC_PROVIDER_ARN) && is_set(OIDC_ROLE_ARN)) {
            return None;
        }
        let names = OIDC_PROVIDER_ARN.join(", ");
        let description = format!("the environment variables {names}, …");
        let oidc = roles::oidc(self.local);
        Some(oidc.map(|oidc| (KeyProvider::Oidc(oidc), description)))
    }

    fn current_profile(&mut self) -> Option<Result<FoundProvider>> {
        lookup::current(self.local, &mut self.notes).transpose()
    }

    fn key_of_bare_variables(&mut self) -> Option<Result<FoundProvider>> {
        let key = key_parts::of_bare_variables(&self.local.environment, &mut self.notes);
        let key = key.transpose()?;
        Some(key.map(|key| (KeyProvider::Key(key), variable(BARE_KEY[0]))))
    }

    fn metadata_of_environment(&mut self) -> Option<Result<FoundProvider>> {
        let (name, role_name) = self.local.environment.first(ECS_ROLE_NAME)?;
        let description = format!("the role of the instance, environment variable {name}");
        self.metadata(Some(role_name), description)
    }

    fn uri_of_environment(&mut self) -> Option<Result<FoundProvider>> {
        let (name, uri) = self.local.environment.first(CREDENTIALS_URI)?;
        let name = variable(name);
        Some(uri_provider(uri, &name, &capital(&name)))
    }

    fn last_resort(&mut self) -> Option<Result<FoundProvider>> {
        let description = "the role of the instance, if this runs on one".to_owned();
        self.metadata(None, description)
    }

    /// The metadata service, unless the environment forbids it: no argument of the provider block
    /// names it. Without a role it is the last resort.
    fn metadata(
        &self,
        role_name: Option<&str>,
        description: String,
    ) -> Option<Result<FoundProvider>> {
        let environment = &self.local.environment;
        if is_true(environment, ECS_METADATA_DISABLED) {
            return None;
        }
        let metadata = ecs::metadata(role_name, environment);
        let metadata = metadata.map(|metadata| EcsMetadata {
            last_resort: role_name.is_none().then(|| self.notes.clone()),
            ..metadata
        });
        let metadata = metadata.map(|metadata| (KeyProvider::Metadata(metadata), description));
        Some(metadata.map_err(|what| {
            CredentialsErrorKind::Malformed.error(format!("The metadata service {what}."))
        }))
    }

    /// What leads to a later step and has no effect, because `step` has found credentials, in
    /// sentences: the user may believe that another account is in use.
    fn without_effect(
        &self,
        step: &ChainStep<'_>,
        later: &[ChainStep<'_>],
        found: &FoundProvider,
    ) -> Option<String> {
        let environment = &self.local.environment;
        let (provider, description) = found;
        let expected = |variables: &[&str]| {
            // A profile or argument that says where to ask takes from these what it leaves open.
            variables == provider.variables()
                // An argument takes precedence over the profile of a shell.
                || variables == PROFILE && !step.0.is_empty()
                || variables == ECS_ROLE_NAME && is_true(environment, ECS_METADATA_DISABLED)
        };
        let arguments = later.iter().flat_map(|(arguments, ..)| *arguments);
        let arguments = arguments.filter(|name| self.local.configured.get(name).is_some());
        let variables = later.iter().map(|(_, variables, _)| *variables);
        let variables = variables.filter(|variables| !expected(variables));
        let variables = variables.filter_map(|variables| Some(environment.first(variables)?.0));
        let sentence = |[one, several]: [&str; 2], names: Vec<&str>| {
            let (what, verb) = match names.len() {
                0 => return None,
                1 => (one, "has"),
                _ => (several, "have"),
            };
            let names = names.join(" and ");
            Some(format!(
                "{what} {names} {verb} no effect: {description} takes precedence."
            ))
        };
        let what = ["The environment variable", "The environment variables"];
        let arguments = sentence(["The provider's"; 2], arguments.copied().collect());
        let variables = sentence(what, variables.collect());
        let sentences = arguments.into_iter().chain(variables);
        sentences.reduce(|one, other| format!("{one} {other}"))
    }
}

/// The address that provides credentials. `sentence` is its name at the beginning of a sentence.
fn uri_provider(uri: &str, name: &str, sentence: &str) -> Result<FoundProvider> {
    let address: Address = uri.parse().map_err(|expected| {
        let text = format!("{sentence} is not usable: {expected}.");
        CredentialsErrorKind::Malformed.error(text)
    })?;
    let description = format!("{name}, at {address}");
    Ok((KeyProvider::Uri(address), description))
}

fn variable(name: &str) -> String {
    format!("the environment variable {name}")
}

#[cfg(test)]
mod tests;
