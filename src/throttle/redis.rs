//! A quota's state in Redis or Valkey, for hosts that share an account.
//!
//! The algorithm runs there as one script: atomic, and on the server's clock, so that no two hosts' clocks are ever compared.
//! A reply takes part of the time that a call is assumed to need to the server, so one that is late counts as none.

use std::fmt;
use std::str::FromStr;
use std::sync::{Arc, LazyLock};
use std::time::Duration;

use aws_lc_rs::digest::{SHA256, digest};
use redis::aio::MultiplexedConnection;
use redis::{AsyncConnectionConfig, Client, RedisError, Script};
use tokio::sync::Mutex;
use tokio::time::timeout;

use super::QuotaKey;
use super::guarded::{Failure, Primary};
use super::slots::{Cause, Command, Micros, Reply, Wait};

/// How long a connection and a reply may take.
const CONNECTING: Duration = Duration::from_millis(200);
const REPLYING: Duration = Duration::from_millis(100);

/// More than any true reply says, and nothing that a sum of times could overflow with.
const LONGEST_WAIT: Micros = 1 << 42;

/// What the script needs of the server: its time, and how long it has been up.
const SERVER: &str = "
local function time()
  local now = redis.call('TIME')
  return now[1] * 1000000 + now[2]
end
local function uptime()
  local info = redis.pcall('INFO', 'server')
  local seconds = type(info) == 'string' and info:match('uptime_in_seconds:(%d+)')
  return seconds and seconds * 1000000
end
";

const SLOTS: &str = include_str!("slots.lua");

static SCRIPT: LazyLock<Script> = LazyLock::new(|| Script::new(&format!("{SERVER}{SLOTS}")));

/// A text that does not name a Redis server. It is not shown, because it may hold a password.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "not a Redis address; write rediss://USER:PASSWORD@HOST:PORT/DATABASE, or redis:// without TLS"
)]
pub struct InvalidRedisUrl;

/// Where a Redis or Valkey server is, perhaps with a password.
#[derive(Clone)]
pub struct RedisUrl {
    client: Client,
    /// Tells servers apart, and nothing else about them.
    pub(super) digest: Vec<u8>,
}

/// One server, connected to at first use.
pub(super) struct Server {
    client: Client,
    connection: Mutex<Option<MultiplexedConnection>>,
}

/// The key of one quota on a server.
#[derive(Debug)]
pub(super) struct Redis {
    server: Arc<Server>,
    key: String,
}

impl Server {
    pub(super) fn new(url: RedisUrl) -> Self {
        Self {
            client: url.client,
            connection: Mutex::new(None),
        }
    }

    async fn step(&self, key: &str, command: Command) -> Result<Reply, RedisError> {
        let mut connection = self.connection().await?;
        let call = Call::of(command);
        let mut invocation = SCRIPT.key(key);
        invocation
            .arg(call.command)
            .arg(call.ticket)
            .arg(u8::from(call.head));
        invocation
            .arg(call.calls)
            .arg(call.window)
            .arg(call.pause.map_or(-1, Micros::cast_signed));
        let reply: Vec<redis::Value> = invocation.invoke_async(&mut connection).await?;
        parse(&reply)
    }

    async fn connection(&self) -> Result<MultiplexedConnection, RedisError> {
        let mut slot = self.connection.lock().await;
        if let Some(connection) = &*slot {
            return Ok(connection.clone());
        }
        let config = AsyncConnectionConfig::new()
            .set_connection_timeout(Some(CONNECTING))
            .set_response_timeout(Some(REPLYING));
        let made = self
            .client
            .get_multiplexed_async_connection_with_config(&config)
            .await?;
        Ok(slot.insert(made).clone())
    }

    /// Whatever went wrong, the connection may still deliver late replies: it is not used again.
    async fn give_up(&self) {
        *self.connection.lock().await = None;
    }
}

impl Redis {
    pub(super) fn new(server: Arc<Server>, key: &QuotaKey) -> Self {
        Self {
            server,
            key: format!("terraform-provider-cams:quota:{}", key.fingerprint()),
        }
    }
}

impl Primary for Redis {
    fn try_step(&self, _command: Command) -> Option<Result<Reply, Failure>> {
        None
    }

    async fn step(&self, command: Command) -> Result<Reply, Failure> {
        let server = &self.server;
        let failure = match timeout(CONNECTING + REPLYING, server.step(&self.key, command)).await {
            Ok(Ok(reply)) => return Ok(reply),
            Ok(Err(error)) => Failure(format!("Redis: {error}")),
            Err(_) => Failure("Redis: no reply in time".into()),
        };
        server.give_up().await;
        Err(failure)
    }
}

/// A command as the script's arguments.
struct Call {
    command: &'static str,
    ticket: u64,
    head: bool,
    calls: u32,
    window: Micros,
    pause: Option<Micros>,
}

impl Call {
    fn of(command: Command) -> Self {
        let settle = |command, ticket| Self {
            command,
            ticket,
            head: false,
            calls: 1,
            window: 1,
            pause: None,
        };
        match command {
            Command::Answered { ticket } => settle("answered", ticket),
            Command::Ask {
                ticket,
                head,
                terms,
            } => Self {
                head,
                calls: terms.calls,
                window: terms.window,
                ..settle("ask", ticket)
            },
            Command::Leave { ticket } => settle("leave", ticket),
            Command::Throttled { ticket, pause } => Self {
                pause: pause.map(|pause| pause.min(super::slots::MAX_PAUSE)),
                ..settle("throttled", ticket)
            },
            Command::Unsent { ticket } => settle("unsent", ticket),
        }
    }
}

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
        "go" => Ok(Reply::Go { ticket: number(1)? }),
        "wait" => Ok(Reply::Wait(Wait {
            ticket: number(1)?,
            wait: number(2)?.min(LONGEST_WAIT),
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
            digest: digest(&SHA256, text.as_bytes()).as_ref().to_vec(),
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
