//! What a server says of itself, as far as its user may ask for it.

use std::sync::{Arc, Mutex, PoisonError};

use crate::foreign_text::Cleaner;

use super::connection::Connection;

/// What is known of a server. Nothing of it is needed to use the server.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(in crate::throttle) struct Knowledge {
    /// Whether it tells its runs apart. `None` before it was asked.
    tells_runs: Option<bool>,
    /// What it deletes when its memory is full, by the name of its setting `maxmemory-policy`.
    policy: Option<String>,
}

/// The policy under which a server deletes nothing.
const KEEPS: &str = "noeviction";

impl Knowledge {
    /// Asks the server over this connection. What it does not answer stays as it was.
    pub(super) async fn gather(connection: Connection, knowledge: Arc<Mutex<Self>>) {
        let ask = async |section: &str| {
            let mut connection = connection.clone();
            let mut info = redis::cmd("INFO");
            let answer = info.arg(section).query_async(connection.commands()).await;
            answer.or_else(|error: redis::RedisError| match error.is_io_error() {
                true => Err(error),
                false => Ok(String::new()),
            })
        };
        let (server, memory) = tokio::join!(ask("server"), ask("memory"));
        let mut knowledge = knowledge.lock().unwrap_or_else(PoisonError::into_inner);
        if let Ok(server) = server {
            knowledge.tells_runs = Some(field(&server, "run_id").is_some());
        }
        if let Ok(memory) = memory {
            let policy = field(&memory, "maxmemory_policy");
            knowledge.policy = policy.and_then(|policy| Cleaner::default().value(policy));
        }
    }

    /// Why the state of a quota may be lost again and again.
    pub(super) fn loss(&self) -> String {
        let cause = match self.policy.as_deref() {
            Some(KEEPS) => "something deletes its keys, such as FLUSHALL or FLUSHDB".to_owned(),
            Some(policy) => format!(
                "its maxmemory-policy is {policy}, so it may delete keys when its memory is full; \
                 set it to {KEEPS}, or use a server of its own"
            ),
            None => "something deletes its keys, or it deletes them itself because its \
                     maxmemory-policy lets it"
                .to_owned(),
        };
        format!("the server loses the quota's state again and again: {cause}")
    }

    /// What the user should know although the server works.
    pub(in crate::throttle) fn caveats(&self) -> Vec<String> {
        let mut caveats = Vec::new();
        if self.tells_runs == Some(false) {
            caveats.push(
                "The server does not say which of its runs this is, because its user may not run \
                 INFO."
                    .to_owned(),
            );
        }
        if let Some(policy) = self.policy.as_deref().filter(|policy| *policy != KEEPS) {
            caveats.push(format!(
                "The server's maxmemory-policy is {policy}, so it may delete the quota's state \
                 when its memory is full."
            ));
        }
        caveats
    }
}

/// A field of the text that INFO gives.
fn field<'a>(info: &'a str, name: &str) -> Option<&'a str> {
    let mut fields = info.lines().filter_map(|line| line.split_once(':'));
    fields.find_map(|(found, value)| (found == name).then_some(value.trim()))
}
