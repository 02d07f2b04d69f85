//! The settings of the provider block, each declared once.

use std::fmt;
use std::num::NonZeroU32;
use std::time::Duration;

use crate::cams::{Endpoint, SignatureMethod, space};
use crate::credentials;
use crate::framework::model::Field;
use crate::framework::number::Number;
use crate::framework::schema::Attribute;
use crate::secret::Secret;
use crate::throttle::RedisUrl;

use super::config::Config;
use super::setting::{Absent, Declaration, Setting, from_str};
use super::throttling::{Scope, Throttling};

/// The environment variable of [`CUST_SPACE_ID`], which messages about resources name.
pub(super) const CUST_SPACE_ID_VARIABLE: &str = "CAMS_CUST_SPACE_ID";

/// The one region where CAMS is documented to run.
pub(super) const DOCUMENTED_REGION: &str = "ap-southeast-1";

/// All settings.
pub(super) static ALL: [&dyn Declaration; 14] = [
    &ACCESS_KEY,
    &ACCOUNT_ID,
    &CONNECT_TIMEOUT,
    &CUST_SPACE_ID,
    &ENDPOINT,
    &FALLBACK_REQUESTS_PER_SECOND,
    &READ_TIMEOUT,
    &REDIS_URL,
    &REGION,
    &REQUESTS_PER_SECOND,
    &SCOPE,
    &SECRET_KEY,
    &SECURITY_TOKEN,
    &SIGNATURE_METHOD,
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
    description: "Alibaba Cloud account id, digits only. The call quota is the account's: set this where \
        several access keys of one account are in use, so that they share it.",
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
    description: "Milliseconds until a connection to the API is made, TLS included. Raise it behind a \
        slow proxy.",
    attribute: Attribute::number,
    configured: |config| text(&config.client_connect_timeout),
    parse: parse_millis,
};

pub(super) static READ_TIMEOUT: Setting<Duration> = Setting {
    path: &["client_read_timeout"],
    variables: &["CLIENT_READ_TIMEOUT"],
    absent: Absent::Default("60000"),
    description: "Milliseconds from sending a request until its whole answer is there. What a request \
        without an answer did is found out afterwards, so lower it only if the API hangs.",
    attribute: Attribute::number,
    configured: |config| text(&config.client_read_timeout),
    parse: parse_millis,
};

pub(super) static SCOPE: Setting<Scope> = Setting {
    path: &["throttle", "scope"],
    variables: &["CAMS_THROTTLE_SCOPE"],
    absent: Absent::Default("host"),
    description: "Who shares the quota: `host`, all processes of this user on this machine; `process`, \
        nobody else, for machines without a writable home; `redis`, all machines that use the same \
        server, for pipelines on several runners.",
    attribute: Attribute::string,
    configured: |config| throttle(config, |throttle| throttle.scope.clone()),
    parse: parse_scope,
};

pub(super) static REDIS_URL: Setting<RedisUrl> = Setting {
    path: &["throttle", "redis_url"],
    variables: &["CAMS_THROTTLE_REDIS_URL"],
    absent: Absent::None("`scope` cannot be `redis`"),
    description: "Redis or Valkey server for `scope = \"redis\"`, such as \
        `rediss://:password@redis.example.com:6379/0`.",
    attribute: sensitive_string,
    configured: |config| throttle(config, |throttle| throttle.redis_url.clone()),
    parse: from_str,
};

pub(super) static REQUESTS_PER_SECOND: Setting<NonZeroU32> = Setting {
    path: &["throttle", "requests_per_second"],
    variables: &["CAMS_THROTTLE_REQUESTS_PER_SECOND"],
    absent: Absent::None("each operation's documented limit holds, which is 10"),
    description: "Calls a second for each operation. Lower it to leave room for other programs of the \
        same account, raise it only if Alibaba Cloud has raised the account's quota.",
    attribute: Attribute::number,
    configured: |config| throttle(config, |throttle| text(&throttle.requests_per_second)),
    parse: parse_rate,
};

/// The default is safe as long as no more than ten hosts or processes lose their common store at once.
pub(super) static FALLBACK_REQUESTS_PER_SECOND: Setting<NonZeroU32> = Setting {
    path: &["throttle", "fallback_requests_per_second"],
    variables: &["CAMS_THROTTLE_FALLBACK_REQUESTS_PER_SECOND"],
    absent: Absent::Default("1"),
    description: "Calls a second and operation while the shared state cannot be reached. Set it to the \
        quota divided by how many hosts may run at once.",
    attribute: Attribute::number,
    configured: |config| {
        throttle(config, |throttle| {
            text(&throttle.fallback_requests_per_second)
        })
    },
    parse: parse_rate,
};

/// A region, and the host of its API.
pub(super) struct Region {
    pub(super) id: String,
    pub(super) endpoint: Endpoint,
}

/// More calls a second than any quota that CAMS documents.
const MAX_RATE: u32 = 250;

fn sensitive_string(name: &'static str) -> Attribute {
    Attribute::string(name).sensitive()
}

/// The field, where empty text counts as none: it is often the default of a variable.
fn filled(field: &Field<String>) -> Field<String> {
    match field {
        Field::Known(text) if text.is_empty() => Field::Null,
        other => other.clone(),
    }
}

/// The field as text: a number as it is written.
fn text<T: fmt::Display>(field: &Field<T>) -> Field<String> {
    match field {
        Field::Known(value) => Field::Known(value.to_string()),
        Field::Null => Field::Null,
        Field::Unknown => Field::Unknown,
    }
}

fn throttle(config: &Config, field: fn(&Throttling) -> Field<String>) -> Field<String> {
    match &config.throttle {
        Field::Known(throttle) => field(throttle),
        Field::Null => Field::Null,
        Field::Unknown => Field::Unknown,
    }
}

/// A part of the access key. An empty one counts as none: it is often the default of a variable.
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

fn parse_millis(text: &str) -> Result<Duration, String> {
    let millis = Number::parse(text).and_then(|number| number.as_u64());
    millis
        .filter(|millis| (100..=600_000).contains(millis))
        .map(Duration::from_millis)
        .ok_or_else(|| "expected a whole number of milliseconds from 100 to 600000".to_owned())
}

fn parse_rate(text: &str) -> Result<NonZeroU32, String> {
    let rate = Number::parse(text).and_then(|number| number.as_u64());
    rate.and_then(|rate| u32::try_from(rate).ok())
        .and_then(NonZeroU32::new)
        .filter(|rate| rate.get() <= MAX_RATE)
        .ok_or_else(|| format!("expected a whole number from 1 to {MAX_RATE}"))
}

fn parse_scope(text: &str) -> Result<Scope, String> {
    match text {
        "host" => Ok(Scope::Host),
        "process" => Ok(Scope::Process),
        "redis" => Ok(Scope::Redis),
        _ => Err("expected \"host\", \"process\" or \"redis\"".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whole_milliseconds_are_read_and_nothing_else() {
        assert_eq!(parse_millis("1500"), Ok(Duration::from_millis(1500)));
        for text in ["0", "-5", "1.5", "99", "600001", "soon", ""] {
            assert!(parse_millis(text).is_err(), "{text}");
        }
    }

    #[test]
    fn rates_are_whole_and_bounded() {
        assert_eq!(parse_rate("10").map(NonZeroU32::get), Ok(10));
        for text in ["0", "-1", "2.5", "251", "many", ""] {
            assert!(parse_rate(text).is_err(), "{text}");
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
    }
}
