//! What a space had of one number at any time, so that a list or a lookup can lag behind.

use std::sync::Arc;
use std::time::Duration;

use super::Number;

/// What a space has of one number: the number itself, and the row of one that was there before and
/// was deleted or moved away.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Rows {
    pub(super) living: Option<Arc<Number>>,
    pub(super) gone: Option<Arc<Number>>,
}

/// The changes to the rows of one number, the oldest first.
#[derive(Debug, Default)]
pub(super) struct History {
    /// What a reader sees that no change has reached yet.
    before: Rows,
    changes: Vec<(Duration, Rows)>,
}

impl History {
    /// What is so now, whatever readers see.
    pub(super) fn truth(&self) -> &Rows {
        self.changes.last().map_or(&self.before, |(_, rows)| rows)
    }

    /// What a reader sees at this time who lags behind by `lag`.
    pub(super) fn seen(&self, at: Duration, lag: Duration) -> &Rows {
        let reached = |(changed, _): &&(Duration, Rows)| *changed + lag <= at;
        let newest = self.changes.iter().rev().find(reached);
        newest.map_or(&self.before, |(_, rows)| rows)
    }

    /// Changes the rows at this time. Readers see it when their lag has passed.
    pub(super) fn change(&mut self, at: Duration, rows: Rows) {
        self.changes.push((at, rows));
    }

    /// Changes the rows so that all readers see it at once; what was before is forgotten.
    pub(super) fn replace(&mut self, rows: Rows) {
        self.changes.clear();
        self.before = rows;
    }
}
