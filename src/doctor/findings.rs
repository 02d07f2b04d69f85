//! Everything that works and that does not, each in whole sentences with what to do.

use call_quota::Caveats;
use cams::ErrorKind;

use super::super::settings::throttle::Scope;
use super::super::throttling;
use super::account;
use super::finding::{Finding, State, advice, finding, said};
use super::observations::Observations;
use super::permissions::operations;

/// The difference of the clocks in seconds up to which they count as the same.
const CLOCK_NOTED: u64 = 5;
/// The difference in seconds, fifteen minutes, beyond which Alibaba Cloud refuses a request.
const CLOCK_TOLERATED: u64 = 15 * 60;

/// All findings, the most important first.
pub(super) fn findings(observations: &Observations) -> Vec<Finding> {
    let Observations {
        settings, answers, ..
    } = observations;
    let mut findings = vec![credentials(observations)];
    for problem in &settings.problems {
        findings.push(finding("settings", State::Problem, problem.as_str()));
    }
    findings.push(endpoint(observations));
    findings.extend(clock(observations.clock_ahead));
    findings.push(quota(observations));
    findings.push(account::product(answers));
    findings.push(account::space(settings));
    findings.push(account::waba(answers));
    findings.extend(operations().map(|operation| account::of_operation(operation, observations)));
    findings
}

fn credentials(observations: &Observations) -> Finding {
    let Observations {
        settings, answers, ..
    } = observations;
    let Some(origin) = &observations.credentials else {
        let text = "No usable credentials are configured.";
        return finding("credentials", State::Problem, text);
    };
    let mut text = format!("The credentials come from {}", origin.description);
    if let Some(end) = &observations.access_key_end {
        text += &format!("; the id of their access key ends in {end}");
    }
    text += ".";
    let mut errors = answers.errors();
    if let Some(error) = errors.find(|error| error.kind == ErrorKind::CredentialsUnavailable) {
        text += &format!(" They cannot be fetched. {}", error.message);
        return finding("credentials", State::Problem, text);
    }
    // The date is checked before the signature.
    let clock_refused = answers
        .errors()
        .any(|error| error.kind == ErrorKind::ClockDiffers);
    let refused = answers
        .errors()
        .find(|error| error.kind == ErrorKind::Credentials);
    let state = match refused {
        Some(error) => {
            let advice = advice(error, settings);
            text += &format!(" CAMS refuses them. {advice} {}", said(error));
            State::Problem
        }
        None if answers.of_cams() && !clock_refused => {
            text += " CAMS accepts them.";
            State::Ok
        }
        None => State::Unknown,
    };
    finding("credentials", state, text)
}

fn endpoint(observations: &Observations) -> Finding {
    let Observations {
        settings, answers, ..
    } = observations;
    let Some(endpoint) = &settings.endpoint else {
        let text = "The address of the API cannot be read from the settings.";
        return finding("endpoint", State::Problem, text);
    };
    let origin = match settings.endpoint_variable {
        Some(variable) => format!("from {variable}"),
        None => "the region's own".to_owned(),
    };
    let place = format!("{endpoint} ({origin})");
    if answers.of_cams() {
        return finding("endpoint", State::Ok, format!("{place} answers."));
    }
    match answers.errors().next().filter(|_| answers.asked()) {
        Some(error) if matches!(error.kind, ErrorKind::Unreachable | ErrorKind::Untrusted) => {
            let advice = advice(error, settings);
            let text = format!("{place} cannot be reached. {advice} {}", said(error));
            finding("endpoint", State::Problem, text)
        }
        Some(error) => {
            let text = format!(
                "{place} gives no usable answer. Check that the address is that of CAMS, and run \
                 doctor again. {}",
                said(error)
            );
            finding("endpoint", State::Problem, text)
        }
        None => finding(
            "endpoint",
            State::Unknown,
            format!("{place} was not asked."),
        ),
    }
}

fn clock(ahead: Option<i64>) -> Option<Finding> {
    let ahead = ahead?;
    let seconds = ahead.unsigned_abs();
    let direction = if ahead < 0 { "behind" } else { "ahead of" };
    let differs = format!("The service's clock is {seconds} s {direction} this machine's.");
    Some(if seconds <= CLOCK_NOTED {
        finding(
            "clock",
            State::Ok,
            "The service's clock and this machine's agree.",
        )
    } else if seconds <= CLOCK_TOLERATED {
        let text = format!("{differs} CAMS accepts up to {CLOCK_TOLERATED} s. {SET_CLOCK}");
        finding("clock", State::Attention, text)
    } else {
        let text = format!(
            "{differs} That is more than the {CLOCK_TOLERATED} s that CAMS accepts. The provider \
             makes up for it, at the price of one more request. {SET_CLOCK}"
        );
        finding("clock", State::Attention, text)
    })
}

const SET_CLOCK: &str = "Set this machine's clock, with timedatectl or an NTP client.";

fn quota(observations: &Observations) -> Finding {
    let settings = &observations.settings;
    let Some(scope) = settings.scope else {
        let text = "With whom the call quota is shared cannot be read from the settings.";
        return finding("quota", State::Unknown, text);
    };
    let directory = settings.directory.as_deref().unwrap_or("no directory");
    let shared = match scope {
        Scope::Host => format!(
            "The call quota is shared by all processes of this user on this machine, in \
             {directory}."
        ),
        Scope::Process => "The call quota is shared with no other process.".to_owned(),
        Scope::Redis => "The call quota is shared by all machines that use the Redis server in \
                         CAMS_THROTTLE_REDIS_URL."
            .to_owned(),
    };
    let counted = match settings.account_variable {
        Some(variable) => format!("It is counted for the account in {variable}."),
        None => match &observations.account_trouble {
            Some(why) => format!(
                "It is counted for the access key, because the account is not known: {why}. Set \
                 ALIBABA_CLOUD_ACCOUNT_ID where several keys of the account are in use."
            ),
            None if observations.answers.asked() => {
                "It is counted for the account, which STS told.".to_owned()
            }
            None => "It is counted for the account, which STS is asked for.".to_owned(),
        },
    };
    let shared = format!("{shared} {counted}");
    match &observations.quota_trouble {
        Some(reason) => {
            let remedy = match scope {
                Scope::Redis => "Check the address, the password and the server",
                Scope::Host | Scope::Process => {
                    "Make the directory usable for this user alone, name another one in \
                     CAMS_THROTTLE_STATE_DIRECTORY, or set CAMS_THROTTLE_SCOPE to process where a \
                     single process uses the account"
                }
            };
            let text = format!(
                "{shared} That place cannot be used, so each process takes only a small share of \
                 the quota: {reason}. {remedy}."
            );
            finding("quota", State::Problem, text)
        }
        None if observations.answers.asked() => {
            let caveats = quota_caveats(&observations.quota_caveats);
            let state = match caveats.is_empty() {
                true => State::Ok,
                false => State::Attention,
            };
            finding("quota", state, format!("{shared}{caveats}"))
        }
        None => finding(
            "quota",
            State::Unknown,
            format!("{shared} It was not tried."),
        ),
    }
}

fn quota_caveats(caveats: &Caveats) -> String {
    let mut text = String::new();
    if caveats.runs_unknown {
        text += &format!(" {}", throttling::runs_unknown());
    }
    if let Some(policy) = &caveats.eviction_policy {
        text += &format!(
            " The server's maxmemory-policy is {policy}, so it may delete the quota's state when \
             its memory is full; each time no call is made for some seconds. Set it to noeviction, \
             or use a server that has memory to spare."
        );
    }
    text
}

#[cfg(test)]
mod tests;
