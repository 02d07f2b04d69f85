//! The notices with which this process informs the other users of a key on the server.
//!
//! The server remembers each process that waits or has permits. If one of them sends nothing, the
//! others reserve the share that it may be using.

use std::collections::BTreeSet;
use std::num::NonZeroU32;
use std::sync::Mutex;

use base::random::Random;
use base::sync::lock;

use crate::slots::{Command, Reply, WaiterId};

/// This process, for one key.
pub(crate) struct Member {
    pub(crate) name: String,
    /// How many calls this process makes in a window while it cannot reach the server.
    share: NonZeroU32,
    work: Mutex<Work>,
}

/// The pending work of this process.
#[derive(Default)]
struct Work {
    /// How many commands were sent.
    commands: u64,
    /// How many requests for a permit are pending.
    requests: usize,
    /// How many granted permits are not settled.
    permits: usize,
    /// The ids of this process among the waiters on the server.
    waiting: BTreeSet<WaiterId>,
    /// The number of commands sent at the last failed request for a permit, or at the last trial.
    /// `None` if a later request has succeeded. Otherwise the process may be using its fallback.
    failed: Option<u64>,
}

/// The part of a command about the process that sends it.
#[derive(Clone, Copy, Default)]
pub(crate) struct Notice<'a> {
    /// Empty if the command contains no notice.
    pub(crate) name: &'a str,
    pub(crate) share: u32,
    pub(crate) number: u64,
    pub(crate) activity: Activity,
}

/// What the process does.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Activity {
    /// It neither waits nor has permits.
    #[default]
    Idle = 0,
    /// It waits or has permits.
    Active = 1,
    /// It uses its fallback, whose share the others reserve.
    Away = 2,
}

impl Member {
    pub(crate) fn new(share: NonZeroU32) -> Self {
        Self {
            name: Random::from_system().nonce(),
            share,
            work: Mutex::default(),
        }
    }

    /// Counts the next command, and returns its notice.
    pub(crate) fn sends(&self, command: Command) -> Notice<'_> {
        let mut work = lock(&self.work);
        match command {
            Command::Acquire(request) => {
                work.requests += 1;
                request.waiter.map(|waiter| work.waiting.remove(&waiter));
            }
            Command::Cancel(waiter) => drop(work.waiting.remove(&waiter)),
            Command::Departed(_) => {}
            _ => work.permits = work.permits.saturating_sub(1),
        }
        if work.failed.is_some() && !matches!(command, Command::Acquire(_)) {
            // Permits from before the failure are settled while the process uses its fallback. A
            // notice would report that the process is back, or idle.
            return Notice::default();
        }
        let active = work.requests > 0 || work.permits > 0 || !work.waiting.is_empty();
        let activity = match active {
            true => Activity::Active,
            false => Activity::Idle,
        };
        self.notice(&mut work, activity)
    }

    /// The notice of a trial, while the process uses its fallback.
    pub(crate) fn away(&self) -> Notice<'_> {
        let mut work = lock(&self.work);
        let notice = self.notice(&mut work, Activity::Away);
        work.fail();
        notice
    }

    /// Takes into account the reply to the [`Command::Acquire`] with this number, or its failure.
    pub(crate) fn receives(&self, number: u64, reply: Option<Reply>) {
        let mut work = lock(&self.work);
        work.requests = work.requests.saturating_sub(1);
        // Requests of other operations may have been pending when one failed.
        if reply.is_some() && work.failed.is_some_and(|failed| failed < number) {
            work.failed = None;
        }
        match reply {
            None => work.fail(),
            Some(Reply::Wait(wait)) => work.waiting.extend(wait.waiter),
            Some(Reply::Granted(_)) => work.permits += 1,
            Some(Reply::Done) => {}
        }
    }

    fn notice(&self, work: &mut Work, activity: Activity) -> Notice<'_> {
        work.commands += 1;
        Notice {
            name: &self.name,
            share: self.share.get(),
            number: work.commands,
            activity,
        }
    }
}

impl Work {
    /// Notes that the process uses its fallback. The waiters are forgotten, because the process joins
    /// the queue again when it is back.
    fn fail(&mut self) {
        self.failed = Some(self.commands);
        self.waiting.clear();
    }
}
