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

use super::error::{CredentialsErrorKind, Result};
use super::files::Files;
use super::local::{Configured, Local};
use super::profile::capital;
use super::source::{EcsMetadata, FoundProvider, KeyProvider, Source};
use super::variables::{
    ACCESS_KEY, BARE_KEY, CREDENTIALS_URI, ECS_METADATA_DISABLED, ECS_ROLE_NAME, OIDC_PROVIDER_ARN,
    OIDC_ROLE_ARN, OIDC_TOKEN, OIDC_TOKEN_FILE, PROFILE, is_true,
};
use super::{ecs, key_parts, lookup, roles};

/// A step of the chain: the arguments of the provider block that lead to it, the variables that
/// lead to it alone, and how it finds credentials.
type ChainStep = (
    &'static [&'static str],
    &'static [&'static str],
    fn(&Local, &mut Notes) -> Result<Option<FoundProvider>>,
);

/// What is worth knowing if nothing is found, in sentences.
type Notes = Vec<String>;

const STEPS: [ChainStep; 12] = [
    (&["assume_role_with_oidc"], &[], oidc_of_block),
    (
        &["access_key", "secret_key", "security_token"],
        &[],
        key_of_block,
    ),
    (&[], &[], key_of_environment),
    (
        &["profile", "shared_credentials_file"],
        PROFILE,
        |local, _| lookup::named(local),
    ),
    (&["credentials_uri"], &[], uri_of_block),
    (&["ecs_role_name"], &[], metadata_of_block),
    (&[], &[], oidc_of_environment),
    (&[], &[], lookup::current),
    (&[], &[], key_of_bare_variables),
    (&[], ECS_ROLE_NAME, metadata_of_environment),
    (&[], CREDENTIALS_URI, uri_of_environment),
    (&[], &[], last_resort),
];

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
    let (mut notes, mut steps) = (Notes::new(), STEPS.iter());
    let found = steps.find_map(|step| Some((step, (step.2)(&local, &mut notes).transpose()?)));
    let (step, found) = found.ok_or_else(|| key_parts::missing(&notes))?;
    let found = found?;
    let without_effect = without_effect(step, steps.as_slice(), &found, &local);
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

fn oidc_of_block(local: &Local, _: &mut Notes) -> Result<Option<FoundProvider>> {
    if !local.configured.has_block("assume_role_with_oidc") {
        return Ok(None);
    }
    let oidc = KeyProvider::Oidc(roles::oidc(local)?);
    Ok(Some((oidc, "the block assume_role_with_oidc".to_owned())))
}

fn key_of_block(local: &Local, _: &mut Notes) -> Result<Option<FoundProvider>> {
    let key = key_parts::of_block(&local.configured)?;
    let description = "access_key of the provider block".to_owned();
    Ok(key.map(|key| (KeyProvider::Key(key), description)))
}

fn key_of_environment(local: &Local, notes: &mut Notes) -> Result<Option<FoundProvider>> {
    let key = key_parts::of_environment(&local.environment, notes)?;
    let key = key.filter(|key| !lookup::takes(key, local));
    let name = local.environment.first(ACCESS_KEY);
    let name = name.map_or("", |(name, _)| name);
    Ok(key.map(|key| (KeyProvider::Key(key), variable(name))))
}

fn uri_of_block(local: &Local, _: &mut Notes) -> Result<Option<FoundProvider>> {
    let attribute = "credentials_uri";
    let uri = local.configured.get(attribute);
    let found = uri.map(|uri| uri_provider(uri, attribute, attribute));
    found.transpose().map_err(|error| error.at(attribute))
}

fn metadata_of_block(local: &Local, _: &mut Notes) -> Result<Option<FoundProvider>> {
    let attribute = "ecs_role_name";
    let Some(role_name) = local.configured.get(attribute) else {
        return Ok(None);
    };
    let metadata = ecs::metadata(Some(role_name), &local.environment).map_err(|what| {
        let text = format!("{attribute} {what}.");
        CredentialsErrorKind::Malformed.error(text).at(attribute)
    })?;
    let description = format!("the role of the instance, {attribute}");
    Ok(Some((KeyProvider::Metadata(metadata), description)))
}

fn oidc_of_environment(local: &Local, _: &mut Notes) -> Result<Option<FoundProvider>> {
    let is_set = |names| local.environment.first(names).is_some();
    let token = is_set(OIDC_TOKEN_FILE) || is_set(OIDC_TOKEN);
    if !(token && is_set(OIDC_PROVIDER_ARN) && is_set(OIDC_ROLE_ARN)) {
        return Ok(None);
    }
    let names = OIDC_PROVIDER_ARN.join(", ");
    let description = format!("the environment variables {names}, …");
    Ok(Some((KeyProvider::Oidc(roles::oidc(local)?), description)))
}

fn key_of_bare_variables(local: &Local, notes: &mut Notes) -> Result<Option<FoundProvider>> {
    let key = key_parts::of_bare_variables(&local.environment, notes)?;
    Ok(key.map(|key| (KeyProvider::Key(key), variable(BARE_KEY[0]))))
}

fn metadata_of_environment(local: &Local, _: &mut Notes) -> Result<Option<FoundProvider>> {
    let Some((name, role_name)) = local.environment.first(ECS_ROLE_NAME) else {
        return Ok(None);
    };
    let description = format!("the role of the instance, environment variable {name}");
    metadata(local, Some(role_name), None, description)
}

fn uri_of_environment(local: &Local, _: &mut Notes) -> Result<Option<FoundProvider>> {
    let found = local.environment.first(CREDENTIALS_URI).map(|(name, uri)| {
        let name = variable(name);
        uri_provider(uri, &name, &capital(&name))
    });
    found.transpose()
}

fn last_resort(local: &Local, notes: &mut Notes) -> Result<Option<FoundProvider>> {
    let description = "the role of the instance, if this runs on one".to_owned();
    metadata(local, None, Some(notes.clone()), description)
}

/// The metadata service, unless the environment forbids it: no argument of the provider block
/// names it.
fn metadata(
    local: &Local,
    role_name: Option<&str>,
    last_resort: Option<Notes>,
    description: String,
) -> Result<Option<FoundProvider>> {
    if is_true(&local.environment, ECS_METADATA_DISABLED) {
        return Ok(None);
    }
    let metadata = ecs::metadata(role_name, &local.environment).map_err(|what| {
        CredentialsErrorKind::Malformed.error(format!("The metadata service {what}."))
    })?;
    let metadata = EcsMetadata {
        last_resort,
        ..metadata
    };
    Ok(Some((KeyProvider::Metadata(metadata), description)))
}

/// What leads to a later step and has no effect, because `step` has found credentials, in
/// sentences: the user may believe that another account is in use.
fn without_effect(
    step: &ChainStep,
    later: &[ChainStep],
    found: &FoundProvider,
    local: &Local,
) -> Option<String> {
    let environment = &local.environment;
    let (provider, description) = found;
    let expected = |variables: &[&str]| {
        // A profile or argument that says where to ask takes from these what it leaves open.
        variables == provider.variables()
            // An argument takes precedence over the profile of a shell.
            || variables == PROFILE && !step.0.is_empty()
            || variables == ECS_ROLE_NAME && is_true(environment, ECS_METADATA_DISABLED)
    };
    let arguments = later.iter().flat_map(|(arguments, ..)| *arguments);
    let arguments = arguments.filter(|name| local.configured.get(name).is_some());
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
