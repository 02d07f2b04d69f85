//! The states of one number over time, so that list and lookup can show an earlier one.

use std::time::Duration;

/// The changes to the state of one number, the oldest first.
#[derive(Debug, Default)]
pub(crate) struct History<S> {
    /// What a reader sees before the first change reaches it.
    before: S,
    /// When each change was made, after the emulator's start, and the state from then on.
    changes: Vec<(Duration, S)>,
}

impl<S> History<S> {
    /// The present state, whatever readers see.
    pub(crate) fn truth(&self) -> &S {
        self.changes.last().map_or(&self.before, |(_, state)| state)
    }

    /// The state that a reader sees `at` after the emulator's start, if changes reach it after
    /// `lag`.
    pub(crate) fn seen(&self, at: Duration, lag: Duration) -> &S {
        let reached = |(changed, _): &&(Duration, S)| *changed + lag <= at;
        let newest = self.changes.iter().rev().find(reached);
        newest.map_or(&self.before, |(_, state)| state)
    }

    /// Changes the state, `at` after the emulator's start. Readers see it when their lag has passed.
    pub(crate) fn change(&mut self, at: Duration, state: S) {
        self.changes.push((at, state));
    }

    /// Changes the state so that all readers see it at once. Earlier states are forgotten.
    pub(crate) fn replace(&mut self, state: S) {
        self.changes.clear();
        self.before = state;
    }
}
