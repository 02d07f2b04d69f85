//! Looks for the outcome of a call without an answer.

use std::time::Duration;

use cams::{Bounds, Freshness};
use tokio::time::Instant;

use crate::evidence::{Evidence, Presence};

use super::{LookedUp, Question, Search};

/// The reason for a number that is not shown as verified.
pub(crate) const NOT_VERIFIED: &str = "The lookup of the number did not show it as VERIFIED within \
    some seconds.";

/// The reason for a number that is not shown at all.
pub(crate) const NOT_SHOWN: &str = "The list of the space and the lookup of the number did not \
    show it within some seconds.";

/// The reason if a stop ended the looks.
const STOPPED: &str = "Terraform was asked to stop before CAMS could show the outcome.";

/// The waits in milliseconds before each look for a number after a call without an answer: CAMS may
/// need this long to show the number.
const WAITS: [u64; 5] = [0, 500, 1000, 2000, 4000];

/// How long all of these looks may take together: what is left of the time of the operation, but at
/// most this.
const READ_BACK: Duration = Duration::from_secs(30);

/// How long they may take together when the time of the operation is over, or nearly so. A started
/// migration must not be lost, and the user has waited for as long as they wanted to.
const LAST_LOOKS: Duration = Duration::from_secs(5);

impl Search<'_> {
    /// Looks several times for a number whose migration may have started.
    ///
    /// # Errors
    ///
    /// Why the number was not found, in one sentence.
    pub(crate) async fn read_back(&self) -> Result<Presence, String> {
        self.look_repeatedly(NOT_SHOWN, async |search| search.look_again().await)
            .await
    }

    /// Looks several times for the outcome of a call without an answer. After a stop there is one
    /// more look, and a short one. `not_shown` is the reason that a look gives if it finds nothing.
    ///
    /// When the time of the operation is over, the looks have some seconds of their own.
    ///
    /// # Errors
    ///
    /// Why the outcome was not found, in one sentence.
    pub(crate) async fn look_repeatedly<T>(
        &self,
        not_shown: &str,
        look: impl AsyncFn(&Search<'_>) -> Result<T, String>,
    ) -> Result<T, String> {
        let time = self.bounds.time_left().clamp(LAST_LOOKS, READ_BACK);
        let aftermath = Search {
            bounds: Bounds::unstoppable(time),
            ..self.clone()
        };
        let mut found = Err(not_shown.to_owned());
        for wait in WAITS.map(Duration::from_millis) {
            if wait >= aftermath.bounds.time_left() {
                break;
            }
            tokio::select! {
                () = tokio::time::sleep(wait) => {}
                () = self.bounds.stopped() => {}
            }
            let is_last = self.bounds.is_stopped();
            found = tokio::select! {
                found = look(&aftermath) => found,
                () = self.bounds.stop_grace_ended() => Err(not_shown.to_owned()),
            };
            if found.is_ok() || is_last {
                break;
            }
        }
        let is_stopped = self.bounds.is_stopped();
        found.map_err(|reason| match reason == not_shown && is_stopped {
            true => STOPPED.to_owned(),
            false => reason,
        })
    }

    /// Looks once for a number whose migration may have started, in a list that is requested now.
    ///
    /// # Errors
    ///
    /// Why the number was not found, in one sentence.
    pub(crate) async fn look_again(&self) -> Result<Presence, String> {
        let question = Question {
            freshness: Freshness::Since(Instant::now()),
            ..Question::default()
        };
        match self.find(question).await.map(|found| found.evidence) {
            Ok(Evidence::Present(presence)) => Ok(presence),
            Ok(Evidence::Inconclusive | Evidence::Absent) => Err(NOT_SHOWN.to_owned()),
            Err(failed) => {
                let (error, other) = *failed;
                let other = other.map(|other| format!("; {other}")).unwrap_or_default();
                let text = format!("The search for the number failed too: {error}{other}.");
                Err(text)
            }
        }
    }

    /// Looks once whether the number is verified.
    ///
    /// # Errors
    ///
    /// Why the number does not count as verified, in one sentence.
    pub(crate) async fn look_for_verification(&self) -> Result<LookedUp, String> {
        match self.look_up().await {
            Ok(looked_up) if looked_up.is_verified() => Ok(looked_up),
            Ok(_) => Err(NOT_VERIFIED.to_owned()),
            Err(error) => Err(format!("The lookup of the number failed too: {error}.")),
        }
    }
}
