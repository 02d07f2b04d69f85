//! Files with profiles: that of the Alibaba Cloud CLI, `~/.aliyun/config.json`, and that of the
//! SDKs, the ini file `~/.alibabacloud/credentials`.
//!
//! The content of a file shows which of the two it is. Nothing of the content is ever quoted,
//! except for the names of profiles.

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::value::RawValue;

use base::foreign_text;
use base::secret::Secret;

use crate::openapi::without_mark;

use super::error::{CredentialsErrorKind, Result};
use super::ini::{self, Section};

/// The fields of a profile by the names that the CLI has for them, in lower case: the CLI takes
/// them in any. Empty texts, and values that are not texts, numbers or truth values, are left out.
pub(crate) type ProfileFields = BTreeMap<String, Secret>;

/// The keys of an ini file that have a meaning, and the CLI's names of the same fields.
const INI_KEYS: &[(&str, &str)] = &[
    ("type", "type"),
    ("access_key_id", "access_key_id"),
    ("access_key_secret", "access_key_secret"),
    ("sts_token", "sts_token"),
    ("role_arn", "ram_role_arn"),
    ("role_session_name", "ram_session_name"),
    ("policy", "policy"),
    ("oidc_provider_arn", "oidc_provider_arn"),
    ("oidc_token_file_path", "oidc_token_file"),
    ("role_name", "ram_role_name"),
];

/// A file with profiles.
pub(crate) struct ProfileFile {
    /// Whether it is the CLI's, and not an ini file.
    pub(crate) is_cli: bool,
    /// The profile that is used if none is named.
    pub(crate) current: Option<String>,
    profiles: Vec<(String, ProfileFields)>,
}

#[derive(Deserialize)]
struct Document<'a> {
    #[serde(borrow, alias = "Current")]
    current: Option<Cow<'a, str>>,
    #[serde(borrow, alias = "Profiles")]
    profiles: Option<Vec<&'a RawValue>>,
}

impl ProfileFile {
    /// Reads the content of a file. `shown` is its path, for errors.
    pub(crate) fn parse(content: &[u8], shown: &str) -> Result<Self> {
        let content = without_mark(content);
        let read = match is_cli_file(content) {
            true => Self::parse_cli(content),
            false => Self::parse_ini(content),
        };
        read.map_err(|why| {
            let text = format!("The file {shown} {why}.");
            CredentialsErrorKind::File.error(text)
        })
    }

    fn parse_cli(content: &[u8]) -> Result<Self, String> {
        let document: Document<'_> = serde_json::from_slice(content).map_err(|error| {
            let (line, column) = (error.line(), error.column());
            format!(
                "is not what the Alibaba Cloud CLI writes, from line {line}, column {column} on"
            )
        })?;
        // An entry that is not an object is left out.
        let profile = |profile: &RawValue| {
            let fields: BTreeMap<Cow<'_, str>, &RawValue> =
                serde_json::from_str(profile.get()).ok()?;
            let fields = fields.into_iter();
            let fields: ProfileFields = fields
                .filter_map(|(key, value)| Some((key.to_lowercase(), text(value)?)))
                .collect();
            Some((fields.get("name")?.expose().to_owned(), fields))
        };
        let profiles = document.profiles.unwrap_or_default();
        let profiles: Vec<_> = profiles.into_iter().filter_map(profile).collect();
        // Where the file does not say, the CLI takes the profile with the name `default`.
        let current = document.current.filter(|name| !name.is_empty());
        let default = || profiles.iter().any(|(name, _)| name == "default");
        Ok(Self {
            is_cli: true,
            current: current
                .map(Cow::into_owned)
                .or_else(|| default().then(|| "default".to_owned())),
            profiles,
        })
    }

    fn parse_ini(content: &[u8]) -> Result<Self, String> {
        let content = std::str::from_utf8(content).map_err(|_| "is not text")?;
        let sections = ini::sections(content)
            .map_err(|line| format!("is neither JSON nor an ini file, see line {line}"))?;
        let profile = |(name, section): (&str, Section<'_>)| {
            let fields = INI_KEYS.iter().filter_map(|(key, field)| {
                let text = section.get(*key).filter(|text| !text.is_empty())?;
                Some(((*field).to_owned(), Secret::new(*text)))
            });
            (name.to_owned(), fields.collect())
        };
        Ok(Self {
            is_cli: false,
            current: Some("default".to_owned()),
            profiles: sections.into_iter().map(profile).collect(),
        })
    }

    /// The fields of a profile.
    pub(crate) fn fields(&self, name: &str) -> Option<&ProfileFields> {
        let mut profiles = self.profiles.iter();
        profiles.find_map(|(other, fields)| (other == name).then_some(fields))
    }
}

/// How the file calls a field.
pub(crate) fn key_of(field: &str, is_cli: bool) -> &str {
    let mut keys = INI_KEYS.iter().filter(|_| !is_cli);
    keys.find(|(_, other)| *other == field)
        .map_or(field, |(key, _)| key)
}

/// Whether a file is the CLI's. It is if it begins like JSON.
pub(crate) fn is_cli_file(content: &[u8]) -> bool {
    without_mark(content).trim_ascii_start().starts_with(b"{")
}

/// How messages call a profile.
pub(crate) fn origin(name: &str, shown: &str) -> String {
    format!("profile {} of {shown}", quoted(name))
}

/// A name from outside, for a message: cleaned, in quotation marks, and not longer than names are.
pub(crate) fn quoted(name: &str) -> String {
    let line = foreign_text::line(name);
    let short: String = line.chars().take(64).collect();
    format!("\"{short}\"")
}

/// The text of a value that is a text, a number or a truth value.
fn text(value: &RawValue) -> Option<Secret> {
    let written = value.get();
    let text = match written.as_bytes().first()? {
        b'"' => serde_json::from_str(written).ok()?,
        b'[' | b'{' | b'n' => return None,
        _ => written.to_owned(),
    };
    Some(Secret::new(text)).filter(|text| !text.is_empty())
}
