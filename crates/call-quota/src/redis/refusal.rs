//! What a server says when it does not do what it is asked, in words for the user.

use redis::{ErrorKind, RedisError};

use base::foreign_text::Cleaner;

/// The rights that a user of a Redis server needs, as the command that gives them. The guide
/// explains them.
pub const RIGHTS: &str = "ACL SETUSER cams on >PASSWORD ~{terraform-provider-cams}:* \
     +eval +evalsha +get +set +time +info";

/// What an error says, cleaned and cut. The script is the one that was run: where the server names
/// a line of it, the text names the command on that line.
pub(crate) fn explain(error: &RedisError, script: &str, cleaner: &Cleaner) -> String {
    if error.kind() == ErrorKind::AuthenticationFailed {
        return "the server refuses the user name or the password; in the URL, characters of a \
                password that have a meaning there are written percent-encoded, such as @ as %40 \
                and % as %25"
            .to_owned();
    }
    let Some(code) = error.code() else {
        return cleaner.line(&error.to_string());
    };
    let text = format!("{code} {}", error.detail().unwrap_or_default());
    let refusal = Refusal::read(&text);
    let reason = cleaner.line(refusal.reason);
    if refusal.is_for_want_of_rights() {
        let denied = refusal.denied_command(script);
        let denied = denied.map_or_else(
            || "the server's user lacks a right".to_owned(),
            |command| format!("the server's user may not run {}", cleaner.line(&command)),
        );
        return format!("{denied}: {reason}. Give it what this line gives: {RIGHTS}");
    }
    let advice = match reason.split_whitespace().next() {
        Some("READONLY") => ". The address is that of a replica: name that of the primary",
        Some("MOVED" | "ASK" | "CLUSTERDOWN" | "CROSSSLOT") => {
            ". The address is that of a node of a cluster: name the node that has the slot of \
             {terraform-provider-cams}, or the cluster's proxy"
        }
        _ => "",
    };
    format!("{reason}{advice}")
}

/// An error text of a server, taken apart.
struct Refusal<'a> {
    /// Without what the server says of the script.
    reason: &'a str,
    /// The line of the script that was carried out.
    line: Option<usize>,
}

impl<'a> Refusal<'a> {
    /// Redis 7 and Valkey write `REASON script: HASH, on @user_script:LINE.`, and Redis 6.2 writes
    /// `ERR Error running script (call to f_HASH): @user_script:LINE: @user_script: LINE: -REASON`.
    fn read(text: &'a str) -> Self {
        const SCRIPT: &str = "user_script:";
        let line = text.rsplit_once(SCRIPT).and_then(|(_, behind)| {
            let number = behind.trim_start().split(|c: char| !c.is_ascii_digit());
            number.into_iter().next()?.parse().ok()
        });
        let mut reason = match text.rsplit_once(" script: ") {
            Some((reason, of_script)) if of_script.contains(SCRIPT) => reason,
            _ => text,
        };
        if let Some((_, behind)) = reason.rsplit_once(SCRIPT) {
            reason = behind.split_once(": ").map_or(behind, |(_, reason)| reason);
        }
        let reason = reason.trim_start_matches('-').trim_start_matches("ERR ");
        let reason = reason.trim().trim_end_matches('.');
        Self { reason, line }
    }

    fn is_for_want_of_rights(&self) -> bool {
        let signs = ["NOPERM", "no permission", "can't run this command"];
        let mut signs = signs.into_iter().chain(["can't access at least one"]);
        signs.any(|sign| self.reason.contains(sign))
    }

    /// The command that the user may not run, in capitals.
    fn denied_command(&self, script: &str) -> Option<String> {
        let on_line = || {
            let line = script.lines().nth(self.line?.checked_sub(1)?)?;
            let (_, call) = line.split_once("call('")?;
            Some(call.split_once('\'')?.0)
        };
        let in_text = || {
            let (_, quoted) = self.reason.split_once("the '")?;
            Some(quoted.split_once('\'')?.0)
        };
        if self.reason.contains("access") {
            return None;
        }
        on_line().or_else(in_text).map(str::to_uppercase)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SCRIPT: &str = "local now = 1\nlocal packed = redis.call('GET', KEYS[1])\n";

    fn told(error: &str) -> String {
        let error = redis::parse_redis_value(format!("-{error}\r\n").as_bytes());
        let error = error.and_then(redis::Value::extract_error);
        explain(&error.expect_err("an error"), SCRIPT, &Cleaner::default())
    }

    /// The texts are those of Redis 6.2.14 and 7.0.15, and of Valkey 8.0.1.
    #[test]
    fn a_denied_command_is_named_with_the_line_that_allows_it() {
        for (error, begins) in [
            (
                "NOPERM this user has no permissions to run the 'evalsha' command",
                "the server's user may not run EVALSHA: NOPERM this user",
            ),
            (
                "NOPERM this user has no permissions to run the 'evalsha' command or its \
                 subcommand",
                "the server's user may not run EVALSHA: NOPERM this user",
            ),
            (
                "ERR The user executing the script can't run this command or subcommand script: \
                 f56b3441bb9786d7074e417f514c1b97cf5b1911, on @user_script:2.",
                "the server's user may not run GET: The user executing the script can't run",
            ),
            (
                "ERR ACL failure in script: User cams has no permissions to run the 'get' command \
                 script: f56b3441bb9786d7074e417f514c1b97cf5b1911, on @user_script:2.",
                "the server's user may not run GET: ACL failure in script: User cams",
            ),
            (
                "ERR Error running script (call to f_f56b3441bb9786d7074e417f514c1b97cf5b1911): \
                 @user_script:2: @user_script: 2: The user executing the script can't run this \
                 command or subcommand",
                "the server's user may not run GET: The user executing the script can't run",
            ),
            (
                "NOPERM this user has no permissions to access one of the keys used as arguments",
                "the server's user lacks a right: NOPERM this user has no permissions to access",
            ),
        ] {
            let told = told(error);
            assert!(told.starts_with(begins) && told.ends_with(RIGHTS), "{told}");
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
                 replica: name that of the primary",
            ),
            (
                "ERR user_script:120: a later version uses it script: \
                 008e3e64b11046b98fe160726b0f29cc1711f373, on @user_script:120.",
                "a later version uses it",
            ),
            ("LOADING Redis is loading", "LOADING Redis is loading"),
        ] {
            assert_eq!(told(error), reason);
        }
    }

    #[test]
    fn what_a_hostile_server_says_is_cleaned_and_cut() {
        let told = told(&format!(
            "NOPERM \u{1b}[2J\u{9b}2J\u{202e} the '\u{1b}c' {}",
            "x".repeat(1 << 20)
        ));
        assert!(told.len() < 3000, "{}", told.len());
        assert!(!told.contains(['\u{1b}', '\u{9b}', '\u{202e}']), "{told}");
    }
}
