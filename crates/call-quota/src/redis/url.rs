//! The address of a Redis server, as the user writes it.

use std::fmt;
use std::str::FromStr;

use redis::{ConnectionInfo, IntoConnectionInfo};

use base::fingerprint::fingerprint;

/// The error for a text that is not the URL of a Redis server. It does not show the text, which may
/// hold a password.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidRedisUrl {
    /// The URL of a cluster, which no server understands.
    #[error(
        "no scheme is needed for a cluster; write redis:// or rediss:// and the address of one of \
         its nodes, or of its proxy"
    )]
    Cluster,
    /// Something follows the address that means nothing.
    #[error(
        "nothing may follow a # or a ?; in a user name or a password, write # as %23 and ? as %3F"
    )]
    Ending,
    /// The user name or the password holds a character that ends it.
    #[error(
        "the user name or the password holds a character that has a meaning in a URL; write it \
         percent-encoded: / as %2F, # as %23, ? as %3F, @ as %40, : as %3A and % as %25"
    )]
    Reserved,
    /// The URL of a Sentinel, which knows servers and is none.
    #[error(
        "a Sentinel keeps no data; write redis:// or rediss:// and the address of the primary, or \
         of a proxy that leads to it"
    )]
    Sentinel,
    /// The text is something else than an address.
    #[error(
        "not a Redis address; write rediss://USER:PASSWORD@HOST:PORT/DATABASE, redis:// without \
         TLS, or redis+unix:///PATH?user=USER&pass=PASSWORD&db=DATABASE for a socket"
    )]
    Unknown,
}

/// The URL of a Redis or Valkey server, perhaps with a password.
#[derive(Clone)]
pub struct RedisUrl {
    pub(crate) info: ConnectionInfo,
    /// Tells URLs apart without showing a password.
    pub(crate) fingerprint: String,
}

impl FromStr for RedisUrl {
    type Err = InvalidRedisUrl;

    fn from_str(text: &str) -> Result<Self, InvalidRedisUrl> {
        let (scheme, rest) = text.split_once("://").ok_or(InvalidRedisUrl::Unknown)?;
        if scheme.contains("sentinel") {
            return Err(InvalidRedisUrl::Sentinel);
        }
        if scheme.contains("cluster") {
            return Err(InvalidRedisUrl::Cluster);
        }
        let socket = scheme.ends_with("unix");
        // The parser ends the host at the first of these, whatever was meant.
        let login = rest.rsplit_once('@').map_or("", |(login, _)| login);
        if !socket && login.contains(['/', '#', '?']) {
            return Err(InvalidRedisUrl::Reserved);
        }
        // It would pass over an ending that it does not know: part of a password, or `#insecure`.
        if rest.contains('#') || (!socket && rest.contains('?')) {
            return Err(InvalidRedisUrl::Ending);
        }
        let info = text.into_connection_info();
        let mut info = info.map_err(|_| InvalidRedisUrl::Unknown)?;
        // Not every user may run the command that would tell the server this crate's name.
        let settings = info.redis_settings().clone().set_skip_set_lib_name();
        info = info.set_redis_settings(settings);
        Ok(Self {
            info,
            fingerprint: fingerprint(&[text]),
        })
    }
}

impl fmt::Debug for RedisUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("RedisUrl")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<ConnectionInfo, InvalidRedisUrl> {
        text.parse::<RedisUrl>().map(|url| url.info)
    }

    #[test]
    fn every_form_of_an_address_is_understood() {
        for (text, address, user, password, database) in [
            ("redis://host", "host:6379", None, None, 0),
            ("redis://:p@host:1/2", "host:1", None, Some("p"), 2),
            ("rediss://u:p@host:1/2", "host:1", Some("u"), Some("p"), 2),
            ("valkeys://u:p@host", "host:6379", Some("u"), Some("p"), 0),
            ("redis://[::1]:7", "::1:7", None, None, 0),
            (
                "redis://u%40v:%2F%23%3F%40%25%3A@host",
                "host:6379",
                Some("u@v"),
                Some("/#?@%:"),
                0,
            ),
            // What can be meant in one way only needs no encoding.
            (
                "redis://:p@s:s%w0rd@host",
                "host:6379",
                None,
                Some("p@s:s%w0rd"),
                0,
            ),
            ("unix:///run/redis", "/run/redis", None, None, 0),
            (
                "redis+unix:///run/redis?db=3&user=u&pass=p%26%40q@",
                "/run/redis",
                Some("u"),
                Some("p&@q@"),
                3,
            ),
        ] {
            let info = parse(text).expect(text);
            let settings = info.redis_settings();
            let login = (settings.username(), settings.password(), settings.db());
            assert_eq!(info.addr().to_string(), address, "{text}");
            assert_eq!(login, (user, password, database), "{text}");
        }
    }

    #[test]
    fn what_is_no_address_is_refused_with_advice_and_without_its_password() {
        for (text, error, advice) in [
            ("redis://:s3/cr3t@host", InvalidRedisUrl::Reserved, "%2F"),
            ("rediss://u:s3#cr3t@host", InvalidRedisUrl::Reserved, "%23"),
            ("redis://:s3?cr3t@host/1", InvalidRedisUrl::Reserved, "%3F"),
            ("redis://:s3cr3t@host?x=1", InvalidRedisUrl::Ending, "%3F"),
            (
                "rediss://:s3cr3t@host#insecure",
                InvalidRedisUrl::Ending,
                "#",
            ),
            (
                "unix:///run/redis?pass=s3#cr3t",
                InvalidRedisUrl::Ending,
                "%23",
            ),
            (
                "redis+sentinel://:s3cr3t@one:26379,two:26379/primary/0",
                InvalidRedisUrl::Sentinel,
                "primary",
            ),
            (
                "redis-sentinel://:s3cr3t@one/primary",
                InvalidRedisUrl::Sentinel,
                "primary",
            ),
            (
                "rediss+cluster://:s3cr3t@one,two",
                InvalidRedisUrl::Cluster,
                "proxy",
            ),
            (
                "redis://:s3cr3t@one:1,two:2",
                InvalidRedisUrl::Unknown,
                "HOST:PORT",
            ),
            (
                "http://user:s3cr3t@host",
                InvalidRedisUrl::Unknown,
                "rediss://",
            ),
            (
                "redis://:s3cr3t@host/name",
                InvalidRedisUrl::Unknown,
                "DATABASE",
            ),
            ("redis://:s3cr3t@", InvalidRedisUrl::Unknown, "HOST"),
            (
                "redis+unix://run/redis?pass=s3cr3t",
                InvalidRedisUrl::Unknown,
                "redis+unix:///",
            ),
            ("s3cr3t", InvalidRedisUrl::Unknown, "rediss://"),
        ] {
            let told = parse(text).map(drop).expect_err(text);
            assert_eq!(told, error, "{text}");
            let told = told.to_string();
            assert!(
                told.contains(advice) && !told.contains("cr3t"),
                "{text}: {told}"
            );
        }
        let right: RedisUrl = "rediss://user:s3cr3t@host:6380/1".parse().expect("a URL");
        assert!(!format!("{right:?}").contains("s3cr3t"));
    }
}
