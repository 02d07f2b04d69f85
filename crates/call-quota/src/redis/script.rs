//! The call of the script: its text, its arguments and its reply.

use std::sync::LazyLock;

use redis::aio::MultiplexedConnection;
use redis::{Cmd, ErrorKind, FromRedisValue, RedisError, ServerErrorKind};

use super::member::Notice;
use super::timeouts::RedisTimeouts;
use crate::constants::{self, ASK_AGAIN, MAX_PAUSE, Micros, micros};
use crate::slots::{Command, LaneId, PermitId, Priority, Reply, Wait, WaitReason, WaiterId};

/// The functions with which the script reads the server's time, and the id of its run if the user may
/// call `INFO`. The uptime is a difference of two whole seconds, so it can be one second too long.
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

pub(crate) static SCRIPT: LazyLock<Script> = LazyLock::new(|| Script::new(SERVER_FUNCTIONS));

/// A script, and the hash that identifies it to a server that has run it before.
pub(crate) struct Script {
    pub(crate) text: String,
    hash: String,
}

impl Script {
    /// The whole script, with these definitions of `time` and `run`.
    pub(crate) fn new(server_functions: &str) -> Self {
        let constants = constants::for_the_script();
        let mut text = String::new();
        for line in [&constants, server_functions, ALGORITHM].map(str::lines) {
            // A proxy that searches the text for keys may not recognize comments.
            for line in line.filter(|line| !line.trim_start().starts_with("--")) {
                text.push_str(line);
                text.push('\n');
            }
        }
        let hash = redis::Script::new(&text).get_hash().to_owned();
        Self { text, hash }
    }

    /// Runs the script on the account with this key. It sends the short hash, and the text if the
    /// server does not know the hash. In that case the script learns that it has not run since the
    /// start of the server. This is common on the nodes of a cluster.
    pub(crate) async fn run(
        &self,
        connection: &mut MultiplexedConnection,
        key: &str,
        arguments: &ScriptArguments<'_>,
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
pub(crate) struct ScriptArguments<'a> {
    pub(crate) command: Command,
    pub(crate) notice: Notice<'a>,
    pub(crate) timeouts: RedisTimeouts,
    /// Whether the command is sent on the `first` connection, on the `same` one as the last step, or
    /// on a `new` one. In the last case the server may have restarted since that step.
    pub(crate) connection: &'static str,
}

impl ScriptArguments<'_> {
    /// Adds all arguments except the last, which depends on whether the server knows the script.
    pub(crate) fn add_to(&self, cmd: &mut Cmd) {
        let (name, id) = match self.command {
            Command::Acquire(request) => ("acquire", request.waiter.map_or(0, |waiter| waiter.0)),
            Command::Answered(permit) => ("answered", permit.0),
            Command::Cancel(waiter) => ("cancel", waiter.0),
            Command::Departed(permit) => ("departed", permit.0),
            Command::Throttled(_, permit, _) => ("throttled", permit.0),
            Command::Unanswered(permit) => ("unanswered", permit.0),
            Command::Unsent(permit) => ("unsent", permit.0),
        };
        let (mut lane, mut retries, mut asked_pause) = (LaneId::default(), false, -1);
        let (mut calls, mut window, mut leave) = (1, 1, 0);
        match self.command {
            Command::Acquire(request) => {
                (lane, retries) = (request.lane, request.priority == Priority::Retry);
                (calls, window) = (request.limit.calls, request.limit.window);
                // The caller receives the grant after at most this time.
                leave = request.leave + micros(self.timeouts.step());
            }
            Command::Throttled(of, _, pause) => {
                // The script's numbers are exact only below 2^53.
                (lane, asked_pause) = (of, pause.map_or(-1, |it| it.min(MAX_PAUSE).cast_signed()));
            }
            _ => {}
        }
        cmd.arg(name).arg(id).arg(u8::from(!retries));
        cmd.arg(calls).arg(window).arg(asked_pause);
        let notice = self.notice;
        cmd.arg(notice.name).arg(notice.share).arg(notice.number);
        cmd.arg(notice.activity as u8).arg(leave);
        cmd.arg(micros(self.timeouts.fallback_return()));
        cmd.arg(lane.0).arg(self.connection);
    }
}

/// Parses the script's reply, and whether the id of the server's run is known.
///
/// # Errors
///
/// If the reply is not one of this version of the script.
pub(crate) fn parse(values: &[redis::Value]) -> Result<(Reply, bool), RedisError> {
    let reply = match at::<String>(values, 1)?.as_str() {
        "done" => Reply::Done,
        "granted" => Reply::Granted(PermitId(at(values, 2)?)),
        "wait" => Reply::Wait(Wait {
            waiter: Some(WaiterId(at(values, 2)?)),
            delay: at::<Micros>(values, 3)?.min(ASK_AGAIN),
            ahead: at(values, 4)?,
            limit: at(values, 5)?,
            reason: match at::<String>(values, 6)?.as_str() {
                "paused" => WaitReason::Paused,
                "quota" => WaitReason::Quota,
                "recovering" => WaitReason::Recovering,
                _ => return Err(unexpected()),
            },
        }),
        _ => return Err(unexpected()),
    };
    Ok((reply, at::<u64>(values, 0)? == 1))
}

fn at<T: FromRedisValue>(values: &[redis::Value], index: usize) -> Result<T, RedisError> {
    let value = values.get(index).ok_or_else(unexpected)?;
    Ok(redis::from_redis_value_ref(value)?)
}

fn unexpected() -> RedisError {
    RedisError::from((
        ErrorKind::UnexpectedReturnType,
        "the script's reply is not understood",
    ))
}
