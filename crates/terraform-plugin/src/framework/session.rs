//! What is kept of an operation while it runs: the state to store, its private state, and
//! diagnostics.
//!
//! The code of an operation may fail or panic at any time. Terraform forgets an object of which it
//! gets no state, although the object may exist. So what is known of it is put into a record
//! outside of that code as soon as it is known, and the response is made from the record.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::mpsc::Sender;
use tokio_util::sync::CancellationToken;
use tonic::Status;

use crate::wire::diagnostic::Diagnostics;
use crate::wire::value::Value;

/// The entries of an object's private state: JSON values under keys.
pub(crate) type Entries = BTreeMap<String, serde_json::Value>;

/// The titles of the warnings that are given once in a process and were given already.
pub(crate) type Warned = Arc<Mutex<BTreeSet<String>>>;

/// One operation. The server holds it together with the task that does the work, so that it is
/// still there when the task has panicked.
#[derive(Debug)]
pub(crate) struct RpcSession {
    /// Is cancelled when the operation is to stop.
    pub(crate) stop: CancellationToken,
    /// Shared by all operations of the process.
    pub(crate) warned: Warned,
    record: Mutex<SessionRecord>,
}

/// What is known so far.
#[derive(Debug, Default)]
pub(crate) struct SessionRecord {
    /// The private state that Terraform is to store.
    pub(crate) private: Entries,
    /// The private state of the object that this one replaces.
    pub(crate) replaced: Option<Entries>,
    /// The state that was saved last, without unknown values.
    pub(crate) saved: Option<Value>,
    /// What is to be shown to the user.
    pub(crate) diagnostics: Diagnostics,
}

impl RpcSession {
    pub(crate) fn new(stop: CancellationToken, warned: Warned) -> Self {
        Self {
            stop,
            warned,
            record: Mutex::default(),
        }
    }

    /// The record, for a moment.
    pub(crate) fn record(&self) -> MutexGuard<'_, SessionRecord> {
        lock(&self.record)
    }
}

/// Sends an event of a stream, and gives whether it was sent. It is not if the caller has
/// disconnected, or if it does not read the stream and the operation is to stop.
pub(crate) async fn send<E>(
    events: &Sender<Result<E, Status>>,
    event: E,
    stop: &CancellationToken,
) -> bool {
    tokio::select! {
        biased;
        sent = events.send(Ok(event)) => sent.is_ok(),
        () = stop.cancelled() => false,
    }
}

/// Locks a mutex, even one in whose lock a thread has panicked. The values under these locks are
/// replaced as a whole, so that a panic leaves no value half changed, and what was known before the
/// panic is what the record is for.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
