//! A store that several processes share and that may fail, with a fallback that cannot.
//!
//! The fallback allows only a safe share of the quota. Neither store knows of the calls that the
//! other permitted. So on every change from one to the other no call goes until all earlier ones
//! have left every window.
//!
//! Whether the primary works again is found out by a task beside the calls. It can take seconds, in
//! which the fallback would stand still otherwise.
//!
//! This file is longer than 300 lines because both stores and the change between them are one rule.

use std::num::NonZeroU32;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep_until};

use super::constants::{FORWARD_DELAY, LOOK, Micros, RETRY_AFTER};
use super::limit::ConfiguredLimit;
use super::slots::{Cause, Command, Reply, Wait};
use super::store::{Failure, FallibleStore, Store, Tier, TierReply};

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
}

/// A time in which the primary is not in use.
#[derive(Debug)]
struct Absence {
    /// When the last attempt began that failed.
    failed_at: Instant,
    /// Whether one has succeeded since.
    over: bool,
    /// The task that makes the attempts. It ends early with the runtime that it runs on.
    attempts: JoinHandle<()>,
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
        let Some(absence) = &mut switch.absence else {
            return Route::Primary;
        };
        if absence.over {
            return Route::Return;
        }
        if absence.attempts.is_finished() {
            absence.attempts = self.attempt_again(limit);
        }
        // After a time in which this process stood still, nobody knows whether the primary works by
        // now, and whether others rely on it that this process is back.
        let known_for = self.primary.returns_within();
        match known_for.is_some_and(|time| now > absence.failed_at + time) {
            true => Route::Wait(recovering(Duration::from_micros(LOOK), limit)),
            false => Route::Fallback,
        }
    }

    /// Tries the primary until it works.
    fn attempt_again(&self, limit: ConfiguredLimit) -> JoinHandle<()> {
        let (primary, switch) = (Arc::clone(&self.primary), Arc::downgrade(&self.switch));
        let pause = Duration::from_micros(RETRY_AFTER);
        let mut next = Instant::now() + pause;
        tokio::spawn(async move {
            loop {
                sleep_until(next).await;
                let began = Instant::now();
                let works = primary.probe(limit).await.is_ok();
                let Some(switch) = switch.upgrade() else {
                    return;
                };
                let mut switch = switch.lock().unwrap_or_else(PoisonError::into_inner);
                let Some(absence) = &mut switch.absence else {
                    return;
                };
                if works {
                    absence.over = true;
                    return;
                }
                absence.failed_at = began;
                next = Instant::now() + pause;
            }
        })
    }

    /// Changes to the fallback because the primary failed.
    fn leave_primary(&self, failure: &Failure, limit: ConfiguredLimit) -> TierReply {
        let now = Instant::now();
        let mut switch = self.lock();
        if switch.absence.is_none() {
            // The step that failed began no earlier.
            let began = now.checked_sub(self.primary.replies_within());
            switch.absence = Some(Absence {
                failed_at: began.unwrap_or(now),
                over: false,
                attempts: self.attempt_again(limit),
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
            Route::Primary => Some(match self.primary.try_step(command)? {
                Ok(reply) => TierReply { reply, tier: 0 },
                Err(failure) => self.leave_primary(&failure, limit),
            }),
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
            Route::Primary => match self.primary.step(command).await {
                Ok(reply) => TierReply { reply, tier: 0 },
                Err(failure) => self.leave_primary(&failure, limit),
            },
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
