//! What an error of a server means to the user.

use redis::{ErrorKind, RedisError};

use base::foreign_text::Cleaner;

/// The command that gives a user of a Redis server the permissions that the provider needs. The
/// guide on Redis explains them.
pub const RIGHTS: &str = "ACL SETUSER cams on >PASSWORD ~{terraform-provider-cams}:* \
     +eval +evalsha +get +set +time +info";

/// The text of an error, cleaned and cut, with advice. The script is the one that was run.
pub(crate) fn explain(error: &RedisError, script: &str, cleaner: &Cleaner) -> String {
    if error.kind() == ErrorKind::AuthenticationFailed {
        return "the server rejects the user name or the password; in the URL, write characters of \
                a password that have a meaning there percent-encoded, such as @ as %40 and % as %25"
            .to_owned();
    }
    let Some(code) = error.code() else {
        return cleaner.line(&error.to_string());
    };
    let text = format!("{code} {}", error.detail().unwrap_or_default());
    let reason = cleaner.line(reason(&text));
    if DENIALS.iter().any(|sign| reason.contains(sign)) {
        let command = denied_command(&text, script);
        let command = command.map_or("a key".to_owned(), |command| {
            cleaner.line(&command.to_uppercase())
        });
        return format!(
            "the server's user lacks a permission for {command}: {reason}. This command grants all \
             that are needed: {RIGHTS}"
        );
    }
    let advice = match reason.split_whitespace().next() {
        Some("READONLY") => ". The address is that of a replica: use that of the primary",
        Some("MOVED" | "ASK" | "CLUSTERDOWN" | "CROSSSLOT") => {
            ". The address is that of a node of a cluster: use the node that has the slot of \
             {terraform-provider-cams}, or the cluster's proxy"
        }
        _ => "",
    };
    format!("{reason}{advice}")
}

/// Parts of the errors about missing permissions.
const DENIALS: [&str; 4] = [
    "NOPERM",
    "no permission",
    "can't run this command",
    "can't access at least one",
];

/// What precedes the number of a line of the script. Redis 7 and Valkey write `REASON script: HASH, on
/// @user_script:LINE.`, and Redis 6.2 writes `ERR Error running script (call to f_HASH):
/// @user_script:LINE: @user_script: LINE: -REASON`.
const SCRIPT: &str = "user_script:";

/// The command on the line of the script that an error text names, otherwise the one in the text. Redis
/// 7.0 does not name the command that it denies to a script.
fn denied_command<'a>(text: &'a str, script: &'a str) -> Option<&'a str> {
    let on_line = || {
        let (_, number) = text.rsplit_once(SCRIPT)?;
        let number = number.trim_start().split(|c: char| !c.is_ascii_digit());
        let number: usize = number.into_iter().next()?.parse().ok()?;
        script
            .lines()
            .nth(number.checked_sub(1)?)?
            .split_once("call('")
    };
    let (_, quoted) = on_line().or_else(|| text.split_once("the '"))?;
    Some(quoted.split_once('\'')?.0)
}

/// An error text without what it says about the script.
fn reason(text: &str) -> &str {
    let mut reason = match text.rsplit_once(" script: ") {
        Some((reason, of_script)) if of_script.contains(SCRIPT) => reason,
        _ => text,
    };
    if let Some((_, behind)) = reason.rsplit_once(SCRIPT) {
        reason = behind.split_once(": ").map_or(behind, |(_, reason)| reason);
    }
    let reason = reason.trim_start_matches('-').trim_start_matches("ERR ");
    reason.trim().trim_end_matches('.')
}

#[cfg(test)]
mod tests {
    use super::*;

    const SCRIPT: &str = "local now = 1\nlocal text = redis.call('GET', KEYS[1])\n";

    fn explained(error: &str) -> String {
        let error = redis::parse_redis_value(format!("-{error}\r\n").as_bytes());
        let error = error.and_then(redis::Value::extract_error);
        explain(&error.expect_err("an error"), SCRIPT, &Cleaner::default())
    }

    /// The texts are those of Redis 6.2.14 and 7.0.15, and of Valkey 8.0.1.
    #[test]
    fn a_missing_permission_is_named_with_the_command_that_grants_it() {
        for (error, begins) in [
            (
                "NOPERM this user has no permissions to run the 'evalsha' command",
                "EVALSHA: NOPERM this user",
            ),
            (
                "NOPERM this user has no permissions to run the 'evalsha' command or its \
                 subcommand",
                "EVALSHA: NOPERM this user",
            ),
            (
                "ERR The user executing the script can't run this command or subcommand script: \
                 f56b3441bb9786d7074e417f514c1b97cf5b1911, on @user_script:2.",
                "GET: The user executing the script can't run",
            ),
            (
                "ERR ACL failure in script: User cams has no permissions to run the 'get' command \
                 script: f56b3441bb9786d7074e417f514c1b97cf5b1911, on @user_script:2.",
                "GET: ACL failure in script: User cams",
            ),
            (
                "ERR Error running script (call to f_f56b3441bb9786d7074e417f514c1b97cf5b1911): \
                 @user_script:2: @user_script: 2: The user executing the script can't run this \
                 command or subcommand",
                "GET: The user executing the script can't run",
            ),
            (
                "NOPERM this user has no permissions to access one of the keys used as arguments",
                "a key: NOPERM this user has no permissions to access",
            ),
        ] {
            let text = explained(error);
            let begins = format!("the server's user lacks a permission for {begins}");
            assert!(
                text.starts_with(&begins) && text.ends_with(RIGHTS),
                "{text}"
            );
        }
    }

    #[test]
    fn the_reason_is_the_servers_own() {
        for (error, reason) in [
            (
                "OOM command not allowed when used memory > 'maxmemory'. script: \
                 897afd4d23ee70efe0ede1685c1c94834429da77, on @user_script:1.",
                "OOM command not allowed when used memory > 'maxmemory'",
            ),
            (
                "ERR Error running script (call to f_008e3e64b11046b98fe160726b0f29cc1711f373): \
                 @user_script:1: @user_script: 1: -NOREPLICAS Not enough good replicas to write.",
                "NOREPLICAS Not enough good replicas to write",
            ),
            (
                "READONLY You can't write against a read only replica. script: \
                 008e3e64b11046b98fe160726b0f29cc1711f373, on @user_script:1.",
                "READONLY You can't write against a read only replica. The address is that of a \
                 replica: use that of the primary",
            ),
            (
                "ERR user_script:120: a later version uses it script: \
                 008e3e64b11046b98fe160726b0f29cc1711f373, on @user_script:120.",
                "a later version uses it",
            ),
            ("LOADING Redis is loading", "LOADING Redis is loading"),
        ] {
            assert_eq!(explained(error), reason);
        }
    }

    #[test]
    fn what_a_hostile_server_says_is_cleaned_and_cut() {
        let text = explained(&format!(
            "NOPERM \u{1b}[2J\u{9b}2J\u{202e} the '\u{1b}c' {}",
            "x".repeat(1 << 20)
        ));
        assert!(text.len() < 3000, "{}", text.len());
        assert!(!text.contains(['\u{1b}', '\u{9b}', '\u{202e}']), "{text}");
    }
}
