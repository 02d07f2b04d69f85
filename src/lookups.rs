//! Which lookups of a refresh are worth a call.
//!
//! A refresh asks about each number in the state by itself. Where the list of a space does not show
//! its numbers, that would be one lookup for each of them in every plan, at the ten calls a second
//! of the account's quota. Of a number in the state, a lookup can only prove that it is gone, or
//! tell an id that was not known. So the numbers of a space share some lookups in a run
//! ([`Lookups::take`]). One that shows nothing of the kind uses one of them up. One that proves a
//! number gone uses none up, and adds as many as there were at first: a space whose numbers are
//! gone is emptied in one refresh, however many there are, and a space whose numbers are there
//! costs ten lookups.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;

/// How many lookups of a space may show nothing in a run. So many resources Terraform refreshes at
/// once.
const AT_FIRST: usize = 10;

/// The lookups that the refreshes of a run may still make, by space.
#[derive(Debug, Default)]
pub struct Lookups(Mutex<HashMap<String, Arc<Share>>>);

/// The lookups of one space.
#[derive(Debug, Default)]
struct Share {
    count: Mutex<Count>,
    /// Wakes those that wait for the outcome of the lookups under way.
    settled: Notify,
}

#[derive(Debug)]
struct Count {
    left: usize,
    under_way: usize,
    used_up: usize,
    /// Whether the log says that numbers are kept without a lookup.
    told: bool,
}

/// The right to make some lookups. Dropped before their outcome is known, they are given back.
#[derive(Debug)]
pub struct Granted {
    share: Arc<Share>,
    lookups: usize,
    good_for: Option<Use>,
}

/// What the lookups of a number were good for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Use {
    /// They proved that the number is gone.
    ProvedGone,
    /// They told the id, which was not known.
    ToldId,
    /// The state stays as it was.
    Nothing,
}

impl Lookups {
    /// The right to make so many lookups in the space, which one number may need. `None` when those
    /// made before have shown nothing.
    ///
    /// While it depends on lookups under way whether there are more, this waits for them.
    pub async fn take(&self, cust_space_id: &str, lookups: usize) -> Option<Granted> {
        let share = Arc::clone(lock(&self.0).entry(cust_space_id.to_owned()).or_default());
        loop {
            // It is made before the look at the count, so that no change is missed.
            let settled = share.settled.notified();
            {
                let mut count = lock(&share.count);
                if lookups <= count.left {
                    count.left -= lookups;
                    count.under_way += lookups;
                    break;
                }
                if count.under_way == 0 {
                    count.tell(cust_space_id);
                    return None;
                }
            }
            settled.await;
        }
        Some(Granted {
            share,
            lookups,
            good_for: None,
        })
    }
}

impl Granted {
    /// Notes what the lookups were good for.
    pub fn settle(mut self, what: Use) {
        self.good_for = Some(what);
    }
}

impl Drop for Granted {
    fn drop(&mut self) {
        let lookups = self.lookups;
        let mut count = lock(&self.share.count);
        count.under_way -= lookups;
        match self.good_for {
            Some(Use::ProvedGone) => count.left += lookups + AT_FIRST,
            Some(Use::ToldId) | None => count.left += lookups,
            Some(Use::Nothing) => count.used_up += lookups,
        }
        drop(count);
        self.share.settled.notify_waiters();
    }
}

impl Default for Count {
    fn default() -> Self {
        Self {
            left: AT_FIRST,
            under_way: 0,
            used_up: 0,
            told: false,
        }
    }
}

impl Count {
    fn tell(&mut self, cust_space_id: &str) {
        if !self.told {
            self.told = true;
            tracing::info!(
                cust_space_id,
                lookups = self.used_up,
                "the lookups of this space's numbers neither proved one gone nor told an id that \
                 was missing: its other numbers stay in the state without one in this run"
            );
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
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

    fn settle(granted: Vec<Granted>, what: Use) {
        granted.into_iter().for_each(|lookup| lookup.settle(what));
    }

    #[tokio::test]
    async fn ten_that_show_nothing_are_the_last_of_their_space() {
        let lookups = Lookups::default();
        settle(take(&lookups, AT_FIRST).await, Use::Nothing);
        assert!(lookups.take("s", 1).await.is_none());
        assert!(lookups.take("another", 1).await.is_some());
    }

    #[tokio::test]
    async fn one_that_proves_something_lets_others_go_on() {
        let lookups = Lookups::default();
        for _ in 0..100 {
            settle(take(&lookups, 1).await, Use::ProvedGone);
            settle(take(&lookups, 1).await, Use::ToldId);
        }
        settle(take(&lookups, 101 * AT_FIRST).await, Use::Nothing);
        assert!(lookups.take("s", 1).await.is_none());
    }

    #[tokio::test]
    async fn the_eleventh_waits_for_what_the_first_ten_show() {
        for (last, expected) in [(Use::Nothing, false), (Use::ProvedGone, true)] {
            let lookups = Lookups::default();
            let mut granted = take(&lookups, AT_FIRST).await;
            let mut eleventh = Box::pin(lookups.take("s", 1));
            let under_way = granted.pop().into_iter().collect();
            settle(granted, Use::Nothing);
            assert!(eleventh.as_mut().now_or_never().is_none(), "it waits");
            settle(under_way, last);
            assert_eq!(eleventh.await.is_some(), expected);
        }
    }

    #[tokio::test]
    async fn one_that_was_given_up_is_none() {
        let lookups = Lookups::default();
        drop(take(&lookups, AT_FIRST).await);
        settle(take(&lookups, AT_FIRST).await, Use::Nothing);
        assert!(lookups.take("s", 1).await.is_none());
    }

    #[tokio::test]
    async fn numbers_of_two_forms_cost_two_lookups_each() {
        let lookups = Lookups::default();
        for _ in 0..4 {
            let granted = lookups.take("s", 2).await.expect("two lookups");
            granted.settle(Use::Nothing);
        }
        settle(take(&lookups, 1).await, Use::Nothing);
        assert!(lookups.take("s", 2).await.is_none());
        settle(take(&lookups, 1).await, Use::Nothing);
        assert!(lookups.take("s", 1).await.is_none());
    }
}
