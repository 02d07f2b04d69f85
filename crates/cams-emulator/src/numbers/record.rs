//! A number in a space, and what is kept of it: its changes, and the attempts at its steps.

use std::sync::Arc;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::period::Period;

/// A phone number in a space, as the control interface shows it.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct SpaceNumber {
    pub(crate) cust_space_id: String,
    pub(crate) country_code: String,
    pub(crate) mobile_number: String,
    /// The calling code and the national number, digits only, as answers write it.
    pub(crate) phone_number: String,
    /// The id that WhatsApp gives it: fifteen digits that follow from seed, space and number,
    /// unless it was placed with another.
    pub(crate) id: String,
    pub(crate) status: String,
    pub(crate) code_verification_status: String,
    pub(crate) verified_name: String,
    pub(crate) name_status: String,
    /// The status of a new name; empty if none was requested.
    pub(crate) new_name_status: String,
    pub(crate) quality_rating: String,
    pub(crate) messaging_limit_tier: String,
    pub(crate) is_official: String,
    /// The webhook: whether messages go to the URLs and to the queues, `Y` or `N`, and the URLs.
    pub(crate) http_flag: String,
    pub(crate) queue_flag: String,
    pub(crate) up_callback_url: String,
    pub(crate) status_callback_url: String,
    /// Whether the number is registered, also if it is not connected.
    pub(crate) registered: bool,
    /// Whether `GetPhoneNumberVerificationStatus` knows the number.
    pub(crate) lookup: bool,
}

/// What a space has of one number: the number itself if it is present, and the row of the same
/// number that was deleted or moved away before.
#[derive(Clone, Default)]
pub(crate) struct SpaceRows {
    pub(crate) living: Option<Arc<SpaceNumber>>,
    pub(crate) gone: Option<Arc<SpaceNumber>>,
}

/// What happens to a number.
pub(crate) struct NumberChange {
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
pub(crate) struct NumberRecord {
    /// In the order of time. Some are still to come.
    pub(crate) changes: Vec<NumberChange>,
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

impl NumberRecord {
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
        self.changes.push(NumberChange {
            at: Some(at),
            is_unsynced,
            effect: Box::new(effect),
        });
        self.changes.sort_by_key(|change| change.at);
    }
}

impl NumberChange {
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
