//! What is kept of a number in a space: its changes, and the attempts at its steps.

use std::sync::Arc;
use std::time::Duration;

use serde::Serialize;

use super::SpaceNumber;
use crate::period::Period;

/// What a space has of one number: the number itself if it is present, and the row of the same
/// number that was deleted or moved away before.
#[derive(Clone, Debug, Default)]
pub(crate) struct SpaceRows {
    pub(crate) living: Option<Arc<SpaceNumber>>,
    pub(crate) gone: Option<Arc<SpaceNumber>>,
}

/// What happens to a number.
#[derive(Clone, Debug)]
pub(crate) struct Change {
    /// When it happens, after the emulator's start. Readers see it when their lag has passed, or at
    /// once if it has no time.
    pub(crate) at: Option<Duration>,
    /// Whether it happens at Meta, and no sync has brought it into the copy that the list shows.
    pub(crate) is_unsynced: bool,
    pub(crate) effect: Effect,
}

#[derive(Clone, Debug)]
pub(crate) enum Effect {
    /// The space has these rows from then on.
    Replace(SpaceRows),
    /// The function puts the text into the number.
    Patch(Patch, String),
}

/// Puts a text into one field of a number or several.
pub(crate) type Patch = fn(&mut SpaceNumber, &str);

/// All that is kept of a number in a space.
#[derive(Debug, Default)]
pub(crate) struct Record {
    /// In the order of time. Some are still to come.
    pub(crate) changes: Vec<Change>,
    pub(crate) codes: Codes,
    pub(crate) registrations: Attempts,
    pub(crate) deregistrations: Attempts,
    /// Whether the last registration connects the number, now or later.
    pub(crate) connects: bool,
}

/// The last code of a number, as the control interface shows it.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct SentCode {
    pub(crate) code: String,
    pub(crate) method: String,
    pub(crate) locale: String,
    /// How many codes the number was sent.
    pub(crate) sent: u64,
}

/// The codes of a number.
#[derive(Debug, Default)]
pub(crate) struct Codes {
    pub(crate) last: Option<SentCode>,
    /// The codes that were not submitted, and when each was sent.
    pub(crate) unused: Vec<(String, Duration)>,
    pub(crate) sends: Attempts,
    pub(crate) submissions: Attempts,
}

/// The times of the attempts at a step, those that were refused included.
#[derive(Debug, Default)]
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
            if !change.is_over(at, lag) || (from_copy && change.is_unsynced) {
                continue;
            }
            match (&change.effect, &mut rows.living) {
                (Effect::Replace(new), _) => rows = new.clone(),
                (Effect::Patch(patch, text), Some(living)) => patch(Arc::make_mut(living), text),
                (Effect::Patch(..), None) => {}
            }
        }
        rows
    }

    /// Adds a change of the number, now or later.
    pub(crate) fn patch(&mut self, at: Duration, is_unsynced: bool, patch: Patch, text: &str) {
        self.changes.push(Change {
            at: Some(at),
            is_unsynced,
            effect: Effect::Patch(patch, text.into()),
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
