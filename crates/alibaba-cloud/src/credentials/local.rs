//! What credentials depend on: the provider block, the environment, and the files of the machine.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use crate::openapi::Endpoint;
use base::environment::Environment;
use base::foreign_text;
use base::secret::Secret;

use super::error::{CredentialsError, CredentialsErrorKind, Result};
use super::files::Files;
use super::profile_file::ProfileFields;
use super::variables::{STS_ENDPOINT, STS_REGION, VPC_ENDPOINT_ENABLED, is_true};

/// The host of STS that serves all regions.
const GLOBAL_STS: &str = "sts.aliyuncs.com";

/// The provider block, the environment and the files.
#[derive(Clone, Debug)]
pub(crate) struct Local {
    pub(crate) configured: Configured,
    pub(crate) environment: Environment,
    pub(crate) files: Files,
}

impl Local {
    /// The address of STS: that of the argument, of the environment or of the profile, or else the
    /// one of the region.
    pub(crate) fn sts(&self, profile: Option<&ProfileFields>) -> Result<Endpoint> {
        if let Some(text) = self.configured.get("sts_endpoint") {
            return parse_sts("sts_endpoint", text);
        }
        let of_profile = |key: &str| profile?.get(key).map(Secret::expose);
        if let Some((name, text)) = self.environment.first(STS_ENDPOINT) {
            return parse_sts(&format!("The environment variable {name}"), text);
        }
        if let Some(text) = of_profile("sts_endpoint") {
            return parse_sts("sts_endpoint", text);
        }
        let of_profile_region = of_profile("sts_region").map(|region| ("sts_region", region));
        let of_environment = || self.environment.first(&[STS_REGION]);
        let of_provider = || Some(("region", self.configured.get("region")?));
        let region = of_profile_region
            .or_else(of_environment)
            .or_else(of_provider);
        let Some((origin, region)) = region else {
            return parse_sts("STS", GLOBAL_STS);
        };
        let vpc = match of_profile("enable_vpc") {
            Some(enabled) => enabled == "true",
            None => is_true(&self.environment, VPC_ENDPOINT_ENABLED),
        };
        let product = if vpc { "sts-vpc" } else { "sts" };
        Endpoint::of_region(product, region).ok_or_else(|| {
            let expected = "expected a region id, such as cn-hangzhou";
            malformed(format!("{origin} is not usable: {expected}."))
        })
    }

    /// The argument of the provider block, or else the first of these variables that is set.
    pub(crate) fn text(&self, argument: &str, variables: &[&str]) -> Option<String> {
        let argument = self.configured.get(argument);
        argument
            .map(str::to_owned)
            .or_else(|| self.variable(variables))
    }

    /// The value of the first of these variables that is set.
    pub(crate) fn variable(&self, names: &[&str]) -> Option<String> {
        let (_, value) = self.environment.first(names)?;
        Some(value.to_owned())
    }

    /// The home directory of the user. `None` if the environment does not say.
    pub(crate) fn home(&self) -> Option<&Path> {
        self.environment.get("HOME").map(Path::new)
    }

    /// A path in which `~` at the beginning stands for the home directory.
    pub(crate) fn path(&self, text: &str) -> PathBuf {
        match (text.strip_prefix("~/"), self.home()) {
            (Some(rest), Some(home)) => home.join(rest),
            _ => PathBuf::from(text),
        }
    }

    /// A path as people read it: with `~` for the home directory.
    pub(crate) fn shown(&self, path: &Path) -> String {
        let within = self.home().and_then(|home| path.strip_prefix(home).ok());
        let text = match within {
            Some(rest) => format!("~/{}", rest.display()),
            None => path.display().to_string(),
        };
        // A path is text from outside too.
        foreign_text::line(&text)
    }
}

/// The arguments of the provider block by name, such as `access_key`. An argument of a nested block
/// has a name with a dot, such as `assume_role.role_arn`. The name of a block alone, with an empty
/// text, says that the block is present.
#[derive(Clone, Debug, Default)]
pub struct Configured(BTreeMap<String, Secret>);

impl Configured {
    /// The text of an argument, if it is set. An empty text counts as not set.
    pub(crate) fn get(&self, argument: &str) -> Option<&str> {
        self.written(argument).filter(|text| !text.is_empty())
    }

    /// The text of an argument, which may be empty.
    pub(crate) fn written(&self, argument: &str) -> Option<&str> {
        self.0.get(argument).map(Secret::expose)
    }

    /// Whether the nested block of this name is present.
    pub(crate) fn has_block(&self, block: &str) -> bool {
        let mut names = self.0.keys();
        names.any(|name| name.split('.').next() == Some(block))
    }
}

impl<K: Into<String>, V: Into<String>> FromIterator<(K, V)> for Configured {
    fn from_iter<I: IntoIterator<Item = (K, V)>>(arguments: I) -> Self {
        let arguments = arguments.into_iter();
        Self(
            arguments
                .map(|(name, text)| (name.into(), Secret::new(text)))
                .collect(),
        )
    }
}

/// Reads an address of STS. Like the CLI, it takes an address with `http` for one with `https`.
fn parse_sts(name: &str, text: &str) -> Result<Endpoint> {
    let with_https = text.trim().replacen("http:", "https:", 1);
    let endpoint: Result<_, &str> = text.parse();
    let endpoint = endpoint.or_else(|expected| with_https.parse().map_err(|_| expected));
    endpoint.map_err(|expected| malformed(format!("{name} is not usable: {expected}.")))
}

fn malformed(text: String) -> CredentialsError {
    CredentialsErrorKind::Malformed.error(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sts(
        variables: &[(&str, &str)],
        region: Option<&str>,
        profile: &[(&str, &str)],
    ) -> Result<String, String> {
        let local = Local {
            configured: region
                .map(|region| ("region", region))
                .into_iter()
                .collect(),
            environment: variables.iter().copied().collect(),
            files: Files::of_system(),
        };
        let profile = profile
            .iter()
            .map(|(key, text)| ((*key).to_owned(), Secret::new(*text)));
        let sts = local.sts(Some(&profile.collect()));
        let sts = sts.map_err(|error| error.to_string())?;
        Ok(sts.host().to_owned())
    }

    #[test]
    fn sts_is_at_the_configured_address_or_in_the_region() {
        let none = [];
        let profile = [("sts_region", "cn-beijing")];
        let host = |host: &str| Ok(host.to_owned());
        assert_eq!(sts(&[], None, &none), host("sts.aliyuncs.com"));
        assert_eq!(
            sts(&[], Some("cn-hangzhou"), &none),
            host("sts.cn-hangzhou.aliyuncs.com")
        );
        assert_eq!(
            sts(&[], Some("cn-hangzhou"), &profile),
            host("sts.cn-beijing.aliyuncs.com")
        );
        let region = (STS_REGION, "eu-central-1");
        assert_eq!(
            sts(&[region], Some("a"), &none),
            host("sts.eu-central-1.aliyuncs.com")
        );
        let vpc = (VPC_ENDPOINT_ENABLED, "TRUE");
        assert_eq!(
            sts(&[vpc], Some("a"), &none),
            host("sts-vpc.a.aliyuncs.com")
        );
        let no_vpc = [("enable_vpc", "false")];
        assert_eq!(sts(&[vpc], Some("a"), &no_vpc), host("sts.a.aliyuncs.com"));
        let endpoint = [("sts_endpoint", "sts.example.com"), profile[0]];
        assert_eq!(sts(&[region], None, &endpoint), host("sts.example.com"));
        let variable = ("STS_ENDPOINT", "http://127.0.0.1:1");
        assert_eq!(sts(&[variable], None, &endpoint), host("127.0.0.1:1"));
        // What the CLI takes for a host is one here too, and is asked by https.
        let variable = ("ALIBABA_CLOUD_STS_ENDPOINT", " http://sts.example.org/\n");
        assert_eq!(sts(&[variable], None, &none), host("sts.example.org"));
        let error = sts(
            &[("STS_ENDPOINT", "http://example.com/s3cr3t")],
            None,
            &none,
        );
        let error = error.expect_err("a path");
        assert!(
            error.contains("STS_ENDPOINT") && !error.contains("s3cr3t"),
            "{error}"
        );
    }
}
