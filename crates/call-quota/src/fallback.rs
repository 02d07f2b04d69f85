//! The stores of one account: the first one, and its fallbacks.
//!
//! A fallback permits only a safe share of the quota. No store knows the calls that another one
//! permitted. So after every change of the store, no call is permitted until all earlier calls have
//! left every window.
//!
//! A separate task tests whether the first store works again. A test can take seconds, and the
//! fallback is used in the meantime. Such a trial acquires a permit and returns it, because a store
//! can be readable and refuse to write. Several trials in a row must succeed, and more after each
//! further failure: each change costs a pause, so an unreliable store would leave no time for calls.
//!
//! A store that repeatedly loses its state never grants a permit, because each loss begins a pause.
//! So repeated loss is a failure too.
//!
//! This file is longer than 300 lines because the stores and the changes between them are one rule.

use std::collections::BTreeMap;
use std::num::NonZeroU32;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures_util::FutureExt;
use tokio::time::{Instant, sleep_until};
use tokio_util::task::AbortOnDropHandle;

use super::constants::{FORWARD_DELAY, LOOK, RETRY_AFTER, micros};
use super::limit::Limit;
use super::slots::{Command, LaneId, PermitRequest, Priority, Reply, Wait, WaitReason};
use super::store::{Store, StoreError};
use base::sync::lock;

/// How many trials in a row must succeed after the first failure of a store. The number doubles with
/// each further failure, up to [`MOST_DOUBLINGS`] times.
const TRIALS: u32 = 3;

/// How often [`TRIALS`] can double: 48 trials take about a minute.
const MOST_DOUBLINGS: u32 = 4;

/// How many losses of the state, without a permit in between, count as a failure.
const LOSSES: u32 = 3;

/// The least time from the first loss to the change of the store: after a few accidental losses it
/// is better to wait.
const LEAST_LOSING_TIME: Duration = Duration::from_secs(15);

/// The index of a store among those of an account. A permit is settled with the store that granted it,
/// because no other store knows it.
pub(crate) type Tier = usize;

/// The reason for the last failure of each store. All accounts of a throttle share one value.
#[derive(Default)]
pub(crate) struct Outage(Mutex<BTreeMap<Tier, String>>);

impl Outage {
    /// The reasons as a text for the user. `None` if no store has failed.
    pub(crate) fn reason(&self) -> Option<String> {
        let reasons: Vec<_> = lock(&self.0).values().cloned().collect();
        (!reasons.is_empty()).then(|| reasons.join("; nor can this machine's directory: "))
    }
}

/// Keeps the state of one account in the first of its stores. While that does not work, it uses the
/// next store, with at most a share of the limit.
pub(crate) struct AccountStore {
    /// In the order of use. The last one never fails.
    stores: Vec<Arc<dyn Store>>,
    share: NonZeroU32,
    outage: Arc<Outage>,
    switch: Mutex<Switch>,
}

/// Which store is in use.
#[derive(Default)]
struct Switch {
    in_use: Tier,
    /// `None` while the first store is in use.
    absence: Option<Absence>,
    /// No call is permitted before this time, because the store in use has changed.
    recovering_until: Option<Instant>,
    /// How often the first store has failed.
    absences: u32,
    /// `None` while the store in use has a valid state.
    losses: Option<Losses>,
}

/// A period in which the first store is not in use.
struct Absence {
    /// When the last completed step of a trial began. At that time the store could not be reached, or
    /// it received the notice of this process.
    tried_at: Arc<Mutex<Instant>>,
    /// The task that makes trials until enough have succeeded. It fails if its runtime ends.
    trials: AbortOnDropHandle<()>,
}

/// The losses of a store's state since it last had a valid one.
struct Losses {
    since: Instant,
    count: u32,
    /// The latest end of the pause that began with the last loss.
    end: Instant,
}

impl AccountStore {
    /// Uses these stores in their order: the first without a restriction, the others for at most
    /// `share` calls in a window. The last one must never fail.
    pub(crate) fn new(stores: Vec<Arc<dyn Store>>, share: NonZeroU32, outage: Arc<Outage>) -> Self {
        Self {
            stores,
            share,
            outage,
            switch: Mutex::default(),
        }
    }

    /// Executes the command if that is possible without waiting, and returns the store that did.
    /// `tier` is the store of the permit to settle.
    pub(crate) fn try_step(&self, command: Command, tier: Tier) -> Option<(Reply, Tier)> {
        let (command, tier) = match self.route(command, tier) {
            Ok(routed) => routed,
            Err(wait) => return Some((wait, 0)),
        };
        let result = self.stores[tier].try_step(command)?;
        Some((self.reply(command, tier, result), tier))
    }

    /// Executes the command, and returns the store that did.
    pub(crate) async fn step(&self, command: Command, tier: Tier) -> (Reply, Tier) {
        let (command, tier) = match self.route(command, tier) {
            Ok(routed) => routed,
            Err(wait) => return (wait, 0),
        };
        let result = self.stores[tier].step(command).await;
        (self.reply(command, tier, result), tier)
    }

    /// How old a permit of this store can be when the reply with it arrives.
    pub(crate) fn replies_within(&self, tier: Tier) -> Duration {
        self.stores[tier].timing().reply
    }

    /// The command for the store, and that store. An error is a reply without asking any store.
    fn route(&self, mut command: Command, tier: Tier) -> Result<(Command, Tier), Reply> {
        let limit = match &mut command {
            Command::Acquire(PermitRequest { limit, .. }) => limit,
            // A waiter is in the queue of the store in use: after each change it joins again.
            Command::Cancel(_) => return Ok((command, lock(&self.switch).in_use)),
            _ => return Ok((command, tier)),
        };
        let mut switch = lock(&self.switch);
        if let Some(until) = switch.recovering_until {
            let now = Instant::now();
            if now < until {
                return Err(recovering(until - now, *limit));
            }
            switch.recovering_until = None;
        }
        let (in_use, absences) = (switch.in_use, switch.absences);
        let Some(absence) = &mut switch.absence else {
            return Ok((command, in_use));
        };
        match (&mut absence.trials).now_or_never() {
            Some(Ok(())) => return Err(return_to_first(&mut switch, *limit)),
            Some(Err(_)) => absence.trials = self.try_again(*limit, absences, &absence.tried_at),
            None => {}
        }
        // If this process was suspended, the first store may work again, and other processes may
        // assume that this one uses it.
        let known_for = self.stores[0].timing().returns_within;
        if known_for.is_some_and(|time| Instant::now() > *lock(&absence.tried_at) + time) {
            return Err(recovering(Duration::from_micros(LOOK), *limit));
        }
        limit.calls = limit.calls.min(self.share.get().into());
        Ok((command, in_use))
    }

    /// The reply to a command, from the result of the store.
    fn reply(&self, command: Command, tier: Tier, result: Result<Reply, StoreError>) -> Reply {
        let Command::Acquire(PermitRequest { limit, .. }) = command else {
            // A failed settlement is not repeated: the slot becomes free a little later, and the
            // next request for a permit detects the failure.
            return Reply::Done;
        };
        let may_fail = tier + 1 < self.stores.len();
        match result {
            Ok(reply) if may_fail && self.keeps_losing_state(tier, reply, limit) => {
                self.leave(tier, &self.stores[tier].loss_reason(), limit)
            }
            Ok(reply) => reply,
            Err(error) => self.leave(tier, &error, limit),
        }
    }

    /// Whether the reply shows that the store in use repeatedly loses its state.
    fn keeps_losing_state(&self, tier: Tier, reply: Reply, limit: Limit) -> bool {
        let mut switch = lock(&self.switch);
        if switch.in_use != tier {
            return false;
        }
        let delay = match reply {
            Reply::Wait(wait) if wait.reason == WaitReason::Recovering => wait.delay,
            _ => {
                switch.losses = None;
                return false;
            }
        };
        let (now, timing) = (Instant::now(), self.stores[tier].timing());
        let longest = timing.returns_within.unwrap_or_default() + left_after(limit);
        let losses = switch.losses.get_or_insert(Losses {
            since: now,
            count: 1,
            end: now + longest,
        });
        // The delay of a reply is bounded, so that the caller asks again before the end of a long
        // pause, and the reply may have been delayed.
        let lasts_until = now + Duration::from_micros(delay);
        let inexact = timing.reply + Duration::from_micros(LOOK);
        if lasts_until > losses.end + inexact {
            losses.end = now + longest;
            losses.count = losses.count.saturating_add(1);
        }
        losses.count >= LOSSES && now >= losses.since + LEAST_LOSING_TIME
    }

    /// Changes to the next store because this one failed.
    fn leave(&self, tier: Tier, error: &StoreError, limit: Limit) -> Reply {
        let (now, timing) = (Instant::now(), self.stores[tier].timing());
        let mut switch = lock(&self.switch);
        lock(&self.outage.0).insert(tier, error.0.clone());
        if switch.in_use == tier {
            switch.in_use = (tier + 1).min(self.stores.len() - 1);
            switch.losses = None;
            // Only the last store is that of this process alone.
            let sharers = match switch.in_use + 1 == self.stores.len() {
                true => "this process",
                false => "the processes of this machine together",
            };
            tracing::warn!(
                reason = error.0,
                fallback_requests = self.share,
                "the shared call quota cannot be kept in its store; \
                 falling back to a share of it for {sharers}",
            );
        }
        if switch.absence.is_none() {
            switch.absences = switch.absences.saturating_add(1);
            // The step that failed began no earlier.
            let tried_at = now.checked_sub(timing.reply).unwrap_or(now);
            let tried_at = Arc::new(Mutex::new(tried_at));
            let trials = self.try_again(limit, switch.absences, &tried_at);
            switch.absence = Some(Absence { tried_at, trials });
        }
        // Calls may begin when the others have noticed that this process is disconnected, and the
        // calls that they made before that, without its reserved share, have left every window.
        begin_recovery(&mut switch, limit, timing.noticed_after)
    }

    /// Starts the trials of the first store, which has failed `absences` times.
    fn try_again(
        &self,
        limit: Limit,
        absences: u32,
        tried_at: &Arc<Mutex<Instant>>,
    ) -> AbortOnDropHandle<()> {
        let trials = Trials {
            store: Arc::clone(&self.stores[0]),
            limit,
            tried_at: Arc::clone(tried_at),
        };
        let needed = TRIALS << absences.saturating_sub(1).min(MOST_DOUBLINGS);
        let mut next = Instant::now() + Duration::from_micros(RETRY_AFTER);
        AbortOnDropHandle::new(tokio::spawn(async move {
            let mut succeeded = 0;
            while succeeded < needed {
                sleep_until(next).await;
                match trials.succeed().await {
                    true => succeeded += 1,
                    false => succeeded = 0,
                }
                next = Instant::now() + Duration::from_micros(RETRY_AFTER);
            }
        }))
    }
}

/// The trials of a store while another one is in use.
struct Trials {
    store: Arc<dyn Store>,
    limit: Limit,
    tried_at: Arc<Mutex<Instant>>,
}

impl Trials {
    /// Acquires a permit and returns it.
    async fn succeed(&self) -> bool {
        let acquire = Command::Acquire(PermitRequest {
            lane: LaneId::default(),
            waiter: None,
            priority: Priority::Normal,
            limit: self.limit,
            leave: 0,
        });
        let (undo, usable) = match self.step(acquire).await {
            Err(_) => return false,
            Ok(Reply::Done) => return true,
            Ok(Reply::Granted(permit)) => (Command::Unsent(permit), true),
            Ok(Reply::Wait(wait)) => {
                // A store that waits for forgotten calls grants nothing, but the fallback does.
                let usable = wait.reason != WaitReason::Recovering;
                match wait.waiter {
                    Some(waiter) => (Command::Cancel(waiter), usable),
                    None => return usable,
                }
            }
        };
        // The first step may have had to connect. The second one shows how fast the store is.
        let began = Instant::now();
        let undone = self.step(undo).await;
        let in_time = |time| began.elapsed() <= time;
        usable && undone.is_ok() && self.store.timing().trial.is_none_or(in_time)
    }

    async fn step(&self, command: Command) -> Result<Reply, StoreError> {
        let began = Instant::now();
        let result = self.store.trial(command).await;
        *lock(&self.tried_at) = began;
        result
    }
}

/// Returns to the first store because it works again.
fn return_to_first(switch: &mut Switch, limit: Limit) -> Reply {
    (switch.in_use, switch.absence) = (0, None);
    tracing::info!("the store of the shared call quota is back in use");
    begin_recovery(switch, limit, Duration::ZERO)
}

/// The time until all calls that were permitted up to now have left every window.
fn left_after(limit: Limit) -> Duration {
    Duration::from_micros(limit.window + FORWARD_DELAY)
}

/// Permits no call until those that are permitted within `from_now` have left every window.
fn begin_recovery(switch: &mut Switch, limit: Limit, from_now: Duration) -> Reply {
    let pause = from_now + left_after(limit);
    switch.recovering_until = Some(Instant::now() + pause);
    recovering(pause, limit)
}

fn recovering(pause: Duration, limit: Limit) -> Reply {
    Reply::Wait(Wait {
        // The process is in no queue. It joins that of the store that it asks next.
        waiter: None,
        delay: micros(pause) + 1,
        ahead: 0,
        limit: limit.calls as u32,
        reason: WaitReason::Recovering,
    })
}

#[cfg(test)]
mod tests;
