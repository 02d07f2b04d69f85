//! The numbers that the slot algorithm runs on.
//!
//! The algorithm exists twice: in Rust (`slots.rs`, `limit.rs`) for stores in this process and on
//! this host, and in Lua (`slots.lua`) for Redis. Both take their numbers from here: the script is
//! given [`for_the_script`] as its first lines. All times are in microseconds.

use std::fmt::Write;
use std::time::Duration;

/// A point in time or a span of time, in microseconds. Each store chooses what its points count
/// from; points of different stores are never compared.
pub(crate) type Micros = u64;

/// A span of time in microseconds, at most [`MAX_TIME`].
pub(crate) fn micros(time: Duration) -> Micros {
    Micros::try_from(time.as_micros()).map_or(MAX_TIME, |micros| micros.min(MAX_TIME))
}

/// A bound for times: greater than any clock gives, and so small that sums of a few times do not
/// overflow.
pub(crate) const MAX_TIME: Micros = 1 << 53;

/// The longest time that a call is assumed to take to reach the server, from the moment it leaves
/// on a connection that is in use to the moment the server counts it. It is called F in the
/// algorithm's description.
pub(crate) const FORWARD_DELAY: Micros = 500_000;

/// The longest time that a call can be allowed to take before it leaves: ten minutes, which is the
/// longest connect timeout that can be set.
pub(crate) const MAX_LEAVE: Micros = 600_000_000;

/// How old a permit may be when its caller gets it, beside the time that the reply of a distant
/// store may take. The rest of [`FORWARD_DELAY`] is for the way to the server.
pub(crate) const PERMIT_LIFETIME: Micros = 350_000;

/// How many permits one operation can have granted at the same time. [`ConfiguredLimit::new`]
/// scales greater limits down to this.
///
/// [`ConfiguredLimit::new`]: super::limit::ConfiguredLimit::new
pub(crate) const MAX_CALLS: usize = 64;

/// How many operations the state of an account knows. The one that was used longest ago makes room
/// for another.
pub(crate) const MAX_LANES: usize = 32;

/// How many permits all operations of an account together can have granted at the same time.
pub(crate) const MAX_SLOTS: usize = 256;

/// How many waiters the fair queue remembers: each process has one for each operation. Further ones
/// have to ask again later.
pub(crate) const MAX_WAITERS: usize = 256;

/// The longest pause that one throttled call can impose.
pub(crate) const MAX_PAUSE: Micros = 120_000_000;

/// After what time a process that waits asks again, even if its wait will take longer. A
/// state that was damaged and is mended is noticed within this time.
pub(crate) const ASK_AGAIN: Micros = 5_000_000;

/// For how long all operations of an account share one set of slots when the API first shows that
/// it counts them together. If it shows it again soon after that, the time doubles.
pub(crate) const FIRST_SHARING: Micros = 60_000_000;

/// The longest time for which that is assumed without another sign: one hour.
pub(crate) const LONGEST_SHARING: Micros = 3_600_000_000;

/// How long a slot that is free again is remembered, because a throttled call is evidence together
/// with the calls that were counted before it.
pub(crate) const REMEMBERED_AFTER: Micros = 500_000;

/// How many slots a state may have for free ones to be remembered: each costs time in each step, and
/// so many occupied ones are evidence enough.
pub(crate) const MAX_REMEMBERED: usize = 32;

/// How much later than announced a waiting process may ask again before others may pass it. If it
/// comes back after that, it still has its old rank.
pub(crate) const WAITER_GRACE: Micros = 250_000;

/// How long the strictest configured limit stays in force after it was last confirmed.
pub(crate) const LIMIT_MEMORY: Micros = 60_000_000;

/// After how many windows a limit that was lowered is raised on trial.
///
/// Each trial that fails costs one throttled call. At 5 calls a second, 9 windows mean that one
/// call in 45 is throttled while the lowered limit is the true one, and that a limit which is
/// raised to 10 again is in full use within 9 + 2 × 1.5 seconds.
pub(crate) const RAISE_AFTER_WINDOWS: u64 = 9;

/// The longest window that a limit can have: one hour.
pub(crate) const MAX_WINDOW: Micros = 3_600_000_000;

/// How long a store that failed is left alone before it is tried again.
pub(crate) const RETRY_AFTER: Micros = 1_000_000;

/// How often a process looks that waits for something which no store announces.
pub(crate) const LOOK: Micros = 100_000;

/// After what time without a word from a process Redis takes it to be cut off, and leaves room for
/// the share that it may be using.
pub(crate) const CUT_OFF_AFTER: Micros = 2_000_000;

/// For how long Redis leaves that room: ten minutes. A process that was killed with work in hand
/// looks like one that is cut off.
pub(crate) const SHARE_LIFETIME: Micros = 600_000_000;

/// How many processes Redis remembers for that.
pub(crate) const MAX_MEMBERS: u64 = 64;

/// How long Redis keeps the state of an account that is not used: a week. Its loss is noticed at
/// any time and costs a pause, so this only saves that pause.
pub(crate) const UNUSED_LIFETIME: Micros = 604_800_000_000;

/// After what time without any step Redis takes it to be possible that the server was started anew
/// in between, when a process that may not ask for the server's run connects to it.
pub(crate) const RESTART_TIME: Micros = 300_000;

/// The version of the stored state. It changes whenever the meaning of a field does.
pub(crate) const STATE_VERSION: u64 = 4;

/// The constants as Lua source: one `local` definition for each that `slots.lua` uses.
pub(crate) fn for_the_script() -> String {
    let constants = [
        ("ASK_AGAIN", ASK_AGAIN),
        ("CUT_OFF_AFTER", CUT_OFF_AFTER),
        ("FIRST_SHARING", FIRST_SHARING),
        ("FORWARD_DELAY", FORWARD_DELAY),
        ("LIMIT_MEMORY", LIMIT_MEMORY),
        ("LONGEST_SHARING", LONGEST_SHARING),
        ("LOOK", LOOK),
        ("MAX_CALLS", MAX_CALLS as u64),
        ("MAX_LANES", MAX_LANES as u64),
        ("MAX_LEAVE", MAX_LEAVE),
        ("MAX_MEMBERS", MAX_MEMBERS),
        ("MAX_PAUSE", MAX_PAUSE),
        ("MAX_REMEMBERED", MAX_REMEMBERED as u64),
        ("MAX_SLOTS", MAX_SLOTS as u64),
        ("MAX_WAITERS", MAX_WAITERS as u64),
        ("MAX_WINDOW", MAX_WINDOW),
        ("RAISE_AFTER_WINDOWS", RAISE_AFTER_WINDOWS),
        ("REMEMBERED_AFTER", REMEMBERED_AFTER),
        ("RESTART_TIME", RESTART_TIME),
        ("SHARE_LIFETIME", SHARE_LIFETIME),
        ("STATE_VERSION", STATE_VERSION),
        ("UNUSED_LIFETIME", UNUSED_LIFETIME),
        ("WAITER_GRACE", WAITER_GRACE),
    ];
    let mut script = String::new();
    for (name, value) in constants {
        // Writing to a string cannot fail.
        let _ = writeln!(script, "local {name} = {value}");
    }
    script
}
