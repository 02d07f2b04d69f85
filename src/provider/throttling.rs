//! `throttle` in the provider block: with whom the account's call quota is shared, and how much of it is used.

use crate::environment::Environment;
use crate::framework::diagnostic::{Diagnostic, Diagnostics};
use crate::framework::model::Field;
use crate::framework::number::Number;
use crate::framework::schema::Attribute;
use crate::model;
use crate::throttle::{self, RedisUrl, Throttle};

use super::setting::{Setting, from_str, or_report};

static FALLBACK: Setting<u32> = Setting {
    path: &["throttle", "fallback_requests_per_second"],
    variables: &["CAMS_THROTTLE_FALLBACK_REQUESTS_PER_SECOND"],
    parse: parse_rate,
};
static REDIS_URL: Setting<RedisUrl> = Setting {
    path: &["throttle", "redis_url"],
    variables: &["CAMS_THROTTLE_REDIS_URL"],
    parse: from_str,
};
static REQUESTS_PER_SECOND: Setting<u32> = Setting {
    path: &["throttle", "requests_per_second"],
    variables: &["CAMS_THROTTLE_REQUESTS_PER_SECOND"],
    parse: parse_rate,
};
static SCOPE: Setting<Scope> = Setting {
    path: &["throttle", "scope"],
    variables: &["CAMS_THROTTLE_SCOPE"],
    parse: parse_scope,
};

/// More than any quota that CAMS documents.
const MAX_RATE: u64 = 250;
/// Safe as long as no more than ten hosts or processes lose their common store at once.
const DEFAULT_FALLBACK: &str = "1";
const DEFAULT_SCOPE: &str = "host";

/// Who shares the quota.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// All processes of this user on this machine.
    Host,
    /// Nobody else.
    Process,
    /// All machines that use the same server.
    Redis,
}

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
    /// With whom it shares it.
    pub scope: Scope,
    /// In place of each operation's documented limit.
    pub requests_per_second: Option<u32>,
}

/// The attribute.
pub fn attribute() -> Attribute {
    let attributes = vec![
        FALLBACK.check(Attribute::number("fallback_requests_per_second")).optional().describe(
            "Calls a second and operation while the shared state cannot be reached. Set it to the quota divided by how many hosts \
             may run at once. Environment: `CAMS_THROTTLE_FALLBACK_REQUESTS_PER_SECOND`. Default value is `1`.",
        ),
        REDIS_URL.check(Attribute::string("redis_url")).optional().sensitive().describe(
            "Redis or Valkey server for `scope = \"redis\"`, such as `rediss://:password@redis.example.com:6379/0`. \
             Environment: `CAMS_THROTTLE_REDIS_URL`.",
        ),
        REQUESTS_PER_SECOND.check(Attribute::number("requests_per_second")).optional().describe(
            "Calls a second for each operation. Lower it to leave room for other programs of the same account, raise it only if \
             Alibaba Cloud has raised the account's quota. Environment: `CAMS_THROTTLE_REQUESTS_PER_SECOND`. \
             Default value is each operation's documented limit, `10`.",
        ),
        SCOPE.check(Attribute::string("scope")).optional().describe(
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
    let rate = REQUESTS_PER_SECOND.read(&configured.requests_per_second, environment);
    let fallback = &configured.fallback_requests_per_second;
    let fallback = FALLBACK.read_or(DEFAULT_FALLBACK, fallback, environment);
    let scope = SCOPE.read_or(DEFAULT_SCOPE, &configured.scope, environment);
    let redis_url = REDIS_URL.read(&configured.redis_url, environment);
    let (Some(rate), Some(fallback), Some(scope), Some(redis_url)) = (
        or_report(rate, &mut found),
        or_report(fallback, &mut found),
        or_report(scope, &mut found),
        or_report(redis_url, &mut found),
    ) else {
        return Err(found);
    };

    if scope != Scope::Redis && configured.redis_url.known().is_some() {
        found.push(
            Diagnostic::error(
                "Redis URL Without Effect",
                "throttle.redis_url is set, but the scope is another one. Set throttle.scope = \"redis\", or remove redis_url.",
            )
            .at(REDIS_URL.path()),
        );
    }
    let directory = throttle::state_directory(environment);
    let throttle = match (scope, redis_url) {
        (Scope::Host, _) => Throttle::host(directory, fallback),
        (Scope::Process, _) => Throttle::process(),
        (Scope::Redis, Some(url)) => Throttle::redis(url, directory, fallback),
        (Scope::Redis, None) => {
            found.push(
                Diagnostic::error(
                    "Missing Redis URL",
                    "throttle.scope is \"redis\", which needs a server. Set throttle.redis_url, or the environment variable \
                     CAMS_THROTTLE_REDIS_URL.",
                )
                .at(REDIS_URL.path()),
            );
            return Err(found);
        }
    };
    if found.has_errors() {
        return Err(found);
    }
    Ok(Throttled {
        throttle,
        scope,
        requests_per_second: rate,
    })
}

impl Throttling {
    /// Whether only apply will tell all of it.
    pub fn is_unknown(&self) -> bool {
        let Self {
            requests_per_second,
            scope,
            redis_url,
            fallback_requests_per_second,
        } = self;
        requests_per_second.is_unknown()
            || scope.is_unknown()
            || redis_url.is_unknown()
            || fallback_requests_per_second.is_unknown()
    }
}

fn parse_rate(text: &str) -> Result<u32, String> {
    let rate = Number::parse(text).and_then(|number| number.as_u64());
    rate.filter(|rate| (1..=MAX_RATE).contains(rate))
        .and_then(|rate| u32::try_from(rate).ok())
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
        let wrong = Throttling {
            redis_url: "http://:s3cr3t@localhost".into(),
            ..Throttling::default()
        };
        let wrong = settings(wrong, &[]).expect_err("a problem");
        assert!(
            wrong.contains("rediss://") && !wrong.contains("s3cr3t"),
            "{wrong}"
        );
    }
}
