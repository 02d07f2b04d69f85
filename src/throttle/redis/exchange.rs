//! The call of the script: its text, its arguments and its reply.

use std::sync::LazyLock;

use redis::aio::MultiplexedConnection;
use redis::{Cmd, ErrorKind, RedisError, ServerErrorKind};

use super::super::constants::{self, MAX_PAUSE, Micros};
use super::super::slots::{Cause, Command, PermitId, Priority, Reply, Wait, WaiterId};
use super::{Notice, RedisTimeouts, micros};

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
const ALGORITHM: &str = include_str!("../slots.lua");

pub(super) static SCRIPT: LazyLock<Script> = LazyLock::new(|| Script::new(SERVER_FUNCTIONS));

/// The key with the list of the quotas that have a state on a server.
const LIST: &str = "{terraform-provider-cams}:quotas";

/// A script, and the name by which a server knows it that has run it before.
pub(super) struct Script {
    pub(super) text: String,
    hash: String,
}

impl Script {
    /// The whole script, with these definitions of `time` and `run_id`.
    pub(super) fn new(server_functions: &str) -> Self {
        let constants = constants::for_the_script();
        let text = format!("{constants}{server_functions}{ALGORITHM}");
        let hash = redis::Script::new(&text).get_hash().to_owned();
        Self { text, hash }
    }

    /// Runs it on the quota with this key: by its name, which is short, and if the server does not
    /// know it, by its text.
    pub(super) async fn run(
        &self,
        connection: &mut MultiplexedConnection,
        key: &str,
        arguments: &Arguments<'_>,
    ) -> Result<Vec<redis::Value>, RedisError> {
        let command = |name: &str, script: &str| {
            let mut command = redis::cmd(name);
            command.arg(script).arg(2).arg(key).arg(LIST);
            arguments.add_to(&mut command);
            command
        };
        let reply = command("EVALSHA", &self.hash).query_async(connection).await;
        match reply {
            Err(error) if error.kind() == ErrorKind::Server(ServerErrorKind::NoScript) => {
                command("EVAL", &self.text).query_async(connection).await
            }
            reply => reply,
        }
    }
}

/// A command as the script's arguments, which `slots.lua` describes.
pub(super) struct Arguments<'a> {
    command: &'static str,
    id: u64,
    priority: u8,
    calls: u32,
    window: Micros,
    pause: Option<Micros>,
    notice: &'a Notice<'a>,
    leave: Micros,
    timeouts: RedisTimeouts,
}

impl<'a> Arguments<'a> {
    pub(super) fn new(command: Command, notice: &'a Notice<'a>, timeouts: RedisTimeouts) -> Self {
        let of = |command, id| Self {
            command,
            id,
            priority: 1,
            calls: 1,
            window: 1,
            pause: None,
            notice,
            leave: 0,
            timeouts,
        };
        match command {
            Command::Acquire {
                waiter,
                priority,
                limit,
                leave,
            } => Self {
                // The caller hears of the grant that much later.
                leave: leave + micros(timeouts.step()),
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

    pub(super) fn add_to(&self, command: &mut Cmd) {
        let notice = self.notice;
        command
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
            .arg(self.leave)
            .arg(micros(self.timeouts.fallback_return()));
    }
}

/// Reads the script's reply.
///
/// # Errors
///
/// If it is none that this version of the script gives.
pub(super) fn parse(values: &[redis::Value]) -> Result<Reply, RedisError> {
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
