//! The bounds of one operation: until when, and who may end it earlier.

use std::time::Duration;

use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

/// How long a request that is already sent may go on after a stop: long enough for most answers, short enough that a
/// second Ctrl-C, after which Terraform waits five seconds, still finds the answer stored.
const GRACE: Duration = Duration::from_millis(1500);

/// When waiting ends. Every HTTP request of one operation shares it.
#[derive(Clone, Debug)]
pub struct Call {
    deadline: Instant,
    stop: CancellationToken,
}

impl Call {
    /// An operation that ends after `timeout`, or when `stop` fires.
    pub fn new(timeout: Duration, stop: CancellationToken) -> Self {
        let now = Instant::now();
        // A timeout beyond the clock's range is none.
        let deadline = now
            .checked_add(timeout)
            .unwrap_or_else(|| now + Duration::from_secs(365 * 86_400));
        Self { deadline, stop }
    }

    /// The same stop with `more` time than that from now, if the deadline is nearer: to find out what became of a
    /// request, an operation may outlive its timeout a little.
    #[must_use]
    pub fn at_least(&self, more: Duration) -> Self {
        Self {
            deadline: self.deadline.max(Instant::now() + more),
            stop: self.stop.clone(),
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

    /// Returns when a request that was sent is given up: some time after a stop.
    pub(super) async fn given_up(&self) {
        self.stop.cancelled().await;
        tokio::time::sleep(GRACE).await;
    }
}
