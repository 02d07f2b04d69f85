//! A quota's state in Redis or Valkey, for hosts that share an account.
//!
//! The algorithm runs there as one script, `slots.lua`: it is atomic and goes by the server's
//! clock, so that the clocks of two hosts are never compared. The time that a reply takes is part
//! of the time that a call is assumed to need to the API, so a reply that is late counts as none.

use std::fmt;
use std::str::FromStr;
use std::sync::{Arc, LazyLock};
use std::time::Duration;

use redis::aio::MultiplexedConnection;
use redis::{AsyncConnectionConfig, Client, RedisError, Script};
use tokio::sync::Mutex;
use tokio::time::timeout;

use super::QuotaKey;
use super::constants::{self, MAX_PAUSE, Micros};
use super::slots::{Cause, Command, PermitId, Priority, Reply, Wait, WaiterId};
use super::store::{Failure, FallibleStore};
use crate::fingerprint::fingerprint;

/// How long it may take to connect.
const CONNECT_TIMEOUT: Duration = Duration::from_millis(200);

/// How long a reply may take.
const REPLY_TIMEOUT: Duration = Duration::from_millis(100);

/// A bound for the delay that a reply names: more than the script ever says, and so small that no
/// sum of times overflows.
const MAX_DELAY: Micros = 1 << 42;

/// What the script needs to know of the server: its time, and for how long it has been running.
const SERVER_FUNCTIONS: &str = "
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

/// The algorithm.
const ALGORITHM: &str = include_str!("slots.lua");

static SCRIPT: LazyLock<Script> = LazyLock::new(|| script(SERVER_FUNCTIONS));

/// The whole script, with these definitions of `time` and `uptime`.
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
        let mut invocation = SCRIPT.key(key);
        Arguments::new(command).add_to(&mut invocation);
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
    pub(super) fn new(server: Arc<Server>, key: &QuotaKey) -> Self {
        Self {
            server,
            key: format!("terraform-provider-cams:quota:{}", key.fingerprint()),
        }
    }
}

impl FallibleStore for Redis {
    fn try_step(&self, _command: Command) -> Option<Result<Reply, Failure>> {
        None
    }

    async fn step(&self, command: Command) -> Result<Reply, Failure> {
        let server = &self.server;
        let step = server.step(&self.key, command);
        let failure = match timeout(CONNECT_TIMEOUT + REPLY_TIMEOUT, step).await {
            Ok(Ok(reply)) => return Ok(reply),
            Ok(Err(error)) => Failure(format!("Redis: {error}")),
            Err(_) => Failure("Redis: no reply in time".into()),
        };
        server.disconnect().await;
        Err(failure)
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
        };
        match command {
            Command::Acquire {
                waiter,
                priority,
                limit,
            } => Self {
                priority: u8::from(priority != Priority::Retry),
                calls: limit.calls.get(),
                window: limit.window,
                ..of("acquire", waiter.map_or(0, |waiter| waiter.0))
            },
            Command::Answered { permit } => of("answered", permit.0),
            Command::Cancel { waiter } => of("cancel", waiter.0),
            Command::Throttled { permit, pause } => Self {
                // The script's numbers are exact only below 2^53.
                pause: pause.map(|pause| pause.min(MAX_PAUSE)),
                ..of("throttled", permit.0)
            },
            Command::Unsent { permit } => of("unsent", permit.0),
        }
    }

    fn add_to(&self, invocation: &mut redis::ScriptInvocation<'_>) {
        invocation
            .arg(self.command)
            .arg(self.id)
            .arg(self.priority)
            .arg(self.calls)
            .arg(self.window)
            .arg(self.pause.map_or(-1, Micros::cast_signed));
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
