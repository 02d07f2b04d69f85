//! The file of the Alibaba Cloud CLI, `~/.aliyun/config.json`: what each mode of a profile means.
//!
//! This file is longer than 300 lines because every mode of a profile is in it.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::time::{Duration, UNIX_EPOCH};

use serde::Deserialize;
use serde_json::value::RawValue;

use crate::openapi::{AccessKey, Address};
use crate::secret::Secret;

use super::words;
use super::ecs::metadata;
use super::problem::Problem;
use super::profile::{self, Found, origin, quoted, wrong};
use super::roles;
use super::source::{CloudSso, Command, Oidc, Role, Stored, Token, Way};
use super::surroundings::{StsOfProfile, Surroundings};
use super::token_file::TokenFile;
use super::variables::{EXTERNAL_PROCESS_DISABLED, OIDC_PROVIDER_ARN, OIDC_TOKEN_FILE, is_true};

/// How many profiles may build upon each other. Nobody needs more than two or three.
const MOST_LINKS: usize = 16;

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

/// The fields of a profile.
struct Fields<'a>(BTreeMap<Cow<'a, str>, &'a RawValue>);

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
            #[serde(borrow)]
            current: Option<Cow<'a, str>>,
            #[serde(borrow)]
            profiles: Option<Vec<&'a RawValue>>,
        }
        let document: Document<'a> =
            serde_json::from_slice(content).map_err(|error| (error.line(), error.column()))?;
        // A profile that is no object is nobody's.
        let fields = |profile: &'a RawValue| serde_json::from_str(profile.get()).ok();
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

    /// The name of the current profile.
    pub(super) fn current(&self) -> Option<String> {
        self.current.as_deref().map(str::to_owned)
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
        let mode = fields.text("mode").unwrap_or_default();
        let part = |key| fields.text(key).is_some();
        if mode == "AK" && !part("access_key_id") && !part("access_key_secret") {
            return Ok(Found::Blank);
        }
        let way = self.way(name, shown, surroundings, &mut Vec::new())?;
        // The way was made, so the mode is one of those that are known.
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
        if profile.text("mode").as_deref() == Some("ChainableRamRoleArn") {
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
        let mode = self.text("mode").unwrap_or_default();
        if let Some((mode, why)) = NOT_SERVED.iter().find(|(name, _)| *name == mode) {
            let what = format!("has mode {mode}, which can't be used here: {why}");
            return Err(wrong(&self.origin, &what));
        }
        let make = match mode.as_str() {
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
                    External, CredentialsURI, CloudSSO and OAuth, written like this";
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
        self.role_upon(Way::Key(self.key(token)?))
    }

    fn ecs_ram_role(&self) -> Result<Way, Problem> {
        let role_name = self.text("ram_role_name");
        let metadata = metadata(role_name, false, &self.surroundings.environment);
        metadata
            .map(Way::Metadata)
            .map_err(|what| wrong(&self.origin, &what))
    }

    fn oidc(&self) -> Result<Way, Problem> {
        let environment = &self.surroundings.environment;
        let or_variable = |key: &str, names: &[&str]| match self.text(key) {
            Some(text) => Ok(text),
            None => match environment.first(names) {
                Some((_, text)) => Ok(text.to_owned()),
                None => self.require(key),
            },
        };
        let file = or_variable("oidc_token_file", OIDC_TOKEN_FILE)?;
        Ok(Way::Oidc(Oidc {
            provider_arn: or_variable("oidc_provider_arn", OIDC_PROVIDER_ARN)?,
            token: Token::File(TokenFile {
                path: self.surroundings.path(&file),
                named_by: self.named_by("oidc_token_file", OIDC_TOKEN_FILE),
            }),
            role: self.role()?,
            sts: self.surroundings.sts(&self.sts())?,
        }))
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
            _ => Err(wrong(
                &self.origin,
                "has a process_command in which a quotation mark is not closed",
            )),
        }
    }

    fn credentials_uri(&self) -> Result<Way, Problem> {
        self.allowed()?;
        let uri = Secret::new(self.require("credentials_uri")?);
        let address: Result<Address, _> = uri.expose().parse();
        address.map(Way::Uri).map_err(|expected| {
            let what = format!("has a credentials_uri that is not usable: {expected}");
            wrong(&self.origin, &what)
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
        let session_name = self.text("ram_session_name");
        Ok(Role {
            arn,
            session_name: roles::session_name(session_name, environment),
            policy: self.text("policy"),
            seconds: profile::seconds(&self.origin, "expired_seconds", expired_seconds)?,
            external_id: self.text("external_id"),
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
