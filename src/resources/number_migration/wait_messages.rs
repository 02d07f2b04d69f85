//! What the resource tells the user of a long wait for the quota.

use cams::{LongWait, WaitCause};
use terraform_plugin::framework::diagnostic::Diagnostic;

/// A call waited long for the quota. Said once in a run.
pub(super) fn waited(wait: &LongWait) -> Diagnostic {
    let others = match wait.processes {
        0 => String::new(),
        1 => ", and one other process took turns with it".to_owned(),
        count => format!(", and {count} other processes took turns with it"),
    };
    let cause = match wait.cause {
        WaitCause::Paused => " CAMS had asked for a pause.",
        WaitCause::Quota => "",
        WaitCause::Recovering => " What others had used of the quota was not known for a while.",
    };
    let rest = match wait.left {
        0 => "No call of this run waits for it now.".to_owned(),
        left => format!(
            "Of this run {} waiting now, which should have their turn within {} s, at {} in {} s.",
            calls(left, " is", "s are"),
            wait.rest.as_secs().max(1),
            calls(wait.calls.get() as usize, "", "s"),
            wait.window.as_secs().max(1)
        ),
    };
    Diagnostic::warning(
        "Waited Long for the Call Quota",
        format!(
            "This resource waited {} s for the account's quota of calls of {}. When it began to \
             wait, {} waiting already{others}.{cause} {rest}\n\nNothing is wrong: \
             the quota is kept so that CAMS refuses no call. Other programs that use the same \
             account make the wait longer. This is said once, although other numbers may wait as \
             long.",
            wait.waited.as_secs(),
            wait.action,
            calls(wait.calls_ahead, " of this run was", "s of this run were")
        ),
    )
}

/// So many calls, with what follows the word for one call and for several.
fn calls(count: usize, of_one: &str, of_several: &str) -> String {
    match count {
        1 => format!("1 call{of_one}"),
        count => format!("{count} call{of_several}"),
    }
}

#[cfg(test)]
mod tests {
    use std::num::NonZeroU32;
    use std::time::Duration;

    use super::*;

    #[test]
    fn a_long_wait_says_who_was_before_and_when_the_rest_comes() {
        let wait = LongWait {
            action: "A",
            waited: Duration::from_secs(61),
            calls_ahead: 59,
            processes: 1,
            cause: WaitCause::Paused,
            left: 12,
            rest: Duration::from_secs(24),
            calls: NonZeroU32::MIN,
            window: Duration::from_secs(1),
        };
        let told = waited(&wait).detail;
        let expected = "This resource waited 61 s for the account's quota of calls of A. When it \
            began to wait, 59 calls of this run were waiting already, and one other process took \
            turns with it. CAMS had asked for a pause. Of this run 12 calls are waiting now, which \
            should have their turn within 24 s, at 1 call in 1 s.";
        assert_eq!(told.split("\n\n").next(), Some(expected));
    }
}
