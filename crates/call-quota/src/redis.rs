//! The state of an account in Redis or Valkey, for hosts that share an account.
//!
//! The algorithm runs there as one script, `slots.lua`: it is atomic and goes by the server's
//! clock, so that the clocks of two hosts are never compared. How long a reply may take is bounded,
//! and every permit is granted with that time on top: a reply that is late counts as none.
//!
//! - `url`: the address as the user writes it.
//! - `timeouts`: how long the server may take.
//! - `connection`: one connection, which cannot make this process grow.
//! - `member`: what the server is to know of this process.
//! - `script`: the script, its arguments and its reply.
//! - `refusal`: what an error of the server means to the user.
//!
//! This file has the server, with the way to it, and the key of one account on it.

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
use super::sync::lock;
use base::foreign_text::Cleaner;

use connection::Connection;
use member::{Member, Notice};
use script::{SCRIPT, ScriptArguments, parse};

pub use refusal::RIGHTS;
pub use timeouts::RedisTimeouts;
pub use url::{InvalidRedisUrl, RedisUrl};

/// What the user should know of a store that can be used.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Caveats {
    /// The user of the Redis server may not ask which run of the server this is.
    pub runs_unknown: bool,
    /// The setting `maxmemory-policy` of the Redis server, if it lets the server delete the state.
    pub eviction_policy: Option<String>,
}

/// One server, connected to at the first use.
pub(crate) struct SharedServer {
    info: ConnectionInfo,
    timeouts: RedisTimeouts,
    cleaner: Cleaner,
    link: Mutex<Link>,
    caveats: Arc<std::sync::Mutex<Caveats>>,
}

/// The way to a server.
#[derive(Default)]
struct Link {
    connection: Option<Connection>,
    /// How many connections were made.
    made: u64,
    /// The node of a cluster that has the keys, to which the one that the URL names has referred.
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

    /// What is known of the server by now.
    pub(crate) fn caveats(&self) -> Caveats {
        lock(&self.caveats).clone()
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
        tokio::spawn(ask_for_policy(made.clone(), Arc::clone(&self.caveats)));
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
        let (new_host, new_port) = address.rsplit_once(':')?;
        let mut addr = self.info.addr().clone();
        let (ConnectionAddr::Tcp(host, port) | ConnectionAddr::TcpTls { host, port, .. }) =
            &mut addr
        else {
            return None;
        };
        // A node that does not know its own name refers to itself by none.
        if !matches!(new_host, "" | "?") {
            new_host.clone_into(host);
        }
        *port = new_port.parse().ok()?;
        Some(self.info.clone().set_addr(addr))
    }
}

/// Asks the server what it deletes when its memory is full. It may not answer.
async fn ask_for_policy(mut connection: Connection, caveats: Arc<std::sync::Mutex<Caveats>>) {
    let mut ask = redis::cmd("INFO");
    let answer = ask.arg("memory").query_async(connection.commands()).await;
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
    /// The key of the account with this fingerprint, for a process that makes at most `share` calls
    /// in a window while the server is out of reach.
    pub(crate) fn new(server: Arc<SharedServer>, account: &str, share: NonZeroU32) -> Self {
        Self {
            server,
            // What is in braces puts all keys into one place of a cluster.
            key: format!("{{terraform-provider-cams}}:account:{account}"),
            member: Member::new(share),
            stepped_on: AtomicU64::new(0),
        }
    }

    /// Carries out a command and tells the server about this process.
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
            // Another node has the keys, or the connection ended long ago, with a server that is
            // running again. To find that out takes a new connection. If the command was carried
            // out nevertheless, it is now carried out twice, which at worst occupies a slot that no
            // call uses.
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
        let sent = SCRIPT.run(connection.commands(), &self.key, &arguments);
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
                self.member.hears(notice.number, reply);
            }
            result
        })
    }

    fn trial(&self, command: Command) -> BoxFuture<'_, Result<Reply, StoreError>> {
        Box::pin(self.send(command, self.member.away()))
    }

    fn loss(&self) -> StoreError {
        let reason = match self.server.caveats().eviction_policy {
            Some(policy) => format!(
                "its maxmemory-policy is {policy}, so it may delete keys when its memory is full; \
                 set it to noeviction, or use a server of its own"
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
            // A trial at the limit of its time would be late as often as not.
            trial: Some(timeouts.command / 2),
            returns_within: Some(timeouts.fallback_return()),
            // What was sent before the failure may still arrive until its own time is over.
            noticed_after: Duration::from_micros(CUT_OFF_AFTER) + timeouts.step(),
        }
    }
}

#[cfg(test)]
mod tests;
