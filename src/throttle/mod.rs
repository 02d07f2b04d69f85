//! The slot algorithm that keeps the quota, and where its state lives.

use std::time::Duration;

/// An operation's documented limit: at most `calls` in any `window`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limit {
    /// How many calls.
    pub calls: u32,
    /// In how long.
    pub window: Duration,
}

/// What Alibaba Cloud counts calls against: account × region × action.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct QuotaKey {
    /// The account's id, or a hash that stands for it. Never an access key id in the clear.
    pub account: String,
    /// The region id.
    pub region: String,
    /// The API's name of the operation.
    pub action: &'static str,
}

/// Where a call joins the queue of its quota.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// Behind all who wait.
    Back,
    /// Before all who wait: a call that the API already turned away once.
    Head,
}

/// Keeps every quota, for all who share its store.
#[derive(Clone, Debug)]
pub struct Throttle {}

impl Throttle {
    /// Keeps quotas among the tasks of this process only.
    pub fn in_memory() -> Self {
        Self {}
    }

    /// Waits until a call against `key` may be sent. Dropping the future gives the place up.
    pub async fn acquire(&self, _key: &QuotaKey, _limit: Limit, _place: Place) -> Permit {
        Permit {}
    }
}

/// The right to send one call now. Dropped unsettled, it counts as sent and never answered.
#[derive(Debug)]
#[must_use = "a permit is settled by what became of its call"]
pub struct Permit {}

impl Permit {
    /// The API answered.
    pub fn answered(self) {}

    /// The API turned the call away for the quota's sake, and may have said for how long.
    pub fn throttled(self, _retry_after: Option<Duration>) {}

    /// The call never left this machine.
    pub fn unsent(self) {}
}
