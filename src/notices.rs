//! Warnings that come to light during an operation and concern every resource.

use std::path::Path;

use cams::{LongWait, WaitCause};
use terraform_plugin::framework::diagnostic::Diagnostic;

use super::settings;

/// Requests are signed with the service's clock, since CAMS refused the date of this machine's.
pub(crate) fn clock_differs(difference: &str) -> Diagnostic {
    let text = format!(
        "CAMS refused the date of a request: {difference}. The provider signs with the service's \
         clock for the rest of this run. Set the clock of this machine (timedatectl, or an NTP \
         client)."
    );
    Diagnostic::warning("Clock Differs From the Service's", text)
}

/// A call waited long for the quota.
pub(crate) fn long_wait(wait: &LongWait) -> Diagnostic {
    let others = match wait.processes {
        0 => String::new(),
        1 => ", and one other process used the same quota".to_owned(),
        count => format!(", and {count} other processes used the same quota"),
    };
    let cause = match wait.cause {
        WaitCause::Paused => " CAMS had asked the provider to pause.",
        WaitCause::Quota => "",
        WaitCause::Recovering => {
            " For a while, the provider did not know how much of the quota other programs used."
        }
    };
    let rest = match wait.left {
        0 => "No call of this run is waiting any longer.".to_owned(),
        left => format!(
            "{} still waiting, which takes about {} s at the current rate of {} per second.",
            calls(left, " of this run is", "s of this run are"),
            wait.rest.as_secs().max(1),
            calls(wait.calls.get() as usize, "", "s")
        ),
    };
    let text = format!(
        "This resource waited {} s for the account's call quota for {}. When the wait began, {} \
         already waiting{others}.{cause} {rest}\n\nThis is not an error: the provider stays \
         within the quota so that CAMS refuses no call. Other programs that use the same account \
         make the wait longer. This warning is shown only once per run; other resources may wait \
         as long.",
        wait.waited.as_secs(),
        wait.action,
        calls(wait.calls_ahead, " of this run was", "s of this run were")
    );
    Diagnostic::warning("Waited Long for the Call Quota", text)
}

/// So many calls, with the words that follow one call and several calls.
pub(crate) fn calls(count: usize, one: &str, several: &str) -> String {
    match count {
        1 => format!("1 call{one}"),
        count => format!("{count} call{several}"),
    }
}

/// The file that stores the account was locked by another process.
pub(crate) fn account_locked(file: &Path) -> Diagnostic {
    let text = format!(
        "Another process keeps {} locked. The file records the account of each access key, so that \
         all processes of this user share the call quota of that account. The provider waited for \
         some seconds and continued without the lock. If the processes count their calls for \
         different accounts, CAMS may throttle all of them.\n\nThe process that holds the lock may \
         be stopped (Ctrl-Z): resume or end it. If the file is on a network share whose locks do \
         not work, set throttle.state_directory or CAMS_THROTTLE_STATE_DIRECTORY to another \
         directory. The file is not needed if account_id is set in the provider block, or {} in \
         the environment.",
        file.display(),
        settings::ACCOUNT_ID.variables.join(" or ")
    );
    Diagnostic::warning("Account File Locked", text)
}

/// The account of the credentials is not known.
pub(crate) fn account_not_known(reason: &str) -> Diagnostic {
    let text = format!(
        "The call quota belongs to the account, and the provider could not find out which account \
         the credentials belong to. It counts the quota for this access key alone, so programs \
         that use the account with another key do not share it, and CAMS may throttle all of them. \
         {reason}\n\nSet account_id in the provider block or the variable {}, or set sts_endpoint \
         to an address where STS can be reached.",
        settings::ACCOUNT_ID.variables.join(" or ")
    );
    Diagnostic::warning("Account Not Known", text)
}

#[cfg(test)]
mod tests {
    use std::num::NonZeroU32;
    use std::time::Duration;

    use super::*;

    #[test]
    fn a_long_wait_says_what_waited_before_and_when_the_rest_is_made() {
        let wait = LongWait {
            action: "A",
            waited: Duration::from_secs(61),
            calls_ahead: 59,
            processes: 1,
            cause: WaitCause::Paused,
            left: 12,
            rest: Duration::from_secs(24),
            calls: NonZeroU32::MIN,
        };
        let text = long_wait(&wait).detail;
        let expected = "This resource waited 61 s for the account's call quota for A. When the \
            wait began, 59 calls of this run were already waiting, and one other process used the \
            same quota. CAMS had asked the provider to pause. 12 calls of this run are still \
            waiting, which takes about 24 s at the current rate of 1 call per second.";
        assert_eq!(text.split("\n\n").next(), Some(expected));
    }
}
