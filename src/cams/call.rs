//! The bounds of one operation: its deadline, and the token that stops it earlier.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

/// How long a request that is already sent may go on after a stop. Looking for what it did may take
/// as long again. That is enough for most answers, and both together stay within the five seconds
/// that Terraform waits after a second Ctrl-C.
const GRACE: Duration = Duration::from_secs(1);

/// The deadline of an operation and the token that stops it. All HTTP requests of the operation
/// share them.
#[derive(Clone, Debug)]
pub struct Call {
    deadline: Instant,
    stop: CancellationToken,
    condition: Condition,
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
            stop,
            condition: Condition::default(),
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

    /// The same bounds with half of the time that is left.
    #[must_use]
    pub fn half(&self) -> Self {
        let now = Instant::now();
        let left = self.deadline.saturating_duration_since(now);
        Self {
            deadline: now + left / 2,
            stop: self.stop.clone(),
            condition: self.condition.clone(),
        }
    }

    /// When the operation ends.
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

    /// Returns when what is under way is given up: some time after a stop.
    pub async fn given_up(&self) {
        self.stop.cancelled().await;
        tokio::time::sleep(GRACE).await;
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
