//! What each mode of a profile means.
//!
//! This file is longer than 300 lines because every mode is in it.

use std::fmt::Display;
use std::iter::successors;
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

/// The name of a mode or a type, and what provides the keys of a profile with it, or why it cannot
/// be used.
type ProfileMode = (&'static str, Result<ModeReader, &'static str>);
type ModeReader = fn(&Profile<'_>) -> Result<KeyProvider>;

/// The modes as the CLI writes them.
const MODES: &[ProfileMode] = &[
    ("AK", Ok(ak)),
    ("StsToken", Ok(sts_token)),
    ("RamRoleArn", Ok(ram_role_arn)),
    ("EcsRamRole", Ok(ecs_ram_role)),
    ("RamRoleArnWithRoleName", Ok(ram_role_arn_with_role_name)),
    ("ChainableRamRoleArn", Ok(chainable_ram_role_arn)),
    ("OIDC", Ok(oidc)),
    ("External", Ok(external)),
    ("CredentialsURI", Ok(credentials_uri)),
    ("CloudSSO", Ok(cloud_sso)),
    ("OAuth", Ok(oauth)),
    ("RsaKeyPair", Err(KEY_PAIRS)),
    ("BearerToken", Err(UNSIGNED)),
    ("Anonymous", Err(UNSIGNED)),
];

/// The types of the sections of an ini file.
const TYPES: &[ProfileMode] = &[
    ("access_key", Ok(ak)),
    ("ram_role_arn", Ok(ram_role_arn)),
    ("oidc_role_arn", Ok(oidc)),
    ("ecs_ram_role", Ok(ecs_ram_role)),
    ("rsa_key_pair", Err(KEY_PAIRS_OF_INI)),
];

const KEY_PAIRS: &str =
    "Alibaba Cloud no longer supports key pairs; create a profile with mode RamRoleArn";
const KEY_PAIRS_OF_INI: &str = "Alibaba Cloud no longer supports key pairs; use type ram_role_arn";
const UNSIGNED: &str =
    "CAMS takes signed calls only; use a profile with mode AK, RamRoleArn, OIDC or CloudSSO";

/// What is wrong with a profile whose mode or type is none of these.
const NO_MODE: &str = "has no mode that this provider knows; modes are AK, StsToken, RamRoleArn, \
    EcsRamRole, RamRoleArnWithRoleName, ChainableRamRoleArn, OIDC, External, CredentialsURI, \
    CloudSSO and OAuth";
const NO_TYPE: &str = "has no type that this provider knows; types are access_key, ram_role_arn, \
    oidc_role_arn and ecs_ram_role, written like this";

/// The fields of an access key: the id, the secret and the security token.
const KEY: [&str; 3] = ["access_key_id", "access_key_secret", "sts_token"];

/// What provides the keys of the profile `name`, and how the file calls that: `mode RamRoleArn`.
/// `None` if the profile does not exist, or has nothing filled in, as the CLI leaves it at first.
/// `shown` is the path of the file, for messages.
pub(crate) fn describe(
    file: &ProfileFile,
    name: &str,
    shown: &str,
    local: &Local,
) -> Result<Option<FoundProvider>> {
    let fields = file.fields(name);
    if fields.is_none_or(|fields| file.is_cli && is_blank(fields)) {
        return Ok(None);
    }
    provider(file, name, shown, local, None).map(Some)
}

/// The error about a profile. `what` continues its origin.
pub(crate) fn wrong(origin: &str, what: impl Display) -> CredentialsError {
    let text = capital(&format!("{origin} {what}."));
    CredentialsErrorKind::Profile.error(text)
}

/// The sentence with a capital letter at its beginning.
pub(crate) fn capital(sentence: &str) -> String {
    let mut letters = sentence.chars();
    match letters.next() {
        Some(first) => first.to_uppercase().chain(letters).collect(),
        None => String::new(),
    }
}

/// What provides the keys of a profile, and how the file calls that. `above` is the profile that
/// builds on it.
fn provider(
    file: &ProfileFile,
    name: &str,
    shown: &str,
    local: &Local,
    above: Option<&Profile<'_>>,
) -> Result<FoundProvider> {
    let origin = origin(name, shown);
    let all_above = || successors(above, |profile| profile.above);
    if all_above().any(|profile| profile.name == name) {
        let what = "refers to itself through source_profile; use a profile without such a cycle";
        return Err(wrong(&origin, what));
    }
    if all_above().count() >= MAX_LINKS {
        let what = format!(
            "comes after {MAX_LINKS} others in a chain of profiles that refer to each other \
             through source_profile; use a shorter chain"
        );
        return Err(wrong(&origin, what));
    }
    let fields = file.fields(name).ok_or_else(|| {
        let what = "does not exist, but source_profile of another profile refers to it";
        wrong(&origin, what)
    })?;
    let (what, mode, unknown) = match file.is_cli {
        true => ("mode", mode(fields), NO_MODE),
        false => ("type", mode_of_type(fields), NO_TYPE),
    };
    let (mode, read) = mode.ok_or_else(|| wrong(&origin, unknown))?;
    let how = format!("{what} {mode}");
    let read = read.map_err(|why| {
        let what = format!("has {how}, which cannot be used here: {why}");
        wrong(&origin, what)
    })?;
    let provider = read(&Profile {
        file,
        fields,
        name,
        shown,
        origin: match file.is_cli {
            true => format!("{origin}, {how},"),
            false => origin,
        },
        local,
        above,
    })?;
    Ok((provider, how))
}

/// The mode of a profile of the CLI, which may be written in any case, or which the CLI infers from
/// the other fields, in this order. `None` if it is not known.
fn mode(fields: &ProfileFields) -> Option<&'static ProfileMode> {
    let has = |key: &str| fields.contains_key(key);
    let named = |name: &str| MODES.iter().find(|mode| mode.0.eq_ignore_ascii_case(name));
    if let Some(written) = fields.get("mode") {
        return named(written.expose());
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
    named(mode)
}

/// The type of a section of an ini file.
fn mode_of_type(fields: &ProfileFields) -> Option<&'static ProfileMode> {
    let kind = fields.get("type")?.expose();
    TYPES.iter().find(|(known, _)| *known == kind)
}

/// Whether nothing is filled in yet. The CLI leaves such a profile behind.
fn is_blank(fields: &ProfileFields) -> bool {
    let filled = |keys: &[&str]| keys.iter().any(|key| fields.contains_key(*key));
    let key = filled(&KEY[..2]);
    let others = ["mode", "ram_role_arn", "source_profile", "credentials_uri"];
    match mode(fields) {
        Some((mode, _)) => *mode == "AK" && !key,
        None => !key && !filled(&others),
    }
}

/// A profile that is being read.
struct Profile<'a> {
    file: &'a ProfileFile,
    fields: &'a ProfileFields,
    name: &'a str,
    /// The path of the file, for messages.
    shown: &'a str,
    /// How messages call the profile.
    origin: String,
    local: &'a Local,
    /// The profile that builds on this one.
    above: Option<&'a Profile<'a>>,
}

/// The CLI does not look at a token, the SDKs pass it on.
fn ak(profile: &Profile<'_>) -> Result<KeyProvider> {
    profile.key(!profile.file.is_cli).map(KeyProvider::Key)
}

fn sts_token(profile: &Profile<'_>) -> Result<KeyProvider> {
    profile.require("sts_token")?;
    profile.key(true).map(KeyProvider::Key)
}

fn ram_role_arn(profile: &Profile<'_>) -> Result<KeyProvider> {
    let has_key = KEY[..2].iter().any(|field| profile.text(field).is_some());
    // Of a profile without a key, the CLI assumes the role with the key of the environment.
    let key = match profile.file.is_cli && !has_key {
        true => key_parts::of_environment(&profile.local.environment, &mut Vec::new())?,
        false => None,
    };
    let key = key.map_or_else(|| profile.key(true), Ok)?;
    profile.role_of(KeyProvider::Key(key))
}

fn ecs_ram_role(profile: &Profile<'_>) -> Result<KeyProvider> {
    let metadata = metadata(profile.text("ram_role_name"), &profile.local.environment);
    let metadata = metadata.map_err(|what| profile.wrong(what))?;
    Ok(KeyProvider::Metadata(metadata))
}

fn oidc(profile: &Profile<'_>) -> Result<KeyProvider> {
    let (file, named_by) = profile.or_variable("oidc_token_file", OIDC_TOKEN_FILE)?;
    let (provider_arn, _) = profile.or_variable("oidc_provider_arn", OIDC_PROVIDER_ARN)?;
    Ok(KeyProvider::Oidc(Oidc {
        provider_arn,
        token: Token::File {
            path: profile.local.path(&file),
            named_by,
        },
        role: profile.role()?,
        sts: profile.local.sts(Some(profile.fields))?,
    }))
}

fn external(profile: &Profile<'_>) -> Result<KeyProvider> {
    profile.check_external_allowed()?;
    match shell_words::split(profile.require("process_command")?) {
        Some(words) if !words.is_empty() => Ok(KeyProvider::Command(words)),
        Some(_) => Err(profile.wrong("has a process_command that is blank")),
        None => Err(profile.wrong(
            "has a process_command in which a quotation mark is not closed, or that ends in a \
             backslash",
        )),
    }
}

fn credentials_uri(profile: &Profile<'_>) -> Result<KeyProvider> {
    profile.check_external_allowed()?;
    let (uri, named_by) = profile.or_variable("credentials_uri", CREDENTIALS_URI)?;
    let address: Result<Address, _> = uri.parse();
    address.map(KeyProvider::Uri).map_err(|expected| {
        let what = match profile.text("credentials_uri") {
            Some(_) => "has a credentials_uri that".to_owned(),
            None => format!("takes its address from {named_by}, which"),
        };
        profile.wrong(format!("{what} is not usable: {expected}"))
    })
}

fn cloud_sso(profile: &Profile<'_>) -> Result<KeyProvider> {
    let url: Result<Address, _> = profile.require("cloud_sso_sign_in_url")?.parse();
    let url = url.map_err(|expected| {
        let what = "has a cloud_sso_sign_in_url that is not usable";
        profile.wrong(format!("{what}: {expected}"))
    })?;
    let advice = format!(
        "log in again: aliyun configure --mode CloudSSO --profile {}",
        quoted(profile.name)
    );
    let ends = profile.date("cloud_sso_access_token_expire");
    let (Some(access_token), Some(ends)) = (profile.text("access_token"), ends) else {
        return Err(profile.wrong(format!("has no access_token; {advice}")));
    };
    Ok(KeyProvider::CloudSso(CloudSso {
        server: url.with_path("/cloud-credentials"),
        account_id: profile.require("cloud_sso_account_id")?.to_owned(),
        access_configuration: profile.require("cloud_sso_access_config")?.to_owned(),
        access_token: Secret::new(access_token),
        ends,
        advice,
    }))
}

/// A login with OAuth is used as long as the session lasts that the CLI has stored. To get another
/// one would use up the stored refresh token, and so end the login of the CLI itself.
fn oauth(profile: &Profile<'_>) -> Result<KeyProvider> {
    let advice = format!(
        "run any command of the CLI with it, such as: \
         aliyun sts GetCallerIdentity --profile {}",
        quoted(profile.name)
    );
    let (Some(_), Some(ends)) = (profile.text("sts_token"), profile.date("sts_expiration")) else {
        return Err(profile.wrong(format!("has no session; {advice}")));
    };
    Ok(KeyProvider::Stored {
        key: profile.key(true)?,
        ends,
        advice,
    })
}

fn ram_role_arn_with_role_name(profile: &Profile<'_>) -> Result<KeyProvider> {
    profile.role_of(ecs_ram_role(profile)?)
}

fn chainable_ram_role_arn(profile: &Profile<'_>) -> Result<KeyProvider> {
    let source = profile.require("source_profile")?;
    let (file, shown) = (profile.file, profile.shown);
    let (base, _) = provider(file, source, shown, profile.local, Some(profile))?;
    profile.role_of(base)
}

impl<'a> Profile<'a> {
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
        let name = self.text("ram_session_name");
        let name = name.or_else(|| self.text("role_session_name"));
        let external_id = self.text("external_id").map(str::to_owned);
        let external_id = external_id.or_else(|| self.local.variable(ROLE_EXTERNAL_ID));
        let seconds = match self.number("expired_seconds") {
            // The CLI writes 0 where nothing was configured.
            None | Some(0) => roles::DEFAULT_SECONDS,
            Some(seconds) => session_seconds(seconds)
                .ok_or_else(|| self.wrong("has expired_seconds that are not from 900 to 43200"))?,
        };
        Ok(Role {
            arn: self.or_variable("ram_role_arn", OIDC_ROLE_ARN)?.0,
            session_name: session_name(name.map(str::to_owned), self.local),
            policy: self.text("policy").map(str::to_owned),
            seconds,
            external_id: external_id.filter(|_| self.file.is_cli),
        })
    }

    fn key(&self, with_token: bool) -> Result<AccessKey> {
        let [id, secret, token] = KEY.map(|field| self.text(field));
        let parts = [id, secret, token.filter(|_| with_token)];
        let field = |part: KeyPart| KEY[part as usize];
        let name = |part| format!("{} of {}", field(part), self.origin);
        key_parts::assemble(parts, name).map_err(|error| match error {
            KeyPartError::Missing(part) => self.missing(field(part)),
            KeyPartError::Malformed(part) => {
                let what = format!("has {} in a form that is not usable", field(part));
                self.wrong(format!("{what}: {EXPECTED}"))
            }
        })
    }

    /// Whether the environment allows profiles to run programs and to fetch from addresses.
    fn check_external_allowed(&self) -> Result<()> {
        if is_true(&self.local.environment, EXTERNAL_PROCESS_DISABLED) {
            let what = format!("cannot be used: {EXTERNAL_PROCESS_DISABLED} forbids it");
            return Err(self.wrong(what));
        }
        Ok(())
    }

    /// The text of a field, or else of the first of these variables that is set, and what names it.
    fn or_variable(&self, field: &str, variables: &[&str]) -> Result<(String, String)> {
        if let Some(text) = self.text(field) {
            let key = key_of(field, self.file.is_cli);
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
        self.wrong(format!("has no {}", key_of(field, self.file.is_cli)))
    }

    fn wrong(&self, what: impl Display) -> CredentialsError {
        wrong(&self.origin, what)
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
