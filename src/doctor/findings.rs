//! Everything that works and that does not, each in whole sentences with what to do.

use call_quota::Caveats;
use cams::ErrorKind;
use serde_json::{Value, json};

use crate::errors::advice;
use crate::settings::throttle::Scope;
use crate::throttling;

use super::account;
use super::finding::{Finding, Verdict, quoted};
use super::observe::Observations;

/// The difference of the clocks in seconds up to which they count as the same.
const CLOCK_NOTED: u64 = 5;
/// The difference in seconds, fifteen minutes, beyond which Alibaba Cloud refuses a request.
const CLOCK_TOLERATED: u64 = 15 * 60;

/// All findings, the most important first.
pub(crate) fn findings(observations: &Observations) -> Vec<Finding> {
    let mut findings = vec![credentials(observations)];
    for problem in &observations.problems {
        findings.push(Finding::new("settings", Verdict::Problem, &*problem.detail));
    }
    findings.push(endpoint(observations));
    findings.extend(observations.clock_ahead.map(clock));
    findings.push(quota(observations));
    findings.extend(account::findings(observations));
    findings
}

fn credentials(observations: &Observations) -> Finding {
    let answers = &observations.answers;
    let Some((origin, kind)) = &observations.credentials else {
        let text = "The settings cannot be used, so no credentials were tried.";
        let facts = json!({ "from": null });
        return Finding::new("credentials", Verdict::Problem, text).with(facts);
    };
    let mut text = format!("The credentials come from {origin}");
    if let Some(end) = &observations.access_key_end {
        text += &format!("; the id of their access key ends in {end}");
    }
    let verdict = if let Some(error) = answers.error(ErrorKind::CredentialsUnavailable) {
        text += &format!(". They cannot be fetched. {}", error.message);
        Verdict::Problem
    } else if let Some(error) = answers.error(ErrorKind::Credentials) {
        let advice = advice(error);
        text += &format!(". CAMS refuses them. {advice} {}", quoted(error));
        Verdict::Problem
    } else if answers.of_cams() && answers.error(ErrorKind::ClockDiffers).is_none() {
        text += ". CAMS accepts them.";
        Verdict::Ok
    } else {
        // The date is checked before the signature.
        text += ".";
        Verdict::Unknown
    };
    Finding::new("credentials", verdict, text).with(json!({ "from": kind }))
}

fn endpoint(observations: &Observations) -> Finding {
    let answers = &observations.answers;
    let origin = match observations.endpoint_variable {
        Some(variable) => format!("from {variable}"),
        None => "the endpoint of the region".to_owned(),
    };
    let error = answers.errors().next().filter(|_| answers.asked());
    let (verdict, text) = match (&observations.endpoint, error) {
        (None, _) => (
            Verdict::Problem,
            "The address of the API cannot be read from the settings.".to_owned(),
        ),
        (Some(endpoint), _) if answers.of_cams() => {
            (Verdict::Ok, format!("{endpoint} ({origin}) answers."))
        }
        (Some(endpoint), None) => (
            Verdict::Unknown,
            format!("{endpoint} ({origin}) was not asked."),
        ),
        (Some(endpoint), Some(error)) => {
            let (what, advice) = match error.kind {
                ErrorKind::Unreachable | ErrorKind::Untrusted => {
                    ("cannot be reached", advice(error))
                }
                _ => (
                    "returns no usable answer",
                    "Check that the address is that of CAMS, and run doctor again.".to_owned(),
                ),
            };
            let text = format!("{endpoint} ({origin}) {what}. {advice} {}", quoted(error));
            (Verdict::Problem, text)
        }
    };
    Finding::new("endpoint", verdict, text).with(json!({
        "variable": observations.endpoint_variable,
        "answers": answers.of_cams(),
        "clock_ahead_seconds": observations.clock_ahead,
    }))
}

fn clock(ahead: i64) -> Finding {
    let seconds = ahead.unsigned_abs();
    if seconds <= CLOCK_NOTED {
        let text = "The service's clock and this machine's agree.";
        return Finding::new("clock", Verdict::Ok, text);
    }
    let direction = if ahead < 0 { "behind" } else { "ahead of" };
    let consequence = match seconds <= CLOCK_TOLERATED {
        true => format!("CAMS accepts up to {CLOCK_TOLERATED} s."),
        false => format!(
            "That is more than the {CLOCK_TOLERATED} s that CAMS accepts. The provider corrects \
             for it, which costs one more request."
        ),
    };
    let text = format!(
        "The service's clock is {seconds} s {direction} this machine's. {consequence} Set this \
         machine's clock, with timedatectl or an NTP client."
    );
    Finding::new("clock", Verdict::Attention, text)
}

fn quota(observations: &Observations) -> Finding {
    let answers = &observations.answers;
    let trouble = &observations.quota_trouble;
    let Some((scope, directory)) = &observations.scope else {
        let text = "The settings do not show which processes share the call quota.";
        return Finding::new("quota", Verdict::Unknown, text).with(Value::Null);
    };
    let shared = match scope {
        Scope::Host => &format!("by all processes of this user on this machine, in {directory}"),
        Scope::Process => "with no other process",
        Scope::Redis => "by all machines that use the Redis server in CAMS_THROTTLE_REDIS_URL",
    };
    let (account, counted) = account(observations);
    let mut text = format!("The call quota is shared {shared}. It is counted for {counted}.");
    let verdict = match trouble {
        Some(reason) => {
            let (limited, remedy) = match scope {
                Scope::Redis => (
                    "all processes of a machine together (or each of them, if the directory of \
                     the machine cannot be used either)",
                    "Check the address, the password and the server",
                ),
                Scope::Host | Scope::Process => (
                    "each process",
                    "Make the directory usable for this user alone, name another one in \
                     CAMS_THROTTLE_STATE_DIRECTORY, or set CAMS_THROTTLE_SCOPE to process where a \
                     single process uses the account",
                ),
            };
            text += &format!(
                " It cannot be shared there: {reason}. Until it can, the provider makes only as \
                 many calls per second as CAMS_THROTTLE_FALLBACK_REQUESTS_PER_SECOND allows (1 by \
                 default), counted for {limited}. {remedy}."
            );
            Verdict::Problem
        }
        None if answers.asked() => {
            let caveats = caveats(&observations.quota_caveats);
            text += &caveats;
            match caveats.is_empty() {
                true => Verdict::Ok,
                false => Verdict::Attention,
            }
        }
        None => {
            text += " It was not tried.";
            Verdict::Unknown
        }
    };
    Finding::new("quota", verdict, text).with(json!({
        "scope": scope,
        "usable": answers.asked().then_some(trouble.is_none()),
        "account": account,
    }))
}

/// Where the account that the quota is counted for is known from, for programs and in words. For
/// programs it is `None` if the access key stands for it, or if nothing was asked.
fn account(observations: &Observations) -> (Option<&'static str>, String) {
    let asked = observations.answers.asked();
    match (observations.account_variable, &observations.account_trouble) {
        (Some(variable), _) => (Some(variable), format!("the account in {variable}")),
        (None, Some(why)) => {
            let key = format!(
                "the access key, because the account is not known: {why}. Set \
                 ALIBABA_CLOUD_ACCOUNT_ID where several keys of the account are in use"
            );
            (None, key)
        }
        (None, None) if asked => (Some("STS"), "the account, which STS reported".to_owned()),
        (None, None) => (None, "the account, which STS is asked for".to_owned()),
    }
}

fn caveats(caveats: &Caveats) -> String {
    let mut text = String::new();
    if caveats.runs_unknown {
        text += &format!(" {}", throttling::runs_unknown());
    }
    if let Some(policy) = &caveats.eviction_policy {
        text += &format!(
            " The server's maxmemory-policy is {policy}, so it may delete the quota's state when \
             its memory is full. After that, the provider makes no call for some seconds. Set the \
             policy to noeviction, or use a server with enough memory."
        );
    }
    text
}

#[cfg(test)]
mod tests;
