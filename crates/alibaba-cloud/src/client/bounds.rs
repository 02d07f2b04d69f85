//! The bounds of a call: its deadline, and the token that stops it earlier.

use std::fmt;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use tokio::time::{Instant, sleep, sleep_until};
use tokio_util::sync::CancellationToken;

use super::kind::ErrorKind;
use super::long_wait::LongWait;

/// How long a request that is already sent may go on after a stop, or after the deadline. Looking
/// for what it did may take as long again after a stop. That is enough for most answers, and both
/// together stay within the five seconds that Terraform waits after a second Ctrl-C.
const GRACE: Duration = Duration::from_secs(1);

/// No operation takes longer.
const CENTURY: Duration = Duration::from_secs(100 * 365 * 86_400);

/// The message of a call that the user stopped.
const STOPPED: &str = "stopped before the request was sent";

/// The deadline of an operation and the token that stops it. All HTTP requests of the operation
/// share them.
///
/// After the deadline no request is sent any more, and all waits to send one end at once. A request
/// that is under way then has another second, as it has after a stop.
#[derive(Clone)]
pub struct Bounds {
    deadline: Instant,
    /// The deadline of the whole operation, where `deadline` is only that of a part of it.
    end: Instant,
    stop: CancellationToken,
    /// What must hold when a request leaves.
    condition: Option<Arc<dyn Fn() -> bool + Send + Sync>>,
    /// The first long wait for a permit.
    long_wait: Arc<OnceLock<LongWait>>,
}

/// Why the bounds ended a call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ended {
    /// [`ErrorKind::Cancelled`] or [`ErrorKind::TimedOut`], or why there is nothing to wait for.
    pub kind: ErrorKind,
    /// What the call was waiting for, in words.
    pub message: String,
}

impl Ended {
    /// The timeout expired; the message says during what.
    pub fn timed_out(message: impl Into<String>) -> Self {
        Self {
            kind: ErrorKind::TimedOut,
            message: message.into(),
        }
    }

    /// The user asked to stop.
    pub fn stopped() -> Self {
        Self {
            kind: ErrorKind::Cancelled,
            message: STOPPED.to_owned(),
        }
    }
}

impl Bounds {
    /// The bounds of an operation that ends after `timeout`, or when `stop` is cancelled.
    pub fn new(timeout: Duration, stop: CancellationToken) -> Self {
        // A longer time may be beyond the range of the clock.
        let deadline = Instant::now() + timeout.min(CENTURY);
        Self {
            deadline,
            end: deadline,
            stop,
            condition: None,
            long_wait: Arc::default(),
        }
    }

    /// Bounds that no stop ends, to find out the result of a call that a stop may have ended.
    #[must_use]
    pub fn unstoppable(timeout: Duration) -> Self {
        Self::new(timeout, CancellationToken::new())
    }

    /// The same bounds, within which a request is sent only if `condition` holds at that moment:
    /// after the wait for a permit, which may be long.
    #[must_use]
    pub fn only_while(self, condition: impl Fn() -> bool + Send + Sync + 'static) -> Self {
        Self {
            condition: Some(Arc::new(condition)),
            ..self
        }
    }

    /// The same bounds with half of the time that is left for beginning anything. A request that is
    /// under way then may still go on for as long as the whole operation may.
    #[must_use]
    pub fn with_half_of_time(&self) -> Self {
        Self {
            deadline: Instant::now() + self.time_left() / 2,
            ..self.clone()
        }
    }

    /// How much of the time is left.
    pub fn time_left(&self) -> Duration {
        self.deadline.saturating_duration_since(Instant::now())
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

    /// Returns some time after a stop, when what is under way is abandoned.
    pub async fn stop_grace_ended(&self) {
        self.stop.cancelled().await;
        sleep(GRACE).await;
    }

    /// Returns what the future returns, unless a stop or the deadline comes first. `out_of_time` is
    /// the message for the deadline.
    ///
    /// # Errors
    ///
    /// If the bounds end the wait.
    pub async fn within<T>(
        &self,
        out_of_time: &str,
        future: impl Future<Output = T>,
    ) -> Result<T, Ended> {
        tokio::select! {
            biased;
            () = self.stopped() => Err(Ended::stopped()),
            result = future => Ok(result),
            () = sleep_until(self.deadline) => Err(Ended::timed_out(out_of_time)),
        }
    }

    /// The first long wait for a permit that a request within these bounds had, if any had one.
    pub fn long_wait(&self) -> Option<LongWait> {
        self.long_wait.get().copied()
    }

    /// Records a long wait, unless one is recorded already.
    pub fn record_long_wait(&self, wait: LongWait) {
        let _ = self.long_wait.set(wait);
    }

    /// Whether a request may be sent now, by the condition of the caller.
    pub(crate) fn may_send(&self) -> bool {
        self.condition.as_ref().is_none_or(|condition| condition())
    }

    /// Returns when a request that is under way is abandoned: some time after a stop, or after the
    /// deadline of the whole operation.
    pub(crate) async fn abandoned(&self) -> Ended {
        tokio::select! {
            () = self.stop_grace_ended() => Ended {
                kind: ErrorKind::Unanswered,
                message: "stopped while waiting for the answer".to_owned(),
            },
            () = sleep_until(self.end + GRACE) => {
                Ended::timed_out("the timeout expired while waiting for the response")
            }
        }
    }
}

impl fmt::Debug for Bounds {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Bounds")
            .field("deadline", &self.deadline)
            .field("stopped", &self.is_stopped())
            .finish_non_exhaustive()
    }
}
