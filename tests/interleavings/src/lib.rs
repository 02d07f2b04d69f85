//! Explores the queue of `call-quota`. It is compiled unchanged for a scheduler that chooses at every
//! lock, await and wake-up which task runs next.
//!
//! Time is not modelled: a sleep ends whenever the scheduler decides so, and the store's clock
//! advances with each command.

#![forbid(unsafe_code)]

/// The crate `call-quota`, as far as it is explored.
#[allow(dead_code, unreachable_pub, reason = "compiled for another crate")]
#[path = "../../../crates/call-quota/src"]
mod throttle {
    mod constants;
    #[path = "../../../tests/interleavings/src/explore.rs"]
    pub(crate) mod explore;
    #[path = "../../../tests/interleavings/src/fallback.rs"]
    mod fallback;
    mod limit;
    mod queue;
    mod sharing;
    mod slots;

    /// What the queue is shared by, under the scheduler's eyes.
    mod sync {
        pub(crate) use std::sync::{Arc, PoisonError};

        pub(crate) use shuttle::sync::{Mutex, MutexGuard};
    }
}

pub use throttle::explore::{Fate, Kind, line_up, meet};
