//! Which lookups of a refresh are worth a call.
//!
//! A refresh asks about each number in the state by itself. If the list of a space does not show
//! its numbers, that would be one lookup for each of them in every plan, at the ten calls a second
//! of the account's quota. For a number in the state, a lookup can only prove that it is absent, or
//! give an id that was not known. So the numbers of a space share a budget of lookups per run
//! ([`Lookups::take`]). A lookup that shows neither is deducted from it. A lookup that proves a
//! number absent is returned to the budget, with the initial amount added, so that one refresh can
//! remove all numbers of a space, and a space whose numbers are only hidden costs ten lookups.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use tokio::sync::watch;

/// How many lookups of a space may show nothing in a run. Terraform refreshes as many resources at
/// once.
const INITIAL_LOOKUPS: usize = 10;

/// The lookups that the refreshes of a run may still make, by space.
#[derive(Debug, Default)]
pub(crate) struct Lookups(Mutex<HashMap<String, watch::Sender<Count>>>);

/// How many lookups of one space are left, and how many are under way.
type Count = (usize, usize);

/// The right to make some lookups. They are given back when this is dropped, unless their outcome
/// is noted.
#[derive(Debug)]
pub(crate) struct Granted {
    share: watch::Sender<Count>,
    lookups: usize,
    /// How many lookups may be made afterwards in place of these.
    given_back: usize,
}

impl Lookups {
    /// The right to make so many lookups in the space, which one number may need. `None` if earlier
    /// lookups have shown nothing.
    ///
    /// While the outcome of lookups under way decides whether there are more, this waits for them.
    pub(crate) async fn take(&self, cust_space_id: &str, lookups: usize) -> Option<Granted> {
        let share = {
            let mut shares = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            let share = shares.entry(cust_space_id.to_owned());
            let share = share.or_insert_with(|| watch::Sender::new((INITIAL_LOOKUPS, 0)));
            share.clone()
        };
        let mut counts = share.subscribe();
        let take = |(left, under_way): &mut Count| {
            let is_enough = lookups <= *left;
            if is_enough {
                *left -= lookups;
                *under_way += lookups;
            }
            is_enough
        };
        while !share.send_if_modified(take) {
            let decided = |(left, under_way): &Count| lookups <= *left || *under_way == 0;
            let (left, _) = *counts.wait_for(decided).await.ok()?;
            if left < lookups {
                tracing::debug!(cust_space_id, "no lookup: earlier ones showed nothing");
                return None;
            }
        }
        Some(Granted {
            share,
            lookups,
            given_back: lookups,
        })
    }
}

impl Granted {
    /// Notes that the lookups proved the number absent.
    pub(crate) fn proved_absent(mut self) {
        self.given_back += INITIAL_LOOKUPS;
    }

    /// Notes that the lookups changed nothing.
    pub(crate) fn showed_nothing(mut self) {
        self.given_back = 0;
    }
}

impl Drop for Granted {
    fn drop(&mut self) {
        self.share.send_modify(|(left, under_way)| {
            *under_way -= self.lookups;
            *left += self.given_back;
        });
    }
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt;

    use super::*;

    async fn take(lookups: &Lookups, many: usize) -> Vec<Granted> {
        let mut granted = Vec::new();
        for _ in 0..many {
            granted.push(lookups.take("s", 1).await.expect("a lookup"));
        }
        granted
    }

    fn settle(granted: Vec<Granted>, outcome: fn(Granted)) {
        granted.into_iter().for_each(outcome);
    }

    #[tokio::test]
    async fn ten_that_show_nothing_are_the_last_of_their_space() {
        let lookups = Lookups::default();
        settle(
            take(&lookups, INITIAL_LOOKUPS).await,
            Granted::showed_nothing,
        );
        assert!(lookups.take("s", 1).await.is_none());
        assert!(lookups.take("another", 1).await.is_some());
    }

    #[tokio::test]
    async fn one_that_proves_something_lets_others_go_on() {
        let lookups = Lookups::default();
        for _ in 0..100 {
            settle(take(&lookups, 1).await, Granted::proved_absent);
            settle(take(&lookups, 1).await, drop);
        }
        settle(
            take(&lookups, 101 * INITIAL_LOOKUPS).await,
            Granted::showed_nothing,
        );
        assert!(lookups.take("s", 1).await.is_none());
    }

    #[tokio::test]
    async fn the_eleventh_waits_for_what_the_first_ten_show() {
        let nothing: fn(Granted) = Granted::showed_nothing;
        for (last, expected) in [(nothing, false), (Granted::proved_absent, true)] {
            let lookups = Lookups::default();
            let mut granted = take(&lookups, INITIAL_LOOKUPS).await;
            let mut eleventh = Box::pin(lookups.take("s", 1));
            let under_way = granted.pop().into_iter().collect();
            settle(granted, Granted::showed_nothing);
            assert!(eleventh.as_mut().now_or_never().is_none(), "it waits");
            settle(under_way, last);
            assert_eq!(eleventh.await.is_some(), expected);
        }
    }

    #[tokio::test]
    async fn one_that_was_given_up_is_none() {
        let lookups = Lookups::default();
        drop(take(&lookups, INITIAL_LOOKUPS).await);
        settle(
            take(&lookups, INITIAL_LOOKUPS).await,
            Granted::showed_nothing,
        );
        assert!(lookups.take("s", 1).await.is_none());
    }

    #[tokio::test]
    async fn numbers_of_two_forms_cost_two_lookups_each() {
        let lookups = Lookups::default();
        for _ in 0..4 {
            let granted = lookups.take("s", 2).await.expect("two lookups");
            granted.showed_nothing();
        }
        settle(take(&lookups, 1).await, Granted::showed_nothing);
        assert!(lookups.take("s", 2).await.is_none());
        settle(take(&lookups, 1).await, Granted::showed_nothing);
        assert!(lookups.take("s", 1).await.is_none());
    }
}
