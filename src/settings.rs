//! All settings of the provider block, each of which is declared once.

mod credentials;
mod throttle;

use std::ops::RangeInclusive;
use std::time::Duration;

use cams::{Endpoint, SignatureMethod, space};
use terraform_plugin::framework::number::Number;
use terraform_plugin::framework::path::Path;

use super::setting::{Absent, Declaration, Setting, from_str, text};

pub(super) use credentials::{
    ACCESS_KEY, CREDENTIALS_URI, ECS_ROLE_NAME, OIDC_POLICY, OIDC_PROVIDER_ARN, OIDC_ROLE_ARN,
    OIDC_SESSION_EXPIRATION, OIDC_SESSION_NAME, OIDC_TOKEN, OIDC_TOKEN_FILE, PROFILE, ROLE_ARN,
    ROLE_EXTERNAL_ID, ROLE_POLICY, ROLE_SESSION_EXPIRATION, ROLE_SESSION_NAME, SECRET_KEY,
    SECURITY_TOKEN, SHARED_CREDENTIALS_FILE, STS_ENDPOINT,
};
pub(super) use throttle::{
    FALLBACK_REQUESTS_PER_SECOND, REDIS_COMMAND_TIMEOUT, REDIS_CONNECT_TIMEOUT, REDIS_URL,
    REQUESTS_PER_SECOND, SCOPE, STATE_DIRECTORY, Scope,
};

/// The environment variable for [`CUST_SPACE_ID`], which messages about resources name too.
pub(super) const CUST_SPACE_ID_VARIABLE: &str = "CAMS_CUST_SPACE_ID";

/// The one region where CAMS is documented to run.
pub(super) const DOCUMENTED_REGION: &str = "ap-southeast-1";

/// All settings, in the order of their names.
pub(super) static ALL: [&dyn Declaration; 34] = [
    &ACCESS_KEY,
    &ACCOUNT_ID,
    &ROLE_EXTERNAL_ID,
    &ROLE_POLICY,
    &ROLE_ARN,
    &ROLE_SESSION_EXPIRATION,
    &ROLE_SESSION_NAME,
    &OIDC_PROVIDER_ARN,
    &OIDC_TOKEN,
    &OIDC_TOKEN_FILE,
    &OIDC_POLICY,
    &OIDC_ROLE_ARN,
    &OIDC_SESSION_NAME,
    &OIDC_SESSION_EXPIRATION,
    &CONNECT_TIMEOUT,
    &READ_TIMEOUT,
    &CREDENTIALS_URI,
    &CUST_SPACE_ID,
    &ECS_ROLE_NAME,
    &ENDPOINT,
    &PROFILE,
    &REGION,
    &SECRET_KEY,
    &SECURITY_TOKEN,
    &SHARED_CREDENTIALS_FILE,
    &SIGNATURE_METHOD,
    &STS_ENDPOINT,
    &FALLBACK_REQUESTS_PER_SECOND,
    &REDIS_COMMAND_TIMEOUT,
    &REDIS_CONNECT_TIMEOUT,
    &REDIS_URL,
    &REQUESTS_PER_SECOND,
    &SCOPE,
    &STATE_DIRECTORY,
];

/// Where an error about an argument of these names points, which may be that of a block.
pub(super) fn place(names: &[&'static str]) -> Path {
    let setting = ALL.into_iter().find(|setting| setting.names() == names);
    match setting {
        Some(setting) => setting.place(),
        None => names.iter().copied().collect(),
    }
}

pub(super) static ACCOUNT_ID: Setting<String> = Setting {
    path: &["account_id"],
    variables: &["ALICLOUD_ACCOUNT_ID", "ALIBABA_CLOUD_ACCOUNT_ID"],
    absent: Absent::None("STS is asked"),
    description: "Alibaba Cloud account id, digits only. The call quota is the account's, \
        whichever of its credentials are in use. Set this where STS cannot be reached.",
    secret: false,
    configured: |config| text(&config.account_id),
    parse: parse_account_id,
};

pub(super) static REGION: Setting<Region> = Setting {
    path: &["region"],
    variables: &["ALICLOUD_REGION", "ALIBABA_CLOUD_REGION"],
    absent: Absent::Default(DOCUMENTED_REGION),
    description: "Region id.",
    secret: false,
    configured: |config| text(&config.region),
    parse: parse_region,
};

pub(super) static ENDPOINT: Setting<Endpoint> = Setting {
    path: &["endpoint"],
    variables: &["CAMS_ENDPOINT", "ALIBABA_CLOUD_ENDPOINT_CAMS"],
    absent: Absent::None("the region's own is used"),
    description: "Host or URL of the API; plain `http` only to this machine.",
    secret: false,
    configured: |config| text(&config.endpoint),
    parse: from_str,
};

pub(super) static CUST_SPACE_ID: Setting<String> = Setting {
    path: &["cust_space_id"],
    variables: &[CUST_SPACE_ID_VARIABLE],
    absent: Absent::None("each resource names its own"),
    description: "Space of resources that set no `cust_space_id` of their own: the id of the ISV \
        sub-customer's space, or of your own instance.",
    secret: false,
    configured: |config| text(&config.cust_space_id),
    parse: parse_cust_space_id,
};

pub(super) static SIGNATURE_METHOD: Setting<SignatureMethod> = Setting {
    path: &["signature_method"],
    variables: &[],
    absent: Absent::Default("ACS3-HMAC-SHA256"),
    description: "How requests are signed: `ACS3-HMAC-SHA256`, or `HMAC-SHA1`, the older form.",
    secret: false,
    configured: |config| text(&config.signature_method),
    parse: from_str,
};

pub(super) static CONNECT_TIMEOUT: Setting<Duration> = Setting {
    path: &["client_connect_timeout"],
    variables: &["CLIENT_CONNECT_TIMEOUT"],
    absent: Absent::Default("10000"),
    description: "Milliseconds until a connection to the API is made, TLS included. Raise it \
        behind a slow proxy.",
    secret: false,
    configured: |config| text(&config.client_connect_timeout),
    parse: |text| parse_millis(text, 100..=600_000),
};

pub(super) static READ_TIMEOUT: Setting<Duration> = Setting {
    path: &["client_read_timeout"],
    variables: &["CLIENT_READ_TIMEOUT"],
    absent: Absent::Default("60000"),
    description: "Milliseconds from sending a request until its whole answer is there. What a \
        request without an answer did is found out afterwards, so lower it only if the API hangs.",
    secret: false,
    configured: |config| text(&config.client_read_timeout),
    parse: |text| parse_millis(text, 100..=600_000),
};

/// A region, and the endpoint of its API.
pub(super) struct Region {
    pub(super) id: String,
    pub(super) endpoint: Endpoint,
}

fn parse_account_id(text: &str) -> Result<String, String> {
    let text = text.trim();
    if text.is_empty() || !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err("expected the digits of the account id".to_owned());
    }
    Ok(text.to_owned())
}

fn parse_region(text: &str) -> Result<Region, String> {
    let text = text.trim();
    let endpoint = Endpoint::of_region("cams", text)
        .ok_or_else(|| "expected a region id, such as ap-southeast-1".to_owned())?;
    Ok(Region {
        id: text.to_owned(),
        endpoint,
    })
}

fn parse_cust_space_id(text: &str) -> Result<String, String> {
    if space::is_well_formed(text) {
        return Ok(text.to_owned());
    }
    Err(format!(
        "{}; leave it out if each resource names its own",
        space::EXPECTED
    ))
}

fn parse_millis(text: &str, range: RangeInclusive<u64>) -> Result<Duration, String> {
    let millis = Number::parse(text).and_then(|number| number.as_u64());
    let (least, most) = (range.start(), range.end());
    millis
        .filter(|millis| range.contains(millis))
        .map(Duration::from_millis)
        .ok_or_else(|| format!("expected a whole number of milliseconds from {least} to {most}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::block::Config;

    #[test]
    fn whole_milliseconds_are_read_and_nothing_else() {
        let parse_millis = |text| parse_millis(text, 100..=600_000);
        assert_eq!(parse_millis("1500"), Ok(Duration::from_millis(1500)));
        for text in ["0", "-5", "1.5", "99", "600001", "soon", ""] {
            assert!(parse_millis(text).is_err(), "{text}");
        }
    }

    #[test]
    fn every_default_is_a_value_of_its_setting() {
        let environment = std::iter::empty::<(String, String)>().collect();
        let config = Config::default();
        assert!(REGION.require(&config, &environment).is_ok());
        assert!(SIGNATURE_METHOD.require(&config, &environment).is_ok());
        assert!(CONNECT_TIMEOUT.require(&config, &environment).is_ok());
        assert!(READ_TIMEOUT.require(&config, &environment).is_ok());
        assert!(SCOPE.require(&config, &environment).is_ok());
        let fallback = FALLBACK_REQUESTS_PER_SECOND.require(&config, &environment);
        assert!(fallback.is_ok());
        for timeout in [&REDIS_CONNECT_TIMEOUT, &REDIS_COMMAND_TIMEOUT] {
            assert!(timeout.require(&config, &environment).is_ok());
        }
    }
}
