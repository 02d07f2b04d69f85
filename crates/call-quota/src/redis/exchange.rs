//! The call of the script: its text, its arguments and its reply.

use std::sync::LazyLock;

use redis::aio::MultiplexedConnection;
use redis::{Cmd, ErrorKind, RedisError, ServerErrorKind};

use super::super::constants::{self, ASK_AGAIN, MAX_PAUSE, Micros};
use super::super::slots::{Cause, Command, LaneId, PermitId, Priority, Reply, Wait, WaiterId};
use super::{Notice, RedisTimeouts, micros};

/// What the script needs to know of the server: its time, and which run of it this is, if the user
/// may ask. The uptime is a difference of two whole seconds, so that it can be one too long.
const SERVER_FUNCTIONS: &str = "
local function time()
  local now = redis.call('TIME')
  return now[1] * 1000000 + now[2]
end
local function run()
  local info = redis.pcall('INFO', 'server')
  if type(info) ~= 'string' then
    return nil, nil
  end
  local seconds = tonumber(info:match('uptime_in_seconds:(%d+)'))
  return info:match('run_id:(%x+)'), seconds and math.max(seconds - 1, 0) * 1000000
end
";

/// The slot algorithm as a script.
const ALGORITHM: &str = include_str!("../slots.lua");

pub(super) static SCRIPT: LazyLock<Script> = LazyLock::new(|| Script::new(SERVER_FUNCTIONS));

/// A script, and the name by which a server knows it that has run it before.
pub(super) struct Script {
    pub(super) text: String,
    hash: String,
}

impl Script {
    /// The whole script, with these definitions of `time` and `run`.
    pub(super) fn new(server_functions: &str) -> Self {
        let constants = constants::for_the_script();
        let mut text = String::new();
        for line in [&constants, server_functions, ALGORITHM].map(str::lines) {
            // A proxy that searches the text for keys need not tell comments apart.
            for line in line.filter(|line| !line.trim_start().starts_with("--")) {
                text.push_str(line);
                text.push('\n');
            }
        }
        let hash = redis::Script::new(&text).get_hash().to_owned();
        Self { text, hash }
    }

    /// Runs it on the account with this key: by its name, which is short, and if the server does
    /// not know it, by its text. That is the ordinary case on the nodes of a cluster, and it tells
    /// the script that it was not run since the server was started.
    pub(super) async fn run(
        &self,
        connection: &mut MultiplexedConnection,
        key: &str,
        arguments: &Arguments<'_>,
    ) -> Result<Vec<redis::Value>, RedisError> {
        let command = |name: &str, script: &str, never_run: bool| {
            let mut command = redis::cmd(name);
            command.arg(script).arg(1).arg(key);
            arguments.add_to(&mut command);
            command.arg(u8::from(never_run));
            command
        };
        let known = command("EVALSHA", &self.hash, false);
        let reply = known.query_async(connection).await;
        match reply {
            Err(error) if error.kind() == ErrorKind::Server(ServerErrorKind::NoScript) => {
                let unknown = command("EVAL", &self.text, true);
                unknown.query_async(connection).await
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
    lane: LaneId,
    made: Made,
}

/// What a process knows about the connection that a command is sent on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Made {
    /// It is the first one.
    First,
    /// It was made since the last step: the server may have been started anew in between.
    New,
    /// The last step was made on it.
    Same,
}

impl<'a> Arguments<'a> {
    pub(super) fn new(
        command: Command,
        notice: &'a Notice<'a>,
        timeouts: RedisTimeouts,
        made: Made,
    ) -> Self {
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
            lane: LaneId(0),
            made,
        };
        match command {
            Command::Acquire {
                lane,
                waiter,
                priority,
                limit,
                leave,
            } => Self {
                lane,
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
            Command::Throttled {
                lane,
                permit,
                pause,
            } => Self {
                lane,
                // The script's numbers are exact only below 2^53.
                pause: pause.map(|pause| pause.min(MAX_PAUSE)),
                ..of("throttled", permit.0)
            },
            Command::Unanswered { permit } => of("unanswered", permit.0),
            Command::Unsent { permit } => of("unsent", permit.0),
        }
    }

    /// Adds all but the last of them, which depends on whether the server knows the script.
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
            .arg(notice.presence as u8)
            .arg(self.leave)
            .arg(micros(self.timeouts.fallback_return()))
            .arg(self.lane.0)
            .arg(match self.made {
                Made::First => "first",
                Made::New => "new",
                Made::Same => "same",
            });
    }
}

/// What the script replies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Told {
    pub(super) reply: Reply,
    /// Whether the user may ask which run of the server this is.
    pub(super) run_is_known: bool,
}

/// Reads the script's reply.
///
/// # Errors
///
/// If it is none that this version of the script gives.
pub(super) fn parse(values: &[redis::Value]) -> Result<Told, RedisError> {
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
    let reply = match word(1)?.as_str() {
        "done" => Reply::Done,
        "granted" => Reply::Granted {
            permit: PermitId(number(2)?),
        },
        "wait" => Reply::Wait(Wait {
            waiter: Some(WaiterId(number(2)?)),
            delay: number(3)?.min(ASK_AGAIN),
            ahead: u32::try_from(number(4)?).map_err(|_| unexpected())?,
            limit: u32::try_from(number(5)?).map_err(|_| unexpected())?,
            cause: match word(6)?.as_str() {
                "paused" => Cause::Paused,
                "quota" => Cause::Quota,
                "recovering" => Cause::Recovering,
                _ => return Err(unexpected()),
            },
        }),
        _ => return Err(unexpected()),
    };
    Ok(Told {
        reply,
        run_is_known: number(0)? == 1,
    })
}
