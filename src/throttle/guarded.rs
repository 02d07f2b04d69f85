//! A shared store that may fail, with one that can't behind it.
//!
//! The store behind gives a safe share of the quota only. What one of them knows of the calls under way, the other does not,
//! so between the two nothing is sent until every earlier call has left every window.

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

use super::keeper::{Answer, Keeper, Side};
use super::pace::Terms;
use super::slots::{Cause, Command, FORWARD, Micros, Reply, Wait};

/// How long a failed store is left alone.
const REST: Duration = Duration::from_secs(5);

/// A store that may fail.
pub(super) trait Primary: Send + Sync {
    /// Carries the command out if that takes no waiting.
    fn try_step(&self, command: Command) -> Option<Result<Reply, Failure>>;

    /// Carries the command out.
    fn step(&self, command: Command) -> impl Future<Output = Result<Reply, Failure>> + Send;
}

/// Why a store can't be used, in words for the user.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Failure(pub(super) String);

/// Why a store is out of use, as the user was told; one for all quotas in that store.
#[derive(Clone, Debug, Default)]
pub(super) struct Told(Arc<Mutex<Option<Failure>>>);

impl Told {
    /// The reason, while the store is out of use.
    pub(super) fn reason(&self) -> Option<String> {
        self.lock().as_ref().map(Failure::to_string)
    }

    /// Takes note of a failure or a recovery, and returns what was known before.
    fn replace(&self, reason: Option<Failure>) -> Option<Failure> {
        std::mem::replace(&mut *self.lock(), reason)
    }

    fn lock(&self) -> MutexGuard<'_, Option<Failure>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// `primary` while it works, else `fallback` with at most `share` calls in a window.
#[derive(Debug)]
pub(super) struct Guarded<P, F> {
    primary: P,
    fallback: F,
    share: u32,
    told: Told,
    switch: Mutex<Switch>,
}

#[derive(Debug, Default)]
struct Switch {
    /// When to try the primary again, if it failed.
    retry_at: Option<Instant>,
    /// No call may go before.
    quiet_until: Option<Instant>,
}

impl<P: Primary, F: Keeper> Guarded<P, F> {
    pub(super) fn new(primary: P, fallback: F, share: u32, told: Told) -> Self {
        Self {
            primary,
            fallback,
            share: share.max(1),
            told,
            switch: Mutex::default(),
        }
    }

    /// The reply while no call may go; else which store to ask.
    fn choose(&self, terms: Terms) -> Choice {
        let mut switch = self.lock();
        let now = Instant::now();
        if let Some(until) = switch.quiet_until {
            if now < until {
                return Choice::Wait(quiet(until - now, terms));
            }
            switch.quiet_until = None;
        }
        match switch.retry_at {
            None => Choice::Primary,
            Some(at) if now < at => Choice::Fallback,
            Some(_) => Choice::Retry,
        }
    }

    /// Leaves the primary.
    fn fail(&self, failure: &Failure, terms: Terms) -> Answer {
        let mut switch = self.lock();
        switch.retry_at = Some(Instant::now() + REST);
        if self.told.replace(Some(failure.clone())).is_none() {
            tracing::warn!(
                reason = %failure,
                fallback_requests = self.share,
                "the shared request quota can't be kept in its store; falling back to a share of it for this process",
            );
        }
        cross(&mut switch, terms)
    }

    /// Returns to the primary.
    fn recover(&self, terms: Terms) -> Answer {
        let mut switch = self.lock();
        switch.retry_at = None;
        if self.told.replace(None).is_some() {
            tracing::info!("the store of the shared request quota is back in use");
        }
        cross(&mut switch, terms)
    }

    /// Asks the primary as a caller would, and takes it back.
    async fn try_out(&self, terms: Terms) -> Result<(), Failure> {
        let ask = Command::Ask {
            ticket: 0,
            head: false,
            terms,
        };
        let undo = match self.primary.step(ask).await? {
            Reply::Done => return Ok(()),
            Reply::Go { ticket } => Command::Unsent { ticket },
            Reply::Wait(wait) => Command::Leave {
                ticket: wait.ticket,
            },
        };
        self.primary.step(undo).await.map(drop)
    }

    fn rest(&self) {
        self.lock().retry_at = Some(Instant::now() + REST);
    }

    fn on_fallback(&self) -> bool {
        self.lock().retry_at.is_some()
    }

    /// The question as the fallback is to hear it.
    fn shared(&self, command: Command) -> Command {
        match command {
            Command::Ask {
                ticket,
                head,
                terms,
            } => Command::Ask {
                ticket,
                head,
                terms: Terms {
                    calls: terms.calls.min(self.share),
                    ..terms
                },
            },
            other => other,
        }
    }

    fn lock(&self) -> MutexGuard<'_, Switch> {
        self.switch.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<P: Primary, F: Keeper> Keeper for Guarded<P, F> {
    fn try_step(&self, command: Command, side: Side) -> Option<Answer> {
        let Command::Ask { terms, .. } = command else {
            let fallback =
                side > 0 || (matches!(command, Command::Leave { .. }) && self.on_fallback());
            if fallback {
                return self
                    .fallback
                    .try_step(command, side.saturating_sub(1))
                    .map(behind);
            }
            // A settlement that is lost only keeps a slot longer, and the next question notices the failure.
            return self.primary.try_step(command).map(|_| ahead(Reply::Done));
        };
        match self.choose(terms) {
            Choice::Fallback => self
                .fallback
                .try_step(self.shared(command), side)
                .map(behind),
            Choice::Primary => Some(match self.primary.try_step(command)? {
                Ok(reply) => ahead(reply),
                Err(failure) => self.fail(&failure, terms),
            }),
            Choice::Retry => None,
            Choice::Wait(answer) => Some(answer),
        }
    }

    async fn step(&self, command: Command, side: Side) -> Answer {
        let Command::Ask { terms, .. } = command else {
            let fallback =
                side > 0 || (matches!(command, Command::Leave { .. }) && self.on_fallback());
            if fallback {
                return behind(self.fallback.step(command, side.saturating_sub(1)).await);
            }
            let _ = self.primary.step(command).await;
            return ahead(Reply::Done);
        };
        match self.choose(terms) {
            Choice::Fallback => behind(self.fallback.step(self.shared(command), side).await),
            Choice::Primary => match self.primary.step(command).await {
                Ok(reply) => ahead(reply),
                Err(failure) => self.fail(&failure, terms),
            },
            Choice::Retry => match self.try_out(terms).await {
                Ok(()) => self.recover(terms),
                Err(_) => {
                    self.rest();
                    behind(self.fallback.step(self.shared(command), side).await)
                }
            },
            Choice::Wait(answer) => answer,
        }
    }
}

enum Choice {
    Fallback,
    Primary,
    Retry,
    Wait(Answer),
}

fn cross(switch: &mut Switch, terms: Terms) -> Answer {
    let pause = Duration::from_micros(terms.window + FORWARD);
    switch.quiet_until = Some(Instant::now() + pause);
    quiet(pause, terms)
}

/// Without a place in line: the other store would not know it.
fn quiet(pause: Duration, terms: Terms) -> Answer {
    ahead(Reply::Wait(Wait {
        ticket: 0,
        wait: Micros::try_from(pause.as_micros()).unwrap_or(terms.window) + 1,
        ahead: 0,
        limit: terms.calls,
        cause: Cause::Recovering,
    }))
}

fn ahead(reply: Reply) -> Answer {
    Answer { reply, side: 0 }
}

fn behind(answer: Answer) -> Answer {
    Answer {
        side: answer.side.saturating_add(1),
        ..answer
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
