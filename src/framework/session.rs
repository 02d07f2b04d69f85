//! What outlives an operation: the state to store, private state and what to tell, even when the
//! operation panics.

use std::sync::{Mutex, PoisonError};

use tokio_util::sync::CancellationToken;

use crate::protocol::diagnostic::{Diagnostic, Diagnostics};
use crate::protocol::value::Value;

use super::private::{self, Entries, Replaced};

/// One operation's record. The RPC handler holds it together with the task that does the work.
#[derive(Debug)]
pub struct Session {
    stop: CancellationToken,
    private: Mutex<Entries>,
    replaced: Mutex<Option<Entries>>,
    state: Mutex<Option<Value>>,
    told: Mutex<Diagnostics>,
}

impl Session {
    pub(super) fn new(stop: CancellationToken) -> Self {
        Self {
            stop,
            private: Mutex::default(),
            replaced: Mutex::default(),
            state: Mutex::default(),
            told: Mutex::default(),
        }
    }

    pub(super) fn stop(&self) -> &CancellationToken {
        &self.stop
    }

    pub(super) fn save(&self, state: Value) {
        *lock(&self.state) = Some(state.with_unknowns_as_null());
    }

    /// Takes over the private state that Terraform stored.
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

    pub(super) fn with_private<T>(&self, work: impl FnOnce(&mut Entries) -> T) -> T {
        work(&mut lock(&self.private))
    }

    pub(super) fn tell(&self, diagnostic: Diagnostic) {
        lock(&self.told).push(diagnostic);
    }

    pub(super) fn saved(&self) -> Option<Value> {
        lock(&self.state).clone()
    }

    pub(super) fn take_told(&self) -> Diagnostics {
        std::mem::take(&mut lock(&self.told))
    }
}

/// A poisoned lock still holds what the panicking operation knew: that is the point.
fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
