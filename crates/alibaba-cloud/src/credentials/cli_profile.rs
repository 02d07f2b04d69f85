//! The file of the Alibaba Cloud CLI, `~/.aliyun/config.json`: what each mode of a profile means.
//!
//! This file is longer than 300 lines because every mode of a profile is in it.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::time::{Duration, UNIX_EPOCH};

use serde::Deserialize;
use serde_json::value::RawValue;

use crate::openapi::{AccessKey, Address};
use base::secret::Secret;

use super::ecs::metadata;
use super::pair;
use super::problem::Problem;
use super::profile::{self, Found, origin, quoted, wrong};
use super::roles;
use super::source::{CloudSso, Command, Oidc, Role, Stored, Token, Way};
use super::surroundings::{StsOfProfile, Surroundings};
use super::token_file::TokenFile;
use super::variables::{
    CREDENTIALS_URI, EXTERNAL_PROCESS_DISABLED, OIDC_PROVIDER_ARN, OIDC_TOKEN_FILE,
    ROLE_EXTERNAL_ID, is_true,
};
use super::words;

/// How many profiles may build upon each other. Nobody needs more than two or three.
const MOST_LINKS: usize = 16;

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

/// Why a mode is not served, and what to do instead.
const NOT_SERVED: &[(&str, &str)] = &[
    (
        "RsaKeyPair",
        "key pairs are out of use at Alibaba Cloud; make a profile with mode RamRoleArn",
    ),
    (
        "BearerToken",
        "CAMS takes no bearer tokens; use a profile with mode AK, RamRoleArn, OIDC or CloudSSO",
    ),
    (
        "Anonymous",
        "CAMS takes no anonymous calls; use a profile with mode AK, RamRoleArn, OIDC or CloudSSO",
    ),
];

/// The file, with the fields of each profile as they are written.
pub(super) struct CliFile<'a> {
    current: Option<Cow<'a, str>>,
    profiles: Vec<Fields<'a>>,
}

/// The fields of a profile, by their names in lower case: the CLI takes them in any.
struct Fields<'a>(BTreeMap<String, &'a RawValue>);

/// A profile that is being read.
struct Profile<'a> {
    fields: &'a Fields<'a>,
    /// How it is called in messages, with its mode as soon as that is known.
    origin: String,
    name: &'a str,
    surroundings: &'a Surroundings,
}

impl<'a> CliFile<'a> {
    /// Reads the file. The error says at which line and column it is wrong.
    pub(super) fn parse(content: &'a [u8]) -> Result<Self, (usize, usize)> {
        #[derive(Deserialize)]
        struct Document<'a> {
            #[serde(borrow, alias = "Current")]
            current: Option<Cow<'a, str>>,
            #[serde(borrow, alias = "Profiles")]
            profiles: Option<Vec<&'a RawValue>>,
        }
        let document: Document<'a> =
            serde_json::from_slice(content).map_err(|error| (error.line(), error.column()))?;
        // An entry that is not an object is left out.
        let fields = |profile: &'a RawValue| {
            let fields: BTreeMap<Cow<'a, str>, &'a RawValue> =
                serde_json::from_str(profile.get()).ok()?;
            let fields = fields.into_iter();
            Some(
                fields
                    .map(|(name, value)| (name.to_lowercase(), value))
                    .collect(),
            )
        };
        let profiles = document.profiles.unwrap_or_default();
        Ok(Self {
            current: document.current,
            profiles: profiles
                .into_iter()
                .filter_map(fields)
                .map(Fields)
                .collect(),
        })
    }

    /// The name of the current profile. Where the file does not say, the CLI takes the one with the
    /// name `default`.
    pub(super) fn current(&self) -> Option<String> {
        let current = self.current.as_deref().filter(|name| !name.is_empty());
        let default = || self.fields("default").map(|_| "default");
        current.or_else(default).map(str::to_owned)
    }

    /// What the file says about a profile.
    pub(super) fn find(
        &self,
        name: &str,
        shown: &str,
        surroundings: &Surroundings,
    ) -> Result<Found, Problem> {
        let Some(fields) = self.fields(name) else {
            return Ok(Found::NoProfile);
        };
        if fields.are_blank() {
            return Ok(Found::Blank);
        }
        let way = self.way(name, shown, surroundings, &mut Vec::new())?;
        let mode = fields.mode().unwrap_or_default();
        Ok(Found::Way(Box::new(way), format!("mode {mode}")))
    }

    /// The way of a profile. `seen` are the names of those that build upon it.
    fn way(
        &self,
        name: &str,
        shown: &str,
        surroundings: &Surroundings,
        seen: &mut Vec<String>,
    ) -> Result<Way, Problem> {
        let origin = origin(name, shown);
        if seen.iter().any(|other| other == name) || seen.len() >= MOST_LINKS {
            let what = "builds upon itself by way of its source_profile; name one that does not";
            return Err(wrong(&origin, what));
        }
        let fields = self.fields(name).ok_or_else(|| {
            let what = "does not exist, and source_profile of another one names it";
            wrong(&origin, what)
        })?;
        seen.push(name.to_owned());
        let mut profile = Profile {
            fields,
            origin,
            name,
            surroundings,
        };
        if fields.mode() == Some("ChainableRamRoleArn") {
            profile.origin.push_str(", mode ChainableRamRoleArn,");
            let source = profile.require("source_profile")?;
            let base = self.way(&source, shown, surroundings, seen)?;
            return profile.role_upon(base);
        }
        profile.way()
    }

    fn fields(&self, name: &str) -> Option<&Fields<'a>> {
        let mut profiles = self.profiles.iter();
        profiles.find(|fields| fields.text("name").as_deref() == Some(name))
    }
}

impl Fields<'_> {
    /// The mode, which may be written in any case. Where none is written, it is the one that the
    /// CLI infers from the other fields. `None` if it is not known.
    fn mode(&self) -> Option<&'static str> {
        if let Some(written) = self.text("mode") {
            let mut modes = MODES.iter().copied();
            return modes.find(|mode| mode.eq_ignore_ascii_case(&written));
        }
        let all = |keys: &[&str]| keys.iter().all(|key| self.text(key).is_some());
        let inferred: [(&[&str], _); 9] = [
            (
                &["access_key_id", "access_key_secret", "sts_token"],
                "StsToken",
            ),
            (
                &["access_key_id", "access_key_secret", "ram_role_arn"],
                "RamRoleArn",
            ),
            (&["access_key_id", "access_key_secret"], "AK"),
            (&["private_key", "key_pair_name"], "RsaKeyPair"),
            (&["ram_role_name"], "EcsRamRole"),
            (&["process_command"], "External"),
            (
                &["oidc_provider_arn", "oidc_token_file", "ram_role_arn"],
                "OIDC",
            ),
            (&["cloud_sso_sign_in_url"], "CloudSSO"),
            (&["bearer_token"], "BearerToken"),
        ];
        let mut inferred = inferred.into_iter();
        let (_, mode) = inferred.find(|(keys, _)| all(keys))?;
        Some(mode)
    }

    /// Whether nothing is filled in yet. The CLI leaves such a profile behind.
    fn are_blank(&self) -> bool {
        let filled = |keys: &[&str]| keys.iter().any(|key| self.text(key).is_some());
        let key = filled(&["access_key_id", "access_key_secret"]);
        let others = ["mode", "ram_role_arn", "source_profile", "credentials_uri"];
        match self.mode() {
            Some(mode) => mode == "AK" && !key,
            None => !key && !filled(&others),
        }
    }

    /// The text of a field. `None` if it is missing, empty, or something else.
    fn text(&self, key: &str) -> Option<String> {
        let text: String = serde_json::from_str(self.0.get(key)?.get()).ok()?;
        Some(text).filter(|text| !text.is_empty())
    }

    /// The number in a field, which may be written as text.
    fn number(&self, key: &str) -> Option<u64> {
        let written = self.0.get(key)?.get();
        written.trim_matches('"').parse().ok()
    }

    fn flag(&self, key: &str) -> Option<bool> {
        serde_json::from_str(self.0.get(key)?.get()).ok()
    }
}

impl Profile<'_> {
    /// The way of a profile that builds upon no other one.
    fn way(mut self) -> Result<Way, Problem> {
        let mode = self.fields.mode().unwrap_or_default();
        if let Some((mode, why)) = NOT_SERVED.iter().find(|(name, _)| *name == mode) {
            let what = format!("has mode {mode}, which can't be used here: {why}");
            return Err(wrong(&self.origin, &what));
        }
        let make = match mode {
            "AK" => |profile: &Self| Ok(Way::Key(profile.key(None)?)),
            "StsToken" => Self::sts_token,
            "RamRoleArn" => Self::ram_role_arn,
            "EcsRamRole" => Self::ecs_ram_role,
            "RamRoleArnWithRoleName" => |profile: &Self| profile.role_upon(profile.ecs_ram_role()?),
            "OIDC" => Self::oidc,
            "External" => Self::external,
            "CredentialsURI" => Self::credentials_uri,
            "CloudSSO" => Self::cloud_sso,
            "OAuth" => Self::oauth,
            _ => {
                let what = "has no mode that this provider knows; modes are AK, StsToken, \
                    RamRoleArn, EcsRamRole, RamRoleArnWithRoleName, ChainableRamRoleArn, OIDC, \
                    External, CredentialsURI, CloudSSO and OAuth";
                return Err(wrong(&self.origin, what));
            }
        };
        self.origin.push_str(&format!(", mode {mode},"));
        make(&self)
    }

    fn sts_token(&self) -> Result<Way, Problem> {
        let token = self.require("sts_token").map(Secret::new)?;
        Ok(Way::Key(self.key(Some(token))?))
    }

    fn ram_role_arn(&self) -> Result<Way, Problem> {
        // The CLI passes a token on, if there is one.
        let token = self.text("sts_token").map(Secret::new);
        let own = ["access_key_id", "access_key_secret"].map(|key| self.text(key));
        let key = match own {
            // The CLI then takes the key of the environment.
            [None, None] => pair::of_environment(&self.surroundings.environment, &mut Vec::new())?,
            _ => None,
        };
        let key = key.map_or_else(|| self.key(token), Ok)?;
        self.role_upon(Way::Key(key))
    }

    fn ecs_ram_role(&self) -> Result<Way, Problem> {
        let role_name = self.text("ram_role_name");
        let metadata = metadata(role_name, false, &self.surroundings.environment);
        metadata
            .map(Way::Metadata)
            .map_err(|what| wrong(&self.origin, &what))
    }

    fn oidc(&self) -> Result<Way, Problem> {
        let file = self.or_variable("oidc_token_file", OIDC_TOKEN_FILE)?;
        Ok(Way::Oidc(Oidc {
            provider_arn: self.or_variable("oidc_provider_arn", OIDC_PROVIDER_ARN)?,
            token: Token::File(TokenFile {
                path: self.surroundings.path(&file),
                named_by: self.named_by("oidc_token_file", OIDC_TOKEN_FILE),
            }),
            role: self.role()?,
            sts: self.surroundings.sts(&self.sts())?,
        }))
    }

    /// The text of a field, or else that of the first of these variables that is set.
    fn or_variable(&self, key: &str, names: &[&str]) -> Result<String, Problem> {
        match (self.text(key), self.surroundings.variable(names)) {
            (Some(text), _) | (None, Some(text)) => Ok(text),
            (None, None) => self.require(key),
        }
    }

    /// What gave a value: the key of the profile, or else the first of the variables that is set.
    fn named_by(&self, key: &str, names: &[&str]) -> String {
        let variable = self.surroundings.environment.first(names);
        match (self.text(key), variable) {
            (None, Some((name, _))) => name.to_owned(),
            _ => format!("{key} of {}", self.origin.trim_end_matches(',')),
        }
    }

    fn external(&self) -> Result<Way, Problem> {
        self.allowed()?;
        let command = Secret::new(self.require("process_command")?);
        match words::split(command.expose()) {
            Some(words) if !words.is_empty() => Ok(Way::Command(Command(words))),
            Some(_) => Err(wrong(&self.origin, "has a process_command that is blank")),
            None => Err(wrong(
                &self.origin,
                "has a process_command in which a quotation mark is not closed, or that ends in a \
                 backslash",
            )),
        }
    }

    fn credentials_uri(&self) -> Result<Way, Problem> {
        self.allowed()?;
        let uri = self.or_variable("credentials_uri", CREDENTIALS_URI)?;
        let address: Result<Address, _> = Secret::new(uri).expose().parse();
        address.map(Way::Uri).map_err(|expected| {
            let variable = self.surroundings.environment.first(CREDENTIALS_URI);
            let whose = match (self.text("credentials_uri"), variable) {
                (None, Some((name, _))) => format!("takes its address from {name}, which"),
                _ => "has a credentials_uri that".to_owned(),
            };
            wrong(&self.origin, &format!("{whose} is not usable: {expected}"))
        })
    }

    fn cloud_sso(&self) -> Result<Way, Problem> {
        let url: Result<Address, _> = self.require("cloud_sso_sign_in_url")?.parse();
        let url = url.map_err(|expected| {
            let what = format!("has a cloud_sso_sign_in_url that is not usable: {expected}");
            wrong(&self.origin, &what)
        })?;
        let advice = self.log_in("CloudSSO");
        let (Some(access_token), Some(ends)) = (
            self.text("access_token").map(Secret::new),
            self.fields.number("cloud_sso_access_token_expire"),
        ) else {
            return Err(wrong(
                &self.origin,
                &format!("has no access_token; {advice}"),
            ));
        };
        Ok(Way::CloudSso(CloudSso {
            server: url.with_path("/cloud-credentials"),
            account_id: self.require("cloud_sso_account_id")?,
            access_configuration: self.require("cloud_sso_access_config")?,
            access_token,
            ends: UNIX_EPOCH + Duration::from_secs(ends.min(u64::from(u32::MAX))),
            advice,
        }))
    }

    /// A login with OAuth is used as long as the session lasts that the CLI has stored. To get
    /// another one would use up the stored refresh token, and so end the login of the CLI itself.
    fn oauth(&self) -> Result<Way, Problem> {
        let advice = format!(
            "run any command of the CLI with it, such as: \
             aliyun sts GetCallerIdentity --profile {}",
            quoted(self.name)
        );
        let (Some(token), Some(ends)) = (
            self.text("sts_token").map(Secret::new),
            self.fields.number("sts_expiration"),
        ) else {
            return Err(wrong(&self.origin, &format!("has no session; {advice}")));
        };
        Ok(Way::Stored(Stored {
            key: self.key(Some(token))?,
            ends: UNIX_EPOCH + Duration::from_secs(ends.min(u64::from(u32::MAX))),
            advice,
        }))
    }

    fn log_in(&self, mode: &str) -> String {
        let name = quoted(self.name);
        format!("log in again: aliyun configure --mode {mode} --profile {name}")
    }

    /// The role of the profile, assumed by these credentials.
    fn role_upon(&self, base: Way) -> Result<Way, Problem> {
        Ok(Way::Role {
            base: Box::new(base),
            role: self.role()?,
            sts: self.surroundings.sts(&self.sts())?,
        })
    }

    fn role(&self) -> Result<Role, Problem> {
        let environment = &self.surroundings.environment;
        let arn = self.text("ram_role_arn");
        let arn = match arn.or_else(|| roles::role_of_environment(environment)) {
            Some(arn) => arn,
            None => self.require("ram_role_arn")?,
        };
        let expired_seconds = self.fields.number("expired_seconds");
        // The official Python library has the second name for profiles with mode OIDC.
        let session_name = self.text("ram_session_name");
        let session_name = session_name.or_else(|| self.text("role_session_name"));
        let external_id = self.text("external_id");
        Ok(Role {
            arn,
            session_name: roles::session_name(session_name, environment),
            policy: self.text("policy"),
            seconds: profile::seconds(&self.origin, "expired_seconds", expired_seconds)?,
            external_id: external_id.or_else(|| self.surroundings.variable(ROLE_EXTERNAL_ID)),
        })
    }

    fn sts(&self) -> StsOfProfile {
        StsOfProfile {
            endpoint: self.text("sts_endpoint"),
            region: self.text("sts_region"),
            vpc: self.fields.flag("enable_vpc"),
        }
    }

    fn key(&self, token: Option<Secret>) -> Result<AccessKey, Problem> {
        let secret = self.text("access_key_secret").map(Secret::new);
        profile::key(&self.origin, self.text("access_key_id"), secret, token)
    }

    /// Whether the environment allows profiles to run programs and to fetch from addresses.
    fn allowed(&self) -> Result<(), Problem> {
        if is_true(&self.surroundings.environment, EXTERNAL_PROCESS_DISABLED) {
            let what = format!("can't be used: {EXTERNAL_PROCESS_DISABLED} forbids it");
            return Err(wrong(&self.origin, &what));
        }
        Ok(())
    }

    fn text(&self, key: &str) -> Option<String> {
        self.fields.text(key)
    }

    fn require(&self, key: &str) -> Result<String, Problem> {
        self.text(key)
            .ok_or_else(|| wrong(&self.origin, &format!("has no {key}")))
    }
}
