//! The account whose quotas the calls count against.

use std::path::PathBuf;

use tokio::sync::OnceCell;

use crate::credentials::Credentials;
use crate::fingerprint::fingerprint;
use crate::openapi::SigningKey;

/// An account that is known from the start, or that is asked for when the first quota is needed.
#[derive(Debug)]
pub struct Account {
    configured: Option<String>,
    /// Where the processes of this host remember the account of a key.
    directory: Option<PathBuf>,
    /// The host of an emulator on this machine, whose quotas are its own.
    emulator: Option<String>,
    found: OnceCell<Found>,
}

#[derive(Debug)]
struct Found {
    name: String,
    /// Why the access key stands for the account.
    trouble: Option<String>,
}

impl Account {
    /// The account `configured`, or the one that STS tells.
    ///
    /// `emulator` is the host of the API if that is on this machine.
    pub fn new(
        configured: Option<String>,
        directory: Option<PathBuf>,
        emulator: Option<String>,
    ) -> Self {
        Self {
            configured,
            directory,
            emulator,
            found: OnceCell::new(),
        }
    }

    /// The name by which all who use the account's quotas know it: its id, and for an emulator that
    /// with the emulator's host.
    ///
    /// If the account cannot be had, a hash of the access key stands for it, because the throttle's
    /// state can be read by others. It stays the same for this process, even if the key is another
    /// one later.
    pub(super) async fn name(&self, credentials: &Credentials, key: &SigningKey) -> &str {
        if let Some(account) = &self.configured {
            return account;
        }
        let ask = || async {
            match credentials.account(self.directory.as_deref()).await {
                Ok(id) => Found {
                    name: match &self.emulator {
                        Some(host) => format!("{id}@{host}"),
                        None => id,
                    },
                    trouble: None,
                },
                Err(error) => {
                    tracing::info!("the account is not known: {error}");
                    let host = self.emulator.as_deref().unwrap_or_default();
                    Found {
                        name: fingerprint(&[&key.access_key().id, host]),
                        trouble: Some(error.to_string()),
                    }
                }
            }
        };
        &self.found.get_or_init(ask).await.name
    }

    /// Why the access key stands for the account; `None` if it does not, or not yet.
    pub(super) fn trouble(&self) -> Option<&str> {
        self.found.get()?.trouble.as_deref()
    }
}
