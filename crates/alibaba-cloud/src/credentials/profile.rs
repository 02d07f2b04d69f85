//! What each mode of a profile means.
//!
//! This file is longer than 300 lines because every mode is in it.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use crate::openapi::{AccessKey, Address};
use base::secret::Secret;

use super::ecs::metadata;
use super::error::{CredentialsError, CredentialsErrorKind, Result};
use super::key_parts::{self, EXPECTED, KeyPart, KeyPartError};
use super::local::Local;
use super::profile_file::{ProfileFields, ProfileFile, key_of, origin, quoted};
use super::roles::{self, session_name, session_seconds};
use super::shell_words;
use super::source::{CloudSso, FoundProvider, KeyProvider, Oidc, Role, Token};
use super::variables::{
    CREDENTIALS_URI, EXTERNAL_PROCESS_DISABLED, OIDC_PROVIDER_ARN, OIDC_ROLE_ARN, OIDC_TOKEN_FILE,
    ROLE_EXTERNAL_ID, is_true,
};

/// How many profiles may build on each other. Two or three are enough.
const MAX_LINKS: usize = 16;

/// The modes as the CLI writes them.
const MODES: &[&str] = &[
    "AK",
    "StsToken",
    "RamRoleArn",
    "EcsRamRole",
    "RamRoleArnWithRoleName",
    "ChainableRamRoleArn",
    "OIDC",
    "External",
    "CredentialsURI",
    "CloudSSO",
    "OAuth",
    "RsaKeyPair",
    "BearerToken",
    "Anonymous",
];

/// What provides the keys of the profile `name`, and how the file calls that: `mode RamRoleArn`.
/// `None` if the profile does not exist, or has nothing filled in, as the CLI leaves it at first.
/// `shown` is the path of the file, for messages.
pub(super) fn describe(
    file: &ProfileFile,
    name: &str,
    shown: &str,
    local: &Local,
) -> Result<Option<FoundProvider>> {
    let fields = file.fields(name);
    match fields.filter(|fields| !(file.is_cli && is_blank(fields))) {
        Some(_) => provider(file, name, shown, local, &mut Vec::new()).map(Some),
        None => Ok(None),
    }
}

/// The error about a profile. `what` continues its origin.
pub(super) fn wrong(origin: &str, what: &str) -> CredentialsError {
    let text = capital(&format!("{origin} {what}."));
    CredentialsErrorKind::Profile.error(text)
}

/// The sentence with a capital letter at its beginning.
pub(super) fn capital(sentence: &str) -> String {
    let mut letters = sentence.chars();
    match letters.next() {
        Some(first) => first.to_uppercase().chain(letters).collect(),
        None => String::new(),
    }
}

/// What provides the keys of a profile, and how the file calls that. `seen` are the names of the
/// profiles that build on it.
fn provider(
    file: &ProfileFile,
    name: &str,
    shown: &str,
    local: &Local,
    seen: &mut Vec<String>,
) -> Result<FoundProvider> {
    let mut origin = origin(name, shown);
    if seen.iter().any(|other| other == name) || seen.len() >= MAX_LINKS {
        let what = "builds on itself through source_profile; name a profile that does not";
        return Err(wrong(&origin, what));
    }
    let fields = file.fields(name).ok_or_else(|| {
        let what = "does not exist, and source_profile of another one names it";
        wrong(&origin, what)
    })?;
    seen.push(name.to_owned());
    let (mode, how) = if file.is_cli {
        let mode = usable_mode(fields).map_err(|what| wrong(&origin, &what))?;
        origin.push_str(&format!(", mode {mode},"));
        (mode, format!("mode {mode}"))
    } else {
        let kind = fields.get("type").map_or("", Secret::expose);
        let mode = mode_of_type(kind).map_err(|what| wrong(&origin, what))?;
        (mode, format!("type {kind}"))
    };
    let profile = ProfileReader {
        fields,
        is_cli: file.is_cli,
        origin,
        name,
        local,
    };
    let provider = match mode {
        "ChainableRamRoleArn" => {
            let source = profile.require("source_profile")?;
            profile.role_of(provider(file, source, shown, local, seen)?.0)?
        }
        mode => profile.provider(mode)?,
    };
    Ok((provider, how))
}

/// The mode of a profile of the CLI. The error continues its origin.
fn usable_mode(fields: &ProfileFields) -> Result<&'static str, String> {
    let mode = mode(fields).ok_or(
        "has no mode that this provider knows; modes are AK, StsToken, RamRoleArn, EcsRamRole, \
         RamRoleArnWithRoleName, ChainableRamRoleArn, OIDC, External, CredentialsURI, CloudSSO and \
         OAuth",
    )?;
    let why = match mode {
        "RsaKeyPair" => {
            "key pairs are out of use at Alibaba Cloud; make a profile with mode RamRoleArn"
        }
        "BearerToken" | "Anonymous" => {
            "CAMS takes signed calls only; use a profile with mode AK, RamRoleArn, OIDC or CloudSSO"
        }
        mode => return Ok(mode),
    };
    Err(format!("has mode {mode}, which can't be used here: {why}"))
}

/// The mode that means the same as a type of a section of an ini file. The error continues the
/// origin of the profile.
fn mode_of_type(kind: &str) -> Result<&'static str, &'static str> {
    match kind {
        "access_key" => Ok("AK"),
        "ram_role_arn" => Ok("RamRoleArn"),
        "oidc_role_arn" => Ok("OIDC"),
        "ecs_ram_role" => Ok("EcsRamRole"),
        "rsa_key_pair" => Err(
            "has type rsa_key_pair, which can't be used here: key pairs are out of use at Alibaba \
             Cloud; use type ram_role_arn",
        ),
        _ => Err(
            "has no type that this provider knows; types are access_key, ram_role_arn, \
             oidc_role_arn and ecs_ram_role, written like this",
        ),
    }
}

/// The mode of a profile of the CLI, which may be written in any case, or which the CLI infers from
/// the other fields, in this order. `None` if it is not known.
fn mode(fields: &ProfileFields) -> Option<&'static str> {
    let has = |key: &str| fields.contains_key(key);
    if let Some(written) = fields.get("mode") {
        let mut modes = MODES.iter().copied();
        return modes.find(|mode| mode.eq_ignore_ascii_case(written.expose()));
    }
    let has_key = has("access_key_id") && has("access_key_secret");
    let oidc = ["oidc_provider_arn", "oidc_token_file", "ram_role_arn"];
    let inferred = [
        (has_key && has("sts_token"), "StsToken"),
        (has_key && has("ram_role_arn"), "RamRoleArn"),
        (has_key, "AK"),
        (has("private_key") && has("key_pair_name"), "RsaKeyPair"),
        (has("ram_role_name"), "EcsRamRole"),
        (has("process_command"), "External"),
        (oidc.into_iter().all(has), "OIDC"),
        (has("cloud_sso_sign_in_url"), "CloudSSO"),
        (has("bearer_token"), "BearerToken"),
    ];
    let (_, mode) = inferred.into_iter().find(|(inferred, _)| *inferred)?;
    Some(mode)
}

/// Whether nothing is filled in yet. The CLI leaves such a profile behind.
fn is_blank(fields: &ProfileFields) -> bool {
    let filled = |keys: &[&str]| keys.iter().any(|key| fields.contains_key(*key));
    let key = filled(&["access_key_id", "access_key_secret"]);
    let others = ["mode", "ram_role_arn", "source_profile", "credentials_uri"];
    match mode(fields) {
        Some(mode) => mode == "AK" && !key,
        None => !key && !filled(&others),
    }
}

/// A profile that is being read.
struct ProfileReader<'a> {
    fields: &'a ProfileFields,
    is_cli: bool,
    /// How messages call it.
    origin: String,
    name: &'a str,
    local: &'a Local,
}

impl<'a> ProfileReader<'a> {
    /// What provides the keys of a profile that builds on no other one.
    fn provider(&self, mode: &str) -> Result<KeyProvider> {
        match mode {
            // The CLI does not look at a token, the SDKs pass it on.
            "AK" => Ok(KeyProvider::Key(self.key(!self.is_cli)?)),
            "StsToken" => {
                self.require("sts_token")?;
                Ok(KeyProvider::Key(self.key(true)?))
            }
            "RamRoleArn" => self.ram_role_arn(),
            "EcsRamRole" => self.ecs_ram_role(),
            "RamRoleArnWithRoleName" => self.role_of(self.ecs_ram_role()?),
            "OIDC" => self.oidc(),
            "External" => self.external(),
            "CredentialsURI" => self.credentials_uri(),
            "CloudSSO" => self.cloud_sso(),
            _ => self.oauth(),
        }
    }

    fn ram_role_arn(&self) -> Result<KeyProvider> {
        let has_key = ["access_key_id", "access_key_secret"].map(|key| self.text(key).is_some());
        // Of a profile without a key, the CLI assumes the role with the key of the environment.
        let key = match self.is_cli && has_key == [false; 2] {
            true => key_parts::of_environment(&self.local.environment, &mut Vec::new())?,
            false => None,
        };
        let key = key.map_or_else(|| self.key(true), Ok)?;
        self.role_of(KeyProvider::Key(key))
    }

    fn ecs_ram_role(&self) -> Result<KeyProvider> {
        let metadata = metadata(self.text("ram_role_name"), &self.local.environment);
        let metadata = metadata.map_err(|what| wrong(&self.origin, &what))?;
        Ok(KeyProvider::Metadata(metadata))
    }

    fn oidc(&self) -> Result<KeyProvider> {
        let (file, named_by) = self.or_variable("oidc_token_file", OIDC_TOKEN_FILE)?;
        Ok(KeyProvider::Oidc(Oidc {
            provider_arn: self.or_variable("oidc_provider_arn", OIDC_PROVIDER_ARN)?.0,
            token: Token::File {
                path: self.local.path(&file),
                named_by,
            },
            role: self.role()?,
            sts: self.local.sts(Some(self.fields))?,
        }))
    }

    fn external(&self) -> Result<KeyProvider> {
        self.check_external_allowed()?;
        match shell_words::split(self.require("process_command")?) {
            Some(words) if !words.is_empty() => Ok(KeyProvider::Command(words)),
            Some(_) => Err(wrong(&self.origin, "has a process_command that is blank")),
            None => Err(wrong(
                &self.origin,
                "has a process_command in which a quotation mark is not closed, or that ends in a \
                 backslash",
            )),
        }
    }

    fn credentials_uri(&self) -> Result<KeyProvider> {
        self.check_external_allowed()?;
        let (uri, named_by) = self.or_variable("credentials_uri", CREDENTIALS_URI)?;
        let address: Result<Address, _> = uri.parse();
        address.map(KeyProvider::Uri).map_err(|expected| {
            let what = match self.text("credentials_uri") {
                Some(_) => "has a credentials_uri that".to_owned(),
                None => format!("takes its address from {named_by}, which"),
            };
            wrong(&self.origin, &format!("{what} is not usable: {expected}"))
        })
    }

    fn cloud_sso(&self) -> Result<KeyProvider> {
        let url: Result<Address, _> = self.require("cloud_sso_sign_in_url")?.parse();
        let url = url.map_err(|expected| {
            let what = format!("has a cloud_sso_sign_in_url that is not usable: {expected}");
            wrong(&self.origin, &what)
        })?;
        let advice = format!(
            "log in again: aliyun configure --mode CloudSSO --profile {}",
            quoted(self.name)
        );
        let ends = self.date("cloud_sso_access_token_expire");
        let (Some(access_token), Some(ends)) = (self.text("access_token"), ends) else {
            let what = format!("has no access_token; {advice}");
            return Err(wrong(&self.origin, &what));
        };
        Ok(KeyProvider::CloudSso(CloudSso {
            server: url.with_path("/cloud-credentials"),
            account_id: self.require("cloud_sso_account_id")?.to_owned(),
            access_configuration: self.require("cloud_sso_access_config")?.to_owned(),
            access_token: Secret::new(access_token),
            ends,
            advice,
        }))
    }

    /// A login with OAuth is used as long as the session lasts that the CLI has stored. To get
    /// another one would use up the stored refresh token, and so end the login of the CLI itself.
    fn oauth(&self) -> Result<KeyProvider> {
        let advice = format!(
            "run any command of the CLI with it, such as: \
             aliyun sts GetCallerIdentity --profile {}",
            quoted(self.name)
        );
        let (Some(_), Some(ends)) = (self.text("sts_token"), self.date("sts_expiration")) else {
            return Err(wrong(&self.origin, &format!("has no session; {advice}")));
        };
        Ok(KeyProvider::Stored {
            key: self.key(true)?,
            ends,
            advice,
        })
    }

    /// The role of the profile, assumed by these credentials.
    fn role_of(&self, base: KeyProvider) -> Result<KeyProvider> {
        Ok(KeyProvider::Role {
            base: Box::new(base),
            role: self.role()?,
            sts: self.local.sts(Some(self.fields))?,
        })
    }

    fn role(&self) -> Result<Role> {
        // The official Python library has the second name for profiles with mode OIDC.
        let name = self
            .text("ram_session_name")
            .or_else(|| self.text("role_session_name"));
        let external_id = self.text("external_id").map(str::to_owned);
        let external_id = external_id.or_else(|| self.local.variable(ROLE_EXTERNAL_ID));
        let seconds = match self.number("expired_seconds") {
            // The CLI writes 0 where nothing was configured.
            None | Some(0) => roles::DEFAULT_SECONDS,
            Some(seconds) => session_seconds(seconds).ok_or_else(|| {
                wrong(
                    &self.origin,
                    "has expired_seconds that are not from 900 to 43200",
                )
            })?,
        };
        Ok(Role {
            arn: self.or_variable("ram_role_arn", OIDC_ROLE_ARN)?.0,
            session_name: session_name(name.map(str::to_owned), self.local),
            policy: self.text("policy").map(str::to_owned),
            seconds,
            external_id: external_id.filter(|_| self.is_cli),
        })
    }

    fn key(&self, with_token: bool) -> Result<AccessKey> {
        let token = self.text("sts_token").filter(|_| with_token);
        let parts = [
            self.text("access_key_id"),
            self.text("access_key_secret"),
            token,
        ];
        let key = |part| match part {
            KeyPart::Id => "access_key_id",
            KeyPart::Secret => "access_key_secret",
            KeyPart::Token => "sts_token",
        };
        let assembled =
            key_parts::assemble(parts, |part| format!("{} of {}", key(part), self.origin));
        assembled.map_err(|error| match error {
            KeyPartError::Missing(part) => wrong(&self.origin, &format!("has no {}", key(part))),
            KeyPartError::Malformed(part) => {
                let key = key(part);
                let what = format!("has {key} in a form that is not usable: {EXPECTED}");
                wrong(&self.origin, &what)
            }
        })
    }

    /// Whether the environment allows profiles to run programs and to fetch from addresses.
    fn check_external_allowed(&self) -> Result<()> {
        if is_true(&self.local.environment, EXTERNAL_PROCESS_DISABLED) {
            let what = format!("can't be used: {EXTERNAL_PROCESS_DISABLED} forbids it");
            return Err(wrong(&self.origin, &what));
        }
        Ok(())
    }

    /// The text of a field, or else of the first of these variables that is set, and what names it.
    fn or_variable(&self, field: &str, variables: &[&str]) -> Result<(String, String)> {
        if let Some(text) = self.text(field) {
            let key = key_of(field, self.is_cli);
            let named_by = format!("{key} of {}", self.origin.trim_end_matches(','));
            return Ok((text.to_owned(), named_by));
        }
        match self.local.environment.first(variables) {
            Some((name, text)) => Ok((text.to_owned(), name.to_owned())),
            None => Err(self.missing(field)),
        }
    }

    fn require(&self, field: &str) -> Result<&'a str> {
        self.text(field).ok_or_else(|| self.missing(field))
    }

    fn missing(&self, field: &str) -> CredentialsError {
        let what = format!("has no {}", key_of(field, self.is_cli));
        wrong(&self.origin, &what)
    }

    fn text(&self, field: &str) -> Option<&'a str> {
        self.fields.get(field).map(Secret::expose)
    }

    fn number(&self, field: &str) -> Option<u64> {
        self.text(field)?.parse().ok()
    }

    /// The date in a field, written in seconds.
    fn date(&self, field: &str) -> Option<SystemTime> {
        let seconds = self.number(field)?.min(u64::from(u32::MAX));
        Some(UNIX_EPOCH + Duration::from_secs(seconds))
    }
}
