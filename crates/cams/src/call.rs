//! The bounds of one operation: its deadline, and the token that stops it earlier.

use std::fmt;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use tokio::time::{Instant, sleep, sleep_until};
use tokio_util::sync::CancellationToken;

use super::LongWait;

/// How long a request that is already sent may go on after a stop, or after the time is over.
/// Looking for what it did may take as long again after a stop. That is enough for most answers,
/// and both together stay within the five seconds that Terraform waits after a second Ctrl-C.
const GRACE: Duration = Duration::from_secs(1);

/// The deadline of an operation and the token that stops it. All HTTP requests of the operation
/// share them.
///
/// When the deadline has passed, no request is sent any more, and whatever waits to send one ends
/// at once. A request that is under way then has another second, as it has after a stop.
#[derive(Clone, Debug)]
pub struct Call {
    deadline: Instant,
    /// The deadline of the whole operation, where `deadline` is only that of a part of it.
    end: Instant,
    stop: CancellationToken,
    condition: Condition,
    /// The first long wait for the quota.
    long_wait: Arc<OnceLock<LongWait>>,
}

/// Why a request that was under way is given up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum GivenUp {
    /// The time for the operation is over.
    OutOfTime,
    /// The user asked to stop.
    Stopped,
}

/// What must hold when a request leaves.
#[derive(Clone, Default)]
struct Condition(Option<Arc<dyn Fn() -> bool + Send + Sync>>);

impl Call {
    /// The bounds of an operation that ends after `timeout`, or when `stop` is cancelled.
    pub fn new(timeout: Duration, stop: CancellationToken) -> Self {
        let now = Instant::now();
        // A timeout beyond the range of the clock counts as a year.
        let deadline = now
            .checked_add(timeout)
            .unwrap_or_else(|| now + Duration::from_secs(365 * 86_400));
        Self {
            deadline,
            end: deadline,
            stop,
            condition: Condition::default(),
            long_wait: Arc::default(),
        }
    }

    /// The same call, of which no request is sent unless `condition` holds at that moment: after
    /// the wait for the quota, which may be long.
    #[must_use]
    pub fn only_while(self, condition: impl Fn() -> bool + Send + Sync + 'static) -> Self {
        Self {
            condition: Condition(Some(Arc::new(condition))),
            ..self
        }
    }

    /// The first long wait for the quota that a request of this call had, if any had one.
    pub fn long_wait(&self) -> Option<LongWait> {
        self.long_wait.get().copied()
    }

    /// Notes a long wait, unless one is noted already.
    pub(super) fn note(&self, wait: LongWait) {
        let _ = self.long_wait.set(wait);
    }

    /// Whether a request may be sent now.
    pub(super) fn may_send(&self) -> bool {
        self.condition
            .0
            .as_ref()
            .is_none_or(|condition| condition())
    }

    /// The bounds of a call that finds out what became of another one. It has `patience` as a
    /// timeout of its own, and a stop does not end it, because the stop may be what ended the other
    /// call.
    #[must_use]
    pub fn aftermath(patience: Duration) -> Self {
        Self::new(patience, CancellationToken::new())
    }

    /// The same bounds with half of the time that is left for beginning anything. A request that is
    /// under way then may still go on for as long as the whole call may.
    #[must_use]
    pub fn half(&self) -> Self {
        Self {
            deadline: Instant::now() + self.time_left() / 2,
            ..self.clone()
        }
    }

    /// How much of the time is left.
    pub fn time_left(&self) -> Duration {
        self.deadline.saturating_duration_since(Instant::now())
    }

    /// Whether the time is over, so that nothing new may be begun.
    pub fn is_over(&self) -> bool {
        self.time_left().is_zero()
    }

    /// When the time is over.
    pub fn deadline(&self) -> Instant {
        self.deadline
    }

    /// Whether the user has asked to stop.
    pub fn is_stopped(&self) -> bool {
        self.stop.is_cancelled()
    }

    /// Returns when the user asks to stop.
    pub async fn stopped(&self) {
        self.stop.cancelled().await;
    }

    /// Returns some time after a stop, when what is under way is given up for its sake.
    pub async fn given_up_after_stop(&self) {
        self.stop.cancelled().await;
        sleep(GRACE).await;
    }

    /// Returns when a request that is under way is given up: some time after a stop, or after the
    /// time of the whole operation is over.
    pub(super) async fn given_up(&self) -> GivenUp {
        tokio::select! {
            () = self.given_up_after_stop() => GivenUp::Stopped,
            () = sleep_until(self.end + GRACE) => GivenUp::OutOfTime,
        }
    }
}

impl fmt::Debug for Condition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.0.is_some() {
            "Condition"
        } else {
            "None"
        })
    }
}
