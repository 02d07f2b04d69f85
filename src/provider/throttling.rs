//! `throttle` in the provider block: with whom the account's call quota is shared, and how much of it is used.

use crate::environment::Environment;
use crate::framework::diagnostic::{Diagnostic, Diagnostics};
use crate::framework::model::Field;
use crate::framework::number::Number;
use crate::framework::path::Path;
use crate::framework::schema::Attribute;
use crate::framework::value::Value;
use crate::model;
use crate::secret::Secret;
use crate::throttle::{self, Throttle};

const REQUESTS_PER_SECOND: &[&str] = &["CAMS_THROTTLE_REQUESTS_PER_SECOND"];
const SCOPE: &[&str] = &["CAMS_THROTTLE_SCOPE"];
const REDIS_URL: &[&str] = &["CAMS_THROTTLE_REDIS_URL"];
const FALLBACK: &[&str] = &["CAMS_THROTTLE_FALLBACK_REQUESTS_PER_SECOND"];

/// More than any quota that CAMS documents.
const MAX_RATE: u64 = 250;
/// Safe as long as no more than ten hosts or processes lose their common store at once.
const DEFAULT_FALLBACK: u32 = 1;

model! {
    /// The `throttle` attribute.
    pub struct Throttling {
        /// How much of the quota to use.
        pub requests_per_second: Number,
        /// With whom to share it.
        pub scope: String,
        /// Where a fleet shares it.
        pub redis_url: String,
        /// How much to use alone.
        pub fallback_requests_per_second: Number,
    }
}

/// What became of the settings.
#[derive(Debug)]
pub struct Throttled {
    /// Keeps the quota.
    pub throttle: Throttle,
    /// In place of each operation's documented limit.
    pub requests_per_second: Option<u32>,
}

/// The attribute.
pub fn attribute() -> Attribute {
    let attributes = vec![
        Attribute::number("fallback_requests_per_second").optional().validate(validate_rate).describe(
            "Calls a second and operation while the shared state cannot be reached. Set it to the quota divided by how many hosts \
             may run at once. Environment: `CAMS_THROTTLE_FALLBACK_REQUESTS_PER_SECOND`. Default value is `1`.",
        ),
        Attribute::string("redis_url").optional().sensitive().validate(validate_redis_url).describe(
            "Redis or Valkey server for `scope = \"redis\"`, such as `rediss://:password@redis.example.com:6379/0`. \
             Environment: `CAMS_THROTTLE_REDIS_URL`.",
        ),
        Attribute::number("requests_per_second").optional().validate(validate_rate).describe(
            "Calls a second for each operation. Lower it to leave room for other programs of the same account, raise it only if \
             Alibaba Cloud has raised the account's quota. Environment: `CAMS_THROTTLE_REQUESTS_PER_SECOND`. \
             Default value is each operation's documented limit, `10`.",
        ),
        Attribute::string("scope").optional().validate(validate_scope).describe(
            "Who shares the quota: `host`, all processes of this user on this machine; `process`, nobody else, for machines \
             without a writable home; `redis`, all machines that use the same server, for pipelines on several runners. \
             Environment: `CAMS_THROTTLE_SCOPE`. Default value is `host`.",
        ),
    ];
    Attribute::object("throttle", attributes).optional().describe(
        "How the account's call quota is kept. The defaults keep it for everything that runs on one machine.",
    )
}

/// The settings, with the environment's where the configuration has none.
pub fn configure(
    configured: &Field<Throttling>,
    environment: &Environment,
) -> Result<Throttled, Diagnostics> {
    let none = Throttling::default();
    let configured = configured.known().unwrap_or(&none);
    let mut found = Diagnostics::default();
    let rate = rate(
        "requests_per_second",
        &configured.requests_per_second,
        REQUESTS_PER_SECOND,
        environment,
        &mut found,
    );
    let fallback = rate_or_default(configured, environment, &mut found);
    let scope = text(&configured.scope, SCOPE, environment).unwrap_or_else(|| "host".to_owned());
    let redis_url = text(&configured.redis_url, REDIS_URL, environment);
    let directory = throttle::state_directory(environment);
    let throttle = match (scope.as_str(), redis_url) {
        ("host", _) => Some(Throttle::host(directory, fallback)),
        ("process", _) => Some(Throttle::process()),
        ("redis", Some(url)) => match Throttle::redis(&Secret::new(url), directory, fallback) {
            Ok(throttle) => Some(throttle),
            Err(wrong) => {
                found.push(refused("redis_url", &wrong.to_string()));
                None
            }
        },
        ("redis", None) => {
            let text = "scope \"redis\" needs a server. Set redis_url, or the environment variable CAMS_THROTTLE_REDIS_URL.";
            found.push(Diagnostic::error("Missing Redis URL", text).at(path("redis_url")));
            None
        }
        _ => {
            found.push(refused("scope", EXPECTED_SCOPE));
            None
        }
    };
    if configured.redis_url.text().is_some() && scope != "redis" {
        let text = format!(
            "redis_url is set, but the scope is {scope:?}. Set scope = \"redis\", or remove redis_url."
        );
        found.push(Diagnostic::error("Redis URL Without Effect", text).at(path("redis_url")));
    }
    match throttle {
        Some(throttle) if !found.has_errors() => Ok(Throttled {
            throttle,
            requests_per_second: rate,
        }),
        _ => Err(found),
    }
}

const EXPECTED_SCOPE: &str = "expected \"host\", \"process\" or \"redis\"";
const EXPECTED_RATE: &str = "expected a whole number from 1 to 250";

fn rate_or_default(
    configured: &Throttling,
    environment: &Environment,
    found: &mut Diagnostics,
) -> u32 {
    let configured = &configured.fallback_requests_per_second;
    rate(
        "fallback_requests_per_second",
        configured,
        FALLBACK,
        environment,
        found,
    )
    .unwrap_or(DEFAULT_FALLBACK)
}

fn rate(
    attribute: &'static str,
    configured: &Field<Number>,
    names: &[&str],
    environment: &Environment,
    found: &mut Diagnostics,
) -> Option<u32> {
    if let Some(number) = configured.known() {
        return valid_rate(number);
    }
    let (name, value) = environment.first(names)?;
    let rate = Number::parse(value).as_ref().and_then(valid_rate);
    if rate.is_none() {
        found.push(refused(attribute, &format!("{EXPECTED_RATE} in {name}")));
    }
    rate
}

fn valid_rate(number: &Number) -> Option<u32> {
    number
        .as_u64()
        .filter(|rate| (1..=MAX_RATE).contains(rate))
        .and_then(|rate| u32::try_from(rate).ok())
}

fn text(configured: &Field<String>, names: &[&str], environment: &Environment) -> Option<String> {
    configured
        .text()
        .or_else(|| environment.first(names).map(|(_, value)| value))
        .map(str::to_owned)
}

fn validate_rate(value: &Value, path: &Path, found: &mut Diagnostics) {
    if matches!(value, Value::Number(number) if valid_rate(number).is_none()) {
        found.push(
            Diagnostic::error(
                "Invalid Throttle",
                format!("{path} is not usable: {EXPECTED_RATE}."),
            )
            .at(path.clone()),
        );
    }
}

fn validate_scope(value: &Value, path: &Path, found: &mut Diagnostics) {
    if value
        .as_str()
        .is_some_and(|scope| !matches!(scope, "host" | "process" | "redis"))
    {
        found.push(
            Diagnostic::error(
                "Invalid Throttle",
                format!("{path} is not usable: {EXPECTED_SCOPE}."),
            )
            .at(path.clone()),
        );
    }
}

/// The URL may hold a password: the message never shows it.
fn validate_redis_url(value: &Value, path: &Path, found: &mut Diagnostics) {
    let Some(url) = value.as_str() else { return };
    if let Err(wrong) = Throttle::redis(&Secret::new(url), None, DEFAULT_FALLBACK) {
        found.push(
            Diagnostic::error(
                "Invalid Throttle",
                format!("{path} is not usable: {wrong}."),
            )
            .at(path.clone()),
        );
    }
}

fn refused(attribute: &str, wrong: &str) -> Diagnostic {
    Diagnostic::error(
        "Invalid Throttle",
        format!("throttle.{attribute} is not usable: {wrong}."),
    )
    .at(path(attribute))
}

fn path(attribute: &str) -> Path {
    Path::root().attribute("throttle").attribute(attribute)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings(throttling: Throttling, variables: &[(&str, &str)]) -> Result<Option<u32>, String> {
        let environment = variables.iter().copied().collect();
        match configure(&Field::Known(throttling), &environment) {
            Ok(throttled) => Ok(throttled.requests_per_second),
            Err(found) => Err(found
                .iter()
                .map(|diagnostic| diagnostic.detail.clone())
                .collect::<Vec<_>>()
                .join("\n")),
        }
    }

    #[test]
    fn the_configuration_goes_before_the_environment() {
        let five = Throttling {
            requests_per_second: Number::from(5_i64).into(),
            ..Throttling::default()
        };
        let variables = [("CAMS_THROTTLE_REQUESTS_PER_SECOND", "7")];
        assert_eq!(settings(five, &variables), Ok(Some(5)));
        assert_eq!(settings(Throttling::default(), &variables), Ok(Some(7)));
        assert_eq!(settings(Throttling::default(), &[]), Ok(None));
    }

    #[test]
    fn what_cannot_work_says_what_to_set() {
        for (variables, expected) in [
            (
                &[("CAMS_THROTTLE_REQUESTS_PER_SECOND", "0")][..],
                "whole number",
            ),
            (
                &[("CAMS_THROTTLE_FALLBACK_REQUESTS_PER_SECOND", "many")],
                "whole number",
            ),
            (&[("CAMS_THROTTLE_SCOPE", "planet")], "\"host\""),
            (
                &[("CAMS_THROTTLE_SCOPE", "redis")],
                "CAMS_THROTTLE_REDIS_URL",
            ),
        ] {
            let wrong = settings(Throttling::default(), variables).expect_err("a problem");
            assert!(wrong.contains(expected), "{wrong}");
        }
        let url = Throttling {
            redis_url: "redis://:s3cr3t@localhost".into(),
            ..Throttling::default()
        };
        let wrong = settings(url, &[]).expect_err("a problem");
        assert!(
            wrong.contains("scope = \"redis\"") && !wrong.contains("s3cr3t"),
            "{wrong}"
        );
    }

    #[test]
    fn a_broken_url_is_refused_without_showing_its_password() {
        let mut found = Diagnostics::default();
        validate_redis_url(
            &"http://:s3cr3t@localhost".into(),
            &path("redis_url"),
            &mut found,
        );
        assert!(found.has_errors());
        assert!(!format!("{found:?}").contains("s3cr3t"));
    }
}
