//! The state of an account's quota in Redis or Valkey, for hosts that share an account.
//!
//! The algorithm runs there as one script, `slots.lua`: it is atomic and goes by the server's
//! clock, so that the clocks of two hosts are never compared. How long a reply may take is bounded,
//! and whoever waits for one is given that time on top: a reply that is late counts as none.
//!
//! This file is longer than 300 lines because the connection, its timeouts and what the server
//! knows of this process decide together what a failure means.

mod address;
mod connection;
mod exchange;
mod knowledge;
mod refusal;

use std::collections::BTreeSet;
use std::fmt;
use std::num::NonZeroU32;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock, PoisonError};
use std::time::Duration;

use redis::{ConnectionAddr, ConnectionInfo, RedisError};
use tokio::sync::Mutex;
use tokio::time::{Instant, timeout_at};

use super::AccountKey;
use super::constants::{CUT_OFF_AFTER, MAX_WINDOW, Micros, RETRY_AFTER};
use super::slots::{Command, Reply, WaiterId};
use super::store::{Failure, FallibleStore};
use base::foreign_text::Cleaner;
use base::random::Random;

use connection::Connection;
use exchange::{Arguments, Made, SCRIPT, parse};
use knowledge::Knowledge;

pub use address::{InvalidRedisUrl, RedisUrl};
pub use refusal::RIGHTS;

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

    /// The longest time until the server has heard of every process that can reach it and uses its
    /// fallback: a trial that began before the server could be reached may take a whole step to
    /// fail, and the one that follows after [`RETRY_AFTER`] as long to succeed.
    fn fallback_return(self) -> Duration {
        2 * self.step() + Duration::from_micros(RETRY_AFTER)
    }
}

/// One server, connected to at the first use.
pub(super) struct Server {
    info: ConnectionInfo,
    timeouts: RedisTimeouts,
    cleaner: Cleaner,
    link: Mutex<Link>,
    /// Whether the user may ask which run of the server this is, as the first reply says.
    run_is_known: OnceLock<bool>,
    knowledge: Arc<std::sync::Mutex<Knowledge>>,
}

/// The way to a server.
#[derive(Default)]
struct Link {
    connection: Option<Connection>,
    /// How many connections were made.
    made: u64,
    /// The node of a cluster that has the keys, as the one that the URL names has told.
    node: Option<ConnectionInfo>,
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
    /// How many commands were sent when a request for a permit last failed, or was a trial, if no
    /// later one has succeeded. The process may be using its fallback then.
    failed: Option<u64>,
}

/// What a command tells the server about the process that sends it.
struct Notice<'a> {
    name: &'a str,
    share: u32,
    number: u64,
    presence: Presence,
}

/// What a process that the server hears of is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Presence {
    /// It has nothing in hand.
    Idle = 0,
    /// It waits or has permits.
    Active = 1,
    /// It uses its fallback, for whose share the others leave room.
    Away = 2,
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
            presence: match work.requests > 0 || work.permits > 0 || !work.waiting.is_empty() {
                true => Presence::Active,
                false => Presence::Idle,
            },
        }
    }

    /// What a trial tells the server, while the process uses its fallback.
    fn away(&self) -> Notice<'_> {
        let mut work = self.work.lock().unwrap_or_else(PoisonError::into_inner);
        work.commands += 1;
        work.failed = Some(work.commands);
        // The process joins the queue anew when it is back. A request that was under way when
        // another one failed may have left its waiter here since.
        work.waiting.clear();
        Notice {
            name: &self.name,
            share: self.share.get(),
            number: work.commands,
            presence: Presence::Away,
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
        presence: Presence::Idle,
    };
}

impl Server {
    pub(super) fn new(url: RedisUrl, timeouts: RedisTimeouts) -> Self {
        Self {
            cleaner: url.cleaner(),
            info: url.info,
            timeouts,
            link: Mutex::default(),
            run_is_known: OnceLock::new(),
            knowledge: Arc::default(),
        }
    }

    /// Whether the user may ask which run of the server this is. `None` before the first reply.
    pub(super) fn run_is_known(&self) -> Option<bool> {
        self.run_is_known.get().copied()
    }

    /// What the server has said of itself by now.
    pub(super) fn known(&self) -> Knowledge {
        let known = self.knowledge.lock();
        known.unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The connection, and its number.
    async fn connection(&self) -> Result<(u64, Connection), RedisError> {
        // The lock is held while connecting, so that concurrent callers make one connection.
        let mut link = self.link.lock().await;
        if let Some(connection) = &link.connection {
            return Ok((link.made, connection.clone()));
        }
        let info = link.node.as_ref().unwrap_or(&self.info);
        let made = Connection::open(info, self.timeouts).await?;
        // It is asked beside the calls, which need not wait for that.
        tokio::spawn(Knowledge::gather(made.clone(), Arc::clone(&self.knowledge)));
        link.made += 1;
        link.connection = Some(made.clone());
        Ok((link.made, made))
    }

    /// Gives up the connection after an error of any kind, because late replies may still arrive
    /// on it. The next one is made to this node of a cluster, if there is one.
    async fn disconnect(&self, node: Option<ConnectionInfo>) {
        let mut link = self.link.lock().await;
        link.connection = None;
        link.node = node;
    }

    /// The node to which a server refers, if it is one of a cluster.
    fn node(&self, error: &RedisError) -> Option<ConnectionInfo> {
        let (address, _) = error.redirect_node()?;
        let (host, port) = address.rsplit_once(':')?;
        let port = port.parse().ok()?;
        // A node that does not know its own name refers to itself by none.
        let host = |known: String| match host {
            "" | "?" => known,
            host => host.to_owned(),
        };
        let addr = match self.info.addr().clone() {
            ConnectionAddr::Tcp(known, _) => ConnectionAddr::Tcp(host(known), port),
            ConnectionAddr::TcpTls {
                host: known,
                insecure,
                tls_params,
                ..
            } => ConnectionAddr::TcpTls {
                host: host(known),
                port,
                insecure,
                tls_params,
            },
            _ => return None,
        };
        Some(self.info.clone().set_addr(addr))
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
    /// A new connection may help: the old one ended, or another node has the keys.
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
            Error::Disconnected(error) | Error::Other(error) => {
                let why = refusal::explain(&error, &SCRIPT.text, &self.server.cleaner);
                Failure(format!("Redis: {why}"))
            }
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
        let (error, node) = match timeout_at(end, self.step_once(command, notice)).await {
            Ok(Ok(reply)) => return Ok(reply),
            Ok(Err(error)) if error.is_timeout() => (Error::TimedOut, None),
            Ok(Err(error)) => match self.server.node(&error) {
                None if !error.is_io_error() => (Error::Other(error), None),
                node => (Error::Disconnected(error), node),
            },
            Err(_) => (Error::TimedOut, None),
        };
        self.server.disconnect(node).await;
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
        let values = SCRIPT
            .run(connection.commands(), &self.key, &arguments)
            .await?;
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

    async fn trial(&self, command: Command) -> Result<Reply, Failure> {
        self.send(command, &self.member.away()).await
    }

    fn trial_within(&self) -> Duration {
        // One at the limit of its time would be late as often as not.
        self.server.timeouts.command / 2
    }

    fn loss(&self) -> Failure {
        Failure(format!("Redis: {}", self.server.known().loss()))
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

impl fmt::Debug for Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Server")
    }
}

#[cfg(test)]
mod tests;
