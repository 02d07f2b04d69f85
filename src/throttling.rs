//! Makes the throttle from `throttle` in the provider block: with whom the account's call quota is
//! shared, and how much of it is used.

use std::num::NonZeroU32;
use std::path::PathBuf;

use base::environment::Environment;
use base::state_directory::state_directory;
use call_quota::{REDIS_RIGHTS, RedisTimeouts, Throttle};
use terraform_plugin::framework::diagnostic::Diagnostic;

use super::block::Config;
use super::notices::calls;
use super::setting::Declaration;
use super::settings::throttle::{
    FALLBACK_REQUESTS_PER_SECOND, REDIS_COMMAND_TIMEOUT, REDIS_CONNECT_TIMEOUT, REDIS_URL,
    REQUESTS_PER_SECOND, SCOPE, STATE_DIRECTORY, Scope,
};

/// The throttle, and the values of the settings that are used elsewhere too.
#[derive(Clone, Debug)]
pub(crate) struct Throttled {
    /// The throttle that keeps the quota.
    pub(crate) throttle: Throttle,
    /// Where the processes of this machine keep what they share.
    pub(crate) directory: PathBuf,
    /// With whom the quota is shared.
    pub(crate) scope: Scope,
    /// The calls a second that replace each operation's documented limit, if it is set.
    pub(crate) requests_per_second: Option<NonZeroU32>,
    /// The calls a second while the quota cannot be shared.
    fallback: NonZeroU32,
}

impl Throttled {
    /// The warnings about how the quota is shared.
    pub(crate) fn notices(&self) -> impl Iterator<Item = Diagnostic> {
        let caveat = self.throttle.caveats().runs_unknown;
        let caveat = caveat.then(|| Diagnostic::warning("Redis Restarts Not Seen", runs_unknown()));
        let trouble = self.throttle.trouble();
        let trouble = trouble.map(|reason| self.not_shared(&reason));
        trouble.into_iter().chain(caveat)
    }

    /// The quota could not be shared as configured, so that fewer calls were made.
    fn not_shared(&self, reason: &str) -> Diagnostic {
        let (what, limited, those, remedy) = match self.scope {
            Scope::Redis => (
                "the Redis server that shares it between machines",
                "all processes of this machine together (or each of them, if the directory of this \
                 machine cannot be used either)",
                "machines",
                "Check throttle.redis_url, the server, its password and its certificate, and the \
                 network in between; the guide on Redis lists what servers and users need. For a \
                 distant server, raise throttle.redis_connect_timeout and \
                 throttle.redis_command_timeout.",
            ),
            Scope::Host | Scope::Process => (
                "the directory in which this user's processes share it",
                "each process",
                "processes",
                "Make the directory accessible only to this user (chmod 700), set \
                 throttle.state_directory or CAMS_THROTTLE_STATE_DIRECTORY to another one, or set \
                 throttle.scope = \"process\" if only one process at a time uses the account.",
            ),
        };
        let calls = calls(self.fallback.get() as usize, "", "s");
        let text = format!(
            "The account's call quota is not shared, because {what} cannot be used: {reason}. \
             Until it can be used, the provider makes at most {calls} per second for each \
             operation, counted for {limited}, to stay within the quota. No number is lost, but \
             operations take longer.\n\n{remedy} If you know how many {those} use the account at \
             the same time, set throttle.fallback_requests_per_second to the quota divided by \
             their number."
        );
        Diagnostic::warning("Call Quota Not Shared", text)
    }
}

/// The warning if the Redis user may not read when the server was started.
pub(crate) fn runs_unknown() -> String {
    format!(
        "The user of the Redis server may not run INFO, so the provider cannot detect that the \
         server restarted with older data. It therefore treats every new connection, and the first \
         use after an idle time, as a restart, and makes no call for some seconds. Grant the \
         permissions with this command: {REDIS_RIGHTS}"
    )
}

/// Reads the settings and makes the throttle.
///
/// # Errors
///
/// If a setting cannot be parsed, or does not fit the others.
pub(crate) fn configure(
    config: &Config,
    environment: &Environment,
) -> Result<Throttled, Diagnostic> {
    let scope = SCOPE.require(config, environment)?;
    let fallback = FALLBACK_REQUESTS_PER_SECOND.require(config, environment)?;
    let directory = STATE_DIRECTORY.read(config, environment)?;
    let directory = directory.unwrap_or_else(state_directory);
    if scope != Scope::Redis && config.text(REDIS_URL.name).is_some() {
        return Err(Diagnostic::error(
            "Redis URL Without Effect",
            "throttle.redis_url has no effect, because throttle.scope is not \"redis\". Set \
             throttle.scope = \"redis\", or remove redis_url.",
        )
        .at(REDIS_URL.location()));
    }
    let redis_url = REDIS_URL.read(config, environment)?;
    let throttle = match (scope, redis_url) {
        (Scope::Host, _) => Throttle::host(directory.clone(), fallback),
        (Scope::Process, _) => Throttle::process(),
        (Scope::Redis, Some(url)) => {
            let timeouts = RedisTimeouts {
                connect: REDIS_CONNECT_TIMEOUT.require(config, environment)?,
                command: REDIS_COMMAND_TIMEOUT.require(config, environment)?,
            };
            Throttle::redis(url, timeouts, directory.clone(), fallback)
        }
        (Scope::Redis, None) => {
            return Err(Diagnostic::error(
                "Missing Redis URL",
                "throttle.scope is \"redis\", which needs a server. Set throttle.redis_url, or the \
                 environment variable CAMS_THROTTLE_REDIS_URL.",
            )
            .at(REDIS_URL.location()));
        }
    };
    Ok(Throttled {
        throttle,
        directory,
        scope,
        requests_per_second: REQUESTS_PER_SECOND.read(config, environment)?,
        fallback,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings;

    fn throttled<const N: usize>(
        attributes: [(&str, &str); N],
        variables: &[(&str, &str)],
    ) -> Result<Option<NonZeroU32>, String> {
        let environment = variables.iter().copied().collect();
        let config = Config::of(attributes);
        let errors = settings::errors(&config, &environment);
        if let Some(error) = errors.first() {
            return Err(error.detail.clone());
        }
        let throttled = configure(&config, &environment);
        let throttled = throttled.map_err(|error| error.detail)?;
        Ok(throttled.requests_per_second)
    }

    #[test]
    fn the_configuration_goes_before_the_environment() {
        let five = [("throttle.requests_per_second", "5")];
        let variables = [("CAMS_THROTTLE_REQUESTS_PER_SECOND", "7")];
        assert_eq!(throttled(five, &variables), Ok(NonZeroU32::new(5)));
        assert_eq!(throttled([], &variables), Ok(NonZeroU32::new(7)));
        assert_eq!(throttled([], &[]), Ok(None));
    }

    #[test]
    fn the_state_directory_depends_on_nothing_but_its_setting() {
        let directory = |variables: &[(&str, &str)]| {
            let environment = variables.iter().copied().collect();
            let throttled = configure(&Config::default(), &environment);
            throttled
                .map(|throttled| throttled.directory)
                .expect("a directory")
        };
        let named = ("CAMS_THROTTLE_STATE_DIRECTORY", "/srv/cams/");
        let login = [
            ("XDG_RUNTIME_DIR", "/run/user/7"),
            ("HOME", "/home/u"),
            ("TMPDIR", "/t"),
        ];
        assert_eq!(directory(&login), directory(&[]));
        assert_eq!(directory(&[named, login[0]]), PathBuf::from("/srv/cams"));
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
                &[("CAMS_THROTTLE_STATE_DIRECTORY", "cams")],
                "absolute path",
            ),
            (
                &[("CAMS_THROTTLE_REDIS_CONNECT_TIMEOUT", "99")],
                "from 100 to 10000",
            ),
            (
                &[("CAMS_THROTTLE_REDIS_COMMAND_TIMEOUT", "5001")],
                "from 50 to 5000",
            ),
            (
                &[("CAMS_THROTTLE_SCOPE", "redis")],
                "CAMS_THROTTLE_REDIS_URL",
            ),
        ] {
            let error = throttled([], variables).expect_err("a problem");
            assert!(error.contains(expected), "{error}");
        }
        let url = [("throttle.redis_url", "redis://:s3cr3t@localhost")];
        let error = throttled(url, &[]).expect_err("a problem");
        assert!(
            error.contains("scope = \"redis\"") && !error.contains("s3cr3t"),
            "{error}"
        );
    }

    #[test]
    fn a_broken_url_is_refused_without_showing_its_password() {
        let url = [("throttle.redis_url", "http://:s3cr3t@localhost")];
        let error = throttled(url, &[]).expect_err("a problem");
        assert!(
            error.contains("rediss://") && !error.contains("s3cr3t"),
            "{error}"
        );
    }
}
