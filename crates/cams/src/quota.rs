//! The account's call quota as the gate of the client.

use std::num::NonZeroU32;
use std::pin::pin;
use std::time::Duration;

use tokio::time::{Instant, sleep_until};

use alibaba_cloud::client::{Bounds, Ended, Gate, LongWait, Permit, WaitCause};
use alibaba_cloud::credentials::Credentials;
use alibaba_cloud::openapi::SigningKey;
use call_quota::{Limit, Priority, QueueStatus, QuotaKey, Throttle, WaitReason};

use crate::account::Account;

/// The message of a call whose deadline came before it was known whose quota it uses.
const NO_ACCOUNT_YET: &str = "the timeout expired while STS was being asked which account the \
    credentials belong to; set the provider's account_id, or sts_endpoint to where STS can be reached";

/// The limit on the pages of the operations, assumed for `ListInstance`, whose page names none: ten
/// calls a second for an account, with all its RAM users.
const TEN_A_SECOND: NonZeroU32 = NonZeroU32::new(10).expect("ten is not zero");

/// The window in which calls are counted.
const WINDOW: Duration = Duration::from_secs(1);

/// The quota of the account that the credentials belong to.
#[derive(Debug)]
pub struct Quota {
    /// The account whose quotas are used.
    pub account: Account,
    /// What signs the requests.
    pub credentials: Credentials,
    /// The region. The service counts each region by itself.
    pub region: String,
    /// The throttle that keeps the quotas.
    pub throttle: Throttle,
    /// How many calls a second each operation may make. `None` stands for its documented limit.
    pub requests_per_second: Option<NonZeroU32>,
    /// The wait for a permit that is recorded as a long one: [`LONG_WAIT`](crate::LONG_WAIT).
    pub long_wait: Duration,
}

/// A permit of the throttle.
pub struct QuotaPermit(call_quota::Permit);

impl Gate for Quota {
    type Permit = QuotaPermit;

    async fn admit(
        &self,
        bounds: &Bounds,
        key: &SigningKey,
        action: &'static str,
        was_throttled: bool,
    ) -> Result<QuotaPermit, Ended> {
        let account = self.account.name(&self.credentials, key);
        let key = QuotaKey {
            account: bounds.within(NO_ACCOUNT_YET, account).await?,
            region: self.region.clone(),
            action,
        };
        let calls = self.requests_per_second.unwrap_or(TEN_A_SECOND);
        let limit = Limit::new(calls, WINDOW);
        let priority = match was_throttled {
            true => Priority::Retry,
            false => Priority::Normal,
        };
        let queue = || self.throttle.queue(&key);
        let (joined, began) = (queue(), Instant::now());
        let mut noticed = None;
        let mut acquire = pin!(self.throttle.acquire(&key, limit, priority));
        loop {
            // The queue is asked while this call still waits in it, so that the count includes it.
            tokio::select! {
                biased;
                () = bounds.stopped() => return Err(Ended::stopped()),
                permit = &mut acquire => {
                    if let Some(noticed) = noticed {
                        let queues = [joined, noticed, queue()];
                        let wait = long_wait(key.action, began.elapsed(), calls, queues);
                        bounds.record_long_wait(wait);
                    }
                    return Ok(QuotaPermit(permit));
                }
                () = sleep_until(bounds.deadline()) => {
                    return Err(Ended::timed_out(waiting(&queue(), &key)));
                }
                () = sleep_until(began + self.long_wait), if noticed.is_none() => {
                    noticed = Some(queue());
                }
            }
        }
    }
}

impl Permit for QuotaPermit {
    fn departure(&self) -> impl Fn() + Send + Sync + 'static {
        self.0.departure()
    }

    fn answered(self) {
        self.0.answered();
    }

    fn throttled(self, retry_after: Option<Duration>) {
        self.0.throttled(retry_after);
    }

    fn unsent(self) {
        self.0.unsent();
    }
}

/// A wait that has just ended. `joined`, `noticed` and `ended` are the queue when the call joined
/// it, when the wait became long, and now; `calls` is the configured limit.
fn long_wait(
    action: &'static str,
    waited: Duration,
    calls: NonZeroU32,
    [joined, noticed, ended]: [QueueStatus; 3],
) -> LongWait {
    let calls = NonZeroU32::new(noticed.calls).unwrap_or(calls);
    let processes = joined.processes_ahead.max(noticed.processes_ahead);
    // Processes take turns, so that each call of this one lets one of every other pass.
    let in_line = ended.waiting as u64 * (u64::from(processes) + 1);
    let windows = in_line.div_ceil(u64::from(calls.get()));
    let windows = u32::try_from(windows).unwrap_or(u32::MAX);
    LongWait {
        action,
        waited,
        calls_ahead: joined.waiting,
        processes,
        cause: match noticed.reason {
            WaitReason::Paused => WaitCause::Paused,
            WaitReason::Quota => WaitCause::Quota,
            WaitReason::Recovering => WaitCause::Recovering,
        },
        left: ended.waiting,
        rest: WINDOW.saturating_mul(windows),
        calls,
    }
}

/// Says what a call waited for when its deadline came.
fn waiting(queue: &QueueStatus, key: &QuotaKey) -> String {
    let cause = match queue.reason {
        WaitReason::Paused => ", which the service had paused",
        WaitReason::Quota => "",
        WaitReason::Recovering => ", whose use by others was not known",
    };
    let calls = match queue.waiting {
        1 => "one call".to_owned(),
        waiting => format!("{waiting} calls"),
    };
    let processes = match queue.processes_ahead {
        0 => "no other process".to_owned(),
        1 => "one other process".to_owned(),
        ahead => format!("{ahead} other processes"),
    };
    format!(
        "the timeout expired while the call waited for its quota, {key}{cause}: {calls} of this \
         process waited, and {processes} went before it"
    )
}

#[cfg(test)]
mod tests {
    use alibaba_cloud::client::LONG_WAIT;

    use super::*;

    fn queue(waiting: usize, processes_ahead: u32, calls: u32) -> QueueStatus {
        QueueStatus {
            waiting,
            processes_ahead,
            calls,
            reason: WaitReason::Quota,
        }
    }

    #[test]
    fn the_rest_is_what_waits_at_the_rate_in_force() {
        let calls = NonZeroU32::new(10).expect("not zero");
        let rest = |noticed, left| {
            let queues = [queue(30, 0, 0), noticed, queue(left, 0, 0)];
            let wait = long_wait("A", LONG_WAIT, calls, queues);
            assert_eq!(wait.calls_ahead, 30);
            (wait.rest.as_secs(), wait.calls.get())
        };
        assert_eq!(rest(queue(1, 0, 10), 0), (0, 10));
        assert_eq!(rest(queue(1, 0, 10), 1), (1, 10));
        assert_eq!(rest(queue(1, 0, 10), 25), (3, 10));
        // The service allows less than the limit, and two others take their turns.
        assert_eq!(rest(queue(1, 2, 5), 25), (15, 5));
        // The queue does not know a rate while nobody waits.
        assert_eq!(rest(queue(0, 0, 0), 20), (2, 10));
    }
}
