//! A store that several processes share and that may fail, with a fallback that cannot.
//!
//! The fallback allows only a safe share of the quota. Neither store knows of the calls that the
//! other permitted. So on every change from one to the other no call goes until all earlier ones
//! have left every window.
//!
//! Whether the primary works again is found out by a task beside the calls. It can take seconds, in
//! which the fallback would stand still otherwise. What it tries is what a call does: it asks for a
//! permit and returns it, since a store can be readable and refuse to write. Several such trials in
//! a row have to succeed, the more of them the more often the primary has failed: each change costs
//! a pause, so a primary that works now and then would otherwise leave no time for calls.
//!
//! A primary that keeps losing its state never grants a permit, because each loss begins a pause.
//! So repeated loss is a failure too.
//!
//! This file is longer than 300 lines because both stores and the change between them are one rule.

use std::num::NonZeroU32;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep_until};

use super::constants::{FORWARD_DELAY, LOOK, Micros, RETRY_AFTER};
use super::limit::ConfiguredLimit;
use super::slots::{Cause, Command, LaneId, Priority, Reply, Wait};
use super::store::{Failure, FallibleStore, Store, Tier, TierReply};

/// How many trials in a row must succeed before a primary is used again that failed once. The
/// number doubles with each further time, up to [`MOST_DOUBLINGS`] times.
const TRIALS: u32 = 3;

/// How often [`TRIALS`] doubles: 48 trials take about a minute.
const MOST_DOUBLINGS: u32 = 4;

/// How often a state must be lost in a row, without a permit in between, to count as a failure.
const LOSSES: u32 = 3;

/// How long a process waits for a permit while the state is lost again and again, at the least: a
/// state that is lost a few times by accident is worth waiting for.
const PATIENCE: Duration = Duration::from_secs(15);

/// Whether a store is out of use, and why it last was. All quotas in that store share one, so that
/// the warning is written once.
#[derive(Clone, Debug, Default)]
pub(super) struct Outage(Arc<Mutex<Outages>>);

#[derive(Debug, Default)]
struct Outages {
    lasts: bool,
    last: Option<Failure>,
}

impl Outage {
    /// Why the store is out of use, or was when it last was. `None` if it never was.
    pub(super) fn reason(&self) -> Option<String> {
        self.lock().last.as_ref().map(Failure::to_string)
    }

    /// Notes a failure, and returns whether an outage begins with it.
    fn begin(&self, failure: &Failure) -> bool {
        let mut outages = self.lock();
        outages.last = Some(failure.clone());
        !std::mem::replace(&mut outages.lasts, true)
    }

    /// Notes that the store works, and returns whether an outage ends with that.
    fn end(&self) -> bool {
        std::mem::replace(&mut self.lock().lasts, false)
    }

    fn lock(&self) -> MutexGuard<'_, Outages> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Uses `primary` while it works, else `fallback` with at most `share` calls in a window.
#[derive(Debug)]
pub(super) struct WithFallback<P, F> {
    primary: Arc<P>,
    fallback: F,
    share: NonZeroU32,
    outage: Outage,
    switch: Arc<Mutex<Switch>>,
}

/// Which of the two stores is in use.
#[derive(Debug, Default)]
struct Switch {
    /// `None` while the primary is in use.
    absence: Option<Absence>,
    /// Until then no call may go, because the store in use has just changed.
    recovering_until: Option<Instant>,
    /// How often the primary was left.
    absences: u32,
    /// `None` while the primary has a state that counts.
    losses: Option<Losses>,
}

/// What has been seen of a primary whose state was lost, since it last had one that counts.
#[derive(Debug)]
struct Losses {
    since: Instant,
    count: u32,
    /// When the pause ends at the latest that the last of them began.
    end: Instant,
}

/// A time in which the primary is not in use.
#[derive(Debug)]
struct Absence {
    /// When the last step of a trial began that has ended: until then the primary could not be
    /// reached, or has heard of this process.
    tried_at: Instant,
    /// Whether enough trials have succeeded.
    over: bool,
    /// The task that makes the trials. It ends early with the runtime that it runs on.
    trials: JoinHandle<()>,
}

/// How to carry out a [`Command::Acquire`].
enum Route {
    Fallback,
    Primary,
    /// The primary works again: return to it.
    Return,
    /// Ask neither: this is the reply.
    Wait(TierReply),
}

impl<P: FallibleStore, F: Store> WithFallback<P, F> {
    pub(super) fn new(primary: P, fallback: F, share: NonZeroU32, outage: Outage) -> Self {
        Self {
            primary: Arc::new(primary),
            fallback,
            share,
            outage,
            switch: Arc::default(),
        }
    }

    fn route(&self, limit: ConfiguredLimit) -> Route {
        let mut switch = self.lock();
        let now = Instant::now();
        if let Some(until) = switch.recovering_until {
            if now < until {
                return Route::Wait(recovering(until - now, limit));
            }
            switch.recovering_until = None;
        }
        let absences = switch.absences;
        let Some(absence) = &mut switch.absence else {
            return Route::Primary;
        };
        if absence.over {
            return Route::Return;
        }
        if absence.trials.is_finished() {
            absence.trials = self.try_again(limit, absences);
        }
        // After a time in which this process stood still, the primary may work again, and others
        // may rely on this process to use it.
        let known_for = self.primary.returns_within();
        match known_for.is_some_and(|time| now > absence.tried_at + time) {
            true => Route::Wait(recovering(Duration::from_micros(LOOK), limit)),
            false => Route::Fallback,
        }
    }

    /// Tries the primary until it works, after it was left this often.
    fn try_again(&self, limit: ConfiguredLimit, absences: u32) -> JoinHandle<()> {
        let primary = Arc::clone(&self.primary);
        let trial = Trial {
            limit,
            switch: Arc::downgrade(&self.switch),
        };
        let needed = TRIALS << absences.saturating_sub(1).min(MOST_DOUBLINGS);
        let mut next = Instant::now() + Duration::from_micros(RETRY_AFTER);
        tokio::spawn(async move {
            let mut succeeded = 0;
            while succeeded < needed {
                sleep_until(next).await;
                match trial.succeeds(&*primary).await {
                    Some(true) => succeeded += 1,
                    Some(false) => succeeded = 0,
                    None => return,
                }
                next = Instant::now() + Duration::from_micros(RETRY_AFTER);
            }
            trial.note(|absence| absence.over = true);
        })
    }

    /// Changes to the fallback because the primary failed.
    fn leave_primary(&self, failure: &Failure, limit: ConfiguredLimit) -> TierReply {
        let now = Instant::now();
        let mut switch = self.lock();
        if switch.absence.is_none() {
            // The step that failed began no earlier.
            let began = now.checked_sub(self.primary.replies_within());
            switch.absences = switch.absences.saturating_add(1);
            switch.losses = None;
            switch.absence = Some(Absence {
                tried_at: began.unwrap_or(now),
                over: false,
                trials: self.try_again(limit, switch.absences),
            });
        }
        if self.outage.begin(failure) {
            tracing::warn!(
                reason = %failure,
                fallback_requests = self.share,
                "the shared request quota can't be kept in its store; \
                 falling back to a share of it for this process",
            );
        }
        // The others must have noticed that this process is gone, and the calls must have left
        // every window that they made without leaving room for it.
        begin_recovery(&mut switch, limit, self.primary.noticed_after())
    }

    /// Changes back to the primary because it works again.
    fn return_to_primary(&self, limit: ConfiguredLimit) -> TierReply {
        let mut switch = self.lock();
        switch.absence = None;
        if self.outage.end() {
            tracing::info!("the store of the shared request quota is back in use");
        }
        begin_recovery(&mut switch, limit, Duration::ZERO)
    }

    /// What the primary's reply leads to.
    fn heard(&self, result: Result<Reply, Failure>, limit: ConfiguredLimit) -> TierReply {
        let failure = match result {
            Ok(reply) if self.is_lost_again_and_again(reply, limit) => self.primary.loss(),
            Ok(reply) => return TierReply { reply, tier: 0 },
            Err(failure) => failure,
        };
        self.leave_primary(&failure, limit)
    }

    /// Whether the primary's reply says so of its state.
    fn is_lost_again_and_again(&self, reply: Reply, limit: ConfiguredLimit) -> bool {
        let mut switch = self.lock();
        let Reply::Wait(Wait {
            cause: Cause::Recovering,
            delay,
            ..
        }) = reply
        else {
            switch.losses = None;
            return false;
        };
        let now = Instant::now();
        let longest = self.primary.returns_within().unwrap_or_default()
            + Duration::from_micros(limit.window + FORWARD_DELAY);
        let losses = switch.losses.get_or_insert(Losses {
            since: now,
            count: 1,
            end: now + longest,
        });
        // A reply tells of a long pause only that the caller has to ask again before its end, and
        // it may have been under way for a while.
        let lasts_until = now + Duration::from_micros(delay);
        let inexact = self.primary.replies_within() + Duration::from_micros(LOOK);
        if lasts_until > losses.end + inexact {
            losses.end = now + longest;
            losses.count = losses.count.saturating_add(1);
        }
        losses.count >= LOSSES && now >= losses.since + PATIENCE
    }

    /// Whether a command other than [`Command::Acquire`] belongs to the fallback.
    fn belongs_to_fallback(&self, command: Command, tier: Tier) -> bool {
        let cancel = matches!(command, Command::Cancel { .. });
        // Permits are settled where they were granted. A waiter is in the queue of the store that
        // is in use: the change to another one made it join anew.
        tier > 0 || (cancel && self.lock().absence.is_some())
    }

    /// The command for the fallback, whose limit is at most the share.
    fn limited_to_share(&self, mut command: Command) -> Command {
        if let Command::Acquire { limit, .. } = &mut command {
            limit.calls = limit.calls.min(self.share);
        }
        command
    }

    fn lock(&self) -> MutexGuard<'_, Switch> {
        self.switch.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<P: FallibleStore, F: Store> Store for WithFallback<P, F> {
    fn try_step(&self, command: Command, tier: Tier) -> Option<TierReply> {
        let Command::Acquire { limit, .. } = command else {
            if self.belongs_to_fallback(command, tier) {
                let reply = self.fallback.try_step(command, tier.saturating_sub(1));
                return reply.map(from_fallback);
            }
            // A settlement that fails is not repeated: its slot becomes free a little later, and
            // the next call for a permit finds out about the failure.
            return self.primary.try_step(command).map(|_| done());
        };
        match self.route(limit) {
            Route::Fallback => {
                let command = self.limited_to_share(command);
                self.fallback.try_step(command, tier).map(from_fallback)
            }
            Route::Primary => Some(self.heard(self.primary.try_step(command)?, limit)),
            Route::Return => Some(self.return_to_primary(limit)),
            Route::Wait(reply) => Some(reply),
        }
    }

    async fn step(&self, command: Command, tier: Tier) -> TierReply {
        let Command::Acquire { limit, .. } = command else {
            if self.belongs_to_fallback(command, tier) {
                let reply = self.fallback.step(command, tier.saturating_sub(1)).await;
                return from_fallback(reply);
            }
            let _ = self.primary.step(command).await;
            return done();
        };
        match self.route(limit) {
            Route::Fallback => {
                let command = self.limited_to_share(command);
                from_fallback(self.fallback.step(command, tier).await)
            }
            Route::Primary => self.heard(self.primary.step(command).await, limit),
            Route::Return => self.return_to_primary(limit),
            Route::Wait(reply) => reply,
        }
    }

    fn replies_within(&self, tier: Tier) -> Duration {
        match tier.checked_sub(1) {
            None => self.primary.replies_within(),
            Some(tier) => self.fallback.replies_within(tier),
        }
    }
}

/// How the primary is tried while the fallback is in use.
struct Trial {
    limit: ConfiguredLimit,
    switch: Weak<Mutex<Switch>>,
}

impl Trial {
    /// Does what a call does, short of the call: asks for a permit, and returns it. `None` if there
    /// is no need to know any more whether that works.
    async fn succeeds(&self, primary: &impl FallibleStore) -> Option<bool> {
        let acquire = Command::Acquire {
            lane: LaneId::default(),
            waiter: None,
            priority: Priority::Normal,
            limit: self.limit,
            leave: 0,
        };
        let Ok(reply) = self.step(primary, acquire).await? else {
            return Some(false);
        };
        let undo = match reply {
            Reply::Granted { permit } => Some(Command::Unsent { permit }),
            Reply::Wait(wait) => wait.waiter.map(|waiter| Command::Cancel { waiter }),
            Reply::Done => None,
        };
        // While calls may have been forgotten, the primary grants nothing: the fallback does.
        let usable = !matches!(
            reply,
            Reply::Wait(Wait {
                cause: Cause::Recovering,
                ..
            })
        );
        let Some(undo) = undo else {
            return Some(usable);
        };
        // The first step may have had to make a connection. The second one shows how quick the
        // primary is.
        let began = Instant::now();
        let undone = self.step(primary, undo).await?;
        Some(usable && undone.is_ok() && began.elapsed() <= primary.trial_within())
    }

    async fn step(
        &self,
        primary: &impl FallibleStore,
        command: Command,
    ) -> Option<Result<Reply, Failure>> {
        let began = Instant::now();
        let result = primary.trial(command).await;
        self.note(|absence| absence.tried_at = began)?;
        Some(result)
    }

    /// Notes something of the absence that the trials are for, if it lasts.
    fn note(&self, change: impl FnOnce(&mut Absence)) -> Option<()> {
        let switch = self.switch.upgrade()?;
        let mut switch = switch.lock().unwrap_or_else(PoisonError::into_inner);
        switch.absence.as_mut().map(change)
    }
}

/// Lets no call go until those that are permitted up to `from_now` have left every window.
fn begin_recovery(switch: &mut Switch, limit: ConfiguredLimit, from_now: Duration) -> TierReply {
    let pause = from_now + Duration::from_micros(limit.window + FORWARD_DELAY);
    switch.recovering_until = Some(Instant::now() + pause);
    recovering(pause, limit)
}

fn recovering(pause: Duration, limit: ConfiguredLimit) -> TierReply {
    let delay = Micros::try_from(pause.as_micros()).unwrap_or(limit.window) + 1;
    let wait = Wait {
        // Neither store remembers the process. It will join the queue of the one it asks next.
        waiter: None,
        delay,
        ahead: 0,
        limit: limit.calls.get(),
        cause: Cause::Recovering,
    };
    TierReply {
        reply: Reply::Wait(wait),
        tier: 0,
    }
}

fn done() -> TierReply {
    TierReply {
        reply: Reply::Done,
        tier: 0,
    }
}

/// A reply of the fallback as one of the whole chain.
fn from_fallback(reply: TierReply) -> TierReply {
    TierReply {
        tier: reply.tier.saturating_add(1),
        ..reply
    }
}

#[cfg(test)]
mod tests;
