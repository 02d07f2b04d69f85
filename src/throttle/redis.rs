//! A quota's state in Redis or Valkey, for hosts that share an account.
//!
//! The algorithm runs there as one script, `slots.lua`: it is atomic and goes by the server's
//! clock, so that the clocks of two hosts are never compared. The time that a reply takes is part
//! of the time that a call is assumed to need to the API, so a reply that is late counts as none.
//!
//! This file is longer than 300 lines because the connection, the call of the script and the
//! reading of its reply are one exchange.

use std::fmt;
use std::num::NonZeroU32;
use std::str::FromStr;
use std::sync::{Arc, LazyLock, PoisonError};
use std::time::Duration;

use redis::aio::MultiplexedConnection;
use redis::{AsyncConnectionConfig, Client, RedisError, Script};
use tokio::sync::Mutex;
use tokio::time::timeout;

use super::QuotaKey;
use super::constants::{
    self, CUT_OFF_AFTER, MAX_PAUSE, Micros, REDIS_CONNECT_TIMEOUT, REDIS_REPLY_TIMEOUT,
};
use super::limit::ConfiguredLimit;
use super::slots::{Cause, Command, PermitId, Priority, Reply, Wait, WaiterId};
use super::store::{Failure, FallibleStore};
use crate::fingerprint::fingerprint;
use crate::random::Random;

const CONNECT_TIMEOUT: Duration = Duration::from_micros(REDIS_CONNECT_TIMEOUT);
const REPLY_TIMEOUT: Duration = Duration::from_micros(REDIS_REPLY_TIMEOUT);

/// A bound for the delay that a reply names: more than the script ever says, and so small that no
/// sum of times overflows.
const MAX_DELAY: Micros = 1 << 42;

/// What the script needs to know of the server: its time, and which run of it this is.
const SERVER_FUNCTIONS: &str = "
local function time()
  local now = redis.call('TIME')
  return now[1] * 1000000 + now[2]
end
local function run_id()
  local info = redis.pcall('INFO', 'server')
  return type(info) == 'string' and info:match('run_id:(%x+)') or ''
end
";

/// The slot algorithm as a script.
const ALGORITHM: &str = include_str!("slots.lua");

static SCRIPT: LazyLock<Script> = LazyLock::new(|| script(SERVER_FUNCTIONS));

/// The whole script, with these definitions of `time` and `run_id`.
fn script(server_functions: &str) -> Script {
    let constants = constants::for_the_script();
    Script::new(&format!("{constants}{server_functions}{ALGORITHM}"))
}

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

/// One server, connected to at the first use.
pub(super) struct Server {
    client: Client,
    connection: Mutex<Option<MultiplexedConnection>>,
}

/// The key of one quota on a server.
#[derive(Debug)]
pub(super) struct Redis {
    server: Arc<Server>,
    key: String,
    member: Member,
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
    /// Whether the server remembers the process as a waiter.
    waiting: bool,
    /// Whether the last request for a permit failed. The process may be using its fallback then.
    failed: bool,
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
            Command::Acquire { .. } => work.requests += 1,
            Command::Cancel { .. } => work.waiting = false,
            Command::Departed { .. } => {}
            Command::Answered { .. }
            | Command::Throttled { .. }
            | Command::Unanswered { .. }
            | Command::Unsent { .. } => work.permits = work.permits.saturating_sub(1),
        }
        if work.failed && !matches!(command, Command::Acquire { .. }) {
            // Permits from before the failure are settled while the process uses its fallback. To
            // the server that would look as if it were back, or without work.
            return Notice::NONE;
        }
        work.commands += 1;
        Notice {
            name: &self.name,
            share: self.share.get(),
            number: work.commands,
            active: work.requests > 0 || work.permits > 0 || work.waiting,
        }
    }

    /// Takes the reply to a [`Command::Acquire`] into account. `None` stands for a failure.
    fn hears(&self, reply: Option<Reply>) {
        let mut work = self.work.lock().unwrap_or_else(PoisonError::into_inner);
        work.requests = work.requests.saturating_sub(1);
        work.failed = reply.is_none();
        work.waiting = matches!(reply, Some(Reply::Wait(_)));
        work.permits += usize::from(matches!(reply, Some(Reply::Granted { .. })));
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
    pub(super) fn new(url: RedisUrl) -> Self {
        Self {
            client: url.client,
            connection: Mutex::new(None),
        }
    }

    async fn step(
        &self,
        key: &str,
        command: Command,
        notice: &Notice<'_>,
    ) -> Result<Reply, RedisError> {
        let mut connection = self.connection().await?;
        let mut invocation = SCRIPT.key(key);
        Arguments::new(command).add_to(&mut invocation, notice);
        let reply: Vec<redis::Value> = invocation.invoke_async(&mut connection).await?;
        parse(&reply)
    }

    async fn connection(&self) -> Result<MultiplexedConnection, RedisError> {
        // The lock is held while connecting, so that concurrent callers make one connection.
        let mut current = self.connection.lock().await;
        if let Some(connection) = &*current {
            return Ok(connection.clone());
        }
        let config = AsyncConnectionConfig::new()
            .set_connection_timeout(Some(CONNECT_TIMEOUT))
            .set_response_timeout(Some(REPLY_TIMEOUT));
        let made = self
            .client
            .get_multiplexed_async_connection_with_config(&config)
            .await?;
        Ok(current.insert(made).clone())
    }

    /// Gives up the connection after an error of any kind, because late replies may still arrive
    /// on it.
    async fn disconnect(&self) {
        *self.connection.lock().await = None;
    }
}

impl Redis {
    /// The key of this quota, for a process that makes at most `share` calls in a window while the
    /// server is out of reach.
    pub(super) fn new(server: Arc<Server>, key: &QuotaKey, share: NonZeroU32) -> Self {
        Self {
            server,
            key: format!("terraform-provider-cams:quota:{}", key.fingerprint()),
            member: Member::new(share),
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
        match self.attempt(command, notice).await {
            // The connection may have ended long ago, with a server that is running again. To find
            // that out takes a new connection. If the command was carried out nevertheless, it is
            // now carried out twice, which at worst occupies a slot that nobody uses.
            Err(Error::Disconnected(_)) => self.attempt(command, notice).await,
            result => result,
        }
        .map_err(|error| match error {
            Error::Disconnected(error) | Error::Other(error) => Failure(format!("Redis: {error}")),
            Error::TimedOut => Failure("Redis: no reply in time".into()),
        })
    }

    async fn attempt(&self, command: Command, notice: &Notice<'_>) -> Result<Reply, Error> {
        let step = self.server.step(&self.key, command, notice);
        let error = match timeout(CONNECT_TIMEOUT + REPLY_TIMEOUT, step).await {
            Ok(Ok(reply)) => return Ok(reply),
            Ok(Err(error)) if error.is_timeout() => Error::TimedOut,
            Ok(Err(error)) if error.is_io_error() => Error::Disconnected(error),
            Ok(Err(error)) => Error::Other(error),
            Err(_) => Error::TimedOut,
        };
        self.server.disconnect().await;
        Err(error)
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
            self.member.hears(result.as_ref().ok().copied());
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

    fn noticed_after(&self) -> Duration {
        // What was sent before the failure may still arrive until its own time is over.
        Duration::from_micros(CUT_OFF_AFTER) + 2 * (CONNECT_TIMEOUT + REPLY_TIMEOUT)
    }
}

/// A command as the script's arguments, which `slots.lua` describes.
struct Arguments {
    command: &'static str,
    id: u64,
    priority: u8,
    calls: u32,
    window: Micros,
    pause: Option<Micros>,
    leave: Micros,
}

impl Arguments {
    fn new(command: Command) -> Self {
        let of = |command, id| Self {
            command,
            id,
            priority: 1,
            calls: 1,
            window: 1,
            pause: None,
            leave: 0,
        };
        match command {
            Command::Acquire {
                waiter,
                priority,
                limit,
                leave,
            } => Self {
                leave,
                priority: u8::from(priority != Priority::Retry),
                calls: limit.calls.get(),
                window: limit.window,
                ..of("acquire", waiter.map_or(0, |waiter| waiter.0))
            },
            Command::Answered { permit } => of("answered", permit.0),
            Command::Cancel { waiter } => of("cancel", waiter.0),
            Command::Departed { permit } => of("departed", permit.0),
            Command::Throttled { permit, pause } => Self {
                // The script's numbers are exact only below 2^53.
                pause: pause.map(|pause| pause.min(MAX_PAUSE)),
                ..of("throttled", permit.0)
            },
            Command::Unanswered { permit } => of("unanswered", permit.0),
            Command::Unsent { permit } => of("unsent", permit.0),
        }
    }

    fn add_to(&self, invocation: &mut redis::ScriptInvocation<'_>, notice: &Notice<'_>) {
        invocation
            .arg(self.command)
            .arg(self.id)
            .arg(self.priority)
            .arg(self.calls)
            .arg(self.window)
            .arg(self.pause.map_or(-1, Micros::cast_signed))
            .arg(notice.name)
            .arg(notice.share)
            .arg(notice.number)
            .arg(u8::from(notice.active))
            .arg(self.leave);
    }
}

/// Reads the script's reply.
///
/// # Errors
///
/// If it is none that this version of the script gives.
fn parse(values: &[redis::Value]) -> Result<Reply, RedisError> {
    let unexpected = || {
        RedisError::from((
            redis::ErrorKind::UnexpectedReturnType,
            "the script's reply is not understood",
        ))
    };
    let number = |index: usize| -> Result<u64, RedisError> {
        let value = values.get(index).ok_or_else(unexpected)?;
        Ok(redis::from_redis_value_ref(value)?)
    };
    let word = |index: usize| -> Result<String, RedisError> {
        let value = values.get(index).ok_or_else(unexpected)?;
        Ok(redis::from_redis_value_ref(value)?)
    };
    match word(0)?.as_str() {
        "done" => Ok(Reply::Done),
        "granted" => Ok(Reply::Granted {
            permit: PermitId(number(1)?),
        }),
        "wait" => Ok(Reply::Wait(Wait {
            waiter: Some(WaiterId(number(1)?)),
            delay: number(2)?.min(MAX_DELAY),
            ahead: u32::try_from(number(3)?).map_err(|_| unexpected())?,
            limit: u32::try_from(number(4)?).map_err(|_| unexpected())?,
            cause: match word(5)?.as_str() {
                "paused" => Cause::Paused,
                "quota" => Cause::Quota,
                "recovering" => Cause::Recovering,
                _ => return Err(unexpected()),
            },
        })),
        _ => Err(unexpected()),
    }
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
