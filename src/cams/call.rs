//! The bounds of one operation: until when, and who may end it earlier.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

/// How long a request that is already sent may go on after a stop, and again the question what it did: enough for most
/// answers, and both together well within the five seconds that Terraform waits after a second Ctrl-C.
const GRACE: Duration = Duration::from_secs(1);

/// When waiting ends. Every HTTP request of one operation shares it.
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
    /// An operation that ends after `timeout`, or when `stop` fires.
    pub fn new(timeout: Duration, stop: CancellationToken) -> Self {
        let now = Instant::now();
        // A timeout beyond the clock's range is none.
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

    /// A call that finds out what became of another: it has `patience` of its own and does not end with the stop, which
    /// may be what ended the other.
    #[must_use]
    pub fn aftermath(patience: Duration) -> Self {
        Self::new(patience, CancellationToken::new())
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
