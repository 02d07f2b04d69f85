//! The synchronisation that the queue uses: that of std here, and that of the schedule explorer where
//! `tests/interleavings` compiles the same queue. [`lock`] is for the other modules.

pub(crate) use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Locks a mutex, even one in whose lock a thread has panicked: no step leaves a value half changed.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
