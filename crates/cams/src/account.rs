//! The account whose quotas the calls count against.

use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};
use std::time::SystemTime;

use alibaba_cloud::credentials::{AccountAnswer, Credentials};
use alibaba_cloud::openapi::SigningKey;
use base::clock::Clock;
use base::fingerprint::fingerprint;

/// An account that is known from the start, or that is asked for when the first quota is needed.
#[derive(Debug)]
pub struct Account {
    configured: Option<String>,
    /// Where the processes of this user remember the account of a key.
    directory: Option<PathBuf>,
    /// The host of an emulator on this machine, whose quotas are its own.
    emulator: Option<String>,
    clock: Clock,
    found: Mutex<Option<Found>>,
    /// Held by whoever asks, so that one asks for all.
    asking: tokio::sync::Mutex<()>,
}

#[derive(Debug)]
struct Found {
    name: String,
    /// Why the access key stands for the account, and until when.
    unknown: Option<(String, SystemTime)>,
    /// The file that another process does not give free, so that others may take the account for
    /// another one.
    locked: Option<PathBuf>,
}

impl Account {
    /// The account `configured`, or the one that STS tells.
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

    /// The name by which all who use the account's quotas know it: its id, and for an emulator that
    /// with the emulator's host.
    ///
    /// If the account cannot be had, a hash of the access key stands for it, because the throttle's
    /// state can be read by others. All processes of this user take it for that up to the same
    /// moment, and this waits until no call counts any more that was counted for the key.
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
        let answer = credentials.account(self.directory.as_deref()).await;
        let locked = answer.locked;
        let found = match answer.answer {
            AccountAnswer::Account { id, not_before } => {
                let wait = not_before.duration_since(self.clock.now());
                tokio::time::sleep(wait.unwrap_or_default()).await;
                Found {
                    name: match &self.emulator {
                        Some(host) => format!("{id}@{host}"),
                        None => id,
                    },
                    unknown: None,
                    locked,
                }
            }
            AccountAnswer::Unknown { until, why } => {
                tracing::info!("the account is not known: {why}");
                let host = self.emulator.as_deref().unwrap_or_default();
                Found {
                    name: fingerprint(&[&key.access_key().id, host]),
                    unknown: Some((why, until)),
                    locked,
                }
            }
        };
        let name = found.name.clone();
        let mut place = self.found.lock().unwrap_or_else(PoisonError::into_inner);
        *place = Some(found);
        name
    }

    /// Why the access key stands for the account; `None` if it does not, or not yet.
    pub(crate) fn trouble(&self) -> Option<String> {
        let place = self.found.lock().unwrap_or_else(PoisonError::into_inner);
        let (why, _) = place.as_ref()?.unknown.as_ref()?;
        Some(why.clone())
    }

    /// The file by which processes agree on the account, if another one does not give it free.
    pub(crate) fn locked(&self) -> Option<PathBuf> {
        let place = self.found.lock().unwrap_or_else(PoisonError::into_inner);
        place.as_ref()?.locked.clone()
    }

    /// The name that was found, while it holds.
    fn known(&self) -> Option<String> {
        let place = self.found.lock().unwrap_or_else(PoisonError::into_inner);
        let found = place.as_ref()?;
        let holds = match &found.unknown {
            Some((_, until)) => self.clock.now() < *until,
            None => true,
        };
        holds.then(|| found.name.clone())
    }
}
