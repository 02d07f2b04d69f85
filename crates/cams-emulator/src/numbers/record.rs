//! What is kept of a number in a space: its changes, and the attempts at its steps.

use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;

use super::SpaceNumber;
use crate::period::Period;

/// What a space has of one number: the number itself if it is present, and the row of the same
/// number that was deleted or moved away before.
#[derive(Clone, Default)]
pub(crate) struct SpaceRows {
    pub(crate) living: Option<Arc<SpaceNumber>>,
    pub(crate) gone: Option<Arc<SpaceNumber>>,
}

/// What happens to a number.
pub(crate) struct Change {
    /// When it happens, after the emulator's start. Readers see it when their lag has passed, or at
    /// once if it has no time.
    pub(crate) at: Option<Duration>,
    /// Whether it happens at Meta, and no sync has brought it into the copy that the list shows.
    pub(crate) is_unsynced: bool,
    /// What it makes of the rows.
    pub(crate) effect: Box<dyn Fn(&mut SpaceRows) + Send>,
}

/// All that is kept of a number in a space.
#[derive(Default)]
pub(crate) struct Record {
    /// In the order of time. Some are still to come.
    pub(crate) changes: Vec<Change>,
    /// The last code that was sent, as the control interface shows it, and how many there were.
    pub(crate) last_code: Value,
    pub(crate) codes_sent: u64,
    /// The codes that were not submitted, and when each was sent.
    pub(crate) unused_codes: Vec<(String, Duration)>,
    pub(crate) sends: Attempts,
    pub(crate) submissions: Attempts,
    pub(crate) registrations: Attempts,
    pub(crate) deregistrations: Attempts,
    /// Whether the last registration connects the number, now or later.
    pub(crate) connects: bool,
}

/// The times of the attempts at a step, those that were refused included.
#[derive(Default)]
pub(crate) struct Attempts(pub(crate) Vec<Duration>);

impl Record {
    /// What the space has of the number at this time.
    pub(crate) fn truth(&self, at: Duration) -> SpaceRows {
        self.seen(at, Duration::ZERO, false)
    }

    /// What a reader sees `at` after the emulator's start, if changes reach it after `lag`, in the
    /// copy of the list or at Meta.
    pub(crate) fn seen(&self, at: Duration, lag: Duration, from_copy: bool) -> SpaceRows {
        let mut rows = SpaceRows::default();
        for change in &self.changes {
            if change.is_over(at, lag) && !(from_copy && change.is_unsynced) {
                (change.effect)(&mut rows);
            }
        }
        rows
    }

    /// Adds a change of the number, now or later.
    pub(crate) fn patch(
        &mut self,
        at: Duration,
        is_unsynced: bool,
        patch: impl Fn(&mut SpaceNumber) + Send + 'static,
    ) {
        let effect = move |rows: &mut SpaceRows| {
            if let Some(living) = &mut rows.living {
                patch(Arc::make_mut(living));
            }
        };
        self.changes.push(Change {
            at: Some(at),
            is_unsynced,
            effect: Box::new(effect),
        });
        self.changes.sort_by_key(|change| change.at);
    }
}

impl Change {
    /// Whether the change has reached, at this time, a reader with this lag.
    pub(crate) fn is_over(&self, at: Duration, lag: Duration) -> bool {
        self.at.is_none_or(|time| time.saturating_add(lag) <= at)
    }
}

impl Attempts {
    /// Adds an attempt. Returns whether there were at most so many within the time.
    pub(crate) fn admit(&mut self, at: Duration, most: usize, within: Period) -> bool {
        self.0.push(at);
        let is_recent = |time: &&Duration| at.saturating_sub(**time) < within.0;
        self.0.iter().filter(is_recent).count() <= most
    }
}
