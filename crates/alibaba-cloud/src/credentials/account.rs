//! The account that a key belongs to, asked of STS once and then remembered.
//!
//! The answers are in one file in the state directory, under a hash of the key's id. A key belongs
//! to one account for ever, so that answer is never outdated. Where STS does not return the account,
//! that is remembered too, for a while: calls are counted by the name of the account, so all
//! processes of this user must come to the same answer at the same time. The first answer that is
//! written counts for all of them.
//!
//! This file is longer than 300 lines because the file, its lock and the question to STS make one
//! rule together.

use std::fs::File;
use std::io::{self, Read, Seek};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde::{Deserialize, Serialize};
use tokio::time::{Instant, timeout};

use crate::openapi::{Endpoint, SigningKey};
use base::file_lock::{self, LockMode};
use base::fingerprint::fingerprint;
use base::foreign_text;
use base::private_file;

use super::error::{CredentialsError, CredentialsErrorKind, Result};
use super::refresh::Credentials;
use super::sts;

/// The name of the file.
const FILE: &str = "accounts";

/// How many answers are kept: temporary keys come and go.
const MAX_ENTRIES: usize = 256;

/// More bytes than that many answers have.
const MAX_BYTES: u64 = 256 << 10;

/// How long STS may take to return the account. A quota that is counted for the key is better than a
/// call that does not begin.
const STS_LIMIT: Duration = Duration::from_secs(5);

/// How long STS is not asked again after it did not return the account.
const RETRY_AFTER: Duration = Duration::from_secs(10 * 60);

/// How long another process may keep the file locked, which takes it a moment.
const LOCK_LIMIT: Duration = Duration::from_secs(5);

/// How long after its departure a call may be counted, at most: a window of a second, and the time
/// to arrive.
const COUNTED_WITHIN: Duration = Duration::from_secs(2);

/// The account whose quota the calls count against.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq, Serialize)]
pub enum AccountAnswer {
    /// The account with this id.
    Account {
        /// The digits of the id.
        id: String,
        /// Until then, calls may still be counted that were made when the account was not known.
        not_before: SystemTime,
    },
    /// It is not known, and STS is not asked again before `until`.
    Unknown {
        /// When it may be asked again.
        until: SystemTime,
        /// Why it is not known.
        why: String,
    },
}

/// The answer, and whether the processes of this user agree on it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AccountLookup {
    /// The account, or why it is not known.
    pub answer: AccountAnswer,
    /// The file that another process keeps locked, so that this process could not agree with the
    /// others.
    pub locked: Option<PathBuf>,
}

/// The answer for a key, as the file has it.
#[derive(Deserialize, Serialize)]
struct AccountEntry {
    key: String,
    answer: AccountAnswer,
}

impl AccountAnswer {
    fn unknown(now: SystemTime, error: &CredentialsError) -> Self {
        Self::Unknown {
            until: now + RETRY_AFTER,
            why: foreign_text::line(&error.to_string()),
        }
    }

    /// Whether it still holds at this time, so that STS is not asked.
    pub fn holds(&self, now: SystemTime) -> bool {
        match self {
            Self::Account { .. } => true,
            Self::Unknown { until, .. } => now < *until,
        }
    }
}

impl Credentials {
    /// The account that the credentials belong to, from the state directory if a process of this
    /// user has asked before, else from STS (`GetCallerIdentity`). All processes that use the
    /// directory come to the same answer for the same key.
    ///
    /// A file that stays locked is read without the lock, and not written: the account that another
    /// process has found before still counts, and so does its answer that there is none. Only if
    /// the file has no answer, processes that ask STS may then come to different ones.
    pub async fn account(&self, directory: Option<&Path>) -> AccountLookup {
        let (endpoint, context) = (&self.source().sts, self.context());
        let now = context.clock.now();
        let found = |answer, locked| AccountLookup { answer, locked };
        let file = directory.map(|directory| directory.join(FILE));
        let key = match self.current().await {
            Ok(key) => key,
            Err(error) => return found(AccountAnswer::unknown(now, &error), None),
        };
        let (before, locked) = match &file {
            Some(path) => read_or_record(path, name(&key, endpoint), None, now).await,
            None => (None, false),
        };
        let file_if = |locked: bool| file.clone().filter(|_| locked);
        if let Some(answer) = before.clone().filter(|answer| answer.holds(now)) {
            return found(answer, file_if(locked));
        }
        let asked = timeout(STS_LIMIT, self.ask(&key)).await;
        let asked = asked.unwrap_or_else(|_| {
            let host = endpoint.host();
            let text = format!("STS at {host} did not answer within {STS_LIMIT:?}.");
            Err(CredentialsErrorKind::Unreachable.error(text))
        });
        let now = context.clock.now();
        let (key, answer) = match asked {
            Ok((key, id)) => {
                let not_before = match before {
                    Some(AccountAnswer::Unknown { until, .. }) => {
                        until + context.network.connect_timeout + COUNTED_WITHIN
                    }
                    _ => UNIX_EPOCH,
                };
                (key, AccountAnswer::Account { id, not_before })
            }
            Err(error) => (key, AccountAnswer::unknown(now, &error)),
        };
        let Some(path) = file.as_deref().filter(|_| !locked) else {
            return found(answer, file_if(locked));
        };
        let (first, locked) =
            read_or_record(path, name(&key, endpoint), Some(answer.clone()), now).await;
        let first = first.filter(|first| first.holds(now));
        found(first.unwrap_or(answer), file_if(locked))
    }

    /// Asks STS, with another key if it refuses this one: that may have been revoked or may have
    /// ended.
    async fn ask(&self, key: &Arc<SigningKey>) -> Result<(Arc<SigningKey>, String)> {
        let (endpoint, context) = (&self.source().sts, self.context());
        match sts::caller_account(key, endpoint, context).await {
            Ok(account) => Ok((Arc::clone(key), account)),
            Err(error) if error.kind() == CredentialsErrorKind::Refused => {
                let other = self.renew(key).await?.ok_or(error)?;
                let account = sts::caller_account(&other, endpoint, context).await?;
                Ok((other, account))
            }
            Err(error) => Err(error),
        }
    }
}

/// The name of a key in the file. An STS on this machine is an emulator, whose keys are its own.
fn name(key: &SigningKey, endpoint: &Endpoint) -> String {
    let host = match endpoint.is_loopback() {
        true => endpoint.host(),
        false => "",
    };
    fingerprint(&["account", &key.access_key().id, host])
}

/// The answer for a key in the file, and whether another process kept the file locked. If there is
/// no answer that holds at the time `now`, `ours` is written and counts, unless the file is locked.
async fn read_or_record(
    path: &Path,
    key: String,
    ours: Option<AccountAnswer>,
    now: SystemTime,
) -> (Option<AccountAnswer>, bool) {
    let mode = match ours {
        Some(_) => LockMode::Exclusive,
        None => LockMode::Shared,
    };
    let lock = file_lock::acquire(path, mode, Instant::now() + LOCK_LIMIT).await;
    let locked = matches!(lock, Ok(None));
    let path = path.to_owned();
    // It may take a while on a share.
    let work = tokio::task::spawn_blocking(move || {
        let mut file = match lock? {
            Some(file) => file,
            None => private_file::open(&path)?,
        };
        let mut entries = read(&mut file)?;
        let at = entries.iter().position(|entry| entry.key == key);
        let there = at.map(|at| entries[at].answer.clone());
        let holds = there.as_ref().is_some_and(|there| there.holds(now));
        let Some(answer) = ours.filter(|_| !locked && !holds) else {
            return Ok(there);
        };
        entries.retain(|entry| entry.key != key);
        let surplus = (entries.len() + 1).saturating_sub(MAX_ENTRIES);
        entries.drain(..surplus);
        let written = answer.clone();
        entries.push(AccountEntry { key, answer });
        let lines = entries.iter().map(serde_json::to_string);
        let lines: Vec<String> = lines.collect::<Result<_, _>>()?;
        private_file::rewrite(&mut file, &lines.join("\n"))?;
        Ok(Some(written))
    });
    let answer = work
        .await
        .unwrap_or_else(|error| Err(io::Error::other(error)));
    let answer = answer.inspect_err(|error| {
        tracing::debug!("the account cannot be remembered: {error}");
    });
    (answer.ok().flatten(), locked)
}

/// The entries of the file, one in each line. Lines that hold anything else are left out.
fn read(file: &mut File) -> io::Result<Vec<AccountEntry>> {
    let mut bytes = Vec::new();
    file.rewind()?;
    file.take(MAX_BYTES).read_to_end(&mut bytes)?;
    let lines = bytes.split(|byte| *byte == b'\n');
    let mut entries: Vec<AccountEntry> = lines
        .filter_map(|line| serde_json::from_slice(line).ok())
        .collect();
    entries.retain_mut(|entry| match &mut entry.answer {
        AccountAnswer::Account { id, .. } => sts::is_account(id),
        AccountAnswer::Unknown { why, .. } => {
            *why = foreign_text::line(why);
            true
        }
    });
    Ok(entries)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn account(id: &str) -> AccountAnswer {
        AccountAnswer::Account {
            id: id.to_owned(),
            not_before: UNIX_EPOCH,
        }
    }

    fn unknown_until(seconds: u64) -> AccountAnswer {
        AccountAnswer::Unknown {
            until: at(seconds),
            why: "STS is away".to_owned(),
        }
    }

    fn at(seconds: u64) -> SystemTime {
        UNIX_EPOCH + Duration::from_secs(seconds)
    }

    #[tokio::test]
    async fn what_is_remembered_is_found_again_and_garbage_is_not() {
        let directory = tempfile::tempdir().expect("a directory");
        let path = directory.path().join("state").join(FILE);
        let name = |number: usize| fingerprint(&[&number.to_string()]);
        let write = async |number: usize, answer| {
            read_or_record(&path, name(number), Some(answer), at(100)).await;
        };
        write(1, account("123")).await;
        std::fs::write(&path, b"\xff\xff\nx y z\n").expect("written");
        write(0, account("0")).await;
        let mut content = std::fs::read(&path).expect("a file");
        content.extend_from_slice(b"\n{\"key\": 7}\n");
        std::fs::write(&path, content).expect("written");
        let found = read_or_record(&path, name(0), None, at(100)).await;
        assert_eq!(
            found,
            (Some(account("0")), false),
            "only bad entries are lost"
        );
        for number in 0..=MAX_ENTRIES {
            write(number, account(&number.to_string())).await;
        }
        write(MAX_ENTRIES + 7, unknown_until(200)).await;
        let find = async |number| read_or_record(&path, name(number), None, at(100)).await;
        assert_eq!(find(1).await, (None, false), "the oldest is forgotten");
        assert_eq!(find(2).await, (Some(account("2")), false));
        assert_eq!(find(MAX_ENTRIES).await, (Some(account("256")), false));
        let unknown = find(MAX_ENTRIES + 7).await;
        assert_eq!(unknown, (Some(unknown_until(200)), false));
        assert_eq!(find(MAX_ENTRIES + 1).await, (None, false));
    }

    #[tokio::test]
    async fn the_first_answer_counts_for_all_until_it_is_over() {
        let directory = tempfile::tempdir().expect("a directory");
        let path = directory.path().join("state").join(FILE);
        let name = fingerprint(&["key"]);
        let write = async |answer, seconds| {
            let (first, _) = read_or_record(&path, name.clone(), Some(answer), at(seconds)).await;
            first.expect("an answer")
        };
        assert_eq!(write(unknown_until(200), 100).await, unknown_until(200));
        assert_eq!(write(account("1"), 150).await, unknown_until(200));
        assert_eq!(write(account("1"), 200).await, account("1"));
        assert_eq!(write(unknown_until(900), 300).await, account("1"));
    }

    #[tokio::test(start_paused = true)]
    async fn a_lock_that_is_not_released_ends_nothing() {
        let directory = tempfile::tempdir().expect("a directory");
        let path = directory.path().join("state").join(FILE);
        let name = fingerprint(&["key"]);
        let written = read_or_record(&path, name.clone(), Some(account("1")), at(100)).await;
        assert_eq!(written, (Some(account("1")), false));
        let held = private_file::open(&path).expect("a file");
        held.lock().expect("its lock");
        let began = Instant::now();
        let found = read_or_record(&path, name.clone(), None, at(100)).await;
        let before = (Some(account("1")), true);
        assert_eq!(found, before, "what others found counts");
        let other = fingerprint(&["other"]);
        let written = read_or_record(&path, other.clone(), Some(account("2")), at(100)).await;
        assert_eq!(written, (None, true));
        drop(held);
        assert_eq!(
            read_or_record(&path, other, None, at(100)).await,
            (None, false)
        );
        assert!(began.elapsed() < 3 * LOCK_LIMIT, "{:?}", began.elapsed());
    }
}
