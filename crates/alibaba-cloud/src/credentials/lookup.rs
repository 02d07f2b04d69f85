//! Finds a profile in the files that may hold it.

use std::path::{Path, PathBuf};

use crate::openapi::AccessKey;

use super::chain;
use super::configured::Configured;
use super::files::Unreadable;
use super::problem::{Problem, ProblemKind};
use super::profile::{self, Found, origin, quoted, wrong};
use super::source::{Profile, Way};
use super::surroundings::Surroundings;
use super::variables::{
    CLI_PROFILE_DISABLED, CONFIG_FILE, PROFILE, SHARED_CREDENTIALS_FILE, is_true,
};

/// A file that may hold profiles.
struct Candidate {
    path: PathBuf,
    /// Whether somebody named it, so that it must exist.
    named: bool,
}

/// The profile or the file that the provider block or the environment names. `None` if neither
/// names one.
pub(super) fn named(
    configured: &Configured,
    surroundings: &Surroundings,
) -> Result<Option<chain::Found>, Problem> {
    let environment = &surroundings.environment;
    let variable = environment.first(PROFILE).map(|(_, name)| name);
    let name = configured.profile.as_deref().or(variable);
    let of_alicloud = &SHARED_CREDENTIALS_FILE[..1];
    let file = configured.shared_credentials_file.as_deref();
    let file = file.or_else(|| environment.first(of_alicloud).map(|(_, path)| path));
    if name.is_none() && file.is_none() {
        return Ok(None);
    }
    let candidates = match file {
        Some(file) => vec![Candidate {
            path: surroundings.path(file),
            named: true,
        }],
        None => usual(surroundings, configured.profile.is_some()),
    };
    let (argument, what): (&[&str], _) = match name {
        Some(name) => (&["profile"], format!("The profile {}", quoted(name))),
        None => (
            &["shared_credentials_file"],
            "The current profile".to_owned(),
        ),
    };
    let found = first(name, &candidates, surroundings, None);
    let at = |problem: Problem| match (file, problem.kind()) {
        (Some(_), ProblemKind::File) => problem.at(&["shared_credentials_file"]),
        _ => problem.at(argument),
    };
    if let Some(found) = found.map_err(at)? {
        return Ok(Some(found));
    }
    let paths = candidates.iter().map(|file| surroundings.shown(&file.path));
    let paths: Vec<String> = paths.collect();
    let text = match paths.as_slice() {
        [] => format!("{what} can't be looked for: no HOME is set, and no file is named."),
        paths => format!(
            "{what} is not in {}. Set profile (or {}) to one that is, or leave it out.",
            paths.join(" nor in "),
            PROFILE.join(", ")
        ),
    };
    Err(at(Problem::new(ProblemKind::Profile, text)))
}

/// The current profile of the usual files, or the default one. `None` if there is none. Files that
/// cannot be read are noted.
pub(super) fn current(
    surroundings: &Surroundings,
    notes: &mut Vec<String>,
) -> Result<Option<chain::Found>, Problem> {
    let candidates = usual(surroundings, false);
    first(None, &candidates, surroundings, Some(notes))
}

/// The files that are looked into if the provider block names none: the CLI's, then the SDKs'.
fn usual(surroundings: &Surroundings, even_if_disabled: bool) -> Vec<Candidate> {
    let environment = &surroundings.environment;
    let candidate = |text: &str| Candidate {
        path: surroundings.path(text),
        named: true,
    };
    let shared = environment.first(SHARED_CREDENTIALS_FILE);
    let shared = shared.map(|(_, path)| candidate(path));
    let is_cli_file = |file: &Candidate| {
        let content = surroundings.read(&file.path);
        content.is_ok_and(|content| profile::is_cli_file(&content))
    };
    if shared.as_ref().is_some_and(is_cli_file) {
        return shared.into_iter().collect();
    }
    let in_home = |path: &str| {
        let home = surroundings.home();
        home.map(|home| Candidate {
            path: home.join(path),
            named: false,
        })
    };
    let disabled = CLI_PROFILE_DISABLED
        .iter()
        .any(|name| is_true(environment, name));
    let cli = match environment.get(CONFIG_FILE) {
        Some(path) => Some(candidate(path)),
        None => in_home(".aliyun/config.json"),
    };
    let mut candidates = Vec::new();
    candidates.extend(cli.filter(|_| even_if_disabled || !disabled));
    match shared {
        Some(shared) => candidates.push(shared),
        None => {
            candidates.extend(in_home(".alibabacloud/credentials"));
            candidates.extend(in_home(".alibabacloud/credentials.ini"));
        }
    }
    candidates
}

/// Whether the profile that the provider block names is a role that this key of the environment
/// assumes, since the profile has none of its own.
pub(super) fn takes(key: &AccessKey, configured: &Configured, surroundings: &Surroundings) -> bool {
    if configured.profile.is_none() {
        return false;
    }
    match named(configured, surroundings) {
        Ok(Some((Way::Profile(profile), _))) => match &profile.way {
            Way::Role { base, .. } => matches!(&**base, Way::Key(base) if base == key),
            _ => false,
        },
        _ => false,
    }
}

/// The profile in the first of these files that has it.
fn first(
    name: Option<&str>,
    candidates: &[Candidate],
    surroundings: &Surroundings,
    mut notes: Option<&mut Vec<String>>,
) -> Result<Option<chain::Found>, Problem> {
    for Candidate { path, named } in candidates {
        let content = match surroundings.read(path) {
            Ok(content) => content,
            Err(Unreadable::Missing) if !named => continue,
            // A home directory that this user may not enter is no mistake of the configuration.
            Err(Unreadable::Denied) if !named => {
                if let Some(notes) = &mut notes {
                    let shown = surroundings.shown(path);
                    notes.push(format!("The file {shown} {}.", Unreadable::Denied));
                }
                continue;
            }
            Err(why) => {
                let text = format!("The file {} {why}.", surroundings.shown(path));
                return Err(Problem::new(ProblemKind::File, text));
            }
        };
        let (found_name, found) = profile::find(&content, path, name, surroundings)?;
        let origin = origin(&found_name, &surroundings.shown(path));
        match found {
            Found::Way(way, how) => {
                let profile = Profile {
                    file: path.clone(),
                    name: found_name,
                    way: *way,
                };
                let description = format!("{origin}, {how}");
                return Ok(Some((Way::Profile(Box::new(profile)), description)));
            }
            Found::Blank if name.is_some() => {
                return Err(wrong(
                    &origin,
                    "has no access_key_id and no other mode than AK",
                ));
            }
            // A CLI that was never configured leaves such a profile behind.
            Found::Blank => {}
            Found::NoProfile if name.is_none() && is_named_by_file(&found_name, &content) => {
                let what = "does not exist, although it is the current one";
                return Err(wrong(&origin, what));
            }
            Found::NoProfile => {}
        }
    }
    Ok(None)
}

/// Whether the CLI's file says which profile is the current one.
fn is_named_by_file(name: &str, content: &[u8]) -> bool {
    !name.is_empty() && profile::is_cli_file(content)
}

/// The way that a profile describes now.
pub(super) fn again(profile: &Profile, surroundings: &Surroundings) -> Result<Way, Problem> {
    let Profile { file, name, .. } = profile;
    let content = surroundings.require(Path::new(file))?;
    let (_, found) = profile::find(&content, file, Some(name), surroundings)?;
    match found {
        Found::Way(way, _) => Ok(*way),
        Found::NoProfile | Found::Blank => {
            let origin = origin(name, &surroundings.shown(file));
            Err(wrong(&origin, "does not exist any more"))
        }
    }
}
