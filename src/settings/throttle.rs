//! The settings of `throttle` in the provider block.

use std::num::NonZeroU32;
use std::path::{Path, PathBuf};
use std::time::Duration;

use call_quota::RedisUrl;
use serde::{Deserialize, Serialize};

use crate::setting::{Declaration, Setting, from_str, parse_millis, whole_number};

/// All settings of the block.
pub(crate) static ALL: &[&dyn Declaration] = &[
    &SCOPE,
    &REDIS_URL,
    &REDIS_CONNECT_TIMEOUT,
    &REDIS_COMMAND_TIMEOUT,
    &REQUESTS_PER_SECOND,
    &FALLBACK_REQUESTS_PER_SECOND,
    &STATE_DIRECTORY,
];

pub(crate) static SCOPE: Setting<Scope> = Setting::new(
    "throttle.scope",
    &["CAMS_THROTTLE_SCOPE"],
    parse_scope,
    "Which processes share the quota. `host`: all processes of this user on this machine; \
     `process`: only this process, for machines without a writable directory; `redis`: all \
     machines that use the same server, for pipelines with several runners.",
)
.default("host");

pub(crate) static REDIS_URL: Setting<RedisUrl> = Setting::new(
    "throttle.redis_url",
    &["CAMS_THROTTLE_REDIS_URL"],
    from_str,
    "Redis or Valkey server for `scope = \"redis\"`, such as \
     `rediss://:password@redis.example.com:6379/0`.",
)
.otherwise("the quota cannot be shared between machines")
.secret();

/// Five round trips of 300 ms, for name, connection, TLS and password, and a second for a packet
/// that is lost.
pub(crate) static REDIS_CONNECT_TIMEOUT: Setting<Duration> = Setting::new(
    "throttle.redis_connect_timeout",
    &["CAMS_THROTTLE_REDIS_CONNECT_TIMEOUT"],
    |text| parse_millis(text, 100..=10_000),
    "Timeout in milliseconds for connecting to the Redis server, including TLS. After a server has \
     started or has lost its data, calls wait up to 2.5 seconds plus twice the sum of this value \
     and `redis_command_timeout`: set both lower for a nearby server. Use the same values wherever \
     you use the server.",
)
.default("2500");

/// One round trip of 300 ms, and the time in which a packet that is lost is sent again.
pub(crate) static REDIS_COMMAND_TIMEOUT: Setting<Duration> = Setting::new(
    "throttle.redis_command_timeout",
    &["CAMS_THROTTLE_REDIS_COMMAND_TIMEOUT"],
    |text| parse_millis(text, 50..=5000),
    "Timeout in milliseconds for the reply to a command. After that, the Redis server counts as \
     unreachable.",
)
.default("1000");

pub(crate) static REQUESTS_PER_SECOND: Setting<NonZeroU32> = Setting::new(
    "throttle.requests_per_second",
    &["CAMS_THROTTLE_REQUESTS_PER_SECOND"],
    parse_rate,
    "Calls per second for each operation. Lower it to leave room for other programs that use the \
     account; raise it only if Alibaba Cloud has raised the account's quota.",
)
.otherwise("the documented limit of each operation applies: 10");

/// The default keeps the quota of ten calls as long as no more than ten hosts or processes lose
/// their common store at the same time.
pub(crate) static FALLBACK_REQUESTS_PER_SECOND: Setting<NonZeroU32> = Setting::new(
    "throttle.fallback_requests_per_second",
    &["CAMS_THROTTLE_FALLBACK_REQUESTS_PER_SECOND"],
    parse_rate,
    "Calls per second for each operation while the quota cannot be shared: of each process, or \
     with Redis of all processes of a machine together. Set it to the quota divided by the number \
     of processes or machines that may run at the same time.",
)
.default("1");

pub(crate) static STATE_DIRECTORY: Setting<PathBuf> = Setting::new(
    "throttle.state_directory",
    &["CAMS_THROTTLE_STATE_DIRECTORY"],
    parse_directory,
    "Absolute path of the directory whose files this user's processes on this machine use to share \
     the quota and to lock numbers. The provider creates the last component of the path, \
     accessible only to this user. Set it if `/tmp` cannot be used, or to a common directory to \
     let containers share the quota.",
)
.otherwise(
    "the provider uses `/tmp/terraform-provider-cams-UID`, where UID is the numeric id of the user",
);

/// The processes among which the quota is shared.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Scope {
    /// All processes of this user on this machine.
    Host,
    /// This process alone, which shares the quota with no other.
    Process,
    /// The processes of all machines that use the same Redis server.
    Redis,
}

/// The most calls a second that can be set. No quota that CAMS documents is as high.
const MAX_RATE: u32 = 250;

fn parse_rate(text: &str) -> Result<NonZeroU32, String> {
    let rate = whole_number(text, 1..=MAX_RATE, "calls per second")?;
    NonZeroU32::try_from(rate as u32).map_err(|error| error.to_string())
}

/// The path without what does not change its meaning, so that processes that write it differently
/// use the same directory.
fn parse_directory(text: &str) -> Result<PathBuf, String> {
    let path = Path::new(text);
    if !path.is_absolute() || text.contains('\0') {
        return Err("expected an absolute path, such as /var/lib/ci/cams".to_owned());
    }
    Ok(path.components().collect())
}

fn parse_scope(text: &str) -> Result<Scope, String> {
    let expected = "expected \"host\", \"process\" or \"redis\"";
    serde_json::from_value(text.into()).map_err(|_| expected.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rates_are_whole_and_bounded() {
        assert_eq!(parse_rate("10").map(NonZeroU32::get), Ok(10));
        for text in ["0", "-1", "2.5", "251", "many", ""] {
            assert!(parse_rate(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_directory_is_an_absolute_path_however_it_is_written() {
        for text in ["/srv/ci", "/srv/ci/", "/srv/./ci", "//srv//ci"] {
            assert_eq!(
                parse_directory(text),
                Ok(PathBuf::from("/srv/ci")),
                "{text}"
            );
            let parsed = parse_directory(text).map(PathBuf::into_os_string);
            assert_eq!(parsed, Ok("/srv/ci".into()), "{text}");
        }
        for text in ["", "ci", "./ci", "~/ci", "$HOME/ci", "/srv\0/ci"] {
            assert!(parse_directory(text).is_err(), "{text}");
        }
    }
}
