//! The state of an account's quota in Redis or Valkey, for hosts that share an account.
//!
//! The algorithm runs there as one script, `slots.lua`: it is atomic and goes by the server's
//! clock, so that the clocks of two hosts are never compared. How long a reply may take is bounded,
//! and whoever waits for one is given that time on top: a reply that is late counts as none.
//!
//! This file is longer than 300 lines because the connection, its timeouts and what the server
//! knows of this process decide together what a failure means.

mod exchange;

use std::collections::BTreeSet;
use std::fmt;
use std::num::NonZeroU32;
use std::str::FromStr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock, PoisonError};
use std::time::Duration;

use redis::aio::MultiplexedConnection;
use redis::{AsyncConnectionConfig, Client, RedisError};
use tokio::sync::Mutex;
use tokio::time::{Instant, timeout_at};

use super::AccountKey;
use super::constants::{CUT_OFF_AFTER, MAX_WINDOW, Micros, RETRY_AFTER};
use super::limit::ConfiguredLimit;
use super::slots::{Command, Reply, WaiterId};
use super::store::{Failure, FallibleStore};
use crate::fingerprint::fingerprint;
use crate::random::Random;

use exchange::{Arguments, Made, SCRIPT, parse};

/// The error for a text that is not the URL of a Redis server. It does not show the text, which may
/// hold a password.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "not a Redis address; write rediss://USER:PASSWORD@HOST:PORT/DATABASE, or redis:// without TLS"
)]
pub struct InvalidRedisUrl;

/// The URL of a Redis or Valkey server, perhaps with a password.
#[derive(Clone)]
pub struct RedisUrl {
    client: Client,
    /// Tells URLs apart without showing a password.
    pub(super) fingerprint: String,
}

/// How long the server may take. All who share a quota have to agree on these, because they derive
/// from them how long others may not have noticed something.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct RedisTimeouts {
    /// Until a connection is made, TLS and password included.
    pub connect: Duration,
    /// Until a command is answered.
    pub command: Duration,
}

impl RedisTimeouts {
    /// How long one step takes at most, with the connection that it may have to make.
    fn step(self) -> Duration {
        self.connect + self.command
    }

    /// The longest time until every process that can reach the server has stopped using its
    /// fallback: a trial that began before the server could be reached may take a whole step to
    /// fail, and the one that follows after [`RETRY_AFTER`] as long to succeed.
    fn fallback_return(self) -> Duration {
        2 * self.step() + Duration::from_micros(RETRY_AFTER)
    }
}

/// One server, connected to at the first use.
pub(super) struct Server {
    client: Client,
    timeouts: RedisTimeouts,
    /// The connection, and how many were made up to it.
    connection: Mutex<(u64, Option<MultiplexedConnection>)>,
    /// Whether the user may ask which run of the server this is, as the first reply says.
    run_is_known: OnceLock<bool>,
}

/// The key of one account on a server.
#[derive(Debug)]
pub(super) struct Redis {
    server: Arc<Server>,
    key: String,
    member: Member,
    /// The number of the connection on which the last step succeeded. Zero if none did.
    stepped_on: AtomicU64,
}

/// This process as the others that use the key know it.
#[derive(Debug)]
struct Member {
    name: String,
    /// How many calls it makes in a window while it cannot reach the server.
    share: NonZeroU32,
    work: std::sync::Mutex<Work>,
}

/// What this process has in hand. While that is anything, the others leave room for its share if
/// they do not hear of it.
#[derive(Debug, Default)]
struct Work {
    /// How many commands were sent.
    commands: u64,
    /// How many requests for a permit are under way.
    requests: usize,
    /// How many permits were granted and are not settled.
    permits: usize,
    /// The ids under which the server remembers the process as a waiter.
    waiting: BTreeSet<WaiterId>,
    /// How many commands were sent when a request for a permit last failed, if no later one has
    /// succeeded. The process may be using its fallback then.
    failed: Option<u64>,
}

/// What a command tells the server about the process that sends it.
struct Notice<'a> {
    name: &'a str,
    share: u32,
    number: u64,
    active: bool,
}

impl Member {
    fn new(share: NonZeroU32) -> Self {
        Self {
            name: Random::from_system().nonce(),
            share,
            work: std::sync::Mutex::default(),
        }
    }

    /// Counts a command that is about to be sent, and says what it tells the server.
    fn sends(&self, command: Command) -> Notice<'_> {
        let mut work = self.work.lock().unwrap_or_else(PoisonError::into_inner);
        match command {
            Command::Acquire { waiter, .. } => {
                work.requests += 1;
                waiter.map(|waiter| work.waiting.remove(&waiter));
            }
            Command::Cancel { waiter } => {
                work.waiting.remove(&waiter);
            }
            Command::Departed { .. } => {}
            Command::Answered { .. }
            | Command::Throttled { .. }
            | Command::Unanswered { .. }
            | Command::Unsent { .. } => work.permits = work.permits.saturating_sub(1),
        }
        if work.failed.is_some() && !matches!(command, Command::Acquire { .. }) {
            // Permits from before the failure are settled while the process uses its fallback. To
            // the server that would look as if it were back, or without work.
            return Notice::NONE;
        }
        work.commands += 1;
        Notice {
            name: &self.name,
            share: self.share.get(),
            number: work.commands,
            active: work.requests > 0 || work.permits > 0 || !work.waiting.is_empty(),
        }
    }

    /// Takes the reply to a [`Command::Acquire`] into account that was sent with this number.
    /// `None` stands for a failure.
    fn hears(&self, number: u64, reply: Option<Reply>) {
        let mut work = self.work.lock().unwrap_or_else(PoisonError::into_inner);
        work.requests = work.requests.saturating_sub(1);
        match reply {
            None => {
                work.failed = Some(work.commands);
                // The process joins the queue anew when it is back.
                work.waiting.clear();
            }
            // The requests of other operations may have been under way when one failed.
            Some(_) if work.failed.is_some_and(|failed| failed < number) => work.failed = None,
            Some(_) => {}
        }
        match reply {
            Some(Reply::Wait(wait)) => work.waiting.extend(wait.waiter),
            Some(Reply::Granted { .. }) => work.permits += 1,
            Some(Reply::Done) | None => {}
        }
    }
}

impl Notice<'_> {
    /// Tells the server nothing about the process.
    const NONE: Self = Self {
        name: "",
        share: 0,
        number: 0,
        active: false,
    };
}

impl Server {
    pub(super) fn new(url: RedisUrl, timeouts: RedisTimeouts) -> Self {
        Self {
            client: url.client,
            timeouts,
            connection: Mutex::new((0, None)),
            run_is_known: OnceLock::new(),
        }
    }

    /// Whether the user may ask which run of the server this is. `None` before the first reply.
    pub(super) fn run_is_known(&self) -> Option<bool> {
        self.run_is_known.get().copied()
    }

    /// The connection, and its number.
    async fn connection(&self) -> Result<(u64, MultiplexedConnection), RedisError> {
        // The lock is held while connecting, so that concurrent callers make one connection.
        let mut current = self.connection.lock().await;
        let (number, open) = &mut *current;
        if let Some(connection) = open {
            return Ok((*number, connection.clone()));
        }
        let config = AsyncConnectionConfig::new()
            .set_connection_timeout(Some(self.timeouts.connect))
            .set_response_timeout(Some(self.timeouts.command));
        let made = self
            .client
            .get_multiplexed_async_connection_with_config(&config)
            .await?;
        *number += 1;
        Ok((*number, open.insert(made).clone()))
    }

    /// Gives up the connection after an error of any kind, because late replies may still arrive
    /// on it.
    async fn disconnect(&self) {
        self.connection.lock().await.1 = None;
    }
}

impl Redis {
    /// The key of this account, for a process that makes at most `share` calls in a window while
    /// the server is out of reach.
    pub(super) fn new(server: Arc<Server>, account: &AccountKey, share: NonZeroU32) -> Self {
        Self {
            server,
            // What is in braces puts all keys into one place of a cluster.
            key: format!(
                "{{terraform-provider-cams}}:account:{}",
                account.fingerprint()
            ),
            member: Member::new(share),
            stepped_on: AtomicU64::new(0),
        }
    }
}

/// Why an attempt failed.
enum Error {
    /// The connection ended, or there is nobody to connect to.
    Disconnected(RedisError),
    Other(RedisError),
    TimedOut,
}

impl Redis {
    /// Carries out a command and tells the server about this process.
    async fn send(&self, command: Command, notice: &Notice<'_>) -> Result<Reply, Failure> {
        let end = Instant::now() + self.server.timeouts.step();
        match self.attempt(command, notice, end).await {
            // The connection may have ended long ago, with a server that is running again. To find
            // that out takes a new connection. If the command was carried out nevertheless, it is
            // now carried out twice, which at worst occupies a slot that nobody uses.
            Err(Error::Disconnected(_)) => self.attempt(command, notice, end).await,
            result => result,
        }
        .map_err(|error| match error {
            Error::Disconnected(error) | Error::Other(error) => Failure(format!("Redis: {error}")),
            Error::TimedOut => {
                let RedisTimeouts { connect, command } = self.server.timeouts;
                Failure(format!(
                    "Redis: no connection within {} ms, or no reply within {} ms",
                    connect.as_millis(),
                    command.as_millis()
                ))
            }
        })
    }

    async fn attempt(
        &self,
        command: Command,
        notice: &Notice<'_>,
        end: Instant,
    ) -> Result<Reply, Error> {
        let error = match timeout_at(end, self.step_once(command, notice)).await {
            Ok(Ok(reply)) => return Ok(reply),
            Ok(Err(error)) if error.is_timeout() => Error::TimedOut,
            Ok(Err(error)) if error.is_io_error() => Error::Disconnected(error),
            Ok(Err(error)) => Error::Other(error),
            Err(_) => Error::TimedOut,
        };
        self.server.disconnect().await;
        Err(error)
    }

    async fn step_once(&self, command: Command, notice: &Notice<'_>) -> Result<Reply, RedisError> {
        let (number, mut connection) = self.server.connection().await?;
        let made = match self.stepped_on.load(Ordering::Relaxed) {
            0 => Made::First,
            last if last == number => Made::Same,
            _ => Made::New,
        };
        let arguments = Arguments::new(command, notice, self.server.timeouts, made);
        let values = SCRIPT.run(&mut connection, &self.key, &arguments).await?;
        let told = parse(&values)?;
        self.stepped_on.store(number, Ordering::Relaxed);
        self.server.run_is_known.get_or_init(|| told.run_is_known);
        Ok(told.reply)
    }
}

impl FallibleStore for Redis {
    fn try_step(&self, _command: Command) -> Option<Result<Reply, Failure>> {
        None
    }

    async fn step(&self, command: Command) -> Result<Reply, Failure> {
        let notice = self.member.sends(command);
        let result = self.send(command, &notice).await;
        if matches!(command, Command::Acquire { .. }) {
            self.member
                .hears(notice.number, result.as_ref().ok().copied());
        }
        result
    }

    async fn probe(&self, _limit: ConfiguredLimit) -> Result<(), Failure> {
        // The process must not be noticed yet: the others have to leave room for its share until
        // the last call that it made from the fallback has left every window.
        let nothing = Command::Cancel {
            waiter: WaiterId(0),
        };
        self.send(nothing, &Notice::NONE).await.map(drop)
    }

    fn replies_within(&self) -> Duration {
        self.server.timeouts.step()
    }

    fn returns_within(&self) -> Option<Duration> {
        Some(self.server.timeouts.fallback_return())
    }

    fn noticed_after(&self) -> Duration {
        // What was sent before the failure may still arrive until its own time is over.
        Duration::from_micros(CUT_OFF_AFTER) + self.server.timeouts.step()
    }
}

/// A timeout in microseconds. None that can be set is longer than an hour.
fn micros(time: Duration) -> Micros {
    Micros::try_from(time.as_micros()).unwrap_or(MAX_WINDOW)
}

impl FromStr for RedisUrl {
    type Err = InvalidRedisUrl;

    fn from_str(text: &str) -> Result<Self, InvalidRedisUrl> {
        Ok(Self {
            client: Client::open(text).map_err(|_| InvalidRedisUrl)?,
            fingerprint: fingerprint(&[text]),
        })
    }
}

impl fmt::Debug for RedisUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("RedisUrl")
    }
}

impl fmt::Debug for Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Server")
    }
}

#[cfg(test)]
mod tests;
