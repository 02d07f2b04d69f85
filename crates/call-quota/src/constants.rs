//! The constants of the slot algorithm.
//!
//! The algorithm exists twice: in Rust (`slots.rs`, `limit.rs`) for stores in this process and on
//! this host, and in Lua (`slots.lua`) for Redis. Both use these constants: the script begins with
//! the lines of [`for_the_script`]. All times are in microseconds.

use std::time::Duration;

/// A point in time or a span of time, in microseconds. Each store has its own origin of time; points
/// of different stores are never compared.
pub(crate) type Micros = u64;

/// A span of time in microseconds, at most [`MAX_TIME`].
pub(crate) fn micros(time: Duration) -> Micros {
    Micros::try_from(time.as_micros()).map_or(MAX_TIME, |micros| micros.min(MAX_TIME))
}

/// Defines constants, and [`for_the_script`] with their names and values.
macro_rules! constants {
    ($($(#[$doc:meta])* $name:ident: $type:ty = $value:expr;)*) => {
        $($(#[$doc])* pub(crate) const $name: $type = $value;)*

        /// The constants as Lua source: one `local` definition each.
        pub(crate) fn for_the_script() -> String {
            [$(format!("local {} = {}\n", stringify!($name), $name)),*].concat()
        }
    };
}

constants! {
    /// An upper bound for times: greater than any value of a clock, and so small that sums of a few
    /// times do not overflow.
    MAX_TIME: Micros = 1 << 53;

    /// The longest assumed time from the moment a call leaves on an existing connection to the moment
    /// the server counts it. The description of the algorithm calls it F.
    FORWARD_DELAY: Micros = 500_000;

    /// The longest time that a call may take before it leaves: ten minutes, the longest connect
    /// timeout that can be configured.
    MAX_LEAVE: Micros = 600_000_000;

    /// How old a permit may be when its caller receives it, in addition to the time that the reply of a
    /// remote store may take. The rest of [`FORWARD_DELAY`] remains for the call's way to the server.
    PERMIT_LIFETIME: Micros = 350_000;

    /// How many permits of one operation can be outstanding. [`Limit::new`] scales greater limits down
    /// to this.
    ///
    /// [`Limit::new`]: super::limit::Limit::new
    MAX_CALLS: u64 = 64;

    /// How many operations the state of an account can contain. A new one replaces the least recently
    /// used one.
    MAX_LANES: usize = 32;

    /// How many permits of all operations of an account together can be outstanding.
    MAX_SLOTS: usize = 256;

    /// How many waiters the fair queue can contain: each process has one for each operation. Further
    /// ones have to ask again later.
    MAX_WAITERS: usize = 256;

    /// The longest pause that one throttled call can cause.
    MAX_PAUSE: Micros = 120_000_000;

    /// The longest time after which a waiting process asks again. Within this time it notices that the
    /// state was lost or replaced.
    ASK_AGAIN: Micros = 5_000_000;

    /// How long all operations of an account share one set of slots after the API has first shown that
    /// it counts them together. If it shows this again soon afterwards, the time doubles.
    FIRST_SHARING: Micros = 60_000_000;

    /// The longest time for which this is assumed without further evidence: one hour.
    LONGEST_SHARING: Micros = 3_600_000_000;

    /// How long a free slot is remembered: the calls that were counted shortly before a throttled call
    /// are evidence too.
    REMEMBERED_AFTER: Micros = 500_000;

    /// A state with more slots than this forgets the free ones: each slot costs time in each step, and
    /// this many are enough evidence.
    MAX_REMEMBERED: usize = 32;

    /// How late a waiting process may ask again before others may pass it. If it asks after that, it
    /// still has its old rank.
    WAITER_GRACE: Micros = 250_000;

    /// How long the strictest configured limit remains in force after it was last confirmed.
    LIMIT_MEMORY: Micros = 60_000_000;

    /// The number of windows after which a lowered limit is raised on trial.
    ///
    /// Each failed trial costs one throttled call. If the API really allows 5 calls a second, 9 windows
    /// mean that one call in 45 is throttled. If it allows 10 again, the full limit is in force after 9
    /// + 2 × 1.5 seconds.
    RAISE_AFTER_WINDOWS: u64 = 9;

    /// The longest window that a limit can have: one hour.
    MAX_WINDOW: Micros = 3_600_000_000;

    /// The time between the failure of a store and the next attempt to use it.
    RETRY_AFTER: Micros = 1_000_000;

    /// The polling interval of a process that waits for something that no store announces.
    LOOK: Micros = 100_000;

    /// If a process sends nothing for this time, the script assumes that it is disconnected, and
    /// reserves the share that it may be using.
    CUT_OFF_AFTER: Micros = 2_000_000;

    /// How long the script reserves that share: ten minutes. A process that was killed while it had
    /// waiters or permits looks like a disconnected one.
    SHARE_LIFETIME: Micros = 600_000_000;

    /// How many processes the script remembers for that.
    MAX_MEMBERS: u64 = 64;

    /// How long Redis keeps the state of an unused account: a week. The loss of a state is always
    /// detected and costs a pause, so this only saves that pause.
    UNUSED_LIFETIME: Micros = 604_800_000_000;

    /// After this time without a step, the script assumes that the server may have restarted, if the
    /// user of the process may not call `INFO` to find out.
    RESTART_TIME: Micros = 300_000;

    /// The version of the stored state. It changes with the meaning of any field.
    STATE_VERSION: u64 = 4;
}
