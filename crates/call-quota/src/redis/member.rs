//! This process as the others that use a key of the server know it.
//!
//! The server remembers the processes that have work in hand. While one of them is not heard of,
//! the others leave room for the share that it may be using.

use std::collections::BTreeSet;
use std::num::NonZeroU32;
use std::sync::Mutex;

use base::random::Random;

use crate::slots::{Command, Reply, WaiterId};
use crate::sync::lock;

/// This process, for one key.
pub(crate) struct Member {
    pub(crate) name: String,
    /// How many calls it makes in a window while it cannot reach the server.
    share: NonZeroU32,
    work: Mutex<Work>,
}

/// What this process has in hand.
#[derive(Default)]
struct Work {
    /// How many commands were sent.
    commands: u64,
    /// How many requests for a permit are under way.
    requests: usize,
    /// How many permits were granted and are not settled.
    permits: usize,
    /// The ids under which the server remembers the process as a waiter.
    waiting: BTreeSet<WaiterId>,
    /// How many commands were sent when a request for a permit last failed, or was a trial, if no
    /// later one has succeeded. The process may be using its fallback then.
    failed: Option<u64>,
}

/// What a command says to the server about the process that sends it.
#[derive(Clone, Copy, Default)]
pub(crate) struct Notice<'a> {
    /// Empty if the command says nothing about its process.
    pub(crate) name: &'a str,
    pub(crate) share: u32,
    pub(crate) number: u64,
    pub(crate) activity: Activity,
}

/// What a process that the server hears of is doing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Activity {
    /// It has nothing in hand.
    #[default]
    Idle = 0,
    /// It waits or has permits.
    Active = 1,
    /// It uses its fallback, for whose share the others leave room.
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

    /// Counts a command that is sent next, and says what it tells the server.
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
            // Permits from before the failure are settled while the process uses its fallback. To
            // the server that would look as if it were back, or without work.
            return Notice::default();
        }
        let active = work.requests > 0 || work.permits > 0 || !work.waiting.is_empty();
        let activity = match active {
            true => Activity::Active,
            false => Activity::Idle,
        };
        self.notice(&mut work, activity)
    }

    /// What a trial tells the server, while the process uses its fallback.
    pub(crate) fn away(&self) -> Notice<'_> {
        let mut work = lock(&self.work);
        let notice = self.notice(&mut work, Activity::Away);
        work.fail();
        notice
    }

    /// Takes the reply to a [`Command::Acquire`] into account that was sent with this number.
    /// `None` stands for a failure.
    pub(crate) fn hears(&self, number: u64, reply: Option<Reply>) {
        let mut work = lock(&self.work);
        work.requests = work.requests.saturating_sub(1);
        // The requests of other operations may have been under way when one failed.
        if reply.is_some() && work.failed.is_some_and(|failed| failed < number) {
            work.failed = None;
        }
        match reply {
            None => work.fail(),
            Some(Reply::Wait(wait)) => work.waiting.extend(wait.waiter),
            Some(Reply::Granted { .. }) => work.permits += 1,
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
    /// Notes that the process uses its fallback. It joins the queue anew when it is back; a request
    /// that was under way when another one failed may have left its waiter here since.
    fn fail(&mut self) {
        self.failed = Some(self.commands);
        self.waiting.clear();
    }
}
