//! All settings of the provider block, each of which is declared once.

mod throttle;

use std::fmt;
use std::ops::RangeInclusive;
use std::time::Duration;

use crate::cams::{Endpoint, SignatureMethod, space};
use crate::credentials;
use crate::framework::model::Field;
use crate::framework::number::Number;
use crate::framework::schema::Attribute;
use crate::secret::Secret;

use super::setting::{Absent, Declaration, Setting, from_str};

pub(super) use throttle::{
    FALLBACK_REQUESTS_PER_SECOND, REDIS_COMMAND_TIMEOUT, REDIS_CONNECT_TIMEOUT, REDIS_URL,
    REQUESTS_PER_SECOND, SCOPE, STATE_DIRECTORY, Scope,
};

/// The environment variable for [`CUST_SPACE_ID`], which messages about resources name too.
pub(super) const CUST_SPACE_ID_VARIABLE: &str = "CAMS_CUST_SPACE_ID";

/// The one region where CAMS is documented to run.
pub(super) const DOCUMENTED_REGION: &str = "ap-southeast-1";

/// All settings, in the order of their names.
pub(super) static ALL: [&dyn Declaration; 17] = [
    &ACCESS_KEY,
    &ACCOUNT_ID,
    &CONNECT_TIMEOUT,
    &CUST_SPACE_ID,
    &ENDPOINT,
    &FALLBACK_REQUESTS_PER_SECOND,
    &READ_TIMEOUT,
    &REDIS_COMMAND_TIMEOUT,
    &REDIS_CONNECT_TIMEOUT,
    &REDIS_URL,
    &REGION,
    &REQUESTS_PER_SECOND,
    &SCOPE,
    &SECRET_KEY,
    &SECURITY_TOKEN,
    &SIGNATURE_METHOD,
    &STATE_DIRECTORY,
];

pub(super) static ACCESS_KEY: Setting<String> = Setting {
    path: &["access_key"],
    variables: credentials::ACCESS_KEY,
    absent: Absent::None(""),
    description: "AccessKey id.",
    attribute: Attribute::string,
    configured: |config| filled(&config.access_key),
    parse: parse_key_part,
};

pub(super) static SECRET_KEY: Setting<Secret> = Setting {
    path: &["secret_key"],
    variables: credentials::SECRET_KEY,
    absent: Absent::None(""),
    description: "AccessKey secret.",
    attribute: sensitive_string,
    configured: |config| filled(&config.secret_key),
    parse: parse_secret,
};

pub(super) static SECURITY_TOKEN: Setting<Secret> = Setting {
    path: &["security_token"],
    variables: credentials::SECURITY_TOKEN,
    absent: Absent::None(""),
    description: "Security token of temporary credentials.",
    attribute: sensitive_string,
    configured: |config| filled(&config.security_token),
    parse: parse_secret,
};

pub(super) static ACCOUNT_ID: Setting<String> = Setting {
    path: &["account_id"],
    variables: &["ALICLOUD_ACCOUNT_ID", "ALIBABA_CLOUD_ACCOUNT_ID"],
    absent: Absent::None("quotas are counted for each access key"),
    description: "Alibaba Cloud account id, digits only. The call quota is the account's: set this \
        where several access keys of one account are in use, so that they share it.",
    attribute: Attribute::string,
    configured: |config| config.account_id.clone(),
    parse: parse_account_id,
};

pub(super) static REGION: Setting<Region> = Setting {
    path: &["region"],
    variables: &["ALICLOUD_REGION", "ALIBABA_CLOUD_REGION"],
    absent: Absent::Default(DOCUMENTED_REGION),
    description: "Region id.",
    attribute: Attribute::string,
    configured: |config| config.region.clone(),
    parse: parse_region,
};

pub(super) static ENDPOINT: Setting<Endpoint> = Setting {
    path: &["endpoint"],
    variables: &["CAMS_ENDPOINT", "ALIBABA_CLOUD_ENDPOINT_CAMS"],
    absent: Absent::None("the region's own is used"),
    description: "Host or URL of the API; plain `http` only to this machine.",
    attribute: Attribute::string,
    configured: |config| config.endpoint.clone(),
    parse: from_str,
};

pub(super) static CUST_SPACE_ID: Setting<String> = Setting {
    path: &["cust_space_id"],
    variables: &[CUST_SPACE_ID_VARIABLE],
    absent: Absent::None("each resource names its own"),
    description: "Space of resources that set no `cust_space_id` of their own: the id of the ISV \
        sub-customer's space, or of your own instance.",
    attribute: Attribute::string,
    configured: |config| config.cust_space_id.clone(),
    parse: parse_cust_space_id,
};

pub(super) static SIGNATURE_METHOD: Setting<SignatureMethod> = Setting {
    path: &["signature_method"],
    variables: &[],
    absent: Absent::Default("ACS3-HMAC-SHA256"),
    description: "How requests are signed: `ACS3-HMAC-SHA256`, or `HMAC-SHA1`, the older form.",
    attribute: Attribute::string,
    configured: |config| config.signature_method.clone(),
    parse: from_str,
};

pub(super) static CONNECT_TIMEOUT: Setting<Duration> = Setting {
    path: &["client_connect_timeout"],
    variables: &["CLIENT_CONNECT_TIMEOUT"],
    absent: Absent::Default("10000"),
    description: "Milliseconds until a connection to the API is made, TLS included. Raise it \
        behind a slow proxy.",
    attribute: Attribute::number,
    configured: |config| text(&config.client_connect_timeout),
    parse: |text| parse_millis(text, 100..=600_000),
};

pub(super) static READ_TIMEOUT: Setting<Duration> = Setting {
    path: &["client_read_timeout"],
    variables: &["CLIENT_READ_TIMEOUT"],
    absent: Absent::Default("60000"),
    description: "Milliseconds from sending a request until its whole answer is there. What a \
        request without an answer did is found out afterwards, so lower it only if the API hangs.",
    attribute: Attribute::number,
    configured: |config| text(&config.client_read_timeout),
    parse: |text| parse_millis(text, 100..=600_000),
};

/// A region, and the endpoint of its API.
pub(super) struct Region {
    pub(super) id: String,
    pub(super) endpoint: Endpoint,
}

fn sensitive_string(name: &'static str) -> Attribute {
    Attribute::string(name).sensitive()
}

/// The field, where an empty text counts as null, because variables of a configuration often have
/// it as their default.
fn filled(field: &Field<String>) -> Field<String> {
    match field {
        Field::Known(text) if text.is_empty() => Field::Null,
        other => other.clone(),
    }
}

/// The field as text. A number is written in decimal.
fn text<T: fmt::Display>(field: &Field<T>) -> Field<String> {
    match field {
        Field::Known(value) => Field::Known(value.to_string()),
        Field::Null => Field::Null,
        Field::Unknown => Field::Unknown,
    }
}

/// Parses a part of the access key. An empty text is accepted, because variables of a configuration
/// often have it as their default.
fn parse_key_part(text: &str) -> Result<String, String> {
    if text.is_empty() || credentials::is_well_formed(text) {
        return Ok(text.to_owned());
    }
    Err(credentials::EXPECTED.to_owned())
}

fn parse_secret(text: &str) -> Result<Secret, String> {
    parse_key_part(text).map(Secret::new)
}

fn parse_account_id(text: &str) -> Result<String, String> {
    if text.is_empty() || !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err("expected the digits of the account id".to_owned());
    }
    Ok(text.to_owned())
}

fn parse_region(text: &str) -> Result<Region, String> {
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
    use crate::provider::block::Config;

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
