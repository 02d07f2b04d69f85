//! The operations under way: how they are counted and stopped, and how a panic of one of them is
//! kept from ending the others.

use std::panic::AssertUnwindSafe;
use std::sync::{Arc, Mutex};

use futures_util::FutureExt;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::wire::diagnostic::Diagnostic;

use super::session::lock;

/// The operations of one process. A clone is a handle to the same operations.
#[derive(Clone, Debug)]
pub struct Operations {
    tracker: TaskTracker,
    /// Cancelled when the process ends. It is the parent of all other tokens, so that they are
    /// cancelled with it.
    end: CancellationToken,
    /// The token of the operations that begin now. A stop cancels it and puts a new one in its
    /// place.
    stop: Arc<Mutex<CancellationToken>>,
}

impl Default for Operations {
    fn default() -> Self {
        let (tracker, end) = (TaskTracker::new(), CancellationToken::new());
        // A tracker can be waited for only after it is closed, and still takes tasks then.
        tracker.close();
        let stop = Arc::new(Mutex::new(end.child_token()));
        Self { tracker, end, stop }
    }
}

impl Operations {
    /// Counts the tasks of all operations, including those whose caller has disconnected.
    pub fn tracker(&self) -> &TaskTracker {
        &self.tracker
    }

    /// Asks every operation under way to stop.
    ///
    /// Those that begin later are not asked. Terraform calls `StopProvider` when the user
    /// interrupts a run, and may then still make calls that have to succeed, such as reads.
    pub fn stop(&self) {
        std::mem::replace(&mut *lock(&self.stop), self.end.child_token()).cancel();
    }

    /// Asks every operation to stop, including those that begin later, because the process ends.
    pub fn end(&self) {
        self.end.cancel();
    }

    /// The token for an operation that begins now. It is cancelled when that operation is to stop.
    pub fn token(&self) -> CancellationToken {
        lock(&self.stop).clone()
    }
}

/// Runs code of an author, and turns a panic in it into an error.
pub(crate) async fn guard<T, E: From<Diagnostic>>(
    work: impl Future<Output = Result<T, E>>,
) -> Result<T, E> {
    match AssertUnwindSafe(work).catch_unwind().await {
        Ok(result) => result,
        Err(_) => Err(crash().into()),
    }
}

/// The diagnostic for a panic. The message of the panic is only in the log, because it may quote
/// values.
pub(crate) fn crash() -> Diagnostic {
    Diagnostic::error(
        "Provider Bug",
        "The provider failed in a way it should never fail. What it knew of the object until then \
         is stored. Please report it, with the log of a run under TF_LOG_PROVIDER=ERROR, which \
         says where it happened.",
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::diagnostic::{Diagnostics, has_errors};

    #[test]
    fn stopping_reaches_those_under_way_and_not_those_to_come() {
        let operations = Operations::default();
        let before = operations.token();
        operations.stop();
        assert!(before.is_cancelled());
        assert!(!operations.token().is_cancelled());
    }

    #[test]
    fn an_end_reaches_those_to_come_too_and_stays_after_a_stop() {
        let operations = Operations::default();
        let before = operations.token();
        operations.end();
        assert!(before.is_cancelled());
        assert!(operations.token().is_cancelled());
        operations.stop();
        assert!(operations.token().is_cancelled());
    }

    #[tokio::test]
    async fn a_panic_becomes_a_diagnostic() {
        let result: Result<(), Diagnostics> = guard(async { panic!("s3cr3t") }).await;
        let diagnostics = result.expect_err("the panic");
        assert!(has_errors(&diagnostics));
        assert!(!format!("{diagnostics:?}").contains("s3cr3t"));
    }
}
