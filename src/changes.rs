//! What this process has done to numbers, for the operations of the same run that come later.
//!
//! Terraform orders the operations of one address. It does not order the create of an address and
//! the destroy of another one that is about the same number, as when an address is renamed without a
//! `moved` block, or with `create_before_destroy`. The object that remains determines the state of
//! the number, whichever operation runs first. Therefore the two operations run one after the other,
//! and each sees what the other has done.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::{Mutex as AsyncMutex, OwnedMutexGuard};
use tokio::time::Instant;

use super::numbers::Target;

/// The changes of this process, by number.
#[derive(Debug, Default)]
pub(crate) struct Changes {
    changed_at: Mutex<BTreeMap<Target, Instant>>,
    turns: Mutex<Locks>,
}

/// The lock of each resource type and number, with its last operation.
type Locks = BTreeMap<(&'static str, Target), Arc<AsyncMutex<LastChange>>>;

/// What this process has done last with the object that a type of resource has for a number.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum LastChange {
    #[default]
    Nothing,
    /// A resource of this run has it.
    Created,
    /// It is gone, or may be.
    Destroyed,
}

/// The right to create, update or destroy an object of one type for one number in this process.
pub(crate) type Turn = OwnedMutexGuard<LastChange>;

impl Changes {
    /// Notes that the number is verified or deregistered now, or may be: no earlier list shows it.
    pub(crate) fn note(&self, target: &Target) {
        lock(&self.changed_at).insert(target.canonical(), Instant::now());
    }

    /// When the number was changed last, if it was.
    pub(crate) fn changed_at(&self, target: &Target) -> Option<Instant> {
        let changed_at = lock(&self.changed_at);
        changed_at.get(&target.canonical()).copied()
    }

    /// Waits until no other operation has the turn.
    pub(crate) async fn turn(&self, type_name: &'static str, target: &Target) -> Turn {
        let turn = {
            let mut turns = lock(&self.turns);
            Arc::clone(turns.entry((type_name, target.canonical())).or_default())
        };
        turn.lock_owned().await
    }
}

fn lock<T>(shared: &Mutex<T>) -> MutexGuard<'_, T> {
    shared.lock().unwrap_or_else(PoisonError::into_inner)
}
