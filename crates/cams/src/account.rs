//! The account whose quotas the calls count against.

use std::path::PathBuf;
use std::sync::Mutex;

use alibaba_cloud::credentials::{AccountAnswer, AccountLookup, Credentials};
use alibaba_cloud::openapi::SigningKey;
use base::clock::Clock;
use base::fingerprint::fingerprint;
use base::sync::lock;

/// An account that is known from the start, or that STS is asked for when the first quota is needed.
#[derive(Debug)]
pub struct Account {
    configured: Option<String>,
    /// Where the processes of this user remember the account of a key.
    directory: Option<PathBuf>,
    /// The host of an emulator on this machine, whose quotas are its own.
    emulator: Option<String>,
    clock: Clock,
    /// The name that was found, and the answer of STS that it was made of.
    found: Mutex<Option<(String, AccountLookup)>>,
    /// Locked by the task that asks, so that one asks for all.
    asking: tokio::sync::Mutex<()>,
}

impl Account {
    /// The account `configured`, or the one that STS reports.
    ///
    /// `emulator` is the host of the API if that is on this machine.
    pub fn new(
        configured: Option<String>,
        directory: Option<PathBuf>,
        emulator: Option<String>,
        clock: Clock,
    ) -> Self {
        Self {
            configured,
            directory,
            emulator,
            clock,
            found: Mutex::default(),
            asking: tokio::sync::Mutex::default(),
        }
    }

    /// The name of the account in the state of the quotas: its id, and for an emulator also the
    /// emulator's host.
    ///
    /// If the account is not known, the name is a hash of the access key, because others can read
    /// that state. All processes of this user use that name up to the same moment. Then this waits
    /// until the calls that were counted for the key no longer count.
    pub(crate) async fn name(&self, credentials: &Credentials, key: &SigningKey) -> String {
        if let Some(account) = &self.configured {
            return account.clone();
        }
        if let Some(name) = self.known() {
            return name;
        }
        let _turn = self.asking.lock().await;
        if let Some(name) = self.known() {
            return name;
        }
        let lookup = credentials.account(self.directory.as_deref()).await;
        let host = self.emulator.as_deref();
        let name = match &lookup.answer {
            AccountAnswer::Account { id, not_before } => {
                let wait = not_before.duration_since(self.clock.now());
                tokio::time::sleep(wait.unwrap_or_default()).await;
                host.map_or_else(|| id.clone(), |host| format!("{id}@{host}"))
            }
            AccountAnswer::Unknown { why, .. } => {
                tracing::info!("the account is not known: {why}");
                fingerprint(&[&key.access_key().id, host.unwrap_or_default()])
            }
        };
        *lock(&self.found) = Some((name.clone(), lookup));
        name
    }

    /// Why the access key stands for the account, in words: the quota is counted for the key then.
    /// `None` if the account is known, or if no call was made yet.
    pub fn trouble(&self) -> Option<String> {
        match &lock(&self.found).as_ref()?.1.answer {
            AccountAnswer::Unknown { why, .. } => Some(why.clone()),
            AccountAnswer::Account { .. } => None,
        }
    }

    /// The file by which processes agree on the account, if another process keeps it locked, so
    /// that others may take the account for another one.
    pub fn locked(&self) -> Option<PathBuf> {
        lock(&self.found).as_ref()?.1.locked.clone()
    }

    /// The name that was found, while it holds.
    fn known(&self) -> Option<String> {
        let found = lock(&self.found);
        let (name, lookup) = found.as_ref()?;
        let holds = lookup.answer.holds(self.clock.now());
        holds.then(|| name.clone())
    }
}
