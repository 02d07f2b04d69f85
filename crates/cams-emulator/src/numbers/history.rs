//! What a space had of one number at any time, so that list and lookup can show what was before.

use std::sync::Arc;
use std::time::Duration;

use super::Number;

/// What a space has of one number: the number itself if it is there, and the row of the same number
/// that was deleted or moved away before.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Rows {
    pub(crate) living: Option<Arc<Number>>,
    pub(crate) gone: Option<Arc<Number>>,
}

/// The changes to the rows of one number, the oldest first.
#[derive(Debug, Default)]
pub(crate) struct History {
    /// What a reader sees before the first change reaches it.
    before: Rows,
    /// When each change was made, after the emulator's start, and the rows from then on.
    changes: Vec<(Duration, Rows)>,
}

impl History {
    /// The rows as they are now, whatever readers see.
    pub(crate) fn truth(&self) -> &Rows {
        self.changes.last().map_or(&self.before, |(_, rows)| rows)
    }

    /// The rows that a reader sees `at` after the emulator's start, if changes reach it after
    /// `lag`.
    pub(crate) fn seen(&self, at: Duration, lag: Duration) -> &Rows {
        let reached = |(changed, _): &&(Duration, Rows)| *changed + lag <= at;
        let newest = self.changes.iter().rev().find(reached);
        newest.map_or(&self.before, |(_, rows)| rows)
    }

    /// Changes the rows, `at` after the emulator's start. Readers see it when their lag has passed.
    pub(crate) fn change(&mut self, at: Duration, rows: Rows) {
        self.changes.push((at, rows));
    }

    /// Changes the rows so that all readers see it at once. What was before is forgotten.
    pub(crate) fn replace(&mut self, rows: Rows) {
        self.changes.clear();
        self.before = rows;
    }
}
