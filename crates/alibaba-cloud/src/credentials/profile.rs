//! Files with profiles: that of the Alibaba Cloud CLI and that of the SDKs.
//!
//! Which of the two a file is, its content tells. Nothing of the content is ever quoted, except for
//! the names of profiles and those of the modes that are known.

use std::path::Path;

use base::foreign_text;
use base::secret::Secret;

use super::cli_profile::CliFile;
use super::ini::Ini;
use super::ini_profile;
use super::pair;
use super::problem::{Problem, ProblemKind};
use super::source::Way;
use super::surroundings::Surroundings;
use crate::openapi::AccessKey;

/// What a file with profiles says about one of them.
pub(super) enum Found {
    /// The way that the profile describes, and that in words: `mode RamRoleArn`.
    Way(Box<Way>, String),
    /// There is no profile with this name, or none is the current one.
    NoProfile,
    /// The profile is there and has nothing filled in, as the CLI leaves it at first.
    Blank,
}

/// Whether a file is the CLI's. It is if it begins like JSON.
pub(super) fn is_cli_file(content: &[u8]) -> bool {
    let content = without_mark(content);
    content.trim_ascii_start().starts_with(b"{")
}

/// What the file says about the profile `name`, or about its current or default one.
pub(super) fn find(
    content: &[u8],
    file: &Path,
    name: Option<&str>,
    surroundings: &Surroundings,
) -> Result<(String, Found), Problem> {
    let shown = surroundings.shown(file);
    let bad = |why: String| Problem::new(ProblemKind::File, format!("The file {shown} {why}."));
    let content = without_mark(content);
    if is_cli_file(content) {
        let file = CliFile::parse(content).map_err(|(line, column)| {
            bad(format!(
                "is not what the Alibaba Cloud CLI writes, from line {line}, column {column} on"
            ))
        })?;
        let name = name.map(str::to_owned).or_else(|| file.current());
        let Some(name) = name.filter(|name| !name.is_empty()) else {
            return Ok((String::new(), Found::NoProfile));
        };
        let found = file.find(&name, &shown, surroundings)?;
        return Ok((name, found));
    }
    let text = std::str::from_utf8(content).map_err(|_| bad("is not text".to_owned()))?;
    let ini = Ini::parse(text).map_err(|line| {
        bad(format!(
            "is neither JSON nor an ini file, see line {}",
            line.0
        ))
    })?;
    let name = name.unwrap_or("default").to_owned();
    let found = match ini.section(&name) {
        None => Found::NoProfile,
        Some(section) => ini_profile::way(section, &origin(&name, &shown), surroundings)?,
    };
    Ok((name, found))
}

/// How a profile is called in messages.
pub(super) fn origin(name: &str, shown: &str) -> String {
    format!("profile {} of {shown}", quoted(name))
}

/// A name that somebody chose, for a message: cleaned, in quotation marks, and not longer than
/// names are.
pub(super) fn quoted(name: &str) -> String {
    let line = foreign_text::line(name);
    let short: String = line.chars().take(64).collect();
    format!("\"{short}\"")
}

/// The error about a profile. `origin` is the profile, and `what` goes on from it.
pub(super) fn wrong(origin: &str, what: &str) -> Problem {
    Problem::new(ProblemKind::Profile, capital(&format!("{origin} {what}.")))
}

/// The access key of a profile, from the values of its keys.
pub(super) fn key(
    origin: &str,
    id: Option<String>,
    secret: Option<Secret>,
    token: Option<Secret>,
) -> Result<AccessKey, Problem> {
    let trimmed = |name: &str, part: &str| pair::trimmed(&format!("{name} of {origin}"), part);
    let id = id.and_then(|id| trimmed("access_key_id", &id));
    let id = id.ok_or_else(|| wrong(origin, "has no access_key_id"))?;
    let secret = secret.and_then(|secret| trimmed("access_key_secret", secret.expose()));
    let secret = secret.map(Secret::new);
    let secret = secret.ok_or_else(|| wrong(origin, "has no access_key_secret"))?;
    let token = token.and_then(|token| trimmed("sts_token", token.expose()));
    let token = token.map(Secret::new);
    for (name, part) in [
        ("access_key_id", Some(id.as_str())),
        ("access_key_secret", Some(secret.expose())),
        ("sts_token", token.as_ref().map(Secret::expose)),
    ] {
        if part.is_some_and(|part| !pair::is_well_formed(part)) {
            let what = format!(
                "has {name} in a form that is not usable: {}",
                pair::EXPECTED
            );
            return Err(wrong(origin, &what));
        }
    }
    Ok(AccessKey {
        id,
        secret,
        security_token: token,
    })
}

/// How long a session lasts, from the text of a number of seconds.
pub(super) fn seconds(origin: &str, name: &str, number: Option<u64>) -> Result<u64, Problem> {
    match number {
        // The CLI writes 0 where nobody said anything.
        None | Some(0) => Ok(super::roles::DEFAULT_SECONDS),
        Some(number) if (900..=43_200).contains(&number) => Ok(number),
        Some(_) => {
            let what = format!("has {name} that are not from 900 to 43200");
            Err(wrong(origin, &what))
        }
    }
}

/// The sentence with a capital letter at its beginning.
pub(super) fn capital(sentence: &str) -> String {
    let mut letters = sentence.chars();
    match letters.next() {
        Some(first) => first.to_uppercase().chain(letters).collect(),
        None => String::new(),
    }
}

/// The content without the byte order mark that some editors write.
pub(super) fn without_mark(content: &[u8]) -> &[u8] {
    content
        .strip_prefix("\u{feff}".as_bytes())
        .unwrap_or(content)
}
