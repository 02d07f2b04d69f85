//! Finds a profile in the files that may hold it.

use std::io;
use std::path::{Path, PathBuf};

use crate::openapi::AccessKey;

use super::error::{CredentialsError, CredentialsErrorKind, Result};
use super::files;
use super::local::Local;
use super::profile::{describe, wrong};
use super::profile_file::{ProfileFile, is_cli_file, origin, quoted};
use super::source::{FoundProvider, KeyProvider};
use super::variables::{
    CLI_PROFILE_DISABLED, CONFIG_FILE, PROFILE, SHARED_CREDENTIALS_FILE, is_true,
};

/// A file that may hold profiles, and whether the configuration or the environment names it, so
/// that it must exist.
type Candidate = (PathBuf, bool);

/// The profile or the file that the provider block or the environment names. `None` if neither
/// names one.
pub(crate) fn named(local: &Local) -> Result<Option<FoundProvider>> {
    let name = local.text("profile", PROFILE);
    let file = local.text("shared_credentials_file", &SHARED_CREDENTIALS_FILE[..1]);
    if name.is_none() && file.is_none() {
        return Ok(None);
    }
    let candidates = match &file {
        Some(file) => vec![(local.path(file), true)],
        None => usual(local, local.configured.get("profile").is_some()),
    };
    let (argument, what) = match &name {
        Some(name) => ("profile", format!("The profile {}", quoted(name))),
        None => ("shared_credentials_file", "The current profile".to_owned()),
    };
    let at = |error: CredentialsError| match (&file, error.kind()) {
        (Some(_), CredentialsErrorKind::File) => error.at("shared_credentials_file"),
        _ => error.at(argument),
    };
    let found = first(name.as_deref(), &candidates, local, &mut Vec::new());
    if let Some(found) = found.map_err(at)? {
        return Ok(Some(found));
    }
    let paths = candidates.iter().map(|(path, _)| local.shown(path));
    let paths: Vec<String> = paths.collect();
    let advice = format!(
        "Set profile (or {}) to an existing profile, or remove the setting.",
        PROFILE.join(", ")
    );
    let text = match paths.as_slice() {
        [] => format!(
            "{what} cannot be searched for, because HOME is not set and no file is configured."
        ),
        [path] => format!("{what} was not found in {path}. {advice}"),
        paths => format!(
            "{what} was found neither in {}. {advice}",
            paths.join(" nor in ")
        ),
    };
    Err(at(CredentialsErrorKind::Profile.error(text)))
}

/// The current profile of the usual files, or the default one. `None` if there is none. Files that
/// cannot be read are noted.
pub(crate) fn current(local: &Local, notes: &mut Vec<String>) -> Result<Option<FoundProvider>> {
    first(None, &usual(local, false), local, notes)
}

/// Whether the profile that the provider block names is a role that this key of the environment
/// assumes, since the profile has none of its own.
pub(crate) fn takes(key: &AccessKey, local: &Local) -> bool {
    if local.configured.get("profile").is_some()
        && let Ok(Some((profile, _))) = named(local)
        && let KeyProvider::Role { base, .. } = profile.innermost()
    {
        return matches!(&**base, KeyProvider::Key(base) if base == key);
    }
    false
}

/// What the profile `name` of a file describes now.
pub(crate) fn again(file: &Path, name: &str, local: &Local) -> Result<KeyProvider> {
    let shown = local.shown(file);
    let content = local.files.read(file);
    let content = content.map_err(|error| unreadable(&shown, &error))?;
    let file = ProfileFile::parse(&content, &shown)?;
    match describe(&file, name, &shown, local)? {
        Some((provider, _)) => Ok(provider),
        None => Err(wrong(&origin(name, &shown), "does not exist any more")),
    }
}

/// The files that are searched if the provider block names none: the CLI's, then the SDKs'.
fn usual(local: &Local, even_if_disabled: bool) -> Vec<Candidate> {
    let environment = &local.environment;
    let named = |text: &str| (local.path(text), true);
    let in_home = |path: &str| Some((local.home()?.join(path), false));
    let shared = environment.first(SHARED_CREDENTIALS_FILE);
    let shared = shared.map(|(_, path)| named(path));
    let is_cli = |(path, _): &Candidate| {
        let content = local.files.read(path);
        content.is_ok_and(|content| is_cli_file(&content))
    };
    if shared.as_ref().is_some_and(is_cli) {
        return shared.into_iter().collect();
    }
    let mut variables = CLI_PROFILE_DISABLED.iter();
    let disabled = variables.any(|name| is_true(environment, name));
    let cli = match environment.get(CONFIG_FILE) {
        Some(path) => Some(named(path)),
        None => in_home(".aliyun/config.json"),
    };
    let cli = cli.filter(|_| even_if_disabled || !disabled);
    let sdks = match shared {
        Some(_) => [shared, None],
        None => [".alibabacloud/credentials", ".alibabacloud/credentials.ini"].map(in_home),
    };
    cli.into_iter().chain(sdks.into_iter().flatten()).collect()
}

/// The profile in the first of these files that has it, or the current profile of the first file
/// that has one. Files that this user may not read are noted.
fn first(
    name: Option<&str>,
    candidates: &[Candidate],
    local: &Local,
    notes: &mut Vec<String>,
) -> Result<Option<FoundProvider>> {
    for (path, named) in candidates {
        let shown = local.shown(path);
        let content = match local.files.read(path) {
            Ok(content) => content,
            Err(error) => match (error.kind(), named) {
                (io::ErrorKind::NotFound | io::ErrorKind::NotADirectory, false) => continue,
                // A home directory that this user may not enter is no mistake of the configuration.
                (io::ErrorKind::PermissionDenied, false) => {
                    notes.push(unreadable(&shown, &error).to_string());
                    continue;
                }
                _ => return Err(unreadable(&shown, &error)),
            },
        };
        let file = ProfileFile::parse(&content, &shown)?;
        let Some(found) = name.or(file.current.as_deref()) else {
            continue;
        };
        let origin = origin(found, &shown);
        if let Some((provider, how)) = describe(&file, found, &shown, local)? {
            let profile = KeyProvider::Profile {
                file: path.clone(),
                name: found.to_owned(),
                provider: Box::new(provider),
            };
            return Ok(Some((profile, format!("{origin}, {how}"))));
        }
        let what = match (name, file.fields(found)) {
            (Some(_), Some(fields)) if fields.contains_key("mode") => {
                "has mode AK but no access_key_id"
            }
            (Some(_), Some(_)) => "has neither a mode nor an access_key_id",
            (None, None) if file.is_cli => "does not exist, although it is the current one",
            // A CLI that was never configured leaves a blank profile behind.
            _ => continue,
        };
        return Err(wrong(&origin, what));
    }
    Ok(None)
}

fn unreadable(shown: &str, error: &io::Error) -> CredentialsError {
    let why = files::why(error);
    CredentialsErrorKind::File.error(format!("The file {shown} {why}."))
}
