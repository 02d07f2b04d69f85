//! The synchronization that the queue uses: that of std here, and that of the schedule explorer
//! where `tests/interleavings` compiles the same queue.

pub(crate) use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
