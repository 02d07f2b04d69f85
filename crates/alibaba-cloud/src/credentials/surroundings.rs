//! What the way to credentials depends on besides the provider block: the environment, the files of
//! the machine, and the address of STS.

use std::path::{Path, PathBuf};

use crate::openapi::{Endpoint, InvalidEndpoint};
use base::environment::Environment;
use base::foreign_text;

use super::files::{Files, Unreadable};
use super::problem::{Problem, ProblemKind};
use super::variables::{STS_ENDPOINT, STS_REGION, VPC_ENDPOINT_ENABLED, is_true};

/// The host of STS that serves all regions.
const GLOBAL_STS: &str = "sts.aliyuncs.com";

/// Environment, files, and what the provider block says about STS.
#[derive(Clone, Debug)]
pub(super) struct Surroundings {
    pub(super) environment: Environment,
    pub(super) files: Files,
    /// The region of the provider.
    pub(super) region: Option<String>,
    /// The value of the argument `sts_endpoint`.
    pub(super) sts_endpoint: Option<Endpoint>,
}

/// What a profile says about the address of STS.
#[derive(Clone, Debug, Default)]
pub(super) struct StsOfProfile {
    pub(super) endpoint: Option<String>,
    pub(super) region: Option<String>,
    /// Whether STS is asked at its address within the private network.
    pub(super) vpc: Option<bool>,
}

impl Surroundings {
    /// The address of STS: that of the argument, of the environment or of the profile, or else the
    /// one of the region.
    pub(super) fn sts(&self, profile: &StsOfProfile) -> Result<Endpoint, Problem> {
        if let Some(endpoint) = &self.sts_endpoint {
            return Ok(endpoint.clone());
        }
        let parse = |name: &str, text: &str| {
            // The CLI goes past the scheme and uses https.
            let endpoint: Result<Endpoint, _> = text.parse().or_else(|error| match error {
                InvalidEndpoint::Insecure => text.trim().replacen("http", "https", 1).parse(),
                other => Err(other),
            });
            endpoint.map_err(|error| {
                let text = format!("{name} is not usable: {error}.");
                Problem::new(ProblemKind::Malformed, text)
            })
        };
        if let Some((name, text)) = self.environment.first(STS_ENDPOINT) {
            return parse(&format!("The environment variable {name}"), text);
        }
        if let Some(text) = &profile.endpoint {
            return parse("sts_endpoint", text);
        }
        let of_environment = || self.environment.get(STS_REGION).map(str::to_owned);
        let (region, origin) = match (&profile.region, of_environment()) {
            (Some(region), _) => (Some(region.clone()), "sts_region"),
            (None, Some(region)) => (Some(region), STS_REGION),
            (None, None) => (self.region.clone(), "region"),
        };
        let vpc = profile
            .vpc
            .unwrap_or_else(|| is_true(&self.environment, VPC_ENDPOINT_ENABLED));
        let product = if vpc { "sts-vpc" } else { "sts" };
        let Some(region) = region else {
            return parse("STS", GLOBAL_STS);
        };
        Endpoint::of_region(product, &region).ok_or_else(|| {
            let text =
                format!("{origin} is not usable: expected a region id, such as cn-hangzhou.");
            Problem::new(ProblemKind::Malformed, text)
        })
    }

    /// The value of the first of these variables that is set.
    pub(super) fn variable(&self, names: &[&str]) -> Option<String> {
        let (_, value) = self.environment.first(names)?;
        Some(value.to_owned())
    }

    /// The home directory of the user. `None` if the environment does not say.
    pub(super) fn home(&self) -> Option<&Path> {
        self.environment.get("HOME").map(Path::new)
    }

    /// A path in which `~` at the beginning stands for the home directory.
    pub(super) fn path(&self, text: &str) -> PathBuf {
        match (text.strip_prefix("~/"), self.home()) {
            (Some(rest), Some(home)) => home.join(rest),
            _ => PathBuf::from(text),
        }
    }

    /// A path as people read it: with `~` for the home directory.
    pub(super) fn shown(&self, path: &Path) -> String {
        let within = self.home().and_then(|home| path.strip_prefix(home).ok());
        let text = match within {
            Some(rest) => format!("~/{}", rest.display()),
            None => path.display().to_string(),
        };
        // A path is text from outside too.
        foreign_text::line(&text)
    }

    /// The content of a file that may be missing; of one that must exist, see [`Self::require`].
    pub(super) fn read(&self, path: &Path) -> Result<zeroize::Zeroizing<Vec<u8>>, Unreadable> {
        self.files.read(path)
    }

    /// The content of a file that was named by the user.
    pub(super) fn require(&self, path: &Path) -> Result<zeroize::Zeroizing<Vec<u8>>, Problem> {
        self.files.read(path).map_err(|why| {
            let text = format!("The file {} {why}.", self.shown(path));
            Problem::new(ProblemKind::File, text)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sts(
        variables: &[(&str, &str)],
        region: Option<&str>,
        profile: &StsOfProfile,
    ) -> Result<String, String> {
        let surroundings = Surroundings {
            environment: variables.iter().copied().collect(),
            files: Files::fixed::<&str, &str>([]),
            region: region.map(str::to_owned),
            sts_endpoint: None,
        };
        let sts = surroundings
            .sts(profile)
            .map_err(|error| error.to_string())?;
        Ok(sts.host().to_owned())
    }

    #[test]
    fn sts_is_where_somebody_says_or_in_the_region() {
        let none = StsOfProfile::default();
        let profile = StsOfProfile {
            region: Some("cn-beijing".into()),
            ..none.clone()
        };
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
        let endpoint = StsOfProfile {
            endpoint: Some("sts.example.com".into()),
            ..profile
        };
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
