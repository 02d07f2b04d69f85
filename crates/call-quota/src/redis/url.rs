//! The URL of a Redis server.

use std::fmt;
use std::str::FromStr;

use redis::{ConnectionInfo, IntoConnectionInfo};

use base::fingerprint::fingerprint;

/// Why a text is not the URL of a Redis server, and what to write instead. It does not quote the
/// text, which may contain a password.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct InvalidRedisUrl(&'static str);

/// The URL of a Redis or Valkey server, perhaps with a password.
#[derive(Clone)]
pub struct RedisUrl {
    pub(crate) info: ConnectionInfo,
    /// Identifies the URL without revealing a password.
    pub(crate) fingerprint: String,
}

const UNKNOWN: InvalidRedisUrl = InvalidRedisUrl(
    "expected the URL of a Redis server: rediss://USER:PASSWORD@HOST:PORT/DATABASE, redis:// for a \
     connection without TLS, or redis+unix:///PATH?user=USER&pass=PASSWORD&db=DATABASE for a Unix \
     socket",
);

impl FromStr for RedisUrl {
    type Err = InvalidRedisUrl;

    fn from_str(text: &str) -> Result<Self, InvalidRedisUrl> {
        let (scheme, rest) = text.split_once("://").ok_or(UNKNOWN)?;
        if scheme.contains("sentinel") || scheme.contains("cluster") {
            return Err(InvalidRedisUrl(
                "a Sentinel or a cluster has no special scheme; write redis:// or rediss:// and the \
                 address of the Sentinel's primary, of one of the cluster's nodes, or of a proxy",
            ));
        }
        let socket = scheme.ends_with("unix");
        // The parser ends the host at the first of these, even inside a password.
        let login = rest.rsplit_once('@').map_or("", |(login, _)| login);
        if !socket && login.contains(['/', '#', '?']) {
            return Err(InvalidRedisUrl(
                "the user name or the password contains a character that has a meaning in a URL; \
                 write it percent-encoded: / as %2F, # as %23, ? as %3F, @ as %40, : as %3A and % \
                 as %25",
            ));
        }
        // The parser would ignore what follows: a part of a password, or `#insecure`.
        if rest.contains('#') || (!socket && rest.contains('?')) {
            return Err(InvalidRedisUrl(
                "a # or a ? may not follow the address; in a user name or a password, write # as \
                 %23 and ? as %3F",
            ));
        }
        let info = text.into_connection_info();
        let mut info = info.map_err(|_| UNKNOWN)?;
        // Not every user may run the command that sends the server the name of this library.
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
    fn every_form_of_a_url_is_parsed() {
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
            // Unambiguous characters need no encoding.
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
    fn an_invalid_url_is_rejected_with_advice_and_without_its_password() {
        for (text, advice) in [
            ("redis://:s3/cr3t@host", "%2F"),
            ("rediss://u:s3#cr3t@host", "%2F"),
            ("redis://:s3?cr3t@host/1", "%2F"),
            ("redis://:s3cr3t@host?x=1", "may not follow"),
            ("rediss://:s3cr3t@host#insecure", "may not follow"),
            ("unix:///run/redis?pass=s3#cr3t", "may not follow"),
            (
                "redis+sentinel://:s3cr3t@one:26379,two:26379/primary/0",
                "primary",
            ),
            ("redis-sentinel://:s3cr3t@one/primary", "primary"),
            ("rediss+cluster://:s3cr3t@one,two", "proxy"),
            ("redis://:s3cr3t@one:1,two:2", "HOST:PORT"),
            ("http://user:s3cr3t@host", "rediss://"),
            ("redis://:s3cr3t@host/name", "DATABASE"),
            ("redis://:s3cr3t@", "HOST"),
            ("redis+unix://run/redis?pass=s3cr3t", "redis+unix:///"),
            ("s3cr3t", "rediss://"),
        ] {
            let error = parse(text).map(drop).expect_err(text).to_string();
            assert!(
                error.contains(advice) && !error.contains("cr3t"),
                "{text}: {error}"
            );
        }
        let right: RedisUrl = "rediss://user:s3cr3t@host:6380/1".parse().expect("a URL");
        assert!(!format!("{right:?}").contains("s3cr3t"));
    }
}
