//! The stores of one account: the first one, and what is used while that cannot be.
//!
//! A fallback allows only a safe share of the quota. No store knows of the calls that another one
//! permitted. So on every change from one to another no call goes until all earlier ones have left
//! every window.
//!
//! A task beside the calls finds out whether the first store works again. That can take seconds, in
//! which the fallback would stand still otherwise. A trial does what a call does: it asks for a
//! permit and returns it, since a store can be readable and refuse to write. Several trials in a
//! row have to succeed, the more of them the more often the store has failed: each change costs a
//! pause, so a store that works now and then would otherwise leave no time for calls.
//!
//! A store that keeps losing its state never grants a permit, because each loss begins a pause. So
//! repeated loss is a failure too.
//!
//! This file is longer than 300 lines because the stores and the changes between them are one rule.

use std::collections::BTreeMap;
use std::num::NonZeroU32;
use std::sync::{Arc, Mutex, Weak};
use std::time::Duration;

use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep_until};

use super::constants::{FORWARD_DELAY, LOOK, RETRY_AFTER, micros};
use super::limit::ConfiguredLimit;
use super::slots::{Command, LaneId, PermitRequest, Priority, Reply, Wait, WaitReason};
use super::store::{Store, StoreError};
use super::sync::lock;

/// How many trials in a row must succeed before a store is used again that failed once. The number
/// doubles with each further failure, up to [`MOST_DOUBLINGS`] times.
const TRIALS: u32 = 3;

/// How often [`TRIALS`] doubles: 48 trials take about a minute.
const MOST_DOUBLINGS: u32 = 4;

/// How often a state must be lost in a row, without a permit in between, to count as a failure.
const LOSSES: u32 = 3;

/// How long a process waits for a permit while the state is lost repeatedly, at the least: a state
/// that is lost a few times by accident is worth waiting for.
const PATIENCE: Duration = Duration::from_secs(15);

/// The place of a store among those of an account. A permit is settled with the store that granted
/// it, because no other knows it.
pub(crate) type Tier = usize;

/// Why each store is out of use, or was when it last was. The accounts of a throttle share one.
#[derive(Default)]
pub(crate) struct Outage(Mutex<BTreeMap<Tier, String>>);

impl Outage {
    /// The reasons, in words for the user. `None` if no store was ever out of use.
    pub(crate) fn reason(&self) -> Option<String> {
        let reasons: Vec<_> = lock(&self.0).values().cloned().collect();
        (!reasons.is_empty()).then(|| reasons.join("; nor can this machine's directory: "))
    }
}

/// Keeps the state of one account: in the first of its stores while that works, else in the next
/// one, with at most a share of the limit.
pub(crate) struct AccountStore {
    /// In the order in which they are used. The last one never fails.
    stores: Vec<Arc<dyn Store>>,
    share: NonZeroU32,
    outage: Arc<Outage>,
    switch: Arc<Mutex<Switch>>,
}

/// Which store is in use.
#[derive(Default)]
struct Switch {
    in_use: Tier,
    /// `None` while the first store is in use.
    absence: Option<Absence>,
    /// Until then no call may go, because the store in use has just changed.
    recovering_until: Option<Instant>,
    /// How often the first store was left.
    absences: u32,
    /// `None` while the store in use has a state that counts.
    losses: Option<Losses>,
}

/// A time in which the first store is not in use.
struct Absence {
    /// When the last step of a trial began that has ended: until then the store could not be
    /// reached, or has heard of this process.
    tried_at: Instant,
    /// Whether enough trials have succeeded.
    over: bool,
    /// The task that makes the trials. It ends early with the runtime that it runs on.
    trials: JoinHandle<()>,
}

/// What has been seen of a store whose state was lost, since it last had one that counts.
struct Losses {
    since: Instant,
    count: u32,
    /// When the pause that began with the last loss ends at the latest.
    end: Instant,
}

impl AccountStore {
    /// The store that uses these in their order, the first without a restriction and the others for
    /// at most `share` calls in a window. The last one must never fail.
    pub(crate) fn new(stores: Vec<Arc<dyn Store>>, share: NonZeroU32, outage: Arc<Outage>) -> Self {
        Self {
            stores,
            share,
            outage,
            switch: Arc::default(),
        }
    }

    /// Carries the command out if that is possible without waiting, and tells which store did.
    /// `tier` tells where to settle a permit.
    pub(crate) fn try_step(&self, command: Command, tier: Tier) -> Option<(Reply, Tier)> {
        let (command, tier) = match self.route(command, tier) {
            Ok(routed) => routed,
            Err(wait) => return Some((wait, 0)),
        };
        let result = self.stores[tier].try_step(command)?;
        Some((self.reply(command, tier, result), tier))
    }

    /// Carries the command out, and tells which store did.
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

    /// The command as the store gets it that is to carry it out, and that store. The error is the
    /// reply if none is.
    fn route(&self, mut command: Command, tier: Tier) -> Result<(Command, Tier), Reply> {
        let limit = match &mut command {
            Command::Acquire(PermitRequest { limit, .. }) => limit,
            // A waiter is in the queue of the store that is in use: each change made it join anew.
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
        if absence.over {
            return Err(return_to_first(&mut switch, *limit));
        }
        if absence.trials.is_finished() {
            absence.trials = self.try_again(*limit, absences);
        }
        // After a time in which this process stood still, the first store may work again, and
        // others may rely on this process to use it.
        let known_for = self.stores[0].timing().returns_within;
        if known_for.is_some_and(|time| Instant::now() > absence.tried_at + time) {
            return Err(recovering(Duration::from_micros(LOOK), *limit));
        }
        limit.calls = limit.calls.min(self.share);
        Ok((command, in_use))
    }

    /// The reply to a command, by what the store made of it.
    fn reply(&self, command: Command, tier: Tier, result: Result<Reply, StoreError>) -> Reply {
        let Command::Acquire(PermitRequest { limit, .. }) = command else {
            // A settlement that fails is not repeated: its slot becomes free a little later, and
            // the next call for a permit finds out about the failure.
            return Reply::Done;
        };
        let may_fail = tier + 1 < self.stores.len();
        match result {
            Ok(reply) if may_fail && self.keeps_losing_state(tier, reply, limit) => {
                self.leave(tier, &self.stores[tier].loss(), limit)
            }
            Ok(reply) => reply,
            Err(error) => self.leave(tier, &error, limit),
        }
    }

    /// Whether the reply of the store in use shows that its state is lost repeatedly.
    fn keeps_losing_state(&self, tier: Tier, reply: Reply, limit: ConfiguredLimit) -> bool {
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
        // A reply tells of a long pause only that the caller has to ask again before its end, and
        // it may have been under way for a while.
        let lasts_until = now + Duration::from_micros(delay);
        let inexact = timing.reply + Duration::from_micros(LOOK);
        if lasts_until > losses.end + inexact {
            losses.end = now + longest;
            losses.count = losses.count.saturating_add(1);
        }
        losses.count >= LOSSES && now >= losses.since + PATIENCE
    }

    /// Changes to the next store because this one failed.
    fn leave(&self, tier: Tier, error: &StoreError, limit: ConfiguredLimit) -> Reply {
        let (now, timing) = (Instant::now(), self.stores[tier].timing());
        let mut switch = lock(&self.switch);
        lock(&self.outage.0).insert(tier, error.0.clone());
        if switch.in_use == tier {
            switch.in_use = (tier + 1).min(self.stores.len() - 1);
            switch.losses = None;
            tracing::warn!(
                reason = error.0,
                fallback_requests = self.share,
                "the shared request quota can't be kept in its store; \
                 falling back to a share of it for this process",
            );
        }
        if switch.absence.is_none() {
            switch.absences = switch.absences.saturating_add(1);
            switch.absence = Some(Absence {
                // The step that failed began no earlier.
                tried_at: now.checked_sub(timing.reply).unwrap_or(now),
                over: false,
                trials: self.try_again(limit, switch.absences),
            });
        }
        // The others must have noticed that this process is gone, and the calls must have left
        // every window that they made without leaving room for it.
        begin_recovery(&mut switch, limit, timing.noticed_after)
    }

    /// Tries the first store until it works, after it was left this often.
    fn try_again(&self, limit: ConfiguredLimit, absences: u32) -> JoinHandle<()> {
        let trials = Trials {
            store: Arc::clone(&self.stores[0]),
            switch: Arc::downgrade(&self.switch),
            limit,
        };
        let needed = TRIALS << absences.saturating_sub(1).min(MOST_DOUBLINGS);
        let mut next = Instant::now() + Duration::from_micros(RETRY_AFTER);
        tokio::spawn(async move {
            let mut succeeded = 0;
            while succeeded < needed {
                sleep_until(next).await;
                match trials.succeeds().await {
                    Some(true) => succeeded += 1,
                    Some(false) => succeeded = 0,
                    None => return,
                }
                next = Instant::now() + Duration::from_micros(RETRY_AFTER);
            }
            trials.note(|absence| absence.over = true);
        })
    }
}

/// How a store is tried while another one is in use.
struct Trials {
    store: Arc<dyn Store>,
    switch: Weak<Mutex<Switch>>,
    limit: ConfiguredLimit,
}

impl Trials {
    /// Does what a call does, short of the call: asks for a permit, and returns it. `None` if it no
    /// longer matters whether that works.
    async fn succeeds(&self) -> Option<bool> {
        let acquire = Command::Acquire(PermitRequest {
            lane: LaneId::default(),
            waiter: None,
            priority: Priority::Normal,
            limit: self.limit,
            leave: 0,
        });
        let (undo, usable) = match self.step(acquire).await? {
            Err(_) => return Some(false),
            Ok(Reply::Done) => return Some(true),
            Ok(Reply::Granted { permit }) => (Command::Unsent(permit), true),
            Ok(Reply::Wait(wait)) => {
                // While calls may have been forgotten, the store grants nothing: the fallback does.
                let usable = wait.reason != WaitReason::Recovering;
                match wait.waiter {
                    Some(waiter) => (Command::Cancel(waiter), usable),
                    None => return Some(usable),
                }
            }
        };
        // The first step may have had to make a connection. The second one shows how quick the
        // store is.
        let began = Instant::now();
        let undone = self.step(undo).await?;
        let in_time = |time| began.elapsed() <= time;
        Some(usable && undone.is_ok() && self.store.timing().trial.is_none_or(in_time))
    }

    async fn step(&self, command: Command) -> Option<Result<Reply, StoreError>> {
        let began = Instant::now();
        let result = self.store.trial(command).await;
        self.note(|absence| absence.tried_at = began)?;
        Some(result)
    }

    /// Notes something of the absence that the trials are for, if it lasts.
    fn note(&self, change: impl FnOnce(&mut Absence)) -> Option<()> {
        let switch = self.switch.upgrade()?;
        let mut switch = lock(&switch);
        switch.absence.as_mut().map(change)
    }
}

/// Changes back to the first store because it works again.
fn return_to_first(switch: &mut Switch, limit: ConfiguredLimit) -> Reply {
    (switch.in_use, switch.absence) = (0, None);
    tracing::info!("the store of the shared request quota is back in use");
    begin_recovery(switch, limit, Duration::ZERO)
}

/// In what time all calls that are permitted up to now have left every window.
fn left_after(limit: ConfiguredLimit) -> Duration {
    Duration::from_micros(limit.window + FORWARD_DELAY)
}

/// Lets no call go until those that are permitted up to `from_now` have left every window.
fn begin_recovery(switch: &mut Switch, limit: ConfiguredLimit, from_now: Duration) -> Reply {
    let pause = from_now + left_after(limit);
    switch.recovering_until = Some(Instant::now() + pause);
    recovering(pause, limit)
}

fn recovering(pause: Duration, limit: ConfiguredLimit) -> Reply {
    Reply::Wait(Wait {
        // No store remembers the process. It will join the queue of the one it asks next.
        waiter: None,
        delay: micros(pause) + 1,
        ahead: 0,
        limit: limit.calls.get(),
        reason: WaitReason::Recovering,
    })
}

#[cfg(test)]
mod tests;
