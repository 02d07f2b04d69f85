//! What a server says of itself, as far as its user may ask for it.

use std::sync::{Arc, Mutex, PoisonError};

use base::foreign_text::Cleaner;

use super::connection::Connection;

/// What is known of a server. Nothing of it is needed to use the server.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Knowledge {
    /// What it deletes when its memory is full, by the name of its setting `maxmemory-policy`.
    policy: Option<String>,
}

/// The policy under which a server deletes nothing.
const KEEPS: &str = "noeviction";

impl Knowledge {
    /// Asks the server over this connection. What it does not answer stays as it was.
    pub(super) async fn gather(mut connection: Connection, knowledge: Arc<Mutex<Self>>) {
        let mut ask = redis::cmd("INFO");
        let answer = ask.arg("memory").query_async(connection.commands()).await;
        let answer: Result<String, redis::RedisError> = answer;
        let policy = answer.ok();
        let policy = policy
            .as_deref()
            .and_then(|text| field(text, "maxmemory_policy"));
        if let Some(policy) = policy.and_then(|policy| Cleaner::default().value(policy)) {
            let mut knowledge = knowledge.lock().unwrap_or_else(PoisonError::into_inner);
            knowledge.policy = Some(policy);
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

    /// The server's policy, if it may delete the state of a quota.
    pub(crate) fn may_delete(&self) -> Option<&str> {
        self.policy.as_deref().filter(|policy| *policy != KEEPS)
    }
}

/// A field of the text that INFO gives.
fn field<'a>(info: &'a str, name: &str) -> Option<&'a str> {
    let mut fields = info.lines().filter_map(|line| line.split_once(':'));
    fields.find_map(|(found, value)| (found == name).then_some(value.trim()))
}
