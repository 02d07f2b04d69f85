//! The numbers that the slot algorithm runs on.
//!
//! The algorithm exists twice: in Rust (`slots.rs`, `limit.rs`) for stores in this process and on
//! this host, and in Lua (`slots.lua`) for Redis. Both take their numbers from here: the script is
//! given [`for_the_script`] as its first lines. All times are in microseconds.

use std::fmt::Write;

/// A point in time or a span of time, in microseconds. Each store chooses what its points count
/// from; points of different stores are never compared.
pub(super) type Micros = u64;

/// The longest time that a call is assumed to take to reach the server, from the moment its permit
/// is granted to the moment the server counts it. It is called F in the algorithm's description.
pub(super) const FORWARD_DELAY: Micros = 500_000;

/// How many permits a quota can have granted at the same time. [`ConfiguredLimit::new`] scales
/// greater limits down to this.
///
/// [`ConfiguredLimit::new`]: super::limit::ConfiguredLimit::new
pub(super) const MAX_SLOTS: usize = 64;

/// How many processes the fair queue remembers. Further ones are told to ask again later.
pub(super) const MAX_WAITERS: usize = 64;

/// The longest pause that one throttled call can impose on a quota.
pub(super) const MAX_PAUSE: Micros = 120_000_000;

/// How much later than announced a waiting process may ask again before others may pass it. If it
/// comes back after that, it still has its old rank.
pub(super) const WAITER_GRACE: Micros = 250_000;

/// How long the strictest configured limit stays in force after it was last confirmed.
pub(super) const LIMIT_MEMORY: Micros = 60_000_000;

/// After how many windows a limit that was lowered is raised on trial.
///
/// Each trial that fails costs one throttled call. At 5 calls a second, 9 windows mean that one
/// call in 45 is throttled while the lowered limit is the true one, and that a limit which is
/// raised to 10 again is in full use within 9 + 2 × 1.5 seconds.
pub(super) const RAISE_AFTER_WINDOWS: u64 = 9;

/// The longest window that a limit can have: one hour.
pub(super) const MAX_WINDOW: Micros = 3_600_000_000;

/// The version of the stored state. It changes whenever the meaning of a field does.
pub(super) const STATE_VERSION: u64 = 1;

/// The constants as Lua source: one `local` definition for each that `slots.lua` uses.
pub(super) fn for_the_script() -> String {
    let constants = [
        ("FORWARD_DELAY", FORWARD_DELAY),
        ("LIMIT_MEMORY", LIMIT_MEMORY),
        ("MAX_PAUSE", MAX_PAUSE),
        ("MAX_WAITERS", MAX_WAITERS as u64),
        ("RAISE_AFTER_WINDOWS", RAISE_AFTER_WINDOWS),
        ("STATE_VERSION", STATE_VERSION),
        ("WAITER_GRACE", WAITER_GRACE),
    ];
    let mut script = String::new();
    for (name, value) in constants {
        // Writing to a string cannot fail.
        let _ = writeln!(script, "local {name} = {value}");
    }
    script
}
