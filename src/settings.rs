//! All settings of the provider block, each of which is declared once.

pub(crate) mod credentials;
pub(crate) mod throttle;

use std::time::Duration;

use base::environment::Environment;
use cams::{Endpoint, SignatureMethod, space};
use terraform_plugin::framework::diagnostic::Diagnostics;
use terraform_plugin::framework::path::Path;

use super::block::Config;
use super::setting::{Declaration, Setting, check, from_str, parse_millis};

/// The environment variable for [`CUST_SPACE_ID`], which messages about resources name too.
pub(crate) const CUST_SPACE_ID_VARIABLE: &str = "CAMS_CUST_SPACE_ID";

/// The only region that the documentation of CAMS lists.
pub(crate) const DOCUMENTED_REGION: &str = "ap-southeast-1";

/// The settings that are in none of the nested blocks and are not about credentials.
static ALL: &[&dyn Declaration] = &[
    &ACCOUNT_ID,
    &REGION,
    &ENDPOINT,
    &CUST_SPACE_ID,
    &SIGNATURE_METHOD,
    &CONNECT_TIMEOUT,
    &READ_TIMEOUT,
];

/// All settings of the provider block.
pub(crate) fn all() -> impl Iterator<Item = &'static dyn Declaration> {
    let credentials = credentials::ALL.iter();
    let credentials = credentials.map(|setting| setting as &dyn Declaration);
    let others = ALL.iter().copied();
    others
        .chain(credentials)
        .chain(throttle::ALL.iter().copied())
}

/// What is wrong with the values that are set.
pub(crate) fn errors(config: &Config, environment: &Environment) -> Diagnostics {
    let errors = all().filter_map(|setting| setting.error(config, environment));
    errors.collect()
}

/// Where an error about an attribute of this name points, which may be at its block.
pub(crate) fn location(name: &str) -> Path {
    let setting = all().find(|setting| setting.name() == name);
    setting.map_or_else(Path::root, Declaration::location)
}

pub(crate) static ACCOUNT_ID: Setting<String> = Setting::new(
    "account_id",
    &["ALICLOUD_ACCOUNT_ID", "ALIBABA_CLOUD_ACCOUNT_ID"],
    parse_account_id,
    "Alibaba Cloud account id, digits only. The call quota belongs to the account and applies to \
     all of its credentials. Set this where STS cannot be reached.",
)
.otherwise("the provider asks STS");

/// The value is the id of the region, and the endpoint of its API.
pub(crate) static REGION: Setting<(String, Endpoint)> = Setting::new(
    "region",
    &["ALICLOUD_REGION", "ALIBABA_CLOUD_REGION"],
    parse_region,
    "Region id.",
)
.default(DOCUMENTED_REGION);

pub(crate) static ENDPOINT: Setting<Endpoint> = Setting::new(
    "endpoint",
    &["CAMS_ENDPOINT", "ALIBABA_CLOUD_ENDPOINT_CAMS"],
    from_str,
    "Host or URL of the API; plain `http` is allowed only for this machine.",
)
.otherwise("the provider uses the endpoint of the region");

pub(crate) static CUST_SPACE_ID: Setting<String> = Setting::new(
    "cust_space_id",
    &[CUST_SPACE_ID_VARIABLE],
    parse_cust_space_id,
    "Default space for resources that do not set `cust_space_id`: the space id of the ISV's \
     sub-customer, or of your own instance.",
)
.otherwise("each resource must set `cust_space_id`");

pub(crate) static SIGNATURE_METHOD: Setting<SignatureMethod> = Setting::new(
    "signature_method",
    &[],
    from_str,
    "How requests are signed: `ACS3-HMAC-SHA256`, or `HMAC-SHA1`, the older form.",
)
.default("ACS3-HMAC-SHA256");

pub(crate) static CONNECT_TIMEOUT: Setting<Duration> = Setting::new(
    "client_connect_timeout",
    &["CLIENT_CONNECT_TIMEOUT"],
    |text| parse_millis(text, 100..=600_000),
    "Timeout in milliseconds for connecting to the API, including TLS. Increase it for a slow \
     proxy.",
)
.default("10000");

pub(crate) static READ_TIMEOUT: Setting<Duration> = Setting::new(
    "client_read_timeout",
    &["CLIENT_READ_TIMEOUT"],
    |text| parse_millis(text, 100..=600_000),
    "Timeout in milliseconds from sending a request to the end of its response. After a request \
     without a response, the provider determines whether it had an effect; lower the timeout only \
     if the API hangs.",
)
.default("60000");

fn parse_account_id(text: &str) -> Result<String, String> {
    let text = text.trim();
    let is_id = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    check(is_id, "the digits of the account id").map(|()| text.to_owned())
}

fn parse_region(text: &str) -> Result<(String, Endpoint), String> {
    let text = text.trim();
    let endpoint = Endpoint::of_region("cams", text)
        .ok_or_else(|| "expected a region id, such as ap-southeast-1".to_owned())?;
    Ok((text.to_owned(), endpoint))
}

fn parse_cust_space_id(text: &str) -> Result<String, String> {
    if space::is_well_formed(text) {
        return Ok(text.to_owned());
    }
    Err(format!(
        "{}; leave it out if each resource sets its own",
        space::EXPECTED
    ))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_default_is_a_value_of_its_setting() {
        let errors = errors(&Config::default(), &Environment::default());
        assert!(errors.is_empty(), "{errors:?}");
    }

    #[test]
    fn every_setting_is_declared_under_a_name_of_its_own() {
        let names: BTreeSet<&str> = all().map(Declaration::name).collect();
        assert_eq!(names.len(), all().count());
    }
}
