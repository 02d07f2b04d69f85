//! What is kept of an operation while it runs: the state to store, its private state, and
//! diagnostics.
//!
//! The code of an operation may fail or panic at any time. Terraform forgets an object of which it
//! gets no state, although the object may exist. So what is known of it is put into a record
//! outside of that code as soon as it is known, and the response is made from the record.

use std::sync::{Mutex, PoisonError};

use tokio_util::sync::CancellationToken;

use crate::wire::diagnostic::{Diagnostic, Diagnostics};
use crate::wire::value::Value;

use super::private::{self, Entries, Replaced};

/// The record of one operation. The server holds it together with the task that does the work, so
/// that it is still there when the task has panicked.
#[derive(Debug)]
pub struct Session {
    stop: CancellationToken,
    private: Mutex<Entries>,
    /// The private state of the object that this one replaces.
    replaced: Mutex<Option<Entries>>,
    /// The state that was saved last, without unknown values.
    state: Mutex<Option<Value>>,
    /// The warnings that the author's code added.
    diagnostics: Mutex<Diagnostics>,
}

impl Session {
    /// The record of an operation that begins now, and that is to stop when the token is cancelled.
    pub(super) fn new(stop: CancellationToken) -> Self {
        Self {
            stop,
            private: Mutex::default(),
            replaced: Mutex::default(),
            state: Mutex::default(),
            diagnostics: Mutex::default(),
        }
    }

    /// The token that is cancelled when the operation is to stop.
    pub(super) fn stop(&self) -> &CancellationToken {
        &self.stop
    }

    /// Sets the state to store if the operation does not succeed. Terraform can store no unknown
    /// value, so each becomes null.
    pub(super) fn save(&self, state: Value) {
        *lock(&self.state) = Some(state.with_unknowns_as_null());
    }

    /// Begins with the private state that Terraform stored.
    pub(super) fn restore_private(&self, stored: &[u8]) {
        *lock(&self.private) = private::decode(stored);
    }

    /// Takes over the private state of the object that a new one is to replace.
    pub(super) fn restore_replaced(&self, stored: &[u8]) {
        *lock(&self.replaced) = (!stored.is_empty()).then(|| private::decode(stored));
    }

    /// The private state of the object that a new one is to replace, if there is any.
    pub(super) fn replaced(&self) -> Option<Replaced> {
        lock(&self.replaced).clone().map(Replaced::new)
    }

    /// The private state that Terraform is to store.
    pub(super) fn private(&self) -> Vec<u8> {
        private::encode(&lock(&self.private))
    }

    /// Reads or changes the private state.
    pub(super) fn with_private<T>(&self, work: impl FnOnce(&mut Entries) -> T) -> T {
        work(&mut lock(&self.private))
    }

    /// Adds a diagnostic to the response.
    pub(super) fn push_diagnostic(&self, diagnostic: Diagnostic) {
        lock(&self.diagnostics).push(diagnostic);
    }

    /// The state that was saved last, if any was.
    pub(super) fn saved(&self) -> Option<Value> {
        lock(&self.state).clone()
    }

    /// Takes the diagnostics that were added.
    pub(super) fn take_diagnostics(&self) -> Diagnostics {
        std::mem::take(&mut lock(&self.diagnostics))
    }
}

/// Locks a mutex, even one in whose lock a thread has panicked. The values under these locks are
/// replaced as a whole, so that a panic leaves no value half changed, and what was known before the
/// panic is what this record is for.
fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
