//! The state of an account in Redis or Valkey, for hosts that share an account.
//!
//! The algorithm runs on the server as one script, `slots.lua`: it is atomic and uses the server's
//! clock, so that the clocks of two hosts are never compared. The time of a reply is bounded, and
//! every permit includes that time: a late reply counts as a failure.
//!
//! - `url`: the URL of the server.
//! - `timeouts`: the time limits of a connection and a command.
//! - `connection`: one connection, with a bound for its memory.
//! - `member`: the notices about this process to the server.
//! - `script`: the script, its arguments and its reply.
//! - `refusal`: the errors of the server as texts for the user.
//!
//! This file contains the server with its connection, and the key of one account.

mod connection;
mod member;
mod refusal;
mod script;
mod timeouts;
mod url;

use std::num::NonZeroU32;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use futures_util::future::BoxFuture;
use redis::{ConnectionAddr, ConnectionInfo, RedisError};
use tokio::sync::Mutex;
use tokio::time::timeout;

use super::constants::CUT_OFF_AFTER;
use super::slots::{Command, Reply};
use super::store::{Store, StoreError, Timing};
use base::foreign_text::Cleaner;
use base::sync::lock;

use connection::Connection;
use member::{Member, Notice};
use script::{SCRIPT, ScriptArguments, parse};

pub use refusal::RIGHTS;
pub use timeouts::RedisTimeouts;
pub use url::{InvalidRedisUrl, RedisUrl};

/// What the user should know about a store that can be used.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Caveats {
    /// The user of the Redis server may not call `INFO`, which returns the id of the server's run.
    pub runs_unknown: bool,
    /// The setting `maxmemory-policy` of the Redis server, if it lets the server delete the state.
    pub eviction_policy: Option<String>,
}

/// One server. The first use connects to it.
pub(crate) struct SharedServer {
    info: ConnectionInfo,
    timeouts: RedisTimeouts,
    cleaner: Cleaner,
    link: Mutex<Link>,
    caveats: Arc<std::sync::Mutex<Caveats>>,
}

/// The connection to a server.
#[derive(Default)]
struct Link {
    connection: Option<Connection>,
    /// How many connections were opened so far.
    made: u64,
    /// The node of a cluster that has the keys, if the node in the URL has redirected to it.
    node: Option<ConnectionInfo>,
}

impl SharedServer {
    pub(crate) fn new(url: RedisUrl, timeouts: RedisTimeouts) -> Self {
        Self {
            cleaner: Cleaner::new(url.info.redis_settings().password()),
            info: url.info,
            timeouts,
            link: Mutex::default(),
            caveats: Arc::default(),
        }
    }

    /// What is known about the server so far.
    pub(crate) fn caveats(&self) -> Caveats {
        lock(&self.caveats).clone()
    }

    /// The connection, and its number.
    async fn connection(&self) -> Result<(u64, Connection), RedisError> {
        // The lock is held while connecting, so that concurrent callers open one connection.
        let mut link = self.link.lock().await;
        if let Some(connection) = &link.connection {
            return Ok((link.made, connection.clone()));
        }
        let info = link.node.as_ref().unwrap_or(&self.info);
        let made = Connection::open(info, self.timeouts).await?;
        // This runs concurrently, so that no call waits for it.
        tokio::spawn(ask_for_policy(made.clone(), Arc::clone(&self.caveats)));
        link.made += 1;
        link.connection = Some(made.clone());
        Ok((link.made, made))
    }

    /// Closes the connection after any error, because late replies may still arrive on it. The next
    /// one goes to this node of a cluster, if there is one.
    async fn disconnect(&self, node: Option<ConnectionInfo>) {
        let mut link = self.link.lock().await;
        link.connection = None;
        link.node = node;
    }

    /// The node of a cluster to which a server redirects.
    fn node(&self, error: &RedisError) -> Option<ConnectionInfo> {
        let (address, _) = error.redirect_node()?;
        let (new_host, new_port) = address.rsplit_once(':')?;
        let mut addr = self.info.addr().clone();
        let (ConnectionAddr::Tcp(host, port) | ConnectionAddr::TcpTls { host, port, .. }) =
            &mut addr
        else {
            return None;
        };
        // A node that does not know its own name sends none.
        if !matches!(new_host, "" | "?") {
            new_host.clone_into(host);
        }
        *port = new_port.parse().ok()?;
        Some(self.info.clone().set_addr(addr))
    }
}

/// Asks the server which keys it deletes when its memory is full. It may refuse to answer.
async fn ask_for_policy(mut connection: Connection, caveats: Arc<std::sync::Mutex<Caveats>>) {
    let mut ask = redis::cmd("INFO");
    let answer = ask
        .arg("memory")
        .query_async(&mut connection.commands)
        .await;
    let text: String = answer.unwrap_or_default();
    let mut fields = text.lines().filter_map(|line| line.split_once(':'));
    let policy = fields.find(|(name, _)| *name == "maxmemory_policy");
    if let Some(policy) = policy.and_then(|(_, policy)| Cleaner::default().value(policy.trim())) {
        lock(&caveats).eviction_policy = Some(policy).filter(|policy| policy != "noeviction");
    }
}

/// The key of one account on a server.
pub(crate) struct Redis {
    server: Arc<SharedServer>,
    key: String,
    member: Member,
    /// The number of the connection on which the last step succeeded. Zero if none did.
    stepped_on: AtomicU64,
}

impl Redis {
    /// The key of the account with this fingerprint. While the server is unreachable, this process
    /// makes at most `share` calls in a window.
    pub(crate) fn new(server: Arc<SharedServer>, account: &str, share: NonZeroU32) -> Self {
        Self {
            server,
            // The text in braces assigns all keys to one slot of a cluster.
            key: format!("{{terraform-provider-cams}}:account:{account}"),
            member: Member::new(share),
            stepped_on: AtomicU64::new(0),
        }
    }

    /// Executes a command, and sends the server a notice about this process.
    async fn send(&self, command: Command, notice: Notice<'_>) -> Result<Reply, StoreError> {
        let (server, timeouts) = (&self.server, self.server.timeouts);
        let steps = async {
            let error = match self.step_once(command, notice).await {
                Ok(reply) => return Ok(reply),
                Err(error) => error,
            };
            let node = server.node(&error);
            if error.is_timeout() || (node.is_none() && !error.is_io_error()) {
                return Err(error);
            }
            // Another node has the keys, or the connection ended with an earlier run of the server.
            // Only a new connection shows which. If the command was executed nevertheless, it is
            // now executed twice, which at worst occupies a slot that no call uses.
            server.disconnect(node).await;
            self.step_once(command, notice).await
        };
        let error = match timeout(timeouts.step(), steps).await {
            Ok(Ok(reply)) => return Ok(reply),
            Ok(Err(error)) => Some(error).filter(|error| !error.is_timeout()),
            Err(_) => None,
        };
        let node = error.as_ref().and_then(|error| server.node(error));
        server.disconnect(node).await;
        let reason = match error {
            Some(error) => refusal::explain(&error, &SCRIPT.text, &server.cleaner),
            None => format!(
                "no connection within {} ms, or no reply within {} ms",
                timeouts.connect.as_millis(),
                timeouts.command.as_millis()
            ),
        };
        Err(StoreError(format!("Redis: {reason}")))
    }

    async fn step_once(&self, command: Command, notice: Notice<'_>) -> Result<Reply, RedisError> {
        let (number, mut connection) = self.server.connection().await?;
        let arguments = ScriptArguments {
            command,
            notice,
            timeouts: self.server.timeouts,
            connection: match self.stepped_on.load(Ordering::Relaxed) {
                0 => "first",
                last if last == number => "same",
                _ => "new",
            },
        };
        let sent = SCRIPT.run(&mut connection.commands, &self.key, &arguments);
        let (reply, run_is_known) = parse(&sent.await?)?;
        self.stepped_on.store(number, Ordering::Relaxed);
        lock(&self.server.caveats).runs_unknown = !run_is_known;
        Ok(reply)
    }
}

impl Store for Redis {
    fn step(&self, command: Command) -> BoxFuture<'_, Result<Reply, StoreError>> {
        Box::pin(async move {
            let notice = self.member.sends(command);
            let result = self.send(command, notice).await;
            if matches!(command, Command::Acquire(_)) {
                let reply = result.as_ref().ok().copied();
                self.member.receives(notice.number, reply);
            }
            result
        })
    }

    fn trial(&self, command: Command) -> BoxFuture<'_, Result<Reply, StoreError>> {
        Box::pin(self.send(command, self.member.away()))
    }

    fn loss_reason(&self) -> StoreError {
        let reason = match self.server.caveats().eviction_policy {
            Some(policy) => format!(
                "its maxmemory-policy is {policy}, so it may delete keys when its memory is full; \
                 set it to noeviction, or use a dedicated server"
            ),
            None => "another program deletes its keys, such as by FLUSHALL or FLUSHDB, or its \
                     maxmemory-policy lets it delete them itself"
                .to_owned(),
        };
        StoreError(format!(
            "Redis: the server repeatedly loses the state of the quota: {reason}"
        ))
    }

    fn timing(&self) -> Timing {
        let timeouts = self.server.timeouts;
        Timing {
            reply: timeouts.step(),
            // A server that needs all of the time limit would often exceed it.
            trial: Some(timeouts.command / 2),
            returns_within: Some(timeouts.fallback_return()),
            // A command that was sent before the failure may still arrive within its time limit.
            noticed_after: Duration::from_micros(CUT_OFF_AFTER) + timeouts.step(),
        }
    }
}

#[cfg(test)]
mod tests;
