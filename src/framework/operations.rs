//! The operations under way: how they are counted, stopped and kept from taking the process with them.

use std::panic::AssertUnwindSafe;
use std::sync::{Arc, Mutex, PoisonError};

use futures_util::FutureExt;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::protocol::diagnostic::{Diagnostic, Diagnostics};

/// The operations of one process. Clones see the same ones.
#[derive(Clone, Debug)]
pub struct Operations {
    tracker: TaskTracker,
    /// Fires when the process ends: the parent of all other tokens.
    end: CancellationToken,
    stop: Arc<Mutex<CancellationToken>>,
}

impl Default for Operations {
    fn default() -> Self {
        let end = CancellationToken::new();
        let stop = end.child_token();
        Self {
            tracker: TaskTracker::default(),
            end,
            stop: Arc::new(Mutex::new(stop)),
        }
    }
}

impl Operations {
    /// Counts the tasks of all operations, including those whose caller has gone.
    pub fn tracker(&self) -> &TaskTracker {
        &self.tracker
    }

    /// Asks every operation under way to stop. Those that begin later are not concerned.
    pub fn stop(&self) {
        let mut current = self.stop.lock().unwrap_or_else(PoisonError::into_inner);
        std::mem::replace(&mut *current, self.end.child_token()).cancel();
    }

    /// Asks every operation to stop, also those that begin later, because the process is about to
    /// end.
    pub fn end(&self) {
        self.end.cancel();
    }

    /// What fires when the operations of now are to stop.
    pub(super) fn token(&self) -> CancellationToken {
        self.stop
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }
}

/// Runs an author's code; its panic becomes a diagnostic.
pub(super) async fn guard<T>(
    work: impl Future<Output = Result<T, Diagnostics>>,
) -> Result<T, Diagnostics> {
    match AssertUnwindSafe(work).catch_unwind().await {
        Ok(result) => result,
        Err(_) => Err(crash().into()),
    }
}

/// What the user is told of a panic. The message itself is in the log: it may quote values.
pub(super) fn crash() -> Diagnostic {
    Diagnostic::error(
        "Provider Bug",
        "The provider failed in a way it should never fail. What it knew of the object until then is stored. \
         Please report it, with the log of a run under TF_LOG_PROVIDER=ERROR, which says where it happened.",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stopping_reaches_those_under_way_and_not_those_to_come() {
        let operations = Operations::default();
        let before = operations.token();
        operations.stop();
        assert!(before.is_cancelled());
        assert!(!operations.token().is_cancelled());
    }

    #[test]
    fn an_end_reaches_those_to_come_too_whatever_is_stopped_afterwards() {
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
        let result: Result<(), _> = guard(async { panic!("s3cr3t") }).await;
        let diagnostics = result.expect_err("the panic");
        assert!(diagnostics.has_errors());
        assert!(!format!("{diagnostics:?}").contains("s3cr3t"));
    }
}
